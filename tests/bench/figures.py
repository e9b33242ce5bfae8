"""Milliseconds that `explore` needs for each state of a slider.

The figure has two panels, two lines of 100 points, a histogram of 40 bins and a title. What
does not depend on the number of states is taken out: (800 states - 200 states) / 600.
"""

import time

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from common import say

from reglab.explore import explore

BINS = 40
X = np.linspace(0, 1, 100)
EDGES = np.linspace(0, 1, BINS + 1)


def make(states, bars):
    """Return the figure with sliders, before its states are drawn."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
    (one,) = left.plot(X, X)
    (two,) = left.plot(X, X)
    left.set_ylim(-1, 1)
    title = left.set_title("a finding")
    if bars:
        histogram = list(right.bar(EDGES[:-1], np.ones(BINS), 1 / BINS, align="edge"))
    else:
        histogram = [right.stairs(np.ones(BINS), EDGES, fill=True)]
    right.set_ylim(0, 2)

    def update(lambd):
        one.set_ydata(np.sin(lambd * X))
        two.set_ydata(np.cos(lambd * X))
        title.set_text(f"the finding at {lambd:.3f}")
        heights = 1 + np.sin(lambd + EDGES[:-1])
        if bars:
            for bar, height in zip(histogram, heights, strict=True):
                bar.set_height(height)
        else:
            histogram[0].set_data(heights)
        return [one, two, title, *histogram]

    grid = np.linspace(0, 20, states).tolist()
    return explore(
        fig, update, alt="two lines and a histogram", name="bench", lambd=grid
    )


def seconds(states, bars):
    """Return the best of three times to make the static figure."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        size = len(make(states, bars).html)
        times.append(time.perf_counter() - start)
    assert size
    return min(times)


def main():
    """Time both kinds of histogram."""
    for bars, kind in [(False, "stairs"), (True, f"{BINS} bars")]:
        few, many = seconds(200, bars), seconds(800, bars)
        say(f"a state, histogram as {kind}", f"{(many - few) / 600 * 1000:.2f} ms")
        say(f"a figure of 200 states, histogram as {kind}", f"{few:.2f} s")
