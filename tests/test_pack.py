"""The instructor kit: slides, quiz files, packs, the box on each chapter, the hub's image."""

import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from functools import cache, partial
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from lxml import etree
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import decks
import facts
import hub
import pack
import parcel
import quizzes
import teach
from conftest import ROOT

CHAPTERS = facts.chapters()
ASSIGNED = [chapter for chapter in CHAPTERS if facts.assignment(chapter.name)]
MARKS = r"[*`$\\{}_^]"  # of Markdown and formulas

each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.name)


# Slides ---------------------------------------------------------------------------------

# What each slide shows: how much it had to shrink, whether it is too wide, its words.
SLIDE = """() => {
    const slide = Reveal.getCurrentSlide(), body = slide.querySelector(".fit")
    return {
        zoom: Number(body.style.zoom || 1),
        wide: body.scrollWidth > body.clientWidth + 1,
        low: body.getBoundingClientRect().bottom > innerHeight + 1,
        text: [...body.children].map(e => e.matches(".cell, figure") ? "" : e.innerText).join(" "),
        look: slide.dataset.look,
    }}"""
SHOWN = """figure => JSON.stringify([...figure.querySelectorAll("[data-k]")].map(
    e => [...e.attributes].map(a => a.value).concat(e.textContent)))"""


@pytest.fixture(scope="module")
def made_decks(site, tmp_path_factory):
    """Return the paths of all decks by chapter, made from the cache that the site filled."""
    folder = tmp_path_factory.mktemp("decks")
    for chapter in CHAPTERS:
        (folder / f"{chapter.name}.html").write_text(decks.make(chapter), "utf-8")
    return {chapter.name: folder / f"{chapter.name}.html" for chapter in CHAPTERS}


@pytest.fixture
def open_deck(made_decks, open_page):
    def open_deck(chapter, fragment=""):
        # the size of a usual projector
        view = {"width": 1280, "height": 720}
        page = open_page(made_decks[chapter.name].as_uri() + fragment, viewport=view)
        page.wait_for_function("Reveal.isReady()")
        return page

    return open_deck


def figures_of(path):
    text = path.read_text("utf-8")
    return set(re.findall(r'<figure class="explore" id="([\w-]+)"', text))


@each_chapter
def test_deck_shows_every_figure_and_question(chapter, made_decks, site):
    deck = made_decks[chapter.name]
    page = site / f"book/{chapter.name}.html"
    assert figures_of(deck) == figures_of(page) != set()
    html = deck.read_text("utf-8")
    assert html.count('class="quiz"') == page.read_text("utf-8").count('class="quiz"')
    for heading in re.findall(r"^## (.*)", facts.prose(chapter.path), re.M):
        if heading not in ("Exercises", "References"):
            assert decks.plain(heading) in BeautifulSoup(html, "html.parser").text
    assert "check(" not in html, "an exercise is on a slide"


@each_chapter
def test_deck_works_without_a_network(chapter, open_deck):
    page = open_deck(chapter)
    total = page.evaluate("Reveal.getTotalSlides()")
    assert 20 <= total <= 120
    moved = 0
    for _ in range(total):
        shown = page.evaluate(SLIDE)
        assert shown["zoom"] >= 0.65 and not shown["wide"], shown
        assert not shown["low"], shown
        assert len(shown["text"]) < 1200, shown
        assert "$" not in re.sub(r"\$\d", "", shown["text"]), shown
        figure = page.query_selector("section section.present figure.explore")
        if figure:
            control = figure.query_selector("input, select")
            before = figure.evaluate(SHOWN), page.evaluate("Reveal.getIndices()")
            control.focus()
            control.press("End")
            if figure.evaluate(SHOWN) == before[0]:
                control.press("Home")
            assert figure.evaluate(SHOWN) != before[0]
            assert page.evaluate("Reveal.getIndices()") == before[1]
            moved += 1
        page.evaluate("Reveal.next()")
    assert moved == len(figures_of_page(page))
    assert not page.faults


