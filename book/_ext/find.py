"""Search that works without a server: the words of every section, in one script.

Sphinx's own search knows in which pages a word stands but not how often or where, fetches the
pages for its excerpts, which browsers forbid for files, and loads its index with every page.
This writes heading and text of each section for `search.js`, and only the search page loads it.
"""

import json
import re
from html.entities import name2codepoint
from operator import itemgetter
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

TEXTS = (
    nodes.paragraph,
    nodes.literal_block,
    nodes.term,
    nodes.rubric,
    nodes.entry,
)


def formula(latex):
    """Return a formula as plain letters, for a reader of excerpts."""
    greek = {"varepsilon": "ε", "ell": "ℓ", "nabla": "∇", "cdot": "·", "times": "×"}

    def letter(found):
        name = found[1]
        code = name2codepoint.get(name)
        return greek.get(name) or (chr(code) if code else " ")

    return re.sub(r"[{}$&]|\\.", "", re.sub(r"\\([A-Za-z]+)", letter, latex))


def plain(node):
    """Return the text of a node, its formulas in plain letters."""
    cited = {
        id(text)
        for link in node.findall(addnodes.pending_xref)
        if link.get("refdomain") == "cite"  # as yet a key, and no name
        for text in link.findall(nodes.Text)
    }
    parts = []
    for child in node.findall(lambda n: isinstance(n, (nodes.Text, nodes.math))):
        if isinstance(child, nodes.math):
            parts.append(formula(child.astext()))
        elif not isinstance(child.parent, (nodes.math, nodes.raw)) and (
            id(child) not in cited
        ):
            parts.append(child.astext())
    return " ".join("".join(parts).split())


def sections(doctree):
    """Return heading, id and text of each section of a page, in order."""
    found = {}
    for section in doctree.findall(nodes.section):
        heading = plain(section.next_node(nodes.title))
        found[section] = [heading, section["ids"][0], []]
    for node in doctree.findall(lambda n: isinstance(n, TEXTS)):
        home = node.parent
        while home is not None and home not in found:
            home = home.parent
        nested = isinstance(node, nodes.paragraph) and isinstance(
            node.parent, nodes.entry
        )
        text = "" if home is None or nested else plain(node)
        if text:
            found[home][2].append((isinstance(node, nodes.literal_block), text))
    # prose first, code after it: an excerpt begins where the words are first found
    return [
        [heading, place, " ".join(text for _, text in sorted(texts, key=itemgetter(0)))]
        for heading, place, texts in found.values()
    ]


def search_by_ourselves(app):
    """Switch Sphinx's search off."""
    app.builder.search = False


def write(app, exception):
    """Write the script that holds all texts."""
    if exception or app.builder.name != "html":
        return
    data = []
    for name in sorted(app.env.found_docs):
        parts = sections(app.env.get_doctree(name))
        if parts:
            is_chapter = name in app.env.chapter_facts
            page = app.builder.get_target_uri(name)
            data.append([page, parts[0][0], is_chapter, parts])
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    path = Path(app.outdir, "_static/search-data.js")
    path.write_text(f"const BOOK = {text};\n", encoding="utf-8")


def setup(app):
    """Register the extension."""
    app.connect("builder-inited", search_by_ourselves)
    app.connect("build-finished", write, priority=560)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
