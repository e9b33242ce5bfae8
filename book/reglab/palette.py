"""One colour and one line style for each concept, through the whole book.

Every colour has a contrast of at least 3 to 1 on the white and on the dark page, and differs from
the others for the colour-blind (after Okabe and Ito, 2008); the line styles differ without colour.
Use them as keyword arguments: `ax.plot(x, y, **TEST)`.
"""

TRAIN = {"color": "#0072b2", "linestyle": "-", "label": "training"}
TEST = {"color": "#d55e00", "linestyle": "-", "linewidth": 2.8, "label": "test"}
NULL = {"color": "#808080", "linestyle": "--", "label": "null model"}
FLOOR = {"color": "#009e73", "linestyle": ":", "label": "noise floor"}
L1 = {"color": "#b8860b", "linestyle": "-.", "label": "L1"}
L2 = {"color": "#8e63ce", "linestyle": "-", "label": "L2"}
AVERAGE = {"color": "#d8365f", "linestyle": "-", "linewidth": 2, "label": "average"}

SGD = {"color": "#a67c3d", "linestyle": "-", "label": "SGD"}
ADAM = {"color": "#c2508a", "linestyle": (0, (4, 1.5)), "label": "Adam with L2"}
ADAMW = {"color": "#2a8a9d", "linestyle": "-.", "label": "AdamW"}


def band(style):
    """Return the style of a filled band in the colour of a line style."""
    return {"color": style["color"], "alpha": 0.2, "linewidth": 0}
