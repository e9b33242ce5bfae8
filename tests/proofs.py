"""Prove that an assignment grades what it should.

    python tests/proofs.py NAME ...        print and judge the proofs of these assignments
    python tests/proofs.py                 of all

The notebooks that `otter assign` made are run here cell by cell in one process, and
otter's own test files, hidden ones included, judge what they leave. So many wrong answers
cost little more than one run. A wrong answer stands in a raw cell of the master,

    # IGNORE wrong 1 of 4: the bias is pulled too
    def step(...):
        ...

and is run after the reference solution of its question; what it should still earn comes
before the colon. `# IGNORE` makes otter leave the cell out of everything it writes.
"""

import ast
import contextlib
import io
import json
import os
import re
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import nbformat

import assign

WRONG = re.compile(r"# IGNORE wrong (\d+(?:\.\d+)?) of (\d+(?:\.\d+)?): (.+)\n")
RUBRIC = "# IGNORE rubric\n"
CHECK = re.compile(r'grader\.check\("(\w+)"\)')
ANSWER = "otter_answer_cell"
OTHER_NUMBERS = (1, 987654321)


def wrong_answers(master):
    """Return (question, points, of, words, code) of each wrong answer in a master."""
    found, question = [], None
    for cell in master.cells:
        if cell.cell_type != "raw":
            continue
        if cell.source.startswith("# BEGIN QUESTION"):
            question = re.search(r"^name: (\w+)", cell.source, re.MULTILINE)[1]
        match = WRONG.match(cell.source)
        if match:
            points, of, words = float(match[1]), float(match[2]), match[3]
            found.append((question, points, of, words, cell.source[match.end() :]))
        elif cell.source.startswith("# IGNORE wrong"):
            raise ValueError(f"not `# IGNORE wrong 1 of 4: words`: {cell.source[:60]}")
    return found


def rubrics(master):
    """Return the rubric of each question that is read by a person, by name."""
    found, question = {}, None
    for cell in master.cells:
        if cell.cell_type == "raw" and cell.source.startswith("# BEGIN QUESTION"):
            question = re.search(r"^name: (\w+)", cell.source, re.MULTILINE)[1]
        if cell.cell_type == "raw" and cell.source.startswith(RUBRIC):
            found[question] = cell.source.removeprefix(RUBRIC)
    return found