def figures_of_page(page):
    return page.query_selector_all("figure.explore")


def test_keys_of_slides_and_sliders_do_not_mix(open_deck):
    page = open_deck(CHAPTERS[0])
    name = figures_of_page(page)[0].get_attribute("id")
    page = open_deck(CHAPTERS[0], f"#{name}?")
    where = partial(page.evaluate, "Object.values(Reveal.getIndices()).join()")
    control = page.query_selector(f"#{name} input")
    assert control.is_visible(), "the address of a figure opens its slide"
    start = where()
    control.focus()
    value = control.input_value()
    page.keyboard.press("ArrowRight")
    assert (where(), control.input_value() != value) == (start, True)
    page.keyboard.press("PageDown")  # what a clicker sends
    assert where() != start
    page.keyboard.press("PageUp")
    assert where() == start
    control.focus()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    assert where() != start


def test_deck_opens_a_figure_in_a_state(open_deck):
    chapter = next(c for c in CHAPTERS if c.name == "weight-decay-scratch")
    page = open_deck(chapter, "#curves?lambd=1")
    figure = page.query_selector("#curves")
    assert figure.is_visible()
    assert figure.query_selector("output").inner_text() == "1"
    assert not page.faults


def test_deck_has_the_same_bytes_again(made_decks):
    chapter = CHAPTERS[0]
    assert decks.make(chapter) == made_decks[chapter.name].read_text("utf-8")


