"""Sliders for a matplotlib figure, with or without a kernel.

`explore` draws a figure once and asks an update function for every combination of slider values.
On a static page the reader's browser then shows the states; with a live kernel the same figure
follows ipywidgets sliders, at any value in their range.
"""

import inspect
import itertools
import json
import math
import os
import sys
from dataclasses import replace
from functools import cached_property
from html import escape
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.artist import Artist
from matplotlib.text import Text

from . import valid
from .slider import MOST_VALUES, Slider
from .svg import Drawing

__all__ = ["Explore", "Still", "explore", "is_live", "show"]

MAX_STATES = MOST_VALUES
HERE = Path(__file__).parent
CSS = (HERE / "explore.css").read_text(encoding="utf-8")
SCRIPT = (HERE / "explore.js").read_text(encoding="utf-8")


class Explore:
    """A figure with sliders; made by `explore`, shown as the last value of a cell.

    Attributes
    ----------
    html : str
        The static figure: one HTML element that needs no kernel, no library and no network.
    box, controls : ipywidgets.VBox, dict
        With a live kernel, what is shown, and the control of each slider in it.
    """

    def __init__(self, fig, update, alt, name, sliders):
        self.fig, self.update, self.alt, self.name = fig, update, alt, name
        self.sliders = {
            key: (replace(grid) if isinstance(grid, Slider) else Slider(grid)).check(
                key
            )
            for key, grid in sliders.items()
        }
        self.grids = [slider.grid for slider in self.sliders.values()]
        self.states = math.prod(map(len, self.grids))
        self._check()
        start = [slider.start for slider in self.sliders.values()]
        artists, self.summary = self._call(start)
        fig.draw_without_rendering()  # settles the layout and the limits
        fig.set_layout_engine("none")
        for ax in fig.axes:
            ax.set_autoscale_on(False)
        self._limits = [(ax, (*ax.get_xlim(), *ax.get_ylim())) for ax in fig.axes]
        self._check_returned(artists)
        self.drawing = Drawing(fig, artists, name, alt)
        self._artists = artists
        plt.close(fig)  # or the notebook would show it a second time

    def _check(self):
        if not 1 <= len(self.sliders) <= 3:
            raise ValueError(
                f"explore takes one to three sliders, not {len(self.sliders)}"
            )
        if self.states > MAX_STATES:
            sizes = " × ".join(
                f"{len(s.grid)} ({key})" for key, s in self.sliders.items()
            )
            raise ValueError(
                f"{sizes} = {self.states} states; a page carries at most {MAX_STATES}"
            )
        try:
            inspect.signature(self.update).bind(**dict.fromkeys(self.sliders))
        except (TypeError, ValueError) as error:
            names = ", ".join(self.sliders)
            raise ValueError(
                f"update cannot be called with the sliders {names}: {error}"
            ) from None

    def _call(self, values):
        """Call update and return its artists as a flat list, and its summary."""
        settings = dict(zip(self.sliders, values, strict=True))
        result, summary = self.update(**settings), ""
        if (
            isinstance(result, tuple)
            and len(result) == 2
            and isinstance(result[1], str)
        ):
            result, summary = result
        artists = list(_flat(result))
        if not artists:
            raise ValueError(
                f"update returned no artists for {settings}; return what it changed"
            )
        return artists, summary

    def _check_returned(self, artists):
        """Raise if update changes an artist that it does not return: a page would not show it."""
        everything = self.fig.findobj(include_self=False)
        for artist in everything:
            artist.stale = False
        for values in [
            [grid[-1] for grid in self.grids],
            [grid[0] for grid in self.grids],
        ]:
            self._call(values)
        moved = set(artists) | {
            child for artist in artists for child in artist.findobj()
        }
        for artist in everything:
            if (
                not isinstance(artist, Drawing.movable)
                or not artist.stale
                or artist in moved
            ):
                continue
            if (
                not isinstance(artist, Text) or artist.get_text()
            ):  # an empty one shows nothing
                raise ValueError(f"update changes {artist} but does not return it")
        self._call([slider.start for slider in self.sliders.values()])

    def state(self, values):
        """Return what every slot of the drawing holds at these slider values, and the summary."""
        artists, summary = self._call(values)
        if set(artists) != set(self._artists):
            raise ValueError(
                f"update returns other artists at {dict(zip(self.sliders, values, strict=True))} "
                "than at the start; make them once and set their data"
            )
        for ax, limits in self._limits:
            if (*ax.get_xlim(), *ax.get_ylim()) != limits:
                where = (
                    ax.get_title() or ax.get_ylabel() or ax.get_xlabel() or "the axes"
                )
                raise ValueError(
                    f"update changes the limits of {where!r}; axes may not move with a slider, "
                    "so set their limits once, before explore"
                )
        whole = summary.replace(" %", "\N{NO-BREAK SPACE}%")  # no line ends in between
        return [*self.drawing.values(), whole]

    @cached_property
    def html(self):
        """The figure with native sliders, as one HTML element."""
        states = [self.state(values) for values in itertools.product(*self.grids)]
        start = [slider.start for slider in self.sliders.values()]
        first = self.state(start)  # leaves the figure as it was
        slots = []
        for k, column in enumerate(zip(*states, strict=True)):
            distinct = list(dict.fromkeys(column))
            if len(distinct) > 1:
                index = {value: n for n, value in enumerate(distinct)}
                attribute = [*self.drawing.slots, ""][k]
                slots.append(
                    [k, attribute, distinct, [index[value] for value in column]]
                )
        sliders = self.sliders.values()
        texts = [[slider.text(value) for value in slider.grid] for slider in sliders]
        data = {"slots": slots, "grids": self.grids, "texts": texts}
        controls = "".join(slider.control(key) for key, slider in self.sliders.items())
        return (
            f'<figure class="explore" id="{self.name}"><style>{CSS}</style>'
            f'<div class="explore-controls">{controls}</div>{self.drawing.svg(first[:-1])}'
            f'<figcaption><span data-k="{len(first) - 1}">{escape(first[-1])}'
            f'</span> <a class="explore-link" href="#{self.name}">Link to this state</a>'
            f'</figcaption><script type="application/json">{_json(data)}</script>'
            f"<script>{SCRIPT}</script></figure>"
        )

    def __repr__(self):
        grids = [
            f"{key}: {len(s.grid)} values from {s.text(s.grid[0])} to {s.text(s.grid[-1])}"
            for key, s in self.sliders.items()
        ]
        return f"explore({'; '.join(grids)})"

    def _repr_mimebundle_(self, **_):
        if not is_live():
            return {"text/html": self.html, "text/plain": repr(self)}
        from .live import widget

        self.box, self.controls = widget(self)
        view = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
        return {
            "application/vnd.jupyter.widget-view+json": view,
            "text/plain": repr(self),
        }


