"""Keep in the notebooks what a reader of a diff wants to see: code, prose and numbers.

    python tests/normalize.py              rewrite the notebooks
    python tests/normalize.py --check      say which ones would change, and fail if any would
    python tests/normalize.py --execute    run them first, each in a fresh kernel

Text outputs and execution counts stay, for nbval compares them with a fresh run. Images,
HTML, widgets and everything that changes by itself go: the site is built by running.
"""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

# what the site folds or leaves out is folded in JupyterLab and Colab too
FOLDED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}


def notebooks():
    """Return the paths of all notebooks of the book."""
    return sorted((ROOT / "book").glob("*.ipynb"))


def masters():
    """Return the paths of the master notebooks of the assignments.

    They are kept without outputs: tests/proofs.py runs them, and compares results.
    """
    return sorted((ROOT / "book/assignments").glob("*.ipynb"))


def normal_outputs(cell):
    """Return the text outputs of a cell, neighbouring prints joined."""
    kept = []
    for output in cell.outputs:
        if output.output_type == "stream":
            if output.name == "stderr":
                raise ValueError(
                    f"a cell writes to stderr: {output.text.strip()[:200]}"
                )
            if kept and kept[-1].output_type == "stream":
                kept[-1].text += output.text
            else:
                kept.append(output)
        elif output.output_type == "error":
            raise ValueError(f"a cell fails: {output.ename}: {output.evalue}")
        elif "text/plain" in output.data:
            output.data = {"text/plain": output.data["text/plain"]}
            output.metadata = {}
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
            kept.append(output)
    return kept


def metadata_of(tags):
    """Return the metadata of a cell, all of which follows from its tags."""
    metadata = {"tags": sorted(tags)} if tags else {}
    if FOLDED & set(tags or ()):  # in JupyterLab, in Colab
        metadata |= {"jupyter": {"source_hidden": True}, "cellView": "form"}
    if "solution" in (tags or ()):
        metadata["mystnb"] = {
            "code_prompt_show": "Show the solution",
            "code_prompt_hide": "Hide the solution",
        }
    elif "hide-input" in (tags or ()):
        metadata["mystnb"] = {
            "code_prompt_show": "Code of this figure",
            "code_prompt_hide": "Hide the code of this figure",
        }
    return metadata


def normalize(notebook):
    """Return `notebook` as it should stand in git; raise ValueError if it has an error."""
    notebook.metadata = METADATA
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    ids = set()
    count = 0
    for cell in notebook.cells:
        cell.metadata = metadata_of(cell.metadata.get("tags"))
        if cell.get("id") in ids | {None}:
            cell.id = f"{cell.cell_type}-{len(ids)}"
        ids.add(cell.id)
        cell.source = cell.source.strip("\n")
        if cell.cell_type == "code":
            if cell.execution_count is not None:
                count += 1
                cell.execution_count = count
            cell.outputs = normal_outputs(cell)
    return notebook


def execute(notebook, folder):
    """Run `notebook` from top to bottom in a fresh kernel."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": folder}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise ValueError(str(error)) from None


def text_of(path, run=False):
    """Return the normal text of the notebook at `path`."""
    notebook = nbformat.read(path, as_version=4)
    if run:
        sys.stdout.write(f"running {path}\n")  # in one piece: others write too
        execute(notebook, str(path.parent))
    return nbformat.writes(normalize(notebook)).rstrip("\n") + "\n"


def replace(path, text):
    """Write `text` to `path` so that no reader ever sees half of it."""
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def main():
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "paths", nargs="*", type=Path, help="notebooks (default: all of the book)"
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing, only tell"
    )
    parser.add_argument(
        "--execute", action="store_true", help="run the notebooks first"
    )
    options = parser.parse_args()

    os.environ["REGLAB_EXPLORE"] = "static"
    paths = options.paths or notebooks() + ([] if options.execute else masters())
    at_once = min(4, os.cpu_count() or 1)  # each has a process, which may take 2 GB
    with ThreadPoolExecutor(at_once) as pool:
        texts = [pool.submit(text_of, path, run=options.execute) for path in paths]
    faults = []
    for path, done in zip(paths, texts, strict=True):
        try:
            text = done.result()
        except ValueError as error:
            faults.append(f"{path}: {error}")
            continue
        if text == path.read_text(encoding="utf-8"):
            continue
        if options.check:
            faults.append(f"{path} is not normalized: run `make notebooks`")
        else:
            replace(path, text)
            print(f"normalized {path}")
    sys.exit("\n".join(faults) or None)


if __name__ == "__main__":
    main()
