"""Make the student notebooks and the autograders from the master notebooks.

    python tests/assign.py                 all of book/assignments, what is up to date is left
    python tests/assign.py NAME ...        these
    python tests/assign.py --force         all, again

For each master, `otter assign` runs in a folder of its own; its results are completed,
checked and only then moved to dist/assignments/NAME, as student.ipynb,
solution.ipynb and autograder.zip.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import zipfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import nbformat
from tqdm import tqdm

import address
import normalize

ROOT = normalize.ROOT
MASTERS = ROOT / "book/assignments"
DIST = ROOT / "dist/assignments"
MADE = ("student.ipynb", "solution.ipynb", "autograder.zip")
LINK = re.compile(r"\]\(\.\./([\w-]+)\.ipynb")  # from a master to a chapter
FIXED = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the time in the archive, so that its bytes stay the same

HOW = MASTERS / "how.md"
CHECKS = Path(__file__).with_name("checks_cell.txt")


def masters():
    """Return the paths of the master notebooks, by name."""
    return {path.stem: path for path in normalize.masters()}


def pins(group):
    """Return the lines of requirements.txt below the comment `# group`."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    found = re.search(rf"^# {group}\n((?:[^#\n].*\n)+)", text, re.MULTILINE)
    if not found:
        raise ValueError(f"requirements.txt has no group `# {group}`")
    return found[1].split()


def environment():
    """Return what a grading machine has to install besides otter itself."""
    repository = "/".join(address.find_address(address.CONFIG, "url:"))
    return [
        "--extra-index-url https://download.pytorch.org/whl/cpu",
        *pins("the chapters"),
        f"git+https://github.com/{repository}",
    ]


def site():
    """Return the address of the published book."""
    owner, repository = address.find_address(address.CONFIG, "url:")
    return f"https://{owner}.github.io/{repository}"


def checks_cell(folder):
    """Return the cell that makes `grader`, the public tests of `folder` in it."""
    tests = []
    for path in sorted(folder.glob("*.py")):
        text = path.read_text(encoding="utf-8").strip()
        if '"""' in text or "\\" in text:
            raise ValueError(f'{path.stem}: a public test holds """ or a backslash')
        tests.append(f'PUBLIC["{path.stem}"] = """\\\n{text}\n"""')
    packages = pins("the assignments")
    listed = "[\n" + "".join(f'        "{pin}",\n' for pin in packages) + "    ]"
    template = CHECKS.read_text(encoding="utf-8").strip()
    return template.format(packages=listed, tests="\n".join(tests))


def completed(notebook, tests):
    """Return the notebook that otter wrote with how it works and how it is checked."""
    for place, cell in enumerate(notebook.cells):
        cell.id = f"{cell.cell_type}-{place}"  # otter draws some at random
        if "setup" in cell.metadata.get("tags", []):
            cell.metadata |= normalize.metadata_of(cell.metadata.tags)
    setup, title, *rest = notebook.cells
    how = HOW.read_text(encoding="utf-8").strip()
    how = nbformat.v4.new_markdown_cell(how, id="how")
    checks = nbformat.v4.new_code_cell(checks_cell(tests), id="checks")
    checks.metadata = normalize.metadata_of(["remove-cell"])
    notebook.cells = [setup, title, how, checks, *rest]
    for cell in notebook.cells:
        cell.source = LINK.sub(rf"]({site()}/book/\1.html", cell.source)
    notebook.metadata = {**normalize.METADATA, **notebook.metadata}
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def questions_of(notebook):
    """Return name, points and kind of each question of a master notebook, in order."""
    import yaml

    found = []
    for cell in notebook.cells:
        if cell.cell_type == "raw" and cell.source.startswith("# BEGIN QUESTION"):
            config = yaml.safe_load(cell.source)
            points = config["points"]
            total = sum(points) if isinstance(points, list) else points
            kind = "by hand" if config.get("manual") else "tests"
            found.append({"name": config["name"], "points": total, "kind": kind})
    return found


