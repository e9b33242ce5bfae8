"""A slider: its values, its label and its native control."""

import itertools
import sys
from dataclasses import dataclass
from html import escape

from .valid import listed, shown, text

__all__ = ["Slider"]

MOST_VALUES = 2000  # as many states as a page carries


@dataclass
class Slider:
    """One thing to move: a grid of numbers in rising order, or a list of named options.

    Parameters
    ----------
    grid : sequence of float, or sequence of str
        The values that a static page can show.
    label : str, optional
        What the reader sees; the name of the argument if not given.
    unit : str
        Written after the value.
    format : str
        Format of a number, as for `str.format`.
    start : float or str, optional
        The value shown first, one of the grid's; the grid's first if not given.
    """

    grid: object
    label: str | None = None
    unit: str = ""
    format: str = "{:.4g}"
    start: object = None

    def check(self, name):
        """Bring the grid into plain Python values, or say what is wrong with it."""
        what = f"slider {name!r}"
        grid = listed(what, self.grid, MOST_VALUES)
        # a list may hold NumPy or torch scalars
        self.grid = [
            value.item() if getattr(value, "ndim", 1) == 0 else value for value in grid
        ]
        self.label = text(f"{what}: label", self.label or name)
        if not isinstance(self.unit, str):
            raise TypeError(f"{what}: unit={shown(self.unit)} must be a text")
        self.is_choice = all(isinstance(value, str) for value in self.grid)
        if self.is_choice:
            if len(set(self.grid)) < len(self.grid):
                raise ValueError(f"{what} has an option twice: {shown(self.grid)}")
        else:
            for value in self.grid:
                if isinstance(value, bool) or not isinstance(value, int | float):
                    raise ValueError(f"{what}: {shown(value)} is not a number")
                if not abs(value) <= sys.float_info.max:
                    raise ValueError(f"{what}: {shown(value)} is not finite")
            for low, high in itertools.pairwise(self.grid):
                if low >= high:
                    raise ValueError(f"{what} must rise, but {high} follows {low}")
        self._check_texts(what)
        if self.start is None:
            self.start = self.grid[0]
        if getattr(self.start, "ndim", 1) == 0:
            self.start = self.start.item()
        if getattr(self.start, "ndim", 0) or self.start not in self.grid:
            raise ValueError(
                f"{what} starts at {shown(self.start)}, which is not in its grid"
            )
        return self

    def _check_texts(self, what):
        """Raise if two values look alike to the reader."""
        seen = {}
        for value in self.grid:
            try:
                words = self.text(value)
            except Exception:
                raise ValueError(
                    f"{what}: format={shown(self.format)} does not fit {value!r}"
                ) from None
            if words in seen:
                raise ValueError(
                    f"{what} shows {seen[words]!r} and {value!r} both as {words!r}"
                )
            seen[words] = value

    def text(self, value):
        """Return a value as the reader sees it."""
        if self.is_choice:
            return value
        number = self.format.format(value)
        number = number.replace("-", "−", 1) if number.startswith("-") else number
        return number + (f" {self.unit}" if self.unit else "")

    def control(self, name):
        """Return the slider as a labelled native control."""
        label = f"<label><span>{escape(self.label)}</span>"
        start = self.grid.index(self.start)
        if self.is_choice:
            options = "".join(
                f"<option{' selected' if n == start else ''}>{escape(option)}</option>"
                for n, option in enumerate(self.grid)
            )
            return f'{label}<select name="{name}" autocomplete="off">{options}</select></label>'
        text = escape(self.text(self.start))
        width = 2 + max(len(self.text(value)) for value in self.grid)
        # JupyterLab would take the arrow keys away without data-lm-suppress-shortcuts
        return (
            f'{label}<span class="explore-range"><input type="range" name="{name}" min="0" '
            f'max="{len(self.grid) - 1}" step="1" value="{start}" aria-valuetext="{text}" '
            f'autocomplete="off" data-lm-suppress-shortcuts="true"></span>'
            f'<output aria-live="off" style="width: {width}ch"><span>{text}</span></output></label>'
        )
