"""What instructors need on the pages: a box on each chapter, and the generated teaching notes.

Everything here is read from the chapters and the assignments while the site is built; the
pages for instructors hold only what no program could know. The notebooks for students come
from `make assignments`. Where they are up to date they are copied into the site, and the box
offers them from there; otherwise it links to the copies of the published book, so that a page
is right though assignments, which take minutes to make, are not part of building it.
"""

import hashlib
import os
import re
import shutil
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import facts

MADE = facts.ROOT / "dist/assignments"
NOTES = "book/teaching"
COURSES = {3: 180, 6: 90, 12: 50}  # minutes of a session by the number of sessions

logger = logging.getLogger(__name__)


def student_notebook(name):
    """Return the path of the chapter's student notebook, or None if not made or outdated."""
    made, master = MADE / name / "student.ipynb", facts.master(name)
    if not made.exists() or not master.exists():
        return None
    return made if made.stat().st_mtime >= master.stat().st_mtime else None


def colab(name):
    """Return the address that opens the student notebook in Colab.

    Colab opens notebooks from GitHub; the publishing workflow keeps them on a branch.
    """
    owner, repository = facts.repository()
    path = f"github/{owner}/{repository}/blob/assignments/{name}.ipynb"
    return f"https://colab.research.google.com/{path}"


def chapter_of(docname):
    """Return the `Chapter` that a page shows, or None."""
    chapters = {f"book/{chapter.name}": chapter for chapter in facts.chapters()}
    return chapters.get(docname)


def minutes(chapter):
    """Return what a chapter takes, in words."""
    text = f"{chapter.minutes} minutes to read"
    assignment = facts.assignment(chapter.name)
    if assignment and assignment.minutes:
        text += f", {assignment.minutes} for the assignment"
    return text


def box(chapter, here, note):
    """Return the box of a chapter as HTML; `here` leads from its page to the site's root."""
    links = []
    if facts.assignment(chapter.name):
        local = student_notebook(chapter.name)
        root = here if local else facts.site() + "/"
        links = [
            (colab(chapter.name), "Assignment in Colab", ""),
            (f"{root}assignments/{chapter.name}.ipynb", "Download it", " download"),
        ]
    links.append((note, "Teaching note", ""))
    items = "".join(
        f'<li><a href="{escape(address)}"{more}>{text}</a></li>'
        for address, text, more in links
        if address
    )
    return (
        f'<aside class="assign" aria-labelledby="assign-title">'
        f'<p><strong id="assign-title">Assign this chapter</strong> '
        f"<span>{minutes(chapter)}</span></p><ul>{items}</ul></aside>"
    )


def add_box(app, doctree, docname):
    """Put the box below the lines that say how long the chapter takes."""
    chapter = chapter_of(docname)
    if chapter is None or app.builder.format != "html":
        return
    note = f"{NOTES}/{chapter.name}"
    known = note in app.env.found_docs
    address = app.builder.get_relative_uri(docname, note) if known else ""
    here = app.builder.get_relative_uri(docname, "index").removesuffix("index.html")
    html = nodes.raw("", box(chapter, here, address), format="html")
    for paragraph in doctree.findall(nodes.paragraph):
        if paragraph.astext().startswith(f"About {chapter.minutes} minutes to read"):
            paragraph.parent.insert(paragraph.parent.index(paragraph) + 1, html)
            return
    logger.warning("no place for the box “Assign this chapter”", location=docname)


def straight(text):
    """Return a text without the curls of its quotes, which depend on what stands before."""
    return text.translate(str.maketrans("“”‘’", "\"\"''"))


def link_sections(app, doctree, docname):
    """Turn the sections that a teaching note names in *italics* into links to them."""
    name = docname.removeprefix(f"{NOTES}/")
    chapter = f"book/{name}"
    if name == docname or chapter not in app.env.tocs:
        return
    entries = app.env.tocs[chapter].findall(nodes.reference)
    sections = {straight(entry.astext()): entry["anchorname"] for entry in entries}
    page = app.builder.get_relative_uri(docname, chapter)
    named = (nodes.list_item, nodes.entry)
    for item in doctree.findall(lambda node: isinstance(node, named)):
        for emphasis in list(item.findall(nodes.emphasis)):
            title = straight(emphasis.astext())
            if title not in sections:
                logger.warning("%s has no section %r", chapter, title, location=docname)
                continue
            link = nodes.reference("", "", internal=True, refuri=page + sections[title])
            emphasis.replace_self(link)
            link += emphasis


class Generated(SphinxDirective):
    """A directive whose content is written as Markdown by a function."""

    has_content = False

    def run(self):
        lines = self.markdown().splitlines()
        box = nodes.container(classes=[self.name])
        self.state.nested_parse(StringList(lines, "generated"), 0, box)
        for path in self.sources():
            self.env.note_dependency(str(path))
        return [box]


class ChapterNote(Generated):
    """What a teaching note says of its chapter, from the chapter and its assignment."""

    option_spec = {"exercises": int}  # noqa: RUF012

    def chapter(self):
        name = Path(self.env.docname).name
        return next(c for c in facts.chapters() if c.name == name)

    def sources(self):
        chapter = self.chapter()
        found = [chapter.path, facts.master(chapter.name)]
        return [path for path in found if path.exists()]

    def markdown(self):
        chapter = self.chapter()
        assignment = facts.assignment(chapter.name)
        slides = f"{facts.site()}/decks/{chapter.name}.html"
        needs = chapter.needs.removeprefix("You need ").replace("](", "](../")
        needs = re.sub(r"\w", lambda first: first[0].upper(), needs, count=1)
        lines = [
            f"{chapter.promise[0].upper()}{chapter.promise[1:]}",
            "",
            f"[The chapter](../{chapter.name}.ipynb), [its slides]({slides})"
            + (
                f", [the assignment in Colab]({colab(chapter.name)})."
                if assignment
                else "."
            ),
            "",
            f"**Prerequisites.** {needs}",
            "",
            "**Objectives.** Afterwards students can",
            "",
            *(f"- {ability}," for ability in chapter.abilities[:-1]),
            f"- {chapter.abilities[-1]}.",
            "",
            f"**Time.** {chapter.minutes} minutes to read, {chapter.run} to run, "
            f"about {self.options.get('exercises', 45)} minutes for the exercises in it; "
            + (f"{assignment.summary}." if assignment else "there is no assignment."),
        ]
        return "\n".join(lines)


