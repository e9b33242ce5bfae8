"""Grade a folder of submissions: otter on each, in a process with limits; one CSV.

    python -m reglab.grade --assignment NAME SUBMISSIONS_DIR [--out marks.csv]

The autograder is dist/assignments/NAME/autograder.zip, which `make assignments` makes.
Grading runs students' code. Each submission runs in a folder, a home and an environment
of its own, with limits on time, memory, processes and output; on Linux also, where the
system lets it, without network, without sight of other processes and unable to write
anywhere else. The first line printed says which of these hold. A submission shares its
process with the tests that judge it, as in every grader of notebooks: control tests and a
look at what the code reaches for tell of tampering, but no program can rule it out.
"""

import argparse
import contextlib
import csv
import hashlib
import io
import json
import os
import signal
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat
from tqdm import tqdm

from .confine import STOP, Limits, isolation, run
from .submission import Reading, Refused

COLUMNS = ("student", "number", "question", "points", "max", "remark")
LONGEST_REMARK = 1500  # characters


def grade(data, archive, limits, shut):
    """Return the rows of one submission, given as bytes; they cover every question.

    Parameters
    ----------
    data : bytes
        The submission as handed in.
    archive : bytes
        The autograder.
    limits : Limits
    shut : callable
        From `isolation`.

    Returns
    -------
    list of list
        For each question its student's number, name, points, maximum and remark.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        questions = json.loads(packed.read("assignment.json"))["questions"]
        reference = nbformat.reads(packed.read("student.ipynb").decode(), as_version=4)
    reading, points = None, {}
    try:
        reading = Reading(data, reference, questions)
        points = run(reading.bare(), archive, limits, shut)
    except Refused as reason:
        points = {q["name"]: (0.0, str(reason)) for q in questions}
    rows = []
    for q in filter(lambda q: q["points"], questions):
        name = q["name"]
        if q["kind"] == "by hand" and reading:
            score, remarks = "", ["to be read: " + reading.texts[name]]
        elif q["kind"] == "by hand":
            score, remarks = "", [points[name][1]]
        else:
            earned, failed = points[name]
            score, remarks = f"{earned:g}", [failed]
            remarks += reading.remarks(name) if reading else []
        remark = "; ".join(filter(None, remarks))
        rows.append(
            [reading.number if reading else "", name, score, q["points"], remark]
        )
    return rows


def plain(value):
    """Return a value as one line that no spreadsheet takes for a formula."""
    text = " ".join(str(value).split())
    text = "".join(c for c in text if c.isprintable())
    if len(text) > LONGEST_REMARK:
        text = text[:LONGEST_REMARK] + " …"
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text


class Finished:
    """What is graded already, kept beside the CSV until that is written.

    One line of JSON a submission, with the hash of all it depends on; a line that was
    broken off is graded again.
    """

    def __init__(self, path):
        self.path = path
        self.rows = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                with contextlib.suppress(ValueError):
                    key, rows = json.loads(line)
                    self.rows[key] = rows
            if not path.read_bytes().endswith(b"\n"):
                self._append("")

    def add(self, key, rows):
        self.rows[key] = rows
        self._append(json.dumps([key, rows]))

    def _append(self, line):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())


def with_copies(table):
    """Add to the remarks which submissions have the same student number."""
    owners = {}
    for student, rows in table.items():
        for number in {row[0] for row in rows if row[0]}:
            owners.setdefault(number, []).append(student)
    for student, rows in table.items():
        for row in rows:
            others = [other for other in owners.get(row[0], []) if other != student]
            if others:
                named = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
                row[-1] = f"same student number as {named}; {row[-1]}".rstrip("; ")
    return table


def write(table, path):
    """Write the CSV so that no reader ever sees half of it."""
    part = path.with_name(path.name + ".part")
    with open(part, "w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        for student in sorted(table):
            for row in table[student]:
                lines.writerow([plain(value) for value in (student, *row)])
    os.replace(part, path)


def options_of(arguments):
    """Return the options of the command line, checked."""
    parser = argparse.ArgumentParser(
        "python -m reglab.grade", description=__doc__.splitlines()[0]
    )
    parser.add_argument("submissions", type=Path, help="folder with the notebooks")
    parser.add_argument("--assignment", required=True, metavar="NAME")
    parser.add_argument("--out", type=Path, default=Path("marks.csv"))
    parser.add_argument("--timeout", type=int, default=120, help="seconds for each")
    parser.add_argument("--cpu", type=int, help="CPU seconds (default: as timeout)")
    parser.add_argument("--memory", type=int, default=2048, help="MB for each")
    parser.add_argument("--jobs", type=int, default=2, help="at the same time")
    parser.add_argument(
        "--autograder",
        type=Path,
        help="default: dist/assignments/NAME/autograder.zip",
    )
    options = parser.parse_args(arguments)
    options.cpu = options.timeout if options.cpu is None else options.cpu
    for name in ("timeout", "cpu", "memory", "jobs"):
        if getattr(options, name) < 1:
            sys.exit(f"--{name} {getattr(options, name)} must be at least 1")
    options.autograder = options.autograder or Path(
        "dist/assignments", options.assignment, "autograder.zip"
    )
    if not options.autograder.is_file():
        sys.exit(f"there is no {options.autograder}: make it with `make assignments`")
    if not options.submissions.is_dir():
        sys.exit(f"{options.submissions} is not a folder")
    if not options.out.resolve().parent.is_dir():
        sys.exit(f"there is no folder for {options.out}")
    return options


def main(arguments=None):
    """Run the command line."""
    if os.name == "nt":
        sys.exit("this needs Linux or macOS; `otter grade` grades in containers")
    options = options_of(arguments)
    archive = options.autograder.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            name = json.loads(packed.read("assignment.json"))["name"]
    except (zipfile.BadZipFile, KeyError, ValueError):
        sys.exit(f"{options.autograder} is not an autograder of this book")
    if name != options.assignment:
        sys.exit(f"{options.autograder} is of {name}, not of {options.assignment}")

    # read before the first of them runs
    out = options.out.resolve()
    listed = sorted(p for p in options.submissions.iterdir() if p.name[0] != ".")
    spared = {out, out.with_name(out.name + ".unfinished")}
    files = {p.name: p for p in listed if p.is_file() and p.resolve() not in spared}
    handed_in = {name: path.read_bytes() for name, path in files.items()}
    if not handed_in:
        sys.exit(f"{options.submissions} holds no submissions")
    shut, sentence = isolation(options.submissions.resolve())
    print(sentence, flush=True)

    limits = Limits(options.timeout, options.cpu, options.memory)
    finished = Finished(out.with_name(out.name + ".unfinished"))
    base = hashlib.sha256(archive + repr(limits).encode())
    table, todo = {}, {}
    for name, data in handed_in.items():
        key = hashlib.sha256(base.digest() + name.encode() + b"\0" + data).hexdigest()
        if key in finished.rows:
            table[name] = finished.rows[key]
        else:
            todo[name] = key
    if table:
        print(f"{len(table)} of {len(handed_in)} were graded before an interruption")

    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # the first may be ignored in scripts
        signal.signal(number, signal.default_int_handler)
    pool = ThreadPoolExecutor(options.jobs)
    try:
        runs = {
            pool.submit(grade, handed_in[name], archive, limits, shut): name
            for name in todo
        }
        for done in tqdm(as_completed(runs), "graded", len(runs), disable=not runs):
            table[runs[done]] = done.result()
            finished.add(todo[runs[done]], table[runs[done]])
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        STOP.set()
        sys.exit("interrupted; the same command goes on from here")
    for name, data in handed_in.items():
        if not files[name].is_file() or files[name].read_bytes() != data:
            print(f"{name} was changed by a submission and is put back")
            files[name].write_bytes(data)
    write(with_copies(table), out)
    finished.path.unlink(missing_ok=True)
    print(f"{len(table)} submissions graded, marks are in {options.out}")


if __name__ == "__main__":
    main()
