"""Sentences that are tested: `claim` for the book's conclusions, `check` for a reader's answers."""

import math

import numpy as np


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
        If the condition is not a single truth value.
    """
    if hasattr(condition, "item") and getattr(condition, "ndim", 1) == 0:
        condition = condition.item()
    if not isinstance(condition, bool):
        raise TypeError(
            f"the condition of a claim must be one bool, not {type(condition).__name__}; "
            "say .all(), or count and compare"
        )
    shown = ", ".join(f"{name.replace('_', ' ')} {_number(x)}" for name, x in figures.items())
    line = f"{sentence}{f' ({shown})' if shown else ''}"
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
        A right answer.
    on : list of tuple, optional
        Arguments to try if the answer is a function.
    mistakes : dict of str to (number, array or callable), optional
        For each usual mistake, in words, what it leads to.
    tol : float
        Largest relative difference that still counts as equal.

    Returns
    -------
    bool
        Whether the answer is right.
    """
    if answer is ...:
        print("○ Not answered yet: replace the ... above and run the cell again.")
        return False
    cases = on if callable(solution) else [None]
    if callable(solution) and not callable(answer):
        return _wrong(f"this asks for a function, not {answer!r}")
    if not callable(solution) and callable(answer):
        return _wrong("this asks for a value, not a function")
    try:
        given = [_value(answer, case) for case in cases]
    except Exception as error:
        return _wrong(f"your function stops with {type(error).__name__}: {error}")
    if any(value is ... or value is None for value in given):
        return _wrong("your function returns nothing yet")
    right = [_value(solution, case) for case in cases]
    if _agree(given, right, tol):
        print("✓ Right.")
        return True
    for words, mistake in (mistakes or {}).items():
        if _agree(given, [_value(mistake, case) for case in cases], tol):
            return _wrong(words)
    shapes = [(np.shape(a), np.shape(b)) for a, b in zip(given, right, strict=True)]
    for got, wanted in shapes:
        if got != wanted:
            return _wrong(f"the shape is {got}, but should be {wanted}")
    return _wrong("the value is not right yet; the hint may help")


def _value(thing, case):
    thing = thing(*case) if callable(thing) else thing
    return thing.detach().numpy() if hasattr(thing, "detach") else thing


def _agree(given, right, tol):
    return all(_same(a, b, tol) for a, b in zip(given, right, strict=True))


def _same(a, b, tol):
    if isinstance(a, str) or isinstance(b, str):
        return str(a).strip().lower() == str(b).strip().lower()
    try:
        a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    except (TypeError, ValueError):
        return False
    return a.shape == b.shape and np.allclose(a, b, rtol=tol, atol=tol * 1e-3)


def _wrong(words):
    print(f"✗ Not yet: {words}.")
    return False


def _number(x):
    if hasattr(x, "item"):
        x = x.item()
    if isinstance(x, float) and math.isfinite(x):
        return f"{x:.0f}" if 1000 <= abs(x) < 1e6 else f"{x:.3g}"
    return str(x)
