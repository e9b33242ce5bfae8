"""How long it takes to make assignments and to grade submissions."""

import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import say

import assign
from reglab import confine, grade


def timed(work):
    """Return seconds on the clock and of CPU, processes that ended included."""
    clock, before = time.perf_counter(), os.times()
    work()
    after = os.times()
    return time.perf_counter() - clock, sum(after[:4]) - sum(before[:4])


def main():
    """Make all assignments, and grade each solution once, two at a time."""
    masters = assign.masters()
    with tempfile.TemporaryDirectory() as folder:
        places = {name: Path(folder, name) for name in masters}

        def make():
            for name, path in masters.items():
                assign.make(path, places[name])

        clock, _ = timed(make)
        say("make one assignment", f"{clock / len(masters):.1f} s")
        shut, sentence = confine.isolation(Path(folder))
        print(sentence)

        def grade_one(name):
            archive = places[name] / "autograder.zip"
            solution = (places[name] / "solution.ipynb").read_bytes()
            limits = confine.Limits(timeout=1500)
            return grade.grade(solution, archive.read_bytes(), limits, shut)

        def grade_all():
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(grade_one, masters))

        clock, cpu = timed(grade_all)
        say(
            "grade one submission, two at a time (bar: 20 s)",
            f"{clock / len(masters):.1f} s",
        )
        say("    of CPU", f"{cpu / len(masters):.1f} s")
