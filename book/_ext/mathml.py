r"""Render formulas to MathML when the site is built.

Every current browser draws MathML by itself, so a page needs no script, no font and
no request for its formulas; the LaTeX source stays inside as an annotation. A formula
that cannot be converted is a warning, and so an error under `-W`.

Browsers break no line inside a `<math>` element. So a formula on its own line becomes
one element for each link of its chain (`a = b`, then `= c`), and the style sheet lets
those that do not fit beside each other stand below each other, on a phone.
"""

import re

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)
converter = LatexToMathML(annotation=True, fancy_error=False)


# What opens and closes a part that stays whole; gaps; and relations.
MARKS = re.compile(
    r"(?P<open>\\begin\b|\\left\b|(?<!\\)\{)|(?P<close>\\end\b|\\right\b|(?<!\\)\})"
    r"|(?P<gap>\\q?quad\b)|(?P<relation>=|\\(?:approx|le|ge|to|Rightarrow|iff)\b)"
)


def links(latex):
    r"""Return the parts of a formula between which a line may break, each with its kind.

    A line may break at a gap (`\quad`, `\qquad`) outside of all brackets, and before
    each relation (the kind "link") but the first after a gap.
    """
    parts, kind, start, depth, relations = [], "", 0, 0, 0
    for mark in MARKS.finditer(latex):
        depth += (mark.lastgroup == "open") - (mark.lastgroup == "close")
        if depth:
            continue
        if mark.lastgroup == "gap":
            parts.append((kind, latex[start : mark.start()]))
            kind, start, relations = "gap", mark.end(), 0
        elif mark.lastgroup == "relation":
            relations += 1
            if relations > 1:
                parts.append((kind, latex[start : mark.start()]))
                kind, start = "link", mark.start()
    parts.append((kind, latex[start:]))
    return [(kind, part.strip()) for kind, part in parts if part.strip()]


def to_mathml(latex, node, display):
    """Return a formula as a `<math>` element."""
    try:
        return converter.convert_with_local_state(latex, displaystyle=display)
    except LatexError as error:
        logger.warning("formula %r: %s", latex, error, location=node)
        return f"<code>{nodes.unescape(latex)}</code>"


def visit_math(self, node):
    """Write an inline formula."""
    self.body.append(to_mathml(node.astext().strip(), node, display=False))
    raise nodes.SkipNode


def visit_math_block(self, node):
    """Write a formula on its own line, with its number if it has a label."""
    self.body.append(self.starttag(node, "div", "", CLASS="math", role="group"))
    for kind, part in links(node.astext()):
        math = to_mathml(part, node, display=True)
        self.body.append(f'<span class="math-{kind}">{math}</span>' if kind else math)
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app):
    """Register the extension; `html_math_renderer: mathml` selects it."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
