"""Put what carries each item of the source articles into tables: the directive `evidence`.

The tables are made when every page has been read, so that each section has its address.
"""

import re
from html import escape

from docutils import nodes
from docutils.utils.smartquotes import smartyPants
from sphinx.util.docutils import SphinxDirective

from evidence import BOOK, ITEMS, chapters, holder, load_items, read


class evidence_tables(nodes.General, nodes.Element):
    """The place of the tables until all chapters have been read."""


class Evidence(SphinxDirective):
    """Tables of the items, or of the printed values, with what carries them.

    The directive's content is what a reader sees where no site is built, in Colab.
    """

    required_arguments = 1
    has_content = True

    def run(self):
        if self.arguments[0] not in ("items", "printed"):
            raise self.error(f"evidence of {self.arguments[0]!r}: items or printed")
        for path in (ITEMS, *BOOK.glob("*.ipynb")):
            self.env.note_dependency(str(path))
        return [evidence_tables(of=self.arguments[0])]


def fill_in(app, doctree, docname):
    """Put the tables in their place, now that every section has its address."""
    for node in list(doctree.findall(evidence_tables)):
        page = Page(app, docname)
        html = page.items() if node["of"] == "items" else page.printed()
        node.replace_self(nodes.raw("", html, format="html"))


class Page:
    """Writes the tables for one page."""

    def __init__(self, app, docname):
        self.app, self.docname, self.anchors = app, docname, {}
        self.data = load_items()
        self.cells = [cell for name in chapters() for cell in read(name)[1]]
        self.titles = {
            name: read(name)[0][0].title.split(":")[0] for name in chapters()
        }

    def link(self, section):
        """Return a link to a section; its bare name if its page is not being built."""
        chapter = f"book/{section.chapter}"
        text = escape(smartyPants(section.title, "q"))  # as in the heading itself
        text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
        if chapter in self.app.env.found_docs:
            if chapter not in self.anchors:
                found = self.app.env.get_doctree(chapter).findall(nodes.section)
                self.anchors[chapter] = [node["ids"][0] for node in found]
            page = self.app.builder.get_relative_uri(self.docname, chapter)
            anchor = self.anchors[chapter][section.number]
            text = f'<a class="reference internal" href="{page}#{anchor}">{text}</a>'
        return f"{escape(self.titles[section.chapter])}: {text}"

    def carriers(self, item):
        """Return what carries an item: a line for each section, its claims folded."""
        lines, of_section = [], {}
        for cell in self.cells:
            if item in cell.items:
                key = cell.section.chapter, cell.section.number
                of_section.setdefault(key, []).append(cell)
        for cells in of_section.values():
            claims = [claim for cell in cells for claim in cell.claims]
            kinds = dict.fromkeys(cell.kind for cell in cells)
            lines.append(f"<p>{self.link(cells[0].section)} ({', '.join(kinds)})</p>")
            if claims:
                count = f"{len(claims)} claim{'s' * (len(claims) > 1)}"
                listed = "".join(f"<li>{escape(claim)}</li>" for claim in claims)
                lines.append(
                    f"<details><summary>{count}</summary><ul>{listed}</ul></details>"
                )
        return "".join(lines) or "<p><strong>nothing</strong></p>"

    def items(self):
        """Return a folded table for each article."""
        parts = []
        for article, name in self.data["articles"].items():
            of_it = {
                k: v for k, v in self.data["items"].items() if k.startswith(article)
            }
            mistakes = sum(".e" in key for key in of_it)
            rows = [
                (f"<strong>{key}</strong> {escape(text)}", self.carriers(key))
                for key, text in of_it.items()
            ]
            parts.append(
                f'<details class="evidence"><summary>{escape(name)}: '
                f"{len(of_it) - mistakes} subjects, {mistakes} mistakes and traps"
                f"</summary>{html_table(['item', 'taught, run or corrected'], rows)}"
                "</details>"
            )
        return "".join(parts)

    def printed(self):
        """Return a table of the printed values and the lines that reproduce them."""
        rows = []
        for entry in self.data["printed"]:
            cell = holder(self.cells, entry)
            values = ", ".join(f"{value:g}" for value in entry["values"])
            ours = f" (our run: {escape(entry['ours'])})" if "ours" in entry else ""
            where = self.link(cell.section) if cell else "<strong>nothing</strong>"
            line = entry["line"].removeprefix("✓ ")
            rows.append(
                (
                    f"<strong>{entry['item']}</strong> {escape(entry['what'])}{ours}: "
                    + values.replace("-", "−"),
                    f"<p>{where}</p><p>“{escape(line)}”</p>",
                )
            )
        printed = [entry for entry in self.data["printed"] if "ours" not in entry]
        count = sum(len(entry["values"]) for entry in printed)
        table = html_table(["printed", "reproduced"], rows)
        return (
            f'<details class="evidence"><summary>{count} printed values</summary>'
            f"{table}</details>"
        )


def html_table(head, rows):
    """Return a table that scrolls in its own box."""
    head = "".join(f'<th scope="col">{text}</th>' for text in head)
    body = "".join(f"<tr><td>{a}</td><td>{b}</td></tr>" for a, b in rows)
    return (
        '<div class="pst-scrollable-table-container" tabindex="0">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def setup(app):
    """Register the extension."""
    app.add_node(evidence_tables)
    app.add_directive("evidence", Evidence)
    app.connect("doctree-resolved", fill_in)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
