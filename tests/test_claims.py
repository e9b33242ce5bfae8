"""`claim`, `check` and `quiz`: what is false fails, and what is wrong is told."""

import numpy as np
import pytest
import torch

from reglab import check, claim, quiz


def test_claim_prints_its_figures(capsys):
    claim(
        "decay wins",
        torch.tensor(True),
        wins=19,
        of=20,
        test_loss=2.2712,
        bound=np.float64(1e-6),
        lowest=-0.1,
        at_10=3,
    )
    figures = "wins 19, of 20, test loss 2.27, bound 1e-06, lowest −0.1, at 10: 3"
    expected = f"✓ decay wins ({figures})\n"
    assert capsys.readouterr().out == expected


def test_false_claim_raises():
    with pytest.raises(AssertionError, match=r"does not hold: decay wins \(wins 3\)"):
        claim("decay wins", np.bool_(False), wins=3)


@pytest.mark.parametrize(
    "condition", [1, None, "yes", np.array([True, True]), torch.ones(2) > 0]
)
def test_claim_wants_one_truth_value(condition):
    with pytest.raises(TypeError, match="one bool"):
        claim("x", condition)


def step(w, g, lr, lambd):
    return (1 - lr * lambd) * w - lr * g


MISTAKES = {
    "the sign of the gradient": lambda w, g, lr, lambd: (1 - lr * lambd) * w + lr * g,
    "lr is missing": lambda w, g, lr, lambd: (1 - lambd) * w - lr * g,
}
ON = [(1.0, 2.0, 0.1, 3.0), (-1.0, 0.5, 0.2, 1.0)]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (..., "○ Not answered yet"),
        (step, "✓ Right."),
        (lambda w, g, lr, lambd: torch.tensor(step(w, g, lr, lambd)), "✓ Right."),
        (MISTAKES["lr is missing"], "✗ Not yet: lr is missing."),
        (lambda *a: -step(*a), "✗ Not yet: the value is not right"),
        (lambda *a: None, "✗ Not yet: your function returns nothing"),
        (lambda *a: ..., "○ Not answered yet"),
        (lambda *a: 1 / 0, "✗ Not yet: your function stops with ZeroDivisionError"),
        (lambda *a: np.ones(3), r"✗ Not yet: the shape is (3,), but should be ()"),
        (3.0, "✗ Not yet: this asks for a function"),
    ],
)
def test_check_tells_what_is_wrong(answer, says, capsys):
    assert (
        check(answer, step, on=ON, mistakes=MISTAKES) is None
    )  # nothing for the cell to show
    assert capsys.readouterr().out.startswith(says)


@pytest.mark.parametrize(
    ("answer", "solution", "right"),
    [
        (0.1 + 0.2, 0.3, True),
        (0.31, 0.3, False),
        ("Ridge ", "ridge", True),
        ("lasso", "ridge", False),
        (torch.ones(2), [1, 1], True),
        (float("nan"), 1.0, False),
        ("a", 1.0, False),
        (step, 1.0, False),
    ],
)
def test_check_of_values(answer, solution, right, capsys):
    check(answer, solution)
    assert capsys.readouterr().out.startswith("✓" if right else "✗")


def test_check_of_functions_with_several_results(capsys):
    def both(w, g):
        return w + g, torch.tensor(2.0)

    on = [(torch.ones(3), 1.0)]
    check(both, both, on=on)
    check(lambda w, g: both(w, g)[::-1], both, on=on)
    check(lambda w, g: both(w, g)[0], both, on=on)
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "✓ Right."
    assert told[1].startswith("✗ Not yet: the shape is ()")
    assert told[2] == "✗ Not yet: 2 values are asked for."


@pytest.mark.parametrize(
    ("answer", "right"), [((1, 2), True), ([1, 2], True), ([2, 1], False), ([1], False)]
)
def test_a_list_will_do_for_a_tuple(answer, right, capsys):
    check(answer, (1, 2))
    check(lambda x: answer, lambda x: (1, 2), on=[(0,), (1,)])
    told = capsys.readouterr().out.splitlines()
    assert [line.startswith("✓") for line in told] == [right, right]


def test_quiz_explains_every_option():
    html = quiz("Why <b>?", {"a": "because < it", "b": "no"}, right="a")._repr_html_()
    assert html.count("<details") == 2 and html.count("✓ Right.") == 1
    assert "&lt;b&gt;" in html and "because &lt; it" in html


@pytest.mark.parametrize(
    ("options", "right", "message"),
    [
        ({"a": "x"}, "a", "at least two"),
        ({"a": "x", "b": "y"}, "c", "'c' is none of"),
        ({"a": "x", "b": " "}, "a", "'b' has no explanation"),
    ],
)
def test_bad_quiz(options, right, message):
    with pytest.raises(ValueError, match=message):
        quiz("?", options, right=right)
