"""The book's colours and style."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from reglab import palette

STYLES = {
    name: value
    for name, value in vars(palette).items()
    if isinstance(value, dict) and "color" in value
}
PAGES = {"white": "#ffffff"} | {
    theme: colours["paper"] for theme, colours in palette.PAGE.items()
}


def luminance(colour):
    """Return the relative luminance of WCAG 2."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("page", PAGES)
def test_contrast_on_both_pages(name, page):
    assert contrast(STYLES[name]["color"], PAGES[page]) >= 3


@pytest.mark.parametrize("text", ["ink", "soft", "accent"])
@pytest.mark.parametrize("ground", ["paper", "tint"])
@pytest.mark.parametrize("theme", palette.PAGE)
def test_text_of_the_pages_is_legible(theme, ground, text):
    colours = palette.PAGE[theme]
    assert contrast(colours[text], colours[ground]) >= 4.5


def test_concepts_differ():
    colours = [style["color"] for style in STYLES.values()]
    assert len(set(colours)) == len(colours)
    for a, b in itertools.combinations(STYLES.values(), 2):
        assert (a["linestyle"], a.get("linewidth")) != (
            b["linestyle"],
            b.get("linewidth"),
        ) or (abs(luminance(a["color"]) - luminance(b["color"])) > 0.02)


def test_style_is_found_by_name():
    with plt.style.context("reglab.style"):
        assert plt.rcParams["axes.titlelocation"] == "left"
        fig, ax = plt.subplots()
        for style in STYLES.values():
            ax.plot([0, 1], **style)
        plt.close(fig)
