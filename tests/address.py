"""Copy the book's address from `_config.yml` to everything that needs it.

    python tests/address.py                                  copy it
    python tests/address.py https://github.com/OWNER/REPO    change it first

It stands in the set-up cell of every notebook, in pyproject.toml and in the links of
README.md and of the pages in book/.
"""

import re
import sys
from pathlib import Path

import nbformat

import normalize

ROOT = normalize.ROOT
CONFIG = ROOT / "_config.yml"
PROJECT = ROOT / "pyproject.toml"
ADDRESS = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+)")


def find_address(path, label):
    """Return owner and repository from the line of `path` that begins with `label`."""
    line = re.search(rf"^\s*{label}.*$", path.read_text(encoding="utf-8"), re.MULTILINE)
    found = line and ADDRESS.search(line[0])
    if not found:
        sys.exit(f"{path.name} has no line `{label} https://github.com/OWNER/REPO`")
    return found.groups()


def moved(text, old, new):
    """Return `text` with the addresses of repository, Colab and pages changed."""
    text = text.replace("/".join(old), "/".join(new))
    return text.replace(f"{old[0]}.github.io/{old[1]}", f"{new[0]}.github.io/{new[1]}")


def setup_cell():
    """Return the source of the cell that every notebook begins with."""
    pin = (ROOT / "requirements-d2l.txt").read_text(encoding="utf-8").split()[-1]
    template = Path(__file__).with_name("setup_cell.txt").read_text(encoding="utf-8")
    owner, repository = find_address(CONFIG, "url:")
    return template.format(
        d2l=pin, address=f"https://github.com/{owner}/{repository}"
    ).strip()


def with_setup_cell(path):
    """Return the text of the notebook at `path` with the current set-up cell."""
    notebook = nbformat.read(path, as_version=4)
    cells = [
        cell for cell in notebook.cells if "setup" in cell.metadata.get("tags", [])
    ]
    if len(cells) != 1:
        sys.exit(
            f"{path} has {len(cells)} cells tagged `setup`: it needs one, its first"
        )
    cells[0].source = setup_cell()
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def outdated():
    """Return path and new text of each file whose address differs from `_config.yml`'s."""
    old, new = find_address(PROJECT, "Repository ="), find_address(CONFIG, "url:")
    pages = [PROJECT, ROOT / "README.md", *sorted((ROOT / "book").glob("**/*.md"))]
    texts = {path: moved(path.read_text(encoding="utf-8"), old, new) for path in pages}
    notebooks = normalize.notebooks() + normalize.masters()
    texts |= {path: with_setup_cell(path) for path in notebooks}
    return {
        path: text
        for path, text in texts.items()
        if text != path.read_text(encoding="utf-8")
    }


def main():
    """Run the command line."""
    if len(sys.argv) > 1:
        given = ADDRESS.fullmatch(sys.argv[1].removesuffix("/").removesuffix(".git"))
        if not given:
            sys.exit(f"{sys.argv[1]} is not of the form https://github.com/OWNER/REPO")
        config = CONFIG.read_text(encoding="utf-8")
        old = "https://github.com/" + "/".join(find_address(CONFIG, "url:"))
        normalize.replace(CONFIG, config.replace(old, given[0]))
    for path, text in outdated().items():
        normalize.replace(path, text)
        print(f"address written to {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
