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
import select
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
WITHOUT = {  # chapters with no mutant, and why
    "source-errata": "it shows what fails, and other chapters hold what works",
    "fashion-mnist": "its data have to be downloaded",
}
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


def run_chapter(chapter, mutants, whole=True):
    """Run a chapter undamaged, and from every cell that has mutants a fork for each of them.

    So what comes before the damage is run once, and what comes after up to the first claim
    or check that fails.

    Parameters
    ----------
    chapter : str
    mutants : list of dict
        Rows of this chapter.
    whole : bool
        Run all of the undamaged chapter; else only as far as mutants have lived.

    Returns
    -------
    list of (dict, str, float)
        The row, what failed and the seconds of each mutant and of the undamaged chapter. What
        failed is "claim: ...", "check: ...", "refused: ..." by `reglab` or, if the run
        crashed, "crash: ..."; it is empty if nothing failed.
    """
    cells = cells_of(chapter)
    waiting = [(*damaged(row), row) for row in mutants]
    _without_figures()
    os.chdir(ROOT / "book")
    namespace, results, furthest = {"__name__": "__main__"}, [], 0
    start, killer = time.perf_counter(), ""
    for n in range(len(cells)):
        for _, source, row in [one for one in waiting if one[0] == n]:
            begun = time.perf_counter()
            changed = [*cells[:n], (source, cells[n][1]), *cells[n + 1 :]]
            killed_at, killed_by = _in_fork(_run, chapter, changed, n, namespace)
            results.append((row, killed_by, time.perf_counter() - begun))
            furthest = max(furthest, killed_at)
        if not whole and n > furthest and all(number < n for number, *_ in waiting):
            break
        _, killer = _run(chapter, cells[: n + 1], n, namespace)
        if killer:
            break
    return [(_undamaged(chapter), killer, time.perf_counter() - start), *results]


def _run(chapter, cells, first, namespace):
    """Run cells from `first` on; return the last one that ran, and what failed in it."""
    n = first
    for n, (source, expected) in enumerate(cells[first:], start=first):
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(source, f"{chapter}, cell {n}", "exec"), namespace)
        except AssertionError as error:
            kind = "claim" if str(error).startswith(FALSE) else "crash"
            return n, f"{kind}: {str(error).removeprefix(FALSE)}"
        except Exception as error:
            raised_in = traceback.extract_tb(error.__traceback__)[-1].filename
            kind = "refused" if Path(raised_in).parent.name == "reglab" else "crash"
            return n, f"{kind}: {type(error).__name__}: {error}"
        for said, wanted in zip(
            VERDICT.findall(printed.getvalue()), expected, strict=True
        ):
            if said != wanted:
                return n, f"check: {said}"
    return n, ""


def _in_fork(function, *arguments):
    """Return what a function returns in a copy of this process."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException), os.fdopen(theirs, "w") as file:
            file.write(json.dumps(function(*arguments)))
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as file:
        ready, *_ = select.select([file], [], [], SECONDS)
        if not ready:
            os.kill(child, signal.SIGKILL)
        told = file.read()
    os.waitpid(child, 0)
    reason = "the process ended" if ready else f"not at its end after {SECONDS} s"
    return json.loads(told) if told else (0, f"crash: {reason}")


def _undamaged(where):
    return {"where": where, "words": "nothing is damaged"}


def _without_figures():
    """Make the figures empty: they are most of the time, and hold no claim."""
    if str(ROOT / "book") not in sys.path:
        sys.path.insert(0, str(ROOT / "book"))
    # a fork has no threads but its own
    os.environ |= {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
    import matplotlib.pyplot as plt

    import reglab

    reglab.explore = reglab.show = lambda fig, *_, **__: plt.close(fig)


def run_test(test, row=None):
    """Run a test file on a copy of `reglab`; return "test: ..." with the first that failed."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("book/reglab", "tests"):
            shutil.copytree(
                ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__")
            )
        for part in ("pyproject.toml", "conftest.py"):
            shutil.copy(ROOT / part, copy)
        if row:
            (copy / row["where"]).write_text(damaged(row)[1], encoding="utf-8")
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


def run_tests(test, mutants):
    """Run a test of `reglab` undamaged and with each mutant; return as `run_chapter` does."""
    results = []
    for row in [None, *mutants]:
        begun = time.perf_counter()
        killer = run_test(test, row)
        result = row or _undamaged(f"tests/{test}")
        results.append((result, killer, time.perf_counter() - begun))
    return results


def attempt(mutants, whole=True):
    """Run mutants that share a chapter, or a test."""
    if "test" in mutants[0]:
        return run_tests(mutants[0]["test"], mutants)
    return run_chapter(mutants[0]["where"], mutants, whole)


def shared(chosen):
    """Return the rows in lists, one for each chapter and each test."""
    groups = {}
    for row in chosen:
        groups.setdefault(row.get("test", row["where"]), []).append(row)
    return list(groups.values())


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
    parser.add_argument(
        "words", nargs="*", help="run only the mutants that hold a word"
    )
    parser.add_argument("--jobs", type=int, default=2, help="how many at once")
    options = parser.parse_args()
    chosen = [
        row
        for row in rows()
        if not options.words or any(word in json.dumps(row) for word in options.words)
    ]
    if not chosen:
        sys.exit("no mutant holds any of these words")
    print("| where | what is damaged | what fails | s |\n|:--|:--|:--|--:|", flush=True)
    bad = 0
    pool = Parallel(options.jobs, return_as="generator_unordered")
    for results in pool(delayed(attempt)(group) for group in shared(chosen)):
        for result in results:
            print(line(*result), flush=True)
            bad += survives(*result[:2])
    print(f"\n{len(chosen)} mutants, {bad} that should not be so", flush=True)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
