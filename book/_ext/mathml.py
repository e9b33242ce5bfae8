r"""Render formulas to MathML when the site is built.

Every current browser draws MathML by itself, so a page needs no script, no font and
no request for its formulas; the LaTeX source stays inside as an annotation. A formula
that cannot be converted is a warning, and so an error under `-W`.
"""

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)
converter = LatexToMathML(annotation=True, fancy_error=False)


def to_mathml(node, display):
    """Return the formula in `node` as a `<math>` element."""
    latex = node.astext().strip()
    try:
        return converter.convert_with_local_state(latex, displaystyle=display)
    except LatexError as error:
        logger.warning("formula %r: %s", latex, error, location=node)
        return f"<code>{nodes.unescape(latex)}</code>"


def visit_math(self, node):
    """Write an inline formula."""
    self.body.append(to_mathml(node, display=False))
    raise nodes.SkipNode


def visit_math_block(self, node):
    """Write a formula on its own line, with its number if it has a label."""
    # focusable, because a long formula scrolls inside its box
    self.body.append(
        self.starttag(node, "div", "", CLASS="math", tabindex="0", role="group")
    )
    self.body.append(to_mathml(node, display=True))
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
