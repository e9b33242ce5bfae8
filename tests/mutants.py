"""Damage the book's own code, one place at a time, and see that a claim, check or test fails.

    python tests/mutants.py                  every mutant of mutants.toml
    python tests/mutants.py dropout sweep    those whose chapter, file or words hold a word

A row of the table names a chapter and a cell (by words that stand in that cell alone), or a
file of `reglab` and the test that has to notice. What is damaged must occur there exactly
once: the table cannot rot. Every chapter and test is run undamaged too, or "killed" would
mean nothing; a mutant that only crashes is killed by nothing the book says, and counts as
alive.
"""

import argparse
import contextlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import traceback
from pathlib import Path

import nbformat
from joblib import Parallel, delayed

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests/mutants.toml"
SECONDS = 600  # a mutant that takes longer never ends
FALSE = "the claim does not hold: "
VERDICT = re.compile(r"^(✓ Right\.|✗ Not yet|○ Not answered).*", re.M)


def rows():
    """Return the mutants as dicts, `where` the chapter or file."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return [{"where": where, **row} for where, found in table.items() for row in found]


def cells_of(chapter):
    """Return the code cells of a chapter: source, and what `check` says in them."""
    notebook = nbformat.read(ROOT / f"book/{chapter}.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    said = ["".join(o.get("text", "") for o in cell.outputs) for cell in cells]
    return [
        (cell.source, VERDICT.findall(text))
        for cell, text in zip(cells, said, strict=True)
    ]


def damaged(row):
    """Return the number of the damaged cell (None for a file) and its new text.

    Raises
    ------
    ValueError
        If the cell, or what is to be damaged in it, is not there exactly once.
    """
    if is_file(row["where"]):
        number, text = None, (ROOT / row["where"]).read_text(encoding="utf-8")
    else:
        sources = [source for source, _ in cells_of(row["where"])]
        found = [n for n, source in enumerate(sources) if row["cell"] in source]
        if len(found) != 1:
            raise ValueError(
                f"{row['where']}: {len(found)} cells hold {row['cell']!r}, not one"
            )
        number, text = found[0], sources[found[0]]
    if text.count(row["old"]) != 1 or row["old"] == row["new"]:
        raise ValueError(
            f"{row['where']}: {row['old']!r} occurs {text.count(row['old'])} times, not "
            "once, or is not changed"
        )
    return number, text.replace(row["old"], row["new"])


def is_file(where):
    """Tell a file of `reglab` from a chapter."""
    return where.endswith(".py")


def run_chapter(chapter, row=None):
    """Run the cells of a chapter up to the first claim or check that fails.

    Returns
    -------
    str
        What failed: "claim: ...", "check: ..." or, if the chapter crashed, "crash: ...".
        Empty if nothing did.
    """
    cells = cells_of(chapter)
    number, source = damaged(row) if row else (None, None)
    if row:
        cells[number] = source, cells[number][1]
    _without_figures()
    os.chdir(ROOT / "book")
    namespace = {"__name__": "__main__"}
    for n, (source, expected) in enumerate(cells):
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(source, f"{chapter}, cell {n}", "exec"), namespace)
        except AssertionError as error:
            kind = "claim" if str(error).startswith(FALSE) else "crash"
            return f"{kind}: {str(error).removeprefix(FALSE)}"
        except Exception:
            return f"crash: {traceback.format_exc(limit=-1).splitlines()[-1]}"
        told = VERDICT.findall(printed.getvalue())
        for said, wanted in zip(told, expected, strict=True):
            if said != wanted:
                return f"check: {said}"
    return ""


def _without_figures():
    """Make the figures empty: they are most of the time, and hold no claim."""
    if str(ROOT / "book") not in sys.path:
        sys.path.insert(0, str(ROOT / "book"))
    os.environ["MPLBACKEND"] = "agg"
    import matplotlib.pyplot as plt

    import reglab

    reglab.explore = reglab.show = lambda fig, *_, **__: plt.close(fig)


def run_test(where, test, row=None):
    """Run a test file on a copy of `reglab`; return what failed, as `run_chapter` does."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("book/reglab", "tests"):
            shutil.copytree(
                ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__")
            )
        for part in ("pyproject.toml", "conftest.py"):
            shutil.copy(ROOT / part, copy)
        if row:
            (copy / where).write_text(damaged(row)[1], encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, f"tests/{test}"], cwd=copy, capture_output=True, text=True
        )
    failed = re.search(r"^FAILED tests/(.*?)(?: - .*)?$", done.stdout, re.M)
    if done.returncode == 1 and failed:
        return f"test: {failed[1]}"
    if done.returncode:
        return f"crash: {(done.stdout + done.stderr).strip()[-200:]}"
    return ""


def attempt(row):
    """Run one mutant, or one undamaged chapter or test (a row without `old`)."""
    start = time.perf_counter()
    change = row if "old" in row else None

    def stop(*_):
        raise TimeoutError(f"not at its end after {SECONDS} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        if is_file(row["where"]):
            killer = run_test(row["where"], row["test"], change)
        else:
            killer = run_chapter(row["where"], change)
    except (TimeoutError, ValueError) as error:
        killer = f"crash: {error}"
    finally:
        signal.alarm(0)
    return row, killer, time.perf_counter() - start


def undamaged(chosen):
    """Return a row without damage for each chapter and test that the mutants need."""
    wanted = {(row["where"], row.get("test")) for row in chosen}
    kept = {test or where: (where, test) for where, test in sorted(wanted, key=str)}
    return [
        {"where": where, "test": test, "words": "nothing is damaged"}
        for where, test in kept.values()
    ]


def survives(row, killer):
    """Tell whether a run did not end as it should."""
    if "old" not in row:
        return killer != ""
    return killer == "" or killer.startswith("crash")


def line(row, killer, seconds):
    """Return a result as a row of a Markdown table."""
    told = killer or ("all claims hold" if "old" not in row else "**alive**")
    told = " ".join(told.split()).replace("|", "\\|")
    told = told if len(told) <= 110 else told[:107] + "..."
    where = row["where"].removeprefix("book/")
    return f"| {where} | {row['words']} | {told} | {seconds:.0f} |"


def main():
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="run only the mutants that hold a word")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once")
    options = parser.parse_args()
    chosen = [
        row
        for row in rows()
        if not options.words or any(word in json.dumps(row) for word in options.words)
    ]
    if not chosen:
        sys.exit("no mutant holds any of these words")
    todo = undamaged(chosen) + chosen
    print("| where | what is damaged | what fails | s |\n|:--|:--|:--|--:|", flush=True)
    bad = 0
    pool = Parallel(options.jobs, return_as="generator_unordered")
    for done in pool(delayed(attempt)(row) for row in todo):
        print(line(*done), flush=True)
        bad += survives(*done[:2])
    print(f"\n{len(chosen)} mutants, {bad} that should not be so", flush=True)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
