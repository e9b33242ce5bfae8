"""The figure of `explore` with ipywidgets sliders, for a page with a live kernel."""

import math
from html import escape
from itertools import pairwise

import ipywidgets
import numpy as np

from .explore import CSS


def widget(explore):
    """Build the sliders and the figure.

    Parameters
    ----------
    explore : reglab.explore.Explore

    Returns
    -------
    box : ipywidgets.VBox
        Controls above the figure.
    controls : dict of str to ipywidgets.Widget
        The control of each slider, whose `value` is the slider's value.
    """
    controls = {name: _control(slider) for name, slider in explore.sliders.items()}
    figure = ipywidgets.HTML()

    def draw(_=None):
        try:
            *values, summary = explore.state(
                [control.value for control in controls.values()]
            )
        except (
            Exception
        ) as error:  # without this the figure would stand still and say nothing
            figure.value = f"<p><strong>The figure cannot follow: {escape(str(error))}</strong></p>"
            raise
        figure.value = (
            f'<figure class="explore" data-ready><style>{CSS}</style>{explore.drawing.svg(values)}'
            f"<figcaption>{escape(summary)}</figcaption></figure>"
        )

    for control in controls.values():
        control.observe(draw, names="value")
    draw()
    return ipywidgets.VBox([*controls.values(), figure]), controls


def _control(slider):
    """Return a control that reaches every value in the range, not only the grid's."""
    label = f"{slider.label}{f' [{slider.unit}]' if slider.unit else ''}"
    look = {
        "description": label,
        "style": {"description_width": "initial"},
        "layout": {"width": "min(100%, 32rem)"},
    }
    if slider.is_choice:
        return ipywidgets.Dropdown(options=slider.grid, value=slider.start, **look)
    grid = slider.grid
    low, high = grid[0], grid[-1]
    if all(isinstance(value, int) for value in grid):
        return ipywidgets.IntSlider(min=low, max=high, value=slider.start, **look)
    smallest = min((b - a for a, b in pairwise(grid)), default=1)
    digits = -math.floor(math.log10(smallest) - 1e-9)  # finer than the grid
    if low > 0 and not _even(grid) and _even(np.log10(grid)):
        low, high = math.log10(low), math.log10(high)
        step = (high - low) / len(grid) / 10
        return ipywidgets.FloatLogSlider(
            min=low, max=high, step=step, value=slider.start, **look
        )
    step, shown = 10.0**-digits, f".{max(digits, 0)}f"
    return ipywidgets.FloatSlider(
        min=low, max=high, step=step, value=slider.start, readout_format=shown, **look
    )


def _even(grid):
    """Tell whether the steps of a grid are equal, but for rounding to a few digits."""
    steps = np.diff(grid)
    return len(steps) < 2 or np.ptp(steps) < 0.1 * np.mean(steps)
