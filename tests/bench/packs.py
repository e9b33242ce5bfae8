"""Seconds and bytes of the instructor kit, made afresh for a book that is built."""

import os
import subprocess
import sys
import time

from common import ROOT, say

STEPS = [
    ("student notebooks and autograders", "tests/assign.py --force"),
    ("slides", "book/_kit/decks.py"),
    ("quiz files", "book/_kit/quizzes.py"),
    ("both packs", "book/_kit/pack.py"),
]


def main():
    """Make every part and the packs, and print what each step takes."""
    environment = {**os.environ, "PYTHONPATH": "book:book/_ext"}
    total = 0
    for name, command in STEPS:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *command.split()],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            sys.exit(done.stderr)
        seconds = time.perf_counter() - start
        total += seconds
        say(name, f"{seconds:.0f} s")
    say("together", f"{total:.0f} s")
    for path in sorted((ROOT / "dist").glob("*.zip")):
        say(path.name, f"{path.stat().st_size / 1e6:.1f} MB")
