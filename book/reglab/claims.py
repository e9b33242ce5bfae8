"""Sentences that are tested: `claim` for the book's conclusions, `check` for a reader's answers."""

import copy
import math
import re

import numpy as np

from .valid import number, shown, text

__all__ = ["check", "claim"]

OPEN = "○ Not answered yet: replace the ... and run the cell again."


def claim(sentence, condition, **figures):
    """Print a conclusion with its figures if it holds, and raise if it does not.

    Parameters
    ----------
    sentence : str
        The conclusion, in words.
    condition : bool
        What has to be true; one value, also as a NumPy or torch scalar.
    **figures : float, int or str
        The numbers behind the sentence, printed to three digits.

    Raises
    ------
    AssertionError
        If the condition is false.
    TypeError
        If the condition is not a single truth value, or a figure not a single number.
    """
    text("sentence", sentence)
    if hasattr(condition, "item") and getattr(condition, "ndim", 1) == 0:
        condition = condition.item()
    if not isinstance(condition, bool):
        raise TypeError(
            f"the condition of a claim must be one bool, not {type(condition).__name__}; "
            "say .all(), or count and compare"
        )
    figures = ", ".join(
        # after a name such as `at_1` the number would read as a part of it
        f"{name.replace('_', ' ')}{':' * name[-1:].isdigit()} {_number(name, x)}"
        for name, x in figures.items()
    )
    line = f"{sentence}{f' ({figures})' if figures else ''}"
    if not condition:
        raise AssertionError(f"the claim does not hold: {line}")
    print(f"✓ {line}")


def check(answer, solution, *, on=None, mistakes=None, tol=1e-6):
    """Tell a reader whether an answer is right and, if it is a usual mistake, which one.

    Parameters
    ----------
    answer : number, array, tensor, str, or callable
        The reader's; `...` while the exercise is open.
    solution : like answer
        A right answer; where it is a tuple, a list will do as well.
    on : list of tuple, optional
        Arguments to try if the answer is a function.
    mistakes : dict of str to (number, array or callable), optional
        For each usual mistake, in words, what it leads to.
    tol : float
        Largest relative difference that still counts as equal.

    Raises
    ------
    TypeError, ValueError
        If the exercise itself is at fault: a function to be found without `on`, a solution
        that is no number, or a `tol` that is none or negative. An answer never raises.
    """
    number("tol", tol, least=0)
    if mistakes is not None and not isinstance(mistakes, dict):
        raise TypeError(f"mistakes={shown(mistakes)} must be a dict")
    if callable(solution) and not (isinstance(on, list | tuple) and on):
        raise ValueError(f"on={shown(on)} must list arguments to try the functions on")
    print(_verdict(answer, solution, on, mistakes or {}, tol))


def _verdict(answer, solution, on, mistakes, tol):
    if answer is ...:
        return OPEN
    cases = on if callable(solution) else [None]
    if callable(solution) and not callable(answer):
        return _wrong(f"this asks for a function, not {shown(answer)}")
    if not callable(solution) and callable(answer):
        return _wrong("this asks for a value, not a function")
    right = _values(solution, cases)
    several = tuple if len(right) == len(cases) else (tuple, list)
    if not _agree(right, right, tol):
        raise ValueError(f"solution={shown(right)} must be finite numbers or texts")
    try:
        given = _values(answer, _copied(cases), several)
    except Exception as error:
        return _wrong(f"your function stops with {type(error).__name__}: {error}")
    if any(value is ... for value in given):
        return OPEN
    if any(value is None for value in given):
        return _wrong("your function returns nothing")
    if len(given) != len(right):
        return _wrong(f"{len(right) // len(cases)} values are asked for")
    if _agree(given, right, tol):
        return "✓ Right."
    for words, mistake in mistakes.items():
        if _agree(given, _values(mistake, cases, several), tol):
            return _wrong(words)
    for got, wanted in zip(given, right, strict=True):
        if _shape(got) != _shape(wanted):
            return _wrong(f"the shape is {_shape(got)}, but should be {_shape(wanted)}")
    return _wrong("the value is not right yet; the hint may help")


def _values(thing, cases, several=tuple):
    """Return a value, or what a function returns for each case, as a flat list.

    What is of the kind `several` holds more than one value.
    """
    values = []
    for case in cases:
        value = thing(*case) if callable(thing) else thing
        values += value if isinstance(value, several) else [value]
    return [
        value.detach().numpy() if hasattr(value, "detach") else value
        for value in values
    ]


def _copied(cases):
    """Return copies, for an answer may change its arguments in place."""
    try:
        return copy.deepcopy(cases)
    except Exception:  # such as a tensor inside a graph
        return cases


def _shape(value):
    try:
        return np.shape(value)
    except ValueError:  # rows of different lengths
        return None


def _agree(given, right, tol):
    same = (_same(a, b, tol) for a, b in zip(given, right, strict=False))
    return len(given) == len(right) and all(same)


def _same(a, b, tol):
    if isinstance(a, str) and isinstance(b, str):
        return a.strip().lower() == b.strip().lower()
    try:
        if {np.asarray(a).dtype.kind, np.asarray(b).dtype.kind} & set("USc"):
            return False  # a text is no number, and float would drop an imaginary part
        a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    except Exception:  # of whatever kind: it is no number
        return False
    return a.shape == b.shape and np.allclose(a, b, rtol=tol, atol=tol * 1e-3)


def _wrong(words):
    return f"✗ Not yet: {words}."


def _number(name, x):
    if hasattr(x, "item"):
        if math.prod(getattr(x, "shape", ())) != 1:
            raise TypeError(f"the figure {name}={shown(x)} must be one number")
        x = x.item()
    if isinstance(x, float) and math.isfinite(x):
        x = f"{x:.0f}" if 1000 <= abs(x) < 1e6 else f"{x:.3g}"
    return re.sub(r"^-", "−", str(x))