class Plan(Generated):
    """The plan of a class, its content: a table of minutes, what is done, and where that is.

    What the last column holds comes below the text beside it, for a phone has no room for
    three columns. A star before the minutes marks what stays in a shorter class.
    """

    has_content = True

    def sources(self):
        return []

    def markdown(self):
        rows = [
            [cell.strip() for cell in line.strip("| ").split("|")]
            for line in self.content
            if line.strip()
        ]
        lines = ["| minutes | what |", "|--:|:--|"]
        short = 0
        for minutes, what, *where in rows[2:]:
            if minutes.startswith("★"):
                short += int(minutes.strip("★ "))
            links = f'<span class="figures">{where[0]}</span>' if where else ""
            lines.append(f"| {minutes.replace(' ', '&nbsp;')} | {what} <br>{links} |")
        return "\n".join(
            [
                *lines,
                "",
                f"The rows with ★ make a class of {short} minutes, "
                "for a [course of 3 or 6 sessions](#the-chapters-and-three-courses).",
            ]
        )


class Rubric(ChapterNote):
    """Which answers of the assignment a person reads; how to mark them is not for all eyes."""

    option_spec = {}  # noqa: RUF012

    def markdown(self):
        chapter = self.chapter()
        assignment = facts.assignment(chapter.name)
        if not assignment:
            return "This chapter has no assignment."
        read = [
            f"`{name}` ({points:g} points)"
            for name, points, hand in assignment.questions
            if hand
        ]
        return (
            f"You read {len(read)} of the {len(assignment.questions)} answers: "
            f"{', '.join(read)}.\n"
            "How to mark them, with a model answer, stands in your pack, in "
            f"`notes/{chapter.name}.html`: a rubric tells the answer, and this page is public.\n"
            "`make pack` makes it from a copy of the book."
        )


class Sessions(Generated):
    """All chapters with their minutes, and how courses of three lengths divide them."""

    def sources(self):
        masters = [facts.master(chapter.name) for chapter in facts.chapters()]
        found = [chapter.path for chapter in facts.chapters()] + masters
        return [facts.ROOT / "_toc.yml", *(path for path in found if path.exists())]

    def markdown(self):
        chapters = facts.chapters()
        lines = [
            f"| chapter | read | assign&shy;ment | {' | '.join(map(str, COURSES))} |",
            f"|:--|--:|--:|{'--:|' * len(COURSES)}",
        ]
        for place, chapter in enumerate(chapters):
            assignment = facts.assignment(chapter.name)
            home = assignment.minutes if assignment else "none"
            turns = [str(session(place, n, len(chapters))) for n in COURSES]
            lines.append(
                f"| [{chapter.title}]({chapter.name}.ipynb) "
                f"<br>[note](teaching/{chapter.name}.md), "
                f"[slides]({facts.site()}/decks/{chapter.name}.html) "
                f"| {chapter.minutes} | {home} | {' | '.join(turns)} |"
            )
        return "\n".join(lines)

    def run(self):
        """Return the table, with a first row that says what the columns have in common."""
        found = super().run()
        (head,) = found[0].findall(nodes.thead)
        (names,) = head.children
        first = nodes.row()
        first += names.pop(0)
        first[0]["morerows"] = 1
        for text, width in (("minutes", 2), ("session in a course of", len(COURSES))):
            words = nodes.paragraph(text, text)
            first += nodes.entry("", words, morecols=width - 1)
        head.insert(0, first)
        return found


def session(place, sessions, count):
    """Return the session, from 1, of the chapter at `place`, from 0, of `count` chapters."""
    return place * sessions // max(count, sessions) + 1


def remember(app, config):
    """Make the pages depend on which student notebooks there are."""
    seen = [
        f"{chapter.name} {facts.assignment(chapter.name)} {student_notebook(chapter.name)}"
        for chapter in facts.chapters()
    ]
    config.teach_digest = hashlib.sha256("\n".join(seen).encode()).hexdigest()


def copy_notebooks(app, exception):
    """Put the student notebooks that are up to date on the site, and no others."""
    if exception or app.builder.format != "html":
        return
    target = Path(app.outdir) / "assignments"
    shutil.rmtree(target, ignore_errors=True)
    for chapter in facts.chapters():
        made = student_notebook(chapter.name)
        if made:
            target.mkdir(exist_ok=True)
            draft = target / f".{chapter.name}.part"
            shutil.copyfile(made, draft)
            os.replace(draft, target / f"{chapter.name}.ipynb")


def setup(app):
    """Register the extension."""
    app.add_config_value("teach_digest", "", "html")
    app.add_directive("chapter-note", ChapterNote)
    app.add_directive("assignment-rubric", Rubric)
    app.add_directive("plan", Plan)
    app.add_directive("sessions", Sessions)
    app.connect("config-inited", remember)
    app.connect("doctree-resolved", add_box)
    app.connect("doctree-resolved", link_sections)
    app.connect("build-finished", copy_notebooks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
