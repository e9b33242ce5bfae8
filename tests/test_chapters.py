"""Every chapter has every part that the book promises, and the pages around it know it."""

import re

import nbformat
import pytest
import yaml

import normalize
from conftest import ROOT

CHAPTERS = normalize.notebooks()
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def cells(path):
    return nbformat.read(path, as_version=4).cells


@pytest.fixture
def note(path):
    return (ROOT / f"book/teaching/{path.stem}.md").read_text(encoding="utf-8")


@pytest.fixture
def prose(cells):
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def tagged(cells, tag):
    return [cell for cell in cells if tag in cell.metadata.get("tags", [])]


def test_contents_hold_the_notebooks_and_nothing_else():
    listed = re.findall(r"'file': '([^']+)'", str(TOC))
    notebooks = {f"book/{path.stem}" for path in CHAPTERS}
    assert notebooks <= set(listed)
    for name in listed:
        assert (ROOT / f"{name}.md").exists() or name in notebooks, name


def test_it_opens_with_promise_needs_and_abilities(prose):
    title, promise, needs, *rest = prose.split("\n\n")
    assert title.startswith("# ")
    assert promise.startswith("**") and promise.endswith("**")
    assert "need" in needs
    head = "\n".join(rest).split("\n## ")[0]
    assert "After this chapter you can" in head
    assert 3 <= len(re.findall(r"^- \*\*\w+", head, flags=re.M)) <= 6


def test_it_has_a_teaching_note(path, prose, note):
    assert f"'book/teaching/{path.stem}'" in str(TOC)
    assert note.startswith(f"# Teaching: {re.match('# (.*)', prose)[1]}\n")
    assert "{chapter-note}" in note and "{assignment-rubric}" in note
    plan = note.split("## A plan for 50 minutes\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (★ )?(\d+) \| .+ \| .+ \|$", plan, re.M)
    assert len(rows) == len(plan.split("```")[1].strip().splitlines()) - 3
    assert sum(int(minutes) for _, minutes in rows) == 50
    assert sum(int(minutes) for star, minutes in rows if star) == 40
    links = plan.count(f'"../{path.stem}.html#')
    assert links >= 3, "the plan links to too few states"


def test_instructors_are_sent_to_sections_that_exist(prose, note):
    headings = re.findall(r"^#+ (.*)", prose, flags=re.M)
    section = note.split("## Wrong ideas to expect\n")[1].split("\n## ")[0]
    answers = [line for line in section.splitlines() if line.startswith("- ")]
    assert len(answers) >= 3
    for line in answers:
        named = re.findall(r"\*([^*]+)\*", line)
        assert named and set(named) <= set(headings), line
    plan = note.split("```{plan}\n")[1].split("```")[0]
    where = " ".join(row.split("|")[3] for row in plan.splitlines())
    for name in re.findall(r"\*([^*]+)\*", where):
        assert name.translate(str.maketrans("“”", '""')) in headings


def test_figures_are_predicted_first(cells, prose):
    figures = [
        cell for cell in tagged(cells, "hide-input") if "explore(" in cell.source
    ]
    assert len(figures) >= 3
    assert prose.count("Predict before you move") >= len(figures)
    assert prose.count('<details class="predict">') >= len(figures)


def test_it_claims(cells):
    claims = sum(len(re.findall(r"^\s*claim\(", cell.source, re.M)) for cell in cells)
    assert claims >= 15


def test_it_ends_with_summary_quiz_exercises_references(cells, prose):
    headings = re.findall(r"^## (.*)", prose, flags=re.M)
    assert headings[-4:] == ["Summary", "Quiz", "Exercises", "References"]
    summary = prose.split("## Summary\n")[1].split("\n## ")[0]
    assert 3 <= len(summary.strip().splitlines()) <= 8
    assert 3 <= sum("quiz(" in c.source for c in tagged(cells, "remove-input")) <= 5
    assert prose.split("## References\n")[1].count("{cite:t}") >= 3


def test_exercises_have_check_hint_and_solution(cells, prose):
    exercises = prose.split("## Exercises\n")[1].split("\n## References")[0]
    titles = re.findall(r"^### \d\. ", exercises, flags=re.M)
    assert 3 <= len(titles) <= 5
    assert exercises.count('<details class="hint">') >= len(titles)
    assert len(tagged(cells, "check")) >= len(titles)
    assert len(tagged(cells, "solution")) >= len(titles)
    said = "".join(o.get("text", "") for c in cells for o in c.get("outputs", []))
    assert said.count("○ Not answered yet") + said.count("✗ Not yet") >= len(titles)
    solved = [c for c in tagged(cells, "solution") if "check" in c.source]
    for cell in solved:
        assert "✓ Right." in str(cell.outputs), cell.source


def test_source_items_stand_in_tags_alone(cells, prose):
    tags = {tag for cell in cells for tag in cell.metadata.get("tags", [])}
    assert any(re.fullmatch(r"S\d\.e?\d+", tag) for tag in tags)
    assert not re.search(r"\bS\d\.e?\d+\b", prose)