def pack(archive, extra):
    """Write the archive again: sorted, its times fixed, with the files `extra`."""
    with zipfile.ZipFile(archive) as old:
        entries = {name: old.read(name) for name in old.namelist()} | extra
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in sorted(entries.items()):
            info = zipfile.ZipInfo(name, FIXED)
            info.compress_type = zipfile.ZIP_DEFLATED
            executable = name in ("run_autograder", "setup.sh")
            info.external_attr = (0o755 if executable else 0o644) << 16
            new.writestr(info, data)


def otter_assign(master, result):
    """Run `otter assign`, quietly; raise ValueError if it does not take the master."""
    from otter.assign import main  # slow to import

    with open(os.devnull, "w") as null, redirect_stdout(null), redirect_stderr(null):
        try:
            main(master, result, no_pdfs=True, no_run_tests=True)
        except Exception as error:
            raise ValueError(f"{master.name}: otter assign fails: {error}") from None


def make(path, target):
    """Make the student notebook and the autograder of one master in the folder `target`.

    Raises
    ------
    ValueError
        If the master is not one that otter takes.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as folder:
        work = Path(folder)
        shutil.copy(path, work)
        config = (MASTERS / "common.yml").read_text(encoding="utf-8")
        config += f"requirements: {json.dumps(environment())}\n"
        (work / "common.yml").write_text(config, encoding="utf-8")
        otter_assign(work / path.name, work / "out")
        student, solved = work / "out/student", work / "out/autograder"
        texts = {}
        for kind in (student, solved):
            notebook = nbformat.read(kind / path.name, as_version=4)
            texts[kind] = completed(notebook, student / "tests")
        (archive,) = solved.glob("*.zip")
        questions = questions_of(nbformat.read(path, as_version=4))
        about = {"name": path.stem, "made_from": fingerprint(path)}
        about["questions"] = questions
        extra = {
            "assignment.json": json.dumps(about, indent=1),
            "student.ipynb": texts[student],
        }
        pack(archive, extra)

        ready = work / "ready"
        ready.mkdir()
        (ready / "student.ipynb").write_text(texts[student], encoding="utf-8")
        # not in the archive: what is graded can read that
        (ready / "solution.ipynb").write_text(texts[solved], encoding="utf-8")
        archive.rename(ready / "autograder.zip")
        if target.exists():
            target.rename(work / "old")
        ready.rename(target)


def fingerprint(path):
    """Return a hash of all that the results of a master depend on."""
    sources = [path, MASTERS / "common.yml", HOW, CHECKS, ROOT / "requirements.txt"]
    sources += [ROOT / "_config.yml", Path(__file__), Path(normalize.__file__)]
    return hashlib.sha256(b"\0".join(s.read_bytes() for s in sources)).hexdigest()


def is_made(path, target):
    """Return whether the folder `target` holds what the master at `path` gives now."""
    if not all((target / name).exists() for name in MADE):
        return False
    with zipfile.ZipFile(target / "autograder.zip") as archive:
        about = json.loads(archive.read("assignment.json"))
    return about["made_from"] == fingerprint(path)


def main():
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="assignments (default: all)")
    parser.add_argument("--force", action="store_true", help="also what is up to date")
    parser.add_argument("--out", type=Path, default=DIST, help="default: %(default)s")
    options = parser.parse_args()

    known = masters()
    for name in options.names:
        if name not in known:
            sys.exit(f"there is no assignment {name}; there are {', '.join(known)}")
    chosen = {name: known[name] for name in options.names or known}
    todo = {
        name: path
        for name, path in chosen.items()
        if options.force or not is_made(path, options.out / name)
    }
    faults = []
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        runs = {n: pool.submit(make, p, options.out / n) for n, p in todo.items()}
        for run in tqdm(runs.values(), "assignments", disable=not todo):
            try:
                run.result()
            except ValueError as error:
                faults.append(str(error))
    print(f"{len(todo) - len(faults)} made, {len(chosen) - len(todo)} were up to date")
    sys.exit("\n".join(faults) or None)


if __name__ == "__main__":
    main()