def explore(fig, update, *, alt, name=None, **sliders):
    """Show a figure with sliders.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        Drawn once; the limits of its axes are fixed from then on.
    update : callable
        Called with one keyword argument for each slider. As in matplotlib's animations it sets
        the data of artists that exist already and returns those artists; it may return
        `(artists, summary)`, where summary is one line about this state.
    alt : str
        What the figure shows, for those who cannot see it.
    name : str, optional
        Id of the figure in the page and its address; made from the sliders' names if not given.
    **sliders : Slider, or sequence of float or str
        One to three, in the order in which they are shown.

    Returns
    -------
    Explore

    Raises
    ------
    TypeError, ValueError
        If `fig` or `update` is of another kind, a grid is empty, not rising or not finite,
        `update` does not take a slider's name, returns no artists or changes what a page
        cannot show, or the states are too many.
    """
    if name is None:
        name = "explore-" + "-".join(sliders).lower().replace("_", "-")
    valid.figure(fig, alt, name)
    if not callable(update):
        raise TypeError(f"update={valid.shown(update)} must be a function")
    return Explore(fig, update, alt, name, sliders)


class Still:
    """A figure without sliders that follows the page's theme; made by `show`."""

    def __init__(self, fig, alt, name):
        self.alt = alt
        fig.draw_without_rendering()
        svg = Drawing(fig, [], name, alt).svg([])
        self.html = f'<figure class="still"><style>{CSS}</style>{svg}</figure>'
        plt.close(fig)

    def __repr__(self):
        return f"figure({self.alt})"

    def _repr_html_(self):
        return self.html


def show(fig, *, alt, name="still"):
    """Show a figure that does not move, as text and shapes that follow the page's theme."""
    valid.figure(fig, alt, name)
    return Still(fig, alt, name)


def is_live():
    """Tell whether a front end with a kernel shows the output.

    REGLAB_EXPLORE=live or =static decides; otherwise it is live only where Jupyter Server,
    Colab or VS Code has certainly started the kernel.
    """
    forced = os.environ.get("REGLAB_EXPLORE", "")
    if forced not in ("", "live", "static"):
        raise ValueError(f"REGLAB_EXPLORE={forced!r} must be 'live' or 'static'")
    if forced:
        return forced == "live"
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    in_vscode = shell is not None and "__vsc_ipynb_file__" in shell.user_ns
    return (
        "JPY_SESSION_NAME" in os.environ or "google.colab" in sys.modules or in_vscode
    )


def _flat(artists):
    if isinstance(artists, Artist):
        yield artists
    elif isinstance(artists, str) or not hasattr(artists, "__iter__"):
        if artists is not None:
            raise ValueError(f"update returned {artists!r}, which is not an artist")
    else:
        for artist in artists:
            yield from _flat(artist)


def _json(data):
    # "<" never stands in the data as such: it could end the script element
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")
