"""A slider: its values, its label and its native control."""

import itertools
import math
from dataclasses import dataclass
from html import escape


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
        grid = self.grid.tolist() if hasattr(self.grid, "tolist") else self.grid
        if isinstance(grid, str) or not hasattr(grid, "__len__") or len(grid) == 0:
            raise ValueError(
                f"slider {name!r} needs a list of values, not {self.grid!r}"
            )
        # a list may hold NumPy or torch scalars
        self.grid = [
            value.item() if hasattr(value, "item") else value for value in grid
        ]
        self.label = self.label or name
        self.is_choice = all(isinstance(value, str) for value in self.grid)
        if self.is_choice:
            if len(set(self.grid)) < len(self.grid):
                raise ValueError(f"slider {name!r} has an option twice: {self.grid}")
        else:
            for value in self.grid:
                if isinstance(value, bool) or not isinstance(value, int | float):
                    raise ValueError(f"slider {name!r}: {value!r} is not a number")
                if not math.isfinite(value):
                    raise ValueError(f"slider {name!r}: {value} is not finite")
            for low, high in itertools.pairwise(self.grid):
                if low >= high:
                    raise ValueError(
                        f"slider {name!r} must rise, but {high} follows {low}"
                    )
        if self.start is None:
            self.start = self.grid[0]
        if self.start not in self.grid:
            raise ValueError(
                f"slider {name!r} starts at {self.start!r}, which is not in its grid"
            )
        return self

    def text(self, value):
        """Return a value as the reader sees it."""
        if self.is_choice:
            return value
        return self.format.format(value) + (f" {self.unit}" if self.unit else "")

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
        # JupyterLab would take the arrow keys away without data-lm-suppress-shortcuts
        return (
            f'{label}<input type="range" name="{name}" min="0" max="{len(self.grid) - 1}" step="1" '
            f'value="{start}" aria-valuetext="{text}" autocomplete="off" '
            f'data-lm-suppress-shortcuts="true"><output aria-live="off">{text}</output></label>'
        )
