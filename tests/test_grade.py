"""Twenty submissions, many of them hostile, are graded in one go, and none is lost."""

import csv
import json
import os
import re
import subprocess
import sys
import time
import zipfile

import nbformat
import psutil
import pytest

import assign
from conftest import ROOT
from reglab import confine, grade, submission

NAME = "weight-decay-scratch"
TIMEOUT = 150  # a submission takes about ten seconds; other tests run at the same time
COMMON = ["--assignment", NAME, "--timeout", str(TIMEOUT), "--memory", "1500"]


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    assign.make(assign.masters()[NAME], folder / NAME)
    return folder / NAME / "autograder.zip"


@pytest.fixture(scope="module")
def solution(archive):
    with zipfile.ZipFile(archive) as packed:
        return packed.read("solution.ipynb").decode()


@pytest.fixture(scope="module")
def reference(archive):
    with zipfile.ZipFile(archive) as packed:
        return nbformat.reads(packed.read("student.ipynb").decode(), as_version=4)


def answer(text, question, code):
    """Return the text of a notebook with the first answer to `question` replaced."""
    notebook = nbformat.reads(text, as_version=4)
    sources = [cell.source for cell in notebook.cells]
    check = sources.index(f'grader.check("{question}")')
    places = range(check, -1, -1)
    place = next(
        p
        for p in places
        if "otter_assign_solution_cell" in notebook.cells[p].metadata.get("tags", [])
    )
    notebook.cells[place].source = code
    return nbformat.writes(notebook)


def numbered(text, number):
    return re.sub(r"student_number = \d+", f"student_number = {number}", text)


def without(text, *pieces):
    """Return the text of a notebook without the code cells that hold one of `pieces`."""
    notebook = nbformat.reads(text, as_version=4)
    notebook.cells = [
        cell
        for cell in notebook.cells
        if cell.cell_type != "code" or not any(p in cell.source for p in pieces)
    ]
    return nbformat.writes(notebook)


PASS_ALL = """
from otter.test_files import ExceptionTestFile, TestCaseResult


def run(self, env):
    self.test_case_results = [
        TestCaseResult(test_case=case, message="", passed=True) for case in self.test_cases
    ]


ExceptionTestFile.run = run
"""
INJECT = """
from otter.execute import Checker
from otter.test_files import ExceptionTestFile

for question in ("q1", "q2", "q3", "q4", "q5"):
    test = ExceptionTestFile.from_file(f"./tests/{question}.py")
    for case in test.test_cases:
        object.__setattr__(case.body, "test_func", lambda: None)
    test.run({})
    Checker._test_files.append(test)
"""
FORK = """
import os

while True:
    os.fork()
"""
ESCAPE = """
import os, subprocess, sys, time

subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(600)  # escaped-{token}"],
    start_new_session=True,
)
os.kill(os.getppid(), 9)
time.sleep(600)
"""
VANDAL = """
from pathlib import Path

for path in Path("{folder}").glob("*.ipynb"):
    path.write_text("gone")
Path("{folder}/more.ipynb").write_text("{{}}")
"""
SPY = """
import glob, os, urllib.request

print([open(path).read() for path in glob.glob("tests/*.py")], os.environ)
urllib.request.urlopen("http://127.0.0.1:{port}/", timeout=5)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, solution, reference):
    """Return a folder of twenty submissions: a name says what is in the file."""
    folder = tmp_path_factory.mktemp("submissions")
    token = os.path.basename(folder)
    files = {
        "right-1": numbered(solution, 11),
        "right-2": numbered(solution, 12),
        "right-2-copied": numbered(solution, 12),
        "part": answer(numbered(solution, 13), "q4", "repaired_epoch = buggy_epoch"),
        "empty": nbformat.writes(reference),
        "no-number": numbered(solution, '"s14"'),
        "cells-removed": without(numbered(solution, 15), "def step_towards", "q4"),
        "given-cell-changed": numbered(solution, 16).replace(
            "sizes = {", "sizes = {  # mine "
        ),
        "error": answer(numbered(solution, 17), "q1", "1 / 0"),
        "leaves": answer(numbered(solution, 18), "q1", "import os\\nos._exit(0)"),
        "never-ends": answer(
            numbered(solution, 19), "q1", "import time\\nwhile True: time.sleep(1)"
        ),
        "eats-memory": answer(
            numbered(solution, 20),
            "q1",
            "import torch\\nx = [torch.ones(2**24) for _ in range(1000)]",
        ),
        "prints": answer(
            numbered(solution, 21), "q1", "while True:\\n    print('x' * 10_000)"
        ),
        "forks": answer(numbered(solution, 22), "q1", FORK),
        "escapes": answer(numbered(solution, 23), "q1", ESCAPE.format(token=token)),
        "vandal": answer(numbered(solution, 24), "q1", VANDAL.format(folder=folder)),
        "passes-all": answer(numbered(solution, 25), "q1", PASS_ALL),
        "spy": answer(numbered(solution, 26), "q1", SPY.format(port=9)),
    }
    for name, text in files.items():
        (folder / f"{name}.ipynb").write_text(text.replace("\\\\n", "\\n"), "utf-8")
    (folder / "broken.ipynb").write_text(solution[:2000], encoding="utf-8")
    (folder / "picture.ipynb").write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    return folder
