"""Twenty submissions, many of them hostile, are graded in one go, and none is lost."""

import contextlib
import csv
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from types import SimpleNamespace

import nbformat
import psutil
import pytest

import assign
from conftest import ROOT
from reglab import confine, grade, submission

NAME = "weight-decay-scratch"
# A submission takes about ten seconds of CPU; how long that is depends on other tests.
CPU = 40
COMMON = ["--assignment", NAME, "--timeout", "1500", "--cpu", str(CPU)]
COMMON += ["--memory", "1500"]


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    assign.make(assign.masters()[NAME], folder / NAME)
    return folder / NAME / "autograder.zip"


@pytest.fixture(scope="module")
def solution(archive):
    return archive.with_name("solution.ipynb").read_text(encoding="utf-8")


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
FORK = """
import os

while True:
    os.fork()
"""
ESCAPE = """
import os, subprocess, sys

subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(600)  # escaped-{token}"],
    start_new_session=True,
)
os.kill(os.getppid(), 9)
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
urllib.request.urlopen("http://192.0.2.1/", timeout=5)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, solution, reference):
    """Return a folder of twenty submissions: a name says what is in the file."""
    folder = tmp_path_factory.mktemp("submissions")
    token = os.path.basename(folder)
    files = {
        "right": numbered(solution, 11),
        "right-again": numbered(solution, 11),
        "part": answer(numbered(solution, 13), "q4", "repaired_epoch = buggy_epoch"),
        "error": answer(numbered(solution, 17), "q1", "1 / 0"),
        "number": numbered(solution, "'s14'").replace(
            "sizes = {", "sizes = {  # mine "
        ),
        "removed": without(numbered(solution, 15), "def step_towards", "q4"),
        "leaves": answer(numbered(solution, 18), "q1", "import os\nos._exit(0)"),
        "never-ends": answer(numbered(solution, 19), "q1", "while True:\n    pass"),
        "memory": answer(
            numbered(solution, 20),
            "q1",
            "import torch\nx = [torch.ones(2**24) for _ in range(1000)]",
        ),
        "prints": answer(
            numbered(solution, 21), "q1", "while True:\n    print('x' * 10_000)"
        ),
        "forks": answer(numbered(solution, 22), "q1", FORK),
        "escapes": answer(numbered(solution, 23), "q1", ESCAPE.format(token=token)),
        "vandal": answer(numbered(solution, 24), "q1", VANDAL.format(folder=folder)),
        "forger": answer(numbered(solution, 25), "q1", PASS_ALL),
        "spy": answer(numbered(solution, 26), "q1", SPY),
        "half": solution[:2000],
        "list": "[1, 2, 3]",
        "deep": "[" * 100_000,
        "no-code": nbformat.writes(nbformat.v4.new_notebook()),
    }
    for name, text in files.items():
        (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    return folder


def run(folder, archive, out, *options, **more):
    command = [sys.executable, "-m", "reglab.grade", *COMMON, *options]
    command += ["--autograder", str(archive), "--out", str(out), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "book"), "SECRET": "hush"}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, **more
    )


@pytest.fixture(scope="module")
def graded(folder, archive, tmp_path_factory):
    """Return what grading the folder printed, and the rows: {student: {question: row}}."""
    out = tmp_path_factory.mktemp("out") / "marks.csv"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    start = time.monotonic()
    done = run(folder, archive, out)
    print(f"{len(before)} submissions in {time.monotonic() - start:.0f} s")
    assert done.returncode == 0, done.stderr
    rows = {}
    with open(out, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["student"].removesuffix(".ipynb"), {})[
                row["question"]
            ] = row
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    return SimpleNamespace(
        printed=done.stdout, rows=rows, out=out, before=before, after=after
    )


MOST = {"q1": 4, "q2": 4, "q3": 2, "q4": 4, "q5": 3}


def points(rows):
    return {q: float(row["points"]) for q, row in rows.items() if row["points"]}


def test_nothing_is_lost(graded, folder):
    assert len(graded.before) == 20
    assert sorted(graded.rows) == sorted(
        path.name.removesuffix(".ipynb") for path in folder.iterdir()
    )
    for rows in graded.rows.values():
        assert set(rows) == {*MOST, "q3_why"}
        for question, row in rows.items():
            most = {**MOST, "q3_why": 3}[question]
            assert float(row["max"]) == most
            assert row["points"] == "" or 0 <= float(row["points"]) <= most


def test_right_answers_get_all_points(graded):
    rows = graded.rows["right"]
    assert points(rows) == points(graded.rows["right-again"]) == MOST, rows
    assert rows["q1"]["number"] == "11"
    assert "in a flat direction" in rows["q3_why"]["remark"].lower()
    for row in rows.values():
        assert row["remark"].startswith("same student number as right-again")


def test_part_of_the_answers(graded):
    assert points(graded.rows["part"]) == {**MOST, "q4": 0}
    assert "depends on the size of the batch" in graded.rows["part"]["q4"]["remark"]
    assert graded.rows["part"]["q1"]["remark"] == ""
    assert points(graded.rows["error"]) == {**MOST, "q1": 0}
    assert "ZeroDivisionError" in graded.rows["error"]["q1"]["remark"]
    assert points(graded.rows["removed"]) == {**MOST, "q1": 0}


NOTHING = dict.fromkeys(MOST, 0.0)
ENDED = "its Python was ended, by its own code or by the limits"
REASONS = {
    "number": (None, "must be a whole number.*1 given cells were removed or changed"),
    "removed": (None, "no cell defines step_towards: was it removed"),
    "half": (NOTHING, "not a notebook"),
    "list": (NOTHING, "not a notebook"),
    "deep": (NOTHING, "not a notebook"),
    "no-code": (NOTHING, "a notebook without code"),
    "picture.png": (NOTHING, "not a notebook"),
    "leaves": (NOTHING, ENDED),
    "never-ends": (NOTHING, ENDED),
    "memory": (NOTHING, "memory"),
    "prints": (NOTHING, f"memory|{ENDED}"),
    "forks": (None, "processes|memory|BlockingIOError|temporarily unavailable"),
    "escapes": (None, "to be looked at, it uses os, subprocess, sys"),
    "forger": (NOTHING, "forged: a control test"),
    "spy": (None, "to be looked at, it uses .*open.*os"),
    "vandal": (None, "to be looked at, it uses pathlib"),
}


@pytest.mark.parametrize("name", REASONS)
def test_what_goes_wrong_has_a_reason(graded, name):
    wanted, reason = REASONS[name]
    rows = graded.rows[name]
    assert wanted is None or points(rows) == wanted, rows
    assert sum(points(rows).values()) <= sum(MOST.values())
    said = " | ".join(row["remark"] for row in rows.values())
    assert re.search(reason, said), said


def test_the_files_of_others_are_as_they_were(graded):
    assert graded.after == graded.before | {
        name: graded.after[name] for name in set(graded.after) - set(graded.before)
    }
    if "write only to a folder" in graded.printed:
        assert set(graded.after) == set(graded.before)


def test_nothing_runs_on(graded, folder):
    mark = f"escaped-{folder.name}"
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            assert mark not in " ".join(process.cmdline())
    assert not graded.out.with_name("marks.csv.unfinished").exists()


def test_isolation_holds_or_is_told(tmp_path):
    inside, submissions = tmp_path / "inside", tmp_path / "submissions"
    inside.mkdir()
    submissions.mkdir()
    (submissions / "of-another.ipynb").touch()
    shut, sentence = confine.isolation(submissions)
    if "NOT" in sentence:
        assert shut(inside) == []
        return
    attempt = f"""
    touch {inside}/mine; touch {ROOT}/.not-yours
    mount -o remount,bind,rw / ; touch {ROOT}/.not-yours
    ls {submissions}; ls -d /proc/[0-9]* | wc -l
    ip route | grep . && echo network
    """
    done = subprocess.run(
        [*shut(inside), "sh", "-c", attempt], capture_output=True, text=True, timeout=30
    )
    assert (inside / "mine").exists()
    assert not (ROOT / ".not-yours").exists(), done.stderr
    assert "network" not in done.stdout
    assert "of-another" not in done.stdout
    processes = int(re.search(r"^\s*(\d+)\s*$", done.stdout, re.MULTILINE)[1])
    assert processes < 10


@pytest.fixture(scope="module")
def shut(folder):
    return confine.isolation(folder)[0]


def test_the_clock_ends_it_too(archive, solution, shut):
    text = answer(solution, "q1", "import time\ntime.sleep(9999)")
    limits = confine.Limits(timeout=3)
    rows = grade.grade(text.encode(), archive.read_bytes(), limits, shut)
    assert len(rows) == 6
    assert all(
        row[-1].startswith("it did not end within 3 s") for row in rows if row[2]
    )


def test_it_grades_without_isolation_too(archive, solution):
    limits = confine.Limits(timeout=1500)
    rows = grade.grade(
        solution.encode(), archive.read_bytes(), limits, lambda folder: []
    )
    assert sum(float(row[2]) for row in rows if row[2]) == sum(MOST.values()), rows


def test_what_leaves_its_group_is_ended(tmp_path):
    code = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', "
        f"'import time; time.sleep(99) # {tmp_path.name}'], start_new_session=True)"
    )
    home = {**os.environ, "HOME": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-c", code], env=home)
    process.wait()
    confine.kill(process, tmp_path)
    time.sleep(0.2)
    for other in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            assert tmp_path.name not in " ".join(other.cmdline())


def test_a_submission_sees_nothing_of_the_instructor(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    seen = confine.environment(tmp_path)
    assert "hush" not in str(seen)
    assert seen["HOME"].startswith(str(tmp_path))


def test_interrupted_it_goes_on(tmp_path, archive, solution):
    some = tmp_path / "some"
    some.mkdir()
    for name in ("a", "b", "c"):
        (some / f"{name}.ipynb").write_text("no notebook")
    never = some / "never.ipynb"
    never.write_text(answer(solution, "q1", "import time\ntime.sleep(9999)"))
    out, kept = tmp_path / "marks.csv", tmp_path / "marks.csv.unfinished"
    command = [sys.executable, "-m", "reglab.grade", *COMMON]
    command += ["--autograder", str(archive), "--out", str(out), str(some)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "book")}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    end = time.monotonic() + 120
    while not (kept.exists() and kept.read_text().count("\n") == 3):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert b"the same command goes on" in said and b"Traceback" not in said
    assert not out.exists()

    with open(kept, "a") as file:
        file.write('["half of a li')
    never.write_text("no notebook either")
    done = run(some, archive, out)
    assert "3 of 4 were graded before an interruption" in done.stdout, done.stderr
    assert len(out.read_text().splitlines()) == 1 + 4 * 6
    assert not kept.exists()


@pytest.mark.parametrize(
    "options, message",
    [
        (["--timeout", "0"], "--timeout 0 must be at least 1"),
        (["--assignment", "optimizers-2"], "not of optimizers-2"),
        (["--autograder", "nowhere.zip"], "there is no nowhere.zip"),
        (["--autograder", __file__], "is not an autograder"),
        (["--out", "no/such/folder.csv"], "there is no folder for"),
    ],
    ids=["timeout", "assignment", "autograder", "zip", "out"],
)
def test_bad_input_is_one_sentence(archive, tmp_path, options, message, capsys):
    (tmp_path / "a.ipynb").write_text("x")
    given = ["--assignment", NAME, "--autograder", str(archive), str(tmp_path)]
    with pytest.raises(SystemExit) as stop:
        grade.main([*given, *options])
    assert message in str(stop.value) and "\n" not in str(stop.value)


def test_an_empty_folder_is_told(archive, tmp_path):
    with pytest.raises(SystemExit, match="holds no submissions"):
        grade.main(["--assignment", NAME, "--autograder", str(archive), str(tmp_path)])


def test_plain_is_one_line_and_no_formula():
    assert grade.plain("=1+1") == "'=1+1"
    assert grade.plain("a\nb\x00\x1b[31m") == "a b[31m"
    assert len(grade.plain("x" * 10_000)) < 2000


def test_number_of_reads_and_does_not_run():
    assert submission.number_of(["student_number = 12_345  # mine"]) == "12345"
    assert submission.number_of(["student_number = int(input())"]) == ""


@pytest.mark.parametrize(
    "source, found",
    [
        ("import torch\nx = torch.open", ""),
        ("import os.path as p", "os.path"),
        ("from otter.execute import Checker", "otter.execute"),
        ("().__class__.__mro__", "__class__, __mro__"),
        ("!rm -r /", "no plain Python"),
        ("grader._tests_dir", "grader"),
    ],
    ids=["fine", "import", "from", "attribute", "magic", "grader"],
)
def test_what_an_answer_reaches_for(source, found):
    remarks = submission.reaches_for([source])
    assert (found in remarks[0]) if found else not remarks


def test_the_machinery_is_not_imported_with_reglab():
    code = "import sys, reglab; print('reglab.grade' in sys.modules, 'otter' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "book")}
    said = subprocess.check_output([sys.executable, "-c", code], env=environment)
    assert said.split() == [b"False", b"False"]
