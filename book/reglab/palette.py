"""One colour and one line style for each concept, through the whole book.

Every colour has a contrast of at least 3 to 1 on the white and on the dark page, and differs from
the others for the colour-blind (after Okabe and Ito, 2008); the line styles differ without colour.
Use them as keyword arguments: `ax.plot(x, y, **TEST)`. `PAGE` has the colours of the page around
the figures, for the light and the dark theme; the site's style sheet is given them by name.
"""

from .valid import shown

__all__ = ["band"]  # and the styles, in capitals

TRAIN = {"color": "#0072b2", "linestyle": "-", "label": "training"}
TEST = {"color": "#d55e00", "linestyle": "-", "linewidth": 2.8, "label": "test"}
NULL = {"color": "#808080", "linestyle": "--", "label": "null model"}
FLOOR = {"color": "#009e73", "linestyle": ":", "label": "noise floor"}
L1 = {"color": "#b8860b", "linestyle": "-.", "label": "L1"}
L2 = {"color": "#8e63ce", "linestyle": "-", "label": "L2"}
AVERAGE = {"color": "#d8365f", "linestyle": "-", "linewidth": 2, "label": "average"}

SGD = {"color": "#a67c3d", "linestyle": "-", "label": "SGD"}
MOMENTUM = {"color": "#2f7fd0", "linestyle": (0, (8, 2)), "label": "Momentum"}
NESTEROV = {"color": "#5e9130", "linestyle": (0, (1, 1)), "label": "Nesterov"}
ADAGRAD = {
    "color": "#d2553f",
    "linestyle": (0, (6, 1.5, 1, 1.5, 1, 1.5)),
    "label": "AdaGrad",
}
RMSPROP = {"color": "#7a6fdc", "linestyle": (0, (2, 1)), "label": "RMSProp"}
ADAM = {"color": "#c2508a", "linestyle": (0, (4, 1.5)), "label": "Adam with L2"}
ADAMW = {"color": "#2a8a9d", "linestyle": "-.", "label": "AdamW"}
BATCH_NORM = {
    "color": "#5b8c2a",
    "linestyle": "-",
    "linewidth": 2.4,
    "label": "batch norm",
}

CONSTANT = {"color": "#74808f", "linestyle": "-", "linewidth": 1.4, "label": "constant"}
STEP = {"color": "#4478d4", "linestyle": "-", "linewidth": 2.2, "label": "step"}
MULTISTEP = {"color": "#b5562f", "linestyle": (0, (6, 2)), "label": "multi-step"}
EXPONENTIAL = {"color": "#2f8f6b", "linestyle": (0, (3, 1.5)), "label": "exponential"}
COSINE = {"color": "#ad4fae", "linestyle": (0, (5, 1.5, 1, 1.5)), "label": "cosine"}
DROPOUT = {"color": "#6f8a1f", "linestyle": (0, (6, 1.5, 1, 1.5)), "label": "dropout"}

PAGE = {
    "light": {
        "paper": "#fdfcfa",
        "tint": "#f3f1ec",
        "line": "#dcd8cf",
        "ink": "#1d1f22",
        "soft": "#585d63",
        "accent": TRAIN["color"],
    },
    "dark": {
        "paper": "#15181b",
        "tint": "#1e2226",
        "line": "#373d43",
        "ink": "#e4e2dd",
        "soft": "#a5abb1",
        "accent": "#6fb9e8",  # the same hue, lighter
    },
}


def band(style):
    """Return the style of a filled band in the colour of a line style."""
    if not isinstance(style, dict) or "color" not in style:
        raise TypeError(f"{shown(style)} must be a style of the palette, with a color")
    return {"color": style["color"], "alpha": 0.2, "linewidth": 0}