def test_deck_of_a_chapter_that_was_not_run(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 41")])
    nbformat.write(notebook, tmp_path / "new.ipynb")
    with pytest.raises(ValueError, match=r"new\.ipynb has not been run"):
        decks.executed(tmp_path / "new.ipynb")


def test_tags_choose_slides():
    cells = [nbformat.v4.new_code_cell("setup"), nbformat.v4.new_markdown_cell("# T")]
    for source, tags in {
        "shown()": ["slide"],
        "hidden()": [],
        "left_out()": ["slide", "no-slide"],
    }.items():
        cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": tags}))
    made = decks.slides(CHAPTERS[0], nbformat.v4.new_notebook(cells=cells))
    sources = [cell.source for cell in made.cells if cell.cell_type == "code"]
    assert sources == ["shown()"]


# Quizzes ----------------------------------------------------------------------------------


def schema(name):
    return etree.RelaxNG(etree.parse(ROOT / f"tests/schemas/{name}.rng"))


def asked_in(chapter):
    return quizzes.Questions(
        chapter.name, chapter.title, quizzes.questions(chapter.path)
    )


def read(text):
    return BeautifulSoup(text, "html.parser").text


@pytest.fixture(scope="module")
def everything():
    return [asked_in(chapter) for chapter in CHAPTERS]


def test_moodle_says_what_the_pages_say(everything):
    root = etree.fromstring(quizzes.moodle(everything))
    schema("moodle").assertValid(root)
    known = [quiz for chapter in everything for quiz in chapter.quizzes]
    found = root.findall("question[@type='multichoice']")
    assert len(found) == len(known) >= 3 * len(CHAPTERS)
    for node, quiz in zip(found, known, strict=True):
        assert read(node.findtext("questiontext/text")) == quiz.question
        answers = {
            read(a.findtext("text")): (
                a.get("fraction"),
                read(a.findtext("feedback/text")),
            )
            for a in node.findall("answer")
        }
        assert answers == {
            option: ("100" if option == quiz.right else "0", why)
            for option, why in quiz.options.items()
        }
    numbers = [node.findtext("idnumber") for node in root.iter("question")]
    assert len(set(numbers)) == len(numbers)


def test_canvas_says_what_the_pages_say(everything):
    package = zipfile.ZipFile(io.BytesIO(quizzes.canvas(everything)))
    manifest = etree.fromstring(package.read("imsmanifest.xml"))
    schema("manifest").assertValid(manifest)
    name = {"i": quizzes.MANIFEST}
    files = [f.get("href") for f in manifest.findall(".//i:file", name)]
    assert sorted([*files, "imsmanifest.xml"]) == sorted(package.namelist())
    assessments = manifest.findall(".//i:resource[@type='imsqti_xmlv1p2']/i:file", name)
    for file, chapter in zip(assessments, everything, strict=True):
        root = etree.fromstring(package.read(file.get("href")))
        schema("qti12").assertValid(root)
        name = {"q": quizzes.QTI}
        items = root.findall(".//q:item", name)
        for item, quiz in zip(items, chapter.quizzes, strict=True):
            check_item(item, quiz, name)


def check_item(item, quiz, name):
    """Assert that an item asks, counts and explains as the quiz does."""
    text = partial(item.findtext, namespaces=name)
    assert read(text("q:presentation/q:material/q:mattext")) == quiz.question
    labels = {
        label.get("ident"): read(label.findtext(".//q:mattext", namespaces=name))
        for label in item.findall(".//q:response_label", name)
    }
    assert list(labels.values()) == list(quiz.options)
    counts = item.find(".//q:respcondition[@continue='No']", name)
    right = counts.findtext(".//q:varequal", namespaces=name)
    assert labels[right] == quiz.right
    said = {f.get("ident"): f for f in item.findall("q:itemfeedback", name)}
    for condition in item.findall(".//q:respcondition[@continue='Yes']", name):
        chosen = condition.findtext(".//q:varequal", namespaces=name)
        feedback = said.pop(condition.find("q:displayfeedback", name).get("linkrefid"))
        words = read(feedback.findtext(".//q:mattext", namespaces=name))
        assert words == quiz.options[labels[chosen]]
    assert not said


@pytest.mark.parametrize(
    "old, new",
    [
        ('fraction="100"', 'fraction="all"'),
        ("<single>true</single>", "<single>yes</single>"),
        ("questiontext", "questionText"),
        ("<penalty>0.3333333</penalty>", ""),
    ],
    ids=["fraction", "flag", "name", "missing"],
)
def test_schema_can_fail(everything, old, new):
    text = quizzes.moodle(everything[:1]).decode()
    assert old in text
    assert not schema("moodle").validate(etree.fromstring(text.replace(old, new)[38:]))


def test_quiz_texts_become_html():
    assert quizzes.markup("a < b") == "a &lt; b"
    assert quizzes.markup("call `eval(<x>)`") == "call <code>eval(&lt;x&gt;)</code>"
    html = quizzes.markup(r"is $\lambda^2$ right?")
    assert "<math" in html and "$" not in html and html.endswith(" right?")
    assert quizzes.markup("5 $") == "5 $"
    with pytest.raises(ValueError, match="nofrac"):
        quizzes.markup(r"$\nofrac{1}{2}$")


def test_quiz_has_to_be_written_out(tmp_path):
    cell = nbformat.v4.new_code_cell(
        'quiz(question, {"a": "b"}, right="a")', metadata={"tags": ["remove-input"]}
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "x.ipynb")
    with pytest.raises(ValueError, match=r"x\.ipynb: a quiz holds something other"):
        quizzes.questions(tmp_path / "x.ipynb")


def test_quiz_files_have_the_same_bytes_again(everything):
    assert quizzes.moodle(everything) == quizzes.moodle(everything)
    assert quizzes.canvas(everything) == quizzes.canvas(everything)


@each_chapter
def test_quiz_opens_by_keyboard(chapter, site, open_page):
    page = open_page((site / f"book/{chapter.name}.html").as_uri())
    asked = page.query_selector_all(".quiz")
    assert len(asked) >= 3
    for quiz in asked:
        first, second = quiz.query_selector_all("summary")[:2]
        for option in (first, second):
            option.focus()
            page.keyboard.press("Enter")
            opened = quiz.query_selector_all("details[open]")
            assert len(opened) == 1, "one option is open at a time"
            assert len(opened[0].query_selector("p").inner_text()) > 10
    assert not page.faults


# The box and the notes ----------------------------------------------------------------------


@each_chapter
def test_box_leads_to_the_assignment_and_the_note(chapter, site):
    path = site / f"book/{chapter.name}.html"
    page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
    (box,) = page.select("aside.assign")
    label = page.find(id=box["aria-labelledby"])
    assert label.text == "Assign this chapter"
    assert f"{chapter.minutes} minutes to read" in box.text
    links = {link.text: link["href"] for link in box.select("a")}
    note = (path.parent / links.pop("Teaching note")).resolve()
    assert note == (site / f"book/teaching/{chapter.name}.html").resolve()
    assert note.exists()
    work = facts.assignment(chapter.name)
    assert bool(links) == bool(work)
    if work:
        assert f"{work.minutes} for the assignment" in box.text
        owner, name = facts.repository()
        github = f"github/{owner}/{name}/blob/assignments/{chapter.name}.ipynb"
        colab = links["Assignment in Colab"]
        assert colab == f"https://colab.research.google.com/{github}"
        download = links["Download it"]
        if download.startswith("https:"):
            assert download == f"{facts.site()}/assignments/{chapter.name}.ipynb"
        else:
            assert (path.parent / download).exists()


def test_box_offers_the_notebook_that_was_made(tmp_path, monkeypatch):
    chapter = ASSIGNED[0]
    monkeypatch.setattr(teach, "MADE", tmp_path)
    published = f'href="{facts.site()}/assignments/{chapter.name}.ipynb" download'
    assert published in teach.box(chapter, "../", "note.html")
    made = tmp_path / chapter.name / "student.ipynb"
    made.parent.mkdir()
    made.write_text("{}")
    local = f'href="../assignments/{chapter.name}.ipynb" download'
    assert local in teach.box(chapter, "../", "note.html")
    os.utime(made, (0, 0))  # older than its master
    assert published in teach.box(chapter, "../", "note.html")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_box_can_be_used_and_is_not_printed(site, open_page, width, dark):
    scheme = "dark" if dark else "light"
    page = open_page(
        (site / f"book/{ASSIGNED[0].name}.html").as_uri(),
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
    )
    box = page.query_selector("aside.assign")
    assert box.is_visible()
    for link in box.query_selector_all("a"):
        assert link.bounding_box()["height"] >= 24
        assert contrast(link) >= 4.5
    assert contrast(box.query_selector("span")) >= 4.5
    page.emulate_media(media="print")
    assert not box.is_visible()


def contrast(element):
    """Return the ratio of luminances of an element's text and the page behind it."""
    luminance = """e => {
        const behind = e => {
            const c = getComputedStyle(e).backgroundColor
            return /, 0\\)$/.test(c) ? behind(e.parentElement) : c
        }
        return [getComputedStyle(e).color, behind(e)].map(c => {
            const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255).map(
                v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            return 0.2126 * r + 0.7152 * g + 0.0722 * b
        })}"""
    a, b = element.evaluate(luminance)
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


@each_chapter
def test_note_says_what_the_chapter_says(chapter, site):
    html = (site / f"book/teaching/{chapter.name}.html").read_text("utf-8")
    page = BeautifulSoup(html, "html.parser").find("article")
    text = " ".join(page.text.split())
    for ability in chapter.abilities:
        words = re.sub(r"[*`$]|\]\(.*?\)|\[", "", ability).split()[:5]
        assert " ".join(words) in text
    assert f"{chapter.minutes} minutes" in text
    wrong = page.find(id="wrong-ideas-to-expect")
    for item in wrong.select("li"):
        for link in item.select("a[href]"):
            target, _, anchor = link["href"].partition("#")
            section = (site / "book/teaching" / target).resolve().read_text("utf-8")
            assert f'id="{anchor}"' in section, link
        assert item.select("a[href]"), item.text


def test_instructors_page_answers_at_a_glance(site, open_page):
    page = open_page((site / "book/instructors.html").as_uri())
    table = page.query_selector("table")
    box = table.bounding_box()
    assert box["y"] + box["height"] <= 900, "the answers do not fit one screen"
    rows = page.query_selector_all("table")[1].query_selector_all("tbody tr")
    titles = [row.query_selector("a").inner_text() for row in rows]
    assert titles == [chapter.title for chapter in CHAPTERS]
    sessions = [
        [cell.inner_text() for cell in row.query_selector_all("td")[3:6]]
        for row in rows
    ]
    columns = zip(*sessions, strict=True)
    for column, (most, minutes) in zip(columns, teach.COURSES.items(), strict=True):
        turns = [int(turn) for turn in column]
        assert turns == sorted(turns) and turns[0] == 1 and turns[-1] <= most
        text = page.locator("article").inner_text()
        assert f"{most} sessions of {minutes} minutes" in " ".join(text.split())
        if most < 12:  # with time for a break, or to hand in
            taught = max(map(turns.count, turns)) * short_plan(page)
            assert 10 <= minutes - taught <= 30
    work = sorted(facts.assignment(chapter.name).minutes for chapter in ASSIGNED)
    assert f"graded assignment of {work[0]} to {work[-1]} minutes" in text
    assert not page.faults


def short_plan(page):
    """Return the minutes of the rows with ★, as the page for instructors has them."""
    text = " ".join(page.locator("article").inner_text().split())
    return int(re.search(r"the rows with ★, (\d+) minutes", text)[1])


@each_chapter
def test_note_marks_the_plan_of_a_short_class(chapter, site):
    html = (site / f"book/teaching/{chapter.name}.html").read_text("utf-8")
    plan = BeautifulSoup(html, "html.parser").select_one(".plan")
    rows = [row.select("td") for row in plan.select("tbody tr")]
    kept = [int(m.text.split()[-1]) for m, _ in rows if "★" in m.text]
    page = (site / "book/instructors.html").read_text("utf-8")
    assert f"the rows with ★, {sum(kept)}" in page.replace("\xa0", " ")
    assert f"a class of {sum(kept)} minutes" in plan.text.replace("\xa0", " ")
    for _, what in rows:
        assert what.select(".figures a[href]"), what.text


def test_tables_for_instructors_fit_a_phone(site, open_page):
    view = {"width": 360, "height": 740}
    for name in ("instructors", *(f"teaching/{c.name}" for c in CHAPTERS)):
        page = open_page((site / f"book/{name}.html").as_uri(), viewport=view)
        for table in page.query_selector_all("table"):
            assert table.evaluate("t => t.scrollWidth <= t.parentElement.clientWidth")
        for link in page.query_selector_all(".figures > a:not(.reference)"):
            assert link.evaluate("a => a.getClientRects().length") == 1


def test_facts_name_a_chapter_that_opens_otherwise(tmp_path):
    cells = [nbformat.v4.new_markdown_cell("# Title\n\n**Promise.**")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "odd.ipynb")
    with pytest.raises(ValueError, match=r"odd\.ipynb does not open with"):
        facts.read_chapter(tmp_path / "odd.ipynb")


# Packs ------------------------------------------------------------------------------------


def secrets(path):
    """Return the lines of a master notebook that no student may see, and no public page."""
    found, kept, inside = set(), set(), False
    for cell in nbformat.read(path, as_version=4).cells:
        first = cell.source.partition("\n")[0]
        if cell.cell_type == "raw":
            inside = first == "# BEGIN SOLUTION"
        if first.startswith(("# HIDDEN", "# IGNORE")):
            told = cell.source
        elif inside and cell.cell_type == "code":  # the rest of the cell is given
            blocks = re.findall(r"# BEGIN SOLUTION.*?# END SOLUTION", cell.source, re.S)
            lines = re.findall(r"^.*# SOLUTION$", cell.source, re.M)
            told = "\n".join([*blocks, *lines]).replace("# SOLUTION", "")
        else:
            told = cell.source if inside else ""
            kept.update(map(str.strip, [] if told else cell.source.splitlines()))
        found.update(map(str.strip, told.splitlines()))
    given = ("#", "import ", "from ", "def ", "class ")
    shown = "\n".join(kept)
    return {
        n for n in found if len(n) >= 40 and not n.startswith(given) and n not in shown
    }


@cache
def all_secrets():
    """Return the secrets of all masters that no chapter says anyway."""
    notebooks = [nbformat.read(chapter.path, as_version=4) for chapter in CHAPTERS]
    own = "\n".join(cell.source for book in notebooks for cell in book.cells)
    found = {line for c in ASSIGNED for line in secrets(facts.master(c.name))}
    return {line for line in found if line not in own}


@pytest.fixture
def parts(site, made_decks, tmp_path, monkeypatch):
    """Put all parts into a folder of the test; the assignments are stand-ins."""
    monkeypatch.setattr(pack, "ROOT", tmp_path)
    monkeypatch.setattr(pack, "DIST", tmp_path / "dist")
    monkeypatch.setattr(pack, "DECKS", next(iter(made_decks.values())).parent)
    monkeypatch.setattr(pack, "QUIZZES", tmp_path / "dist/quizzes")
    monkeypatch.setattr(quizzes, "QUIZZES", tmp_path / "dist/quizzes")
    quizzes.main()
    for chapter in ASSIGNED:
        made = tmp_path / "dist/assignments" / chapter.name
        made.mkdir(parents=True)
        (made / "student.ipynb").write_text(f"questions of {chapter.name}")
        (made / "solution.ipynb").write_text("the solution")
        contents = {"tests/q1.py": b"the tests"}
        (made / "autograder.zip").write_bytes(parcel.archive_bytes(contents))
    return tmp_path / "dist"


def test_packs_hold_what_they_should(parts):
    pack.main()
    ours = zipfile.ZipFile(parts / "instructor.zip")
    theirs = zipfile.ZipFile(parts / "student.zip")
    names = [chapter.name for chapter in CHAPTERS]
    assigned = [chapter.name for chapter in ASSIGNED]
    both = [f"{folder}/{name}.html" for folder in ("notes", "decks") for name in names]
    both += ["README.md", *(f"assignments/{name}.ipynb" for name in assigned)]
    only = [f"autograders/{name}.zip" for name in assigned]
    only += [f"solutions/{name}.ipynb" for name in assigned]
    for kind in ("moodle.xml", "canvas.zip"):
        only += [f"quizzes/{name}.{kind}" for name in [*names, "all"]]
    assert sorted(theirs.namelist()) == sorted(both)
    assert sorted(ours.namelist()) == sorted(both + only)
    assert ours.read(f"solutions/{assigned[0]}.ipynb") == b"the solution"
    assert all(info.date_time == parcel.WHEN for info in ours.infolist())

    for chapter in ASSIGNED:
        note = f"notes/{chapter.name}.html"
        rubrics = facts.assignment(chapter.name).rubrics
        assert rubrics
        for rubric in rubrics.values():
            words = re.sub(MARKS, "", rubric).splitlines()[0][2:30]
            for archive, holds in ((ours, True), (theirs, False)):
                text = BeautifulSoup(archive.read(note), "html.parser").text
                assert (words in re.sub(MARKS, "", text)) is holds
    for name in theirs.namelist():
        if name.endswith(".html"):
            assert not secret_lines(theirs.read(name).decode())


def secret_lines(html):
    """Return what of the masters' secrets stands in a page."""
    soup = BeautifulSoup(html, "html.parser")
    text = "\n".join([soup.text, *(s.get_text() for s in soup.select("script"))])
    return [line for line in all_secrets() if line in text]


def test_pages_keep_the_secrets(site):
    assert len(all_secrets()) >= 10 * len(ASSIGNED)
    for path in site.rglob("*.html"):
        assert not secret_lines(path.read_text("utf-8")), path
    for path in [*site.rglob("*.ipynb"), site / "_static/search-data.js"]:
        text = path.read_text("utf-8")
        for line in all_secrets():
            assert json.dumps(line, ensure_ascii=False)[1:-1] not in text, path


def test_students_get_no_secrets():
    for chapter in ASSIGNED:
        made = ROOT / "dist/assignments" / chapter.name / "student.ipynb"
        if not made.exists():  # test_assignments.py looks at freshly made ones
            continue
        text = "\n".join(c.source for c in nbformat.read(made, as_version=4).cells)
        for line in all_secrets():
            assert line not in text


def test_packs_have_the_same_bytes_again(parts):
    pack.main()
    first = {p.name: p.read_bytes() for p in parts.glob("*.zip")}
    for path in parts.rglob("*.ipynb"):
        os.utime(path, (10**9, 10**9))
    pack.main()
    assert {p.name: p.read_bytes() for p in parts.glob("*.zip")} == first


@pytest.mark.parametrize("lost", ["autograder.zip", "student.ipynb", "all.moodle.xml"])
def test_a_missing_part_is_named_and_nothing_is_written(parts, lost):
    next(parts.rglob(lost)).unlink()
    with pytest.raises(ValueError, match=rf"{lost} is missing: `make \w+` makes it"):
        pack.main()
    assert not list(parts.glob("*.zip"))


def test_files_are_replaced_whole(tmp_path):
    path = tmp_path / "folder/x.bin"
    parcel.replace(path, b"old")
    with pytest.raises(TypeError):
        parcel.replace(path, "not bytes")
    assert path.read_bytes() == b"old"
    assert [p.name for p in path.parent.iterdir()] == ["x.bin"]


# A hub, and publishing ------------------------------------------------------------------------


def test_binder_installs_what_the_book_is_tested_with():
    lines = (ROOT / ".binder/requirements.txt").read_text("utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in lines
    files = [line.split()[1] for line in lines if line.startswith("-r")]
    assert [(ROOT / ".binder" / file).resolve() for file in files] == [
        ROOT / "requirements.txt"
    ]
    for line in lines:
        if not line.startswith("-"):
            (pin,) = Requirement(line).specifier
            assert pin.operator == "==", line
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    allowed = SpecifierSet(re.search(r'requires-python = "(.*)"', project)[1])
    runtime = (ROOT / ".binder/runtime.txt").read_text("utf-8").strip()
    assert re.fullmatch(r"python-3\.\d+", runtime)
    assert f"{runtime.removeprefix('python-')}.0" in allowed


def test_binder_finishes_the_image(tmp_path):
    script = ROOT / ".binder/postBuild"
    assert os.access(script, os.X_OK)
    log = tmp_path / "log"
    fake = tmp_path / "bin/python"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
    fake.chmod(0o755)
    environment = {**os.environ, "PATH": f"{fake.parent}:{os.environ['PATH']}"}
    subprocess.run([script], cwd=tmp_path, env=environment, check=True)
    first, second, third = log.read_text().splitlines()
    assert first.endswith("--no-deps -r requirements-d2l.txt")
    assert second.endswith("--no-deps .")
    assert third.startswith("-c import ")
    assert (ROOT / "requirements-d2l.txt").exists()


def test_values_of_the_hub_parse():
    text = (ROOT / "book/teaching/hub.md").read_text("utf-8")
    (values,) = re.findall(r"```yaml\n(.*?)```", text, re.S)
    values = yaml.safe_load(values)
    image = values["singleuser"]["image"]
    assert f"{image['name']}:{image['tag']}" in text
    assert isinstance(image["tag"], str)
    memory = values["singleuser"]["memory"]
    assert memory == {"guarantee": "768M", "limit": "2G"}
    students = 300 + values["scheduling"]["userPlaceholder"]["replicas"]
    each = int(memory["guarantee"][:-1])  # of 1,024 kB, as JupyterHub counts
    assert f"{students} · {each} MB = {students * each // 1024} GB" in text
    fit = 28 * 1024 // each
    assert f"about 28 GB remain, enough for {fit} students" in text
    assert "it takes nine machines" in text and -(-students // fit) == 9


def test_hub_links():
    link = hub.link("https://hub.example.edu", "assignments", "assignments", "x.ipynb")
    parts = urlsplit(link)
    assert parts.path == "/hub/user-redirect/git-pull"
    owner, name = facts.repository()
    assert parse_qs(parts.query) == {
        "repo": [f"https://github.com/{owner}/{name}"],
        "branch": ["assignments"],
        "targetPath": ["assignments"],
        "urlpath": ["lab/tree/assignments/x.ipynb"],
    }


def test_hub_prints_every_notebook(capsys):
    hub.main(["https://hub.example.edu/"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(CHAPTERS) + len(ASSIGNED)
    assert not any("edu//" in line for line in lines)


@pytest.mark.parametrize(
    "given", [[], ["hub"], ["ftp://x"], ["https://h/?a=1"]], ids=str
)
def test_hub_refuses_what_is_no_address(given):
    with pytest.raises(ValueError, match="hub"):
        hub.main(given)


def git(folder, *arguments):
    return subprocess.check_output(["git", *arguments], cwd=folder, text=True).strip()


def test_student_notebooks_are_published_on_a_branch(tmp_path):
    origin, work = tmp_path / "origin.git", tmp_path / "work"
    git(tmp_path, "init", "-q", "--bare", origin)
    git(tmp_path, "init", "-q", work)
    git(work, "config", "user.name", "test")
    git(work, "config", "user.email", "test@localhost")
    git(work, "commit", "-q", "--allow-empty", "-m", "first")
    git(work, "remote", "add", "origin", origin)
    script = work / ".ci/publish-assignments"
    script.parent.mkdir()
    script.write_bytes((ROOT / ".ci/publish-assignments").read_bytes())
    script.chmod(0o755)

    def publish():
        return subprocess.run([script], capture_output=True, text=True)

    assert "make assignments" in publish().stderr
    for text in ("one", "one", "two"):
        for name in ("a", "b"):
            made = work / f"dist/assignments/{name}/student.ipynb"
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_text(f"{text} {name}")
        done = publish()
        assert done.returncode == 0, done.stderr
        names = git(origin, "ls-tree", "--name-only", "assignments").split()
        assert names == ["a.ipynb", "b.ipynb"]
        assert git(origin, "show", "assignments:b.ipynb") == f"{text} b"
    # pulling works: history goes on, and only when something changed
    assert git(origin, "rev-list", "--count", "assignments") == "2"
    assert git(work, "status", "--porcelain", "--untracked-files=no") == ""


def test_workflow_publishes_in_the_right_order():
    text = (ROOT / ".github/workflows/publish.yml").read_text("utf-8")
    publish = yaml.safe_load(text)["jobs"]["publish"]
    assert publish["permissions"]["contents"] == "write"
    steps = [step.get("run") or step["uses"] for step in publish["steps"]]
    order = ["make address", "make assignments", "make book decks", "_build/html/decks"]
    order += ["upload-pages", "publish-assignments", "deploy-pages"]
    places = [next(i for i, s in enumerate(steps) if word in s) for word in order]
    assert places == sorted(places)
    assert "instructor" not in text, "solutions would be published"


def test_commands_fail_in_one_sentence(tmp_path):
    for script, arguments in (("decks.py", ["nothing"]), ("hub.py", [])):
        environment = {**os.environ, "PYTHONPATH": "book:book/_ext"}
        command = [sys.executable, f"book/_kit/{script}", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert done.stderr.count("\n") == 1


def test_reveal_comes_from_a_package():
    assert importlib.util.find_spec("sphinx_revealjs")
    listed = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True)
    assert "reveal.js" not in listed
