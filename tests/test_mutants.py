"""The table of mutants fits the book as it is; a few are tried (`make mutants`: all)."""

import subprocess
import sys
from collections import Counter

import pytest

import mutants
import normalize

ROWS = mutants.rows()
# none of these runs more than the first cells of a chapter
QUICK = [group for group in mutants.shared(r for r in ROWS if r.get("quick"))]


def test_what_is_damaged_occurs_once():
    for row in ROWS:
        number, text = mutants.damaged(row)
        if number is not None:
            compile(text, row["words"], "exec")


def test_every_chapter_is_damaged_in_three_ways():
    count = Counter(row["where"] for row in ROWS)
    for path in normalize.notebooks():
        assert count[path.stem] >= 3 or path.stem in mutants.WITHOUT, path.stem
    assert len(ROWS) >= 45
    assert len({(row["where"], row["words"]) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("group", QUICK, ids=lambda group: group[0]["where"])
def test_a_mutant_is_killed(group):
    run = "import json, sys, mutants; group = json.loads(sys.argv[1]);"
    run += "print(json.dumps(mutants.attempt(group, whole=False)))"
    command = [sys.executable, "-c", run, mutants.json.dumps(group)]
    done = subprocess.run(
        command, cwd=mutants.ROOT / "tests", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    results = mutants.json.loads(done.stdout.splitlines()[-1])
    assert len(results) == len(group) + 1
    for row, killer, _ in results:
        assert not mutants.survives(row, killer), (row["words"], killer)


def test_a_mutant_that_nothing_notices_is_reported():
    assert mutants.survives({"old": "a"}, "")
    assert mutants.survives({"old": "a"}, "crash: NameError: x")
    assert not mutants.survives({"old": "a"}, "claim: it holds")
    assert mutants.survives({}, "claim: it holds") and not mutants.survives({}, "")


@pytest.mark.parametrize(
    "wrong", [{"old": "no such text"}, {"old": "="}, {"cell": "no such cell"}], ids=str
)
def test_a_row_that_does_not_fit_is_named(wrong):
    with pytest.raises(ValueError, match=r"times, not once|0 cells hold"):
        mutants.damaged(ROWS[0] | wrong)
