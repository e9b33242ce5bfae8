"""The pages around the chapters say what the chapters say: nothing is typed a second time.

`{contents-of-book}` lists every chapter of `_toc.yml` with its minutes and what one can do
after it; `{figure-of} CHAPTER NAME` shows a figure of a chapter once more, sliders and all;
`{cite-book}` gives CITATION.cff in the forms that people paste.
"""

import html
import re
from pathlib import Path

import nbformat
import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.osutil import relative_uri

import facts

logger = logging.getLogger(__name__)


class borrowed(nodes.Element):
    """The place of a figure that another page draws."""


def parts(app):
    """Return the parts of `_toc.yml`: caption and chapters, those that are notebooks."""
    toc = yaml.safe_load(Path(app.srcdir, "_toc.yml").read_text(encoding="utf-8"))
    found = []
    for part in toc.get("parts", []):
        names = [entry["file"] for entry in part["chapters"]]
        names = [n for n in names if Path(app.srcdir, f"{n}.ipynb").exists()]
        if names:
            found.append((part["caption"], names))
    return found


def describe(app, name):
    """Return what the pages around a chapter say about it."""
    path = Path(app.srcdir, f"{name}.ipynb")
    try:
        chapter = facts.read_chapter(path)
    except ValueError as error:
        logger.warning("%s", error)
        return None
    cells = nbformat.read(path, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    figures = len(re.findall(r"^ *return explore\(", code, re.M))
    return {
        "page": f"{name}.html",
        "title": chapter.title,
        "promise": chapter.promise,
        "abilities": chapter.abilities,
        "minutes": chapter.minutes,
        "run": chapter.run,
        "figures": figures,
        "note": f"{chapter.minutes} minutes · {figures} figures with sliders",
    }


def gather(app, env, docnames):
    """Read all chapters before any page, and remember them with the pages."""
    found = {name: describe(app, name) for _, names in parts(app) for name in names}
    env.chapter_facts = {name: entry for name, entry in found.items() if entry}
    env.borrowers = getattr(env, "borrowers", set()) & set(env.found_docs)


class MarkdownDirective(SphinxDirective):
    """A directive that writes Markdown."""

    def parse(self, text):
        """Return the nodes of a text, read as a part of the page."""
        node = nodes.Element()
        self.state.nested_parse(StringList(text.splitlines(), "generated"), 0, node)
        return node.children


class ContentsOfBook(MarkdownDirective):
    """List the chapters, part by part."""

    def run(self):
        listed, number = [], 0
        for caption, names in parts(self.env.app):
            cards = []
            for name in names:
                self.env.note_dependency(f"{name}.ipynb")
                entry = self.env.chapter_facts.get(name)
                if entry is None:
                    continue
                number += 1
                cards.append(self.card(number, name, entry))
            heading = nodes.rubric(caption, caption, classes=["part"])
            heading["heading-level"] = 3
            grid = nodes.container("", *cards, classes=["chapter-cards"])
            listed += [heading, grid]
        return listed

    def card(self, number, name, entry):
        """Return one chapter."""
        link = f"[{entry['title']}]({Path(name).name}.ipynb)"
        small = f"{entry['minutes']} minutes, {entry['figures']} figures with sliders"
        abilities = "\n".join(f"- {ability}" for ability in entry["abilities"])
        title, small, *rest = self.parse(f"{link}\n\n{small}\n\n{abilities}")
        title["classes"].append("chapter-title")
        title.insert(0, nodes.inline("", f"{number} ", classes=["chapter-number"]))
        small["classes"].append("chapter-facts")
        classes = ["chapter-card", f"chapter-{Path(name).name}"]
        return nodes.container("", title, small, *rest, classes=classes)


class FigureOf(SphinxDirective):
    """Show a figure of a chapter."""

    required_arguments = 2

    def run(self):
        chapter, figure = self.arguments
        node = borrowed(chapter=f"book/{chapter}", figure=figure)
        node.source, node.line = self.get_source_info()
        self.env.note_dependency(f"book/{chapter}.ipynb")
        self.env.borrowers.add(self.env.docname)
        return [node]


def lend(app, doctree, docname):
    """Put the borrowed figures in their places."""
    for node in list(doctree.findall(borrowed)):
        lender = app.env.get_doctree(node["chapter"])
        start = f'<figure class="explore" id="{node["figure"]}">'
        for raw in lender.findall(nodes.raw):
            if start in raw.astext():
                node.replace_self(nodes.raw("", raw.astext(), format="html"))
                break
        else:
            logger.warning(
                "%s has no figure %r", node["chapter"], node["figure"], location=node
            )
            node.parent.remove(node)


def write_borrowers_again(app, env):
    """Write the pages that borrow whenever anything is written."""
    return list(env.borrowers)


class DownloadSite(SphinxRole):
    """A link to the archive of the whole site."""

    def run(self):
        archive = self.config.site_archive
        link = relative_uri(f"{self.env.docname}.html", archive)
        text = f'<a href="{link}" download>{html.escape(self.text)}</a>'
        return [nodes.raw("", text, format="html")], []


class CiteBook(SphinxDirective):
    """Say how to cite the book, from CITATION.cff."""

    def run(self):
        path = Path(self.env.app.srcdir, "CITATION.cff")
        self.env.note_dependency(str(path))
        cff = yaml.safe_load(path.read_text(encoding="utf-8"))
        authors = " and ".join(author["name"] for author in cff["authors"])
        year = cff["date-released"].year
        fields = {
            "author": f"{{{authors}}}",  # in braces, or BibTeX would look for a first name
            "title": cff["title"],
            "year": year,
            "edition": f"Version {cff['version']}",
            "url": cff["url"],
        }
        body = ",\n".join(f"  {name:<7} = {{{text}}}" for name, text in fields.items())
        entry = f"@book{{learning-to-generalize,\n{body}\n}}"
        sentence = nodes.paragraph("", f"{authors} ({year}). ")
        sentence += nodes.emphasis("", cff["title"])
        sentence += nodes.Text(f". Version {cff['version']}. ")
        sentence += nodes.reference("", cff["url"], refuri=cff["url"])
        return [sentence, nodes.literal_block(entry, entry, language="bibtex")]


def setup(app):
    """Register the extension."""
    app.add_node(borrowed)
    app.add_directive("contents-of-book", ContentsOfBook)
    app.add_directive("figure-of", FigureOf)
    app.add_directive("cite-book", CiteBook)
    app.add_role("download-site", DownloadSite())
    app.connect("env-before-read-docs", gather, priority=400)
    app.connect("env-updated", write_borrowers_again)
    app.connect("doctree-resolved", lend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
