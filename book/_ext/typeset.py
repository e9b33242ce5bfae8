"""Keep together on a line what is read together.

Browsers may break a line between a formula and the comma after it, between a number and its
unit, and on both sides of an equals sign. On a phone that happens often.
"""

import re

from docutils import nodes

LONGEST = 20  # letters of code that may not be broken, so that they fit on a phone
BEFORE = re.compile(r"[(\[“]$")
AFTER = re.compile(r"^[)\]”’]*[,.;:!?)\]”’]")
# a number and its per cent, ± and its number, and short equations such as "η = 0.3"
JOINED = re.compile(
    r"(?<=\d) (?=%)|(?<=±) (?=\d)|(?<=\d) (?=± ?\d)"
    r"|(?<=\b\w) (?==)|(?<=\b\w =) (?=[−\d])"
)
NO_BREAK = "\N{NO-BREAK SPACE}"


def join(text):
    """Return a text with no-break spaces where a line should not end."""
    return JOINED.sub(NO_BREAK, text)


def hold(node):
    """Put a formula or a piece of code into one box with the marks around it."""
    parent = node.parent
    box = nodes.inline("", "", node.deepcopy(), classes=["whole"])
    place = parent.index(node)
    for beside, mark, at in ((place - 1, BEFORE, 0), (place + 1, AFTER, 1)):
        text = parent[beside] if 0 <= beside < len(parent) else None
        found = isinstance(text, nodes.Text) and mark.search(text)
        if found:
            box.insert(len(box) * at, nodes.Text(found[0]))
            # by its place: to docutils, texts with the same letters are the same
            parent[beside] = nodes.Text(text[: found.start()] + text[found.end() :])
    if len(box) > 1:
        parent[place] = box


def typeset(app, doctree, docname):
    """Work on a page before it is written."""
    if app.builder.format != "html":
        return
    for text in list(doctree.findall(nodes.Text)):
        if not isinstance(text.parent, (nodes.math, nodes.literal, nodes.raw)) and (
            not any(isinstance(p, nodes.FixedTextElement) for p in parents(text))
        ):
            joined = join(text)
            if joined != text:
                text.parent.replace(text, nodes.Text(joined))
    for kind in (nodes.math, nodes.literal):
        for node in list(doctree.findall(kind)):
            short = kind is nodes.math or len(node.astext()) <= LONGEST
            if short and isinstance(node.parent, nodes.TextElement):
                hold(node)


def parents(node):
    """Yield the elements around a node, the nearest first."""
    while node.parent is not None:
        node = node.parent
        yield node


def setup(app):
    """Register the extension."""
    app.connect("doctree-resolved", typeset, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
