"""Each chapter has an assignment, and each assignment grades what it should.

The proofs of one assignment also run alone: python tests/proofs.py NAME
"""

import re
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest

import address
import assign
import normalize
import proofs
from conftest import ROOT
from reglab import confine, grade
from reglab.student import LARGEST, choice_of, generator_of

MASTERS = assign.masters()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the folder in which all assignments are made."""
    folder = tmp_path_factory.mktemp("assignments")
    for name, path in MASTERS.items():
        assign.make(path, folder / name)
    return folder


def test_every_chapter_has_one():
    chapters = {path.stem for path in normalize.notebooks()}
    assert chapters == set(MASTERS)


@pytest.fixture(params=MASTERS)
def name(request):
    return request.param


@pytest.fixture
def master(name):
    return nbformat.read(MASTERS[name], as_version=4)


def test_proofs(name, made):
    failed = [
        f"{what}: {shows}"
        for what, shows, holds in proofs.prove(name, made / name / "autograder.zip")
        if not holds
    ]
    assert not failed, "\n".join(failed)


def test_references_get_full_marks_from_otter_itself(made, tmp_path):
    """All solutions through the whole of grading, two at a time."""
    shut, _ = confine.isolation(tmp_path)

    def lost(name):
        archive = made / name / "autograder.zip"
        solution = (made / name / "solution.ipynb").read_bytes()
        limits = confine.Limits(timeout=1500)
        rows = grade.grade(solution, archive.read_bytes(), limits, shut)
        return [row for row in rows if row[2] and float(row[2]) != row[3]]

    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(MASTERS, pool.map(lost, MASTERS), strict=True))
    assert not any(found.values()), found


def test_a_master_has_no_outputs_and_the_common_cells(name, master):
    setup, config, title = master.cells[:3]
    assert setup.source == address.setup_cell()
    assert (
        config.source == f"# ASSIGNMENT CONFIG\nname: {name}\nconfig_file: common.yml"
    )
    assert re.match(r"# Assignment: .+\n", title.source)
    assert f"](../{name}.ipynb)" in title.source
    minutes = int(re.search(r"About (\d+) minutes, 20 points", title.source)[1])
    assert 60 <= minutes <= 90
    code = [cell for cell in master.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    numbers = [
        c for c in code if re.match(r"student_number = \d+  # SOLUTION$", c.source)
    ]
    assert len(numbers) == 1


def test_points_stand_in_the_headings(master):
    for cell, after in zip(master.cells, master.cells[1:], strict=False):
        found = re.search(r"^points: (.+)$", cell.source, re.MULTILINE)
        if cell.source.startswith("# BEGIN QUESTION") and found[1] != "[0]":
            points = sum(map(float, re.findall(r"[\d.]+", found[1])))
            assert re.match(rf"#+ .*\({points:g} points?\b", after.source), after.source


def test_student_file(name, made):
    text = (made / name / "student.ipynb").read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source == address.setup_cell()
    assert "](../" not in text, "a link that leads nowhere from Colab"
    assert f"/book/{name}.html)" in text
    assert not any(c.get("outputs") for c in notebook.cells)
    checks = [c for c in notebook.cells if c.source.startswith("grader.check(")]
    assert len(checks) >= 5
    with zipfile.ZipFile(made / name / "autograder.zip") as archive:
        hidden = [archive.read(n).decode() for n in archive.namelist() if "tests/" in n]
        assert {"run_autograder", "setup.sh", "otter_config.json"} <= set(
            archive.namelist()
        )
        assert "solution.ipynb" not in archive.namelist()
        needs = archive.read("environment.yml").decode()
    assert "otter-grader" in needs and "torch==" in needs and "git+https" in needs
    # a hidden test, word by word
    for source in hidden:
        for test in re.split(r"(?=@test_case)", source)[1:]:
            if "hidden=True" in test:
                assert re.search(r"def (\w+)", test)[1] not in text


def test_the_same_bytes_twice_and_nothing_half_made(made, tmp_path):
    name = next(iter(MASTERS))
    assign.make(MASTERS[name], tmp_path / name)
    for file in assign.MADE:
        again = (tmp_path / name / file).read_bytes()
        assert again == (made / name / file).read_bytes(), file
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert assign.is_made(MASTERS[name], tmp_path / name)


def test_a_bad_master_is_told_and_leaves_what_was_there(made, tmp_path):
    name = next(iter(MASTERS))
    master = nbformat.read(MASTERS[name], as_version=4)
    master.cells = [c for c in master.cells if c.source != "# END TESTS"]
    path = tmp_path / f"{name}.ipynb"
    nbformat.write(master, path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/student.ipynb").write_text("old")
    with pytest.raises(ValueError, match=f"{name}.ipynb: otter assign fails: "):
        assign.make(path, tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["student.ipynb"]


def test_the_command_knows_its_names():
    command = [sys.executable, ROOT / "tests/assign.py", "no-such-chapter"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("there is no assignment no-such-chapter; there are ")


def test_proofs_can_fail(made, tmp_path, monkeypatch):
    """A harmless wrong answer and a leaked line of a solution are found."""
    name = "weight-decay-scratch"
    master = nbformat.read(MASTERS[name], as_version=4)
    raw = [cell for cell in master.cells if cell.source.startswith("# IGNORE wrong")]
    raw[0].source = "# IGNORE wrong 0 of 4: not wrong at all\nunused = 1"
    nbformat.write(master, tmp_path / f"{name}.ipynb")
    monkeypatch.setattr(assign, "masters", lambda: {name: tmp_path / f"{name}.ipynb"})
    failed = [
        row for row in proofs.prove(name, made / name / "autograder.zip") if not row[2]
    ]
    assert failed == [("q1: not wrong at all", "4 of 4, said 0", False)]

    bench = proofs.Bench(made / name / "autograder.zip", tmp_path / "opened")
    assert not proofs.leaks(master, bench)
    line = "w_new = w - lr * (X.T @ error / len(y) + lambd * (w - w_ref))"
    bench.student.cells[-1].source = line
    assert set(proofs.leaks(master, bench)) == {line}
    assert not proofs.parses(nbformat.v4.new_code_cell("x = ...\n)"))


def test_a_student_has_numbers_of_their_own():
    def draw(number, purpose):
        return generator_of(number, purpose).initial_seed()

    seeds = {draw(number, purpose) for number in range(1, 101) for purpose in "ab"}
    assert len(seeds) == 200
    assert draw(7, "q1") == 3446833109538752873
    assert {choice_of(number, "x", "abc") for number in range(1, 30)} == set("abc")


@pytest.mark.parametrize(
    "number, kind",
    [
        (..., TypeError),
        ("12", TypeError),
        (1.0, TypeError),
        (True, TypeError),
        (0, ValueError),
        (-3, ValueError),
        (LARGEST + 1, ValueError),
    ],
    ids=["unset", "text", "float", "bool", "zero", "negative", "large"],
)
def test_bad_student_numbers(number, kind):
    with pytest.raises(kind, match="student_number"):
        generator_of(number, "q1")


def test_no_options():
    with pytest.raises(ValueError, match="options"):
        choice_of(1, "q1", [])
