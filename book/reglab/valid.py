"""One sentence for what is no whole number, no number, no text or out of range."""

import math
import operator
import re

from matplotlib.figure import Figure


def shown(value):
    """Return `repr(value)` on one line, cut to what a sentence can hold."""
    try:
        words = " ".join(repr(value).split())
    except Exception:  # such as Python's, for an integer of thousands of digits
        words = f"a {type(value).__name__}"
    return words if len(words) <= 80 else words[:77] + "..."


MOST = 10**8  # what counts examples, epochs or runs: more would only fill the memory


def whole(name, value, least=1, most=MOST):
    """Return `value` as an int.

    Raises
    ------
    TypeError
        If it is no whole number; True and 2.0 are none either.
    ValueError
        If it is below `least` or above `most`.
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        found = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}={shown(value)} must be a whole number") from None
    if found < least:
        raise ValueError(f"{name}={shown(value)} must be at least {least}")
    if found > most:
        raise ValueError(f"{name}={shown(value)} must be at most {most}")
    return found


def number(name, value, least=-math.inf):
    """Return `value`, a number of Python, NumPy or torch, as a finite float.

    Raises
    ------
    TypeError
        If it is no number; text and truth values are none.
    ValueError
        If it is not finite, or below `least`.
    """
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name}={shown(value)} must be a number")
    try:
        found = float(value)
    except OverflowError:  # an integer that no float can hold
        found = math.inf
    if not math.isfinite(found):
        raise ValueError(f"{name}={shown(value)} is not finite")
    if found < least:
        raise ValueError(f"{name}={shown(value)} must be at least {least:g}")
    return found


def text(name, value):
    """Return `value` if it is a text that says something.

    Raises
    ------
    TypeError
        If it is no text.
    ValueError
        If it is empty.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name}={shown(value)} must be a text")
    if not value.strip():
        raise ValueError(f"{name}={shown(value)} must not be empty")
    return value


def listed(name, values, most):
    """Return `values` as a list.

    Raises
    ------
    ValueError
        If it is no list, tuple, range or array of 1 to `most` values.
    """
    try:
        size = len(values)
    except TypeError:
        size = 0
    if isinstance(values, str | dict | set | frozenset) or not 1 <= size <= most:
        raise ValueError(
            f"{name} must be a list of at least one and at most {most} values, not "
            f"{shown(values)}"
        )
    return list(values)


def figure(fig, alt, name):
    """Raise TypeError or ValueError if a page cannot show this under this name."""
    if not isinstance(fig, Figure):
        raise TypeError(f"fig={shown(fig)} must be a matplotlib figure")
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(
            f"alt={shown(alt)} must be a sentence that says what the figure shows"
        )
    if not re.fullmatch(r"[a-z][a-z0-9-]*", text("name", name)):
        raise ValueError(
            f"name={shown(name)} must be lower-case letters, digits and hyphens"
        )
