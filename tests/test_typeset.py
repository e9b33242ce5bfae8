"""What is read together stays together on a line, and no letter is lost or doubled."""

from types import SimpleNamespace

from docutils import nodes
from docutils.utils import new_document
from hypothesis import given
from hypothesis import strategies as st

import typeset

HTML = SimpleNamespace(builder=SimpleNamespace(format="html"))
TEXTS = [".", ", and ", "\n", "(", ").\nThen ", " = 0.3 ", "5 %", "± 2;", "“"]
PIECES = [(nodes.Text, text) for text in TEXTS]
PIECES += [(nodes.math, "2/L"), (nodes.literal, "lr"), (nodes.strong, "curvature")]


def page(pieces):
    paragraph = nodes.paragraph()
    for kind, text in pieces:
        paragraph += (
            nodes.Text(text) if kind is nodes.Text else kind("", nodes.Text(text))
        )
    document = new_document("page")
    document += paragraph
    typeset.typeset(HTML, document, "page")
    return paragraph


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_no_letter_is_lost_or_moved(pieces):
    words = page(pieces).astext().replace(typeset.NO_BREAK, " ")
    assert words == "".join(text for _, text in pieces)


def test_a_formula_keeps_the_marks_around_it():
    pieces = [(nodes.strong, "curvature"), (nodes.Text, "."), (nodes.Text, "\n(")]
    pieces += [(nodes.math, "2/L"), (nodes.Text, "."), (nodes.Text, "\n")]
    (box,) = page(pieces).findall(nodes.inline)
    assert box["classes"] == ["whole"]
    assert box.astext() == "(2/L."


def test_a_number_keeps_its_unit():
    (text,) = page([(nodes.Text, "η = 0.3 and 5 % ± 2 %, not 3 units")]).children
    assert text.replace(typeset.NO_BREAK, "_") == "η_=_0.3 and 5_% ±_2_%, not 3 units"