class Bench:
    """The tests of one autograder, and a namespace to try answers in."""

    def __init__(self, archive, folder):
        from otter.test_files import ExceptionTestFile

        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
        folder = Path(folder)
        self.about = json.loads((folder / "assignment.json").read_text("utf-8"))
        self.student = nbformat.read(folder / "student.ipynb", as_version=4)
        solution = Path(archive).with_name("solution.ipynb")
        self.solution = nbformat.read(solution, as_version=4)
        self.tests = {
            path.stem: ExceptionTestFile.from_file(str(path))
            for path in (folder / "tests").glob("*.py")
        }
        self.space = {}

    def run(self, source, forgive=False):
        """Run the source of a cell; with `forgive`, errors end the cell as in grading."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(source, "<cell>", "exec"), self.space)
        except Exception:
            if not forgive:
                raise

    def score(self, question):
        """Return the points of a question as things stand, and what its tests say."""
        test = self.tests[question]
        with contextlib.redirect_stdout(io.StringIO()):
            test.run(self.space)
        failed = [r.message for r in test.test_case_results if not r.passed]
        return test.score, "\n".join(failed)

    def play(self, notebook, number=None, forgive=False, at_check=None):
        """Run a notebook from an empty namespace; return the points of each question.

        `at_check(question)` is called after the points of a question are counted.
        """
        self.space = {"__name__": "__main__"}
        points, messages = {}, {}
        for cell in notebook.cells:
            if cell.cell_type != "code" or cell.id == "checks":
                continue
            check = CHECK.fullmatch(cell.source.strip())
            if check:
                question = check[1]
                points[question], messages[question] = self.score(question)
                if at_check:
                    at_check(question)
                continue
            source = cell.source
            if number is not None and re.match(r"student_number = ", source):
                source = f"student_number = {number}"
            self.run(source, forgive)
        return points, messages

    def attempt(self, question, code):
        """Return the points after a wrong answer, and leave the namespace as it was."""
        before = dict(self.space)
        try:
            self.run(code)
            return self.score(question)[0]
        finally:
            self.space.clear()
            self.space.update(before)


def leaks(master, bench):
    """Return what of solutions, hidden tests and wrong answers stands in the student file."""
    student = nbformat.writes(bench.student)
    secret = []
    for cell in master.cells:
        lines = cell.source.splitlines()
        inside = False
        hidden = cell.cell_type == "raw" and "# IGNORE" in lines[0]
        hidden = hidden or (cell.cell_type == "code" and lines[0] == "# HIDDEN")
        for line in lines:
            if line.strip().startswith("# END SOLUTION"):
                inside = False
            if hidden or inside or line.endswith("# SOLUTION"):
                secret.append(line.strip())
            if line.strip().startswith("# BEGIN SOLUTION"):
                inside = True
    given = "\n".join(cell.source for cell in bench.student.cells)
    given = {line.strip() for line in given.splitlines()}
    found = [s for s in secret if len(s) > 20 and s in given]
    # a line of a solution may also stand, rightly, in a given cell of the master
    shown = {
        line.strip()
        for cell in master.cells
        if cell.cell_type != "raw" and not cell.source.startswith("# HIDDEN")
        for line in public_lines(cell.source)
    }
    found = [line for line in found if line not in shown]
    for word in ("SOLUTION", "HIDDEN", "IGNORE", "hidden=True", "rubric"):
        if word in student:
            found.append(word)
    return found


def parses(cell):
    """Return whether a cell is Python, if it should be."""
    try:
        return cell.cell_type != "code" or bool(ast.parse(cell.source))
    except SyntaxError:
        return False


def public_lines(source):
    """Return the lines of a cell that students get."""
    inside = False
    for line in source.splitlines():
        if line.strip().startswith("# BEGIN SOLUTION"):
            inside = True
        if not inside and not line.endswith("# SOLUTION"):
            yield line
        if line.strip().startswith("# END SOLUTION"):
            inside = False


def prove(name, archive=None):
    """Return (what was proved, what it shows, whether it holds) for one assignment."""
    path = assign.masters()[name]
    master = nbformat.read(path, as_version=4)
    rows = []

    def row(what, shows, holds):
        rows.append((what, shows, bool(holds)))

    with tempfile.TemporaryDirectory() as folder:
        if archive is None:
            assign.make(path, Path(folder, "made"))
            archive = Path(folder, "made/autograder.zip")
        bench = Bench(archive, Path(folder, "opened"))

    questions = {q["name"]: q for q in bench.about["questions"]}
    tested = {n: q["points"] for n, q in questions.items() if q["kind"] == "tests"}
    total = sum(q["points"] for q in questions.values())
    row("points of all questions", total, total == 20)
    count = len({re.match(r"[a-z]+\d*", n)[0] for n, p in tested.items() if p})
    row("questions", count, 4 <= count <= 6)
    by_hand = [n for n, q in questions.items() if q["kind"] == "by hand"]
    lacking = [n for n in by_hand if n not in rubrics(master)]
    row("read by a person", ", ".join(by_hand), by_hand and not lacking)

    wrong = wrong_answers(master)
    for question, points in tested.items():
        if points:
            amount = sum(w[0] == question for w in wrong)
            row(f"{question}: wrong answers written down", amount, amount >= 2)

    def try_wrong(question):
        for _, keeps, of, words, code in filter(lambda w: w[0] == question, wrong):
            got = bench.attempt(question, code)
            right = got == keeps and of == tested[question] and keeps < of
            row(f"{question}: {words}", f"{got:g} of {of:g}, said {keeps:g}", right)

    start = time.perf_counter()
    points, messages = bench.play(bench.solution, at_check=try_wrong)
    for question, of in tested.items():
        got = points.get(question)
        says = f"{got} of {of}\n{messages.get(question, '')}".strip()
        row(f"{question}: reference solution", says, got == of)
    seconds = time.perf_counter() - start

    number = OTHER_NUMBERS[0]
    bench.space["student_number"] = number
    got = sum(bench.score(question)[0] for question in tested)
    row("reference copied under another number", f"{got:g}", got < sum(tested.values()))
    for number in OTHER_NUMBERS:
        points, messages = bench.play(bench.solution, number=number)
        says = "".join(f"\n{q}: {messages[q]}" for q in messages if messages[q])
        says = f"{sum(points.values()):g} of {sum(tested.values()):g}{says}"
        row(f"reference as student {number}", says, points == tested)
    for number in (None, OTHER_NUMBERS[1]):
        points, _ = bench.play(bench.student, number=number, forgive=True)
        who = "without a number" if number is None else f"of student {number}"
        row(f"empty notebook {who}", points, not any(points.values()))
    broken = [cell.source for cell in bench.student.cells if not parses(cell)]
    row("cells of the student file that do not parse", broken or "none", not broken)
    found = leaks(master, bench)
    row("solutions and hidden tests in the student file", found or "none", not found)
    row("reference with wrong answers", f"{seconds:.1f} s", True)
    return rows


def main():
    """Run the command line."""
    os.environ["MPLBACKEND"] = "agg"
    known = assign.masters()
    failed = False
    for name in sys.argv[1:] or known:
        if name not in known:
            sys.exit(f"there is no assignment {name}; there are {', '.join(known)}")
        print(f"\n{name}")
        for what, shows, holds in prove(name):
            failed |= not holds
            print(f"{'  ✓' if holds else '  ✗ FAILS'} {what}: {shows}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    sys.path.insert(0, str(assign.ROOT / "book"))
    main()
