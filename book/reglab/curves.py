"""Curves of a training run, drawn while they grow where someone watches."""

import matplotlib.pyplot as plt
from tqdm.auto import tqdm

from .explore import CSS, is_live
from .svg import Drawing
from .sweep import is_watched


class Curves:
    """One value an epoch for each of several lines.

    With a live kernel they are drawn as they grow; on a static page nothing is shown, for
    there a figure with a slider over the epochs follows.

    Parameters
    ----------
    num_epochs : int
    **panels : dict of str to dict
        For each panel, under its name, the lines in it and their styles.

    Attributes
    ----------
    values : dict of str to list of float
        What was added, by the name of the line.
    """

    def __init__(self, num_epochs, **panels):
        if num_epochs < 1 or not panels:
            raise ValueError("curves need at least one epoch and one panel")
        self.num_epochs, self.panels = num_epochs, panels
        self.values = {name: [] for lines in panels.values() for name in lines}
        if is_live():
            self._show()

    def epochs(self):
        """Return the epochs, counted from 1, with a progress bar where someone sees it."""
        numbers = range(1, self.num_epochs + 1)
        return tqdm(numbers, desc="epoch", leave=False, disable=not is_watched())

    def add(self, **values):
        """Append the value of every line for one epoch."""
        if set(values) != set(self.values):
            raise ValueError(
                f"give a value for each of {', '.join(self.values)}, not for "
                f"{', '.join(values) or 'none'}"
            )
        for name, value in values.items():
            self.values[name].append(float(value))
        if is_live():
            self._draw()

    def _show(self):
        import ipywidgets
        from IPython.display import display

        self._fig, axes = plt.subplots(1, len(self.panels), squeeze=False)
        plt.close(self._fig)  # or the notebook would show it a second time
        self._lines = {}
        for ax, (panel, lines) in zip(axes[0], self.panels.items(), strict=True):
            for name, style in lines.items():
                (self._lines[name],) = ax.plot([], [], **{**style, "label": name})
            ax.set(xlim=(0.5, self.num_epochs + 0.5), ylim=(0, 1))
            ax.set(xlabel="epoch", ylabel=panel)
            ax.legend()
        self.picture = ipywidgets.HTML()
        self._draw()
        display(self.picture)

    def _draw(self):
        for name, line in self._lines.items():
            line.set_data(range(1, len(self.values[name]) + 1), self.values[name])
            top = max([1, *self.values[name]])
            if top > line.axes.get_ylim()[1]:
                line.axes.set_ylim(0, 1.05 * top)
        self._fig.draw_without_rendering()
        said = (f"{name} {v[-1]:.3f}" for name, v in self.values.items() if v)
        alt = "Curves of the training so far: " + ", ".join(said)
        svg = Drawing(self._fig, [], "growing", alt).svg([])
        self.picture.value = (
            f'<figure class="explore" data-ready><style>{CSS}</style>{svg}</figure>'
        )
