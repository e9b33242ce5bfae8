"""A matplotlib figure as SVG in which some artists can move.

`Drawing` renders the figure once and turns whatever the moving artists drew into *slots*:
the shape of a path, the words of a text, the pixels of an image. `Drawing.values` then reads
the slots from the artists without drawing anything, a hundred times faster than a new figure.
"""

import io
import re
import xml.etree.ElementTree as ET
from html import escape
from itertools import pairwise

import matplotlib as mpl
import numpy as np
from matplotlib.collections import Collection
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Patch
from matplotlib.path import Path
from matplotlib.text import Annotation, Text

from . import parts
from .group import Group

MARK = "\ue000{}\ue001"  # stands in the template where the value of a slot goes
SEGMENTS = {Path.LINETO: ("l", 1), Path.CURVE3: ("q", 2), Path.CURVE4: ("c", 3)}
KINDS = {
    Line2D: parts.Line,
    Patch: parts.Shape,
    Collection: Group,
    Text: parts.Words,
    AxesImage: parts.Pixels,
}


class Drawing:
    """A figure drawn once, with slots for what moves.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        Its dpi becomes 72, so that one unit of the SVG is one point.
    artists : list of matplotlib.artist.Artist
        Lines, patches, collections, texts and images of `fig` that may change.
    name : str
        Prefix and salt of the ids, so that two figures can share a page.
    alt : str
        What the figure shows, for those who cannot see it.

    Attributes
    ----------
    slots : list of str
        For each slot k the attribute it sets on the element with `data-k="k"`;
        "" stands for the text of the element.

    Raises
    ------
    ValueError
        If an artist is of a kind that cannot move.
    """

    movable = tuple(KINDS)

    def __init__(self, fig, artists, name="figure", alt=""):
        for artist in artists:
            if _kind(artist) is None:
                raise ValueError(
                    f"{artist} cannot move: give lines, patches, collections, plain texts "
                    "or images (an arrow can be drawn as a line)"
                )
        self.fig = fig
        self._settle()
        self.width, self.height = fig.get_size_inches() * 72
        self.slots = []
        root = _render(fig, artists, name)
        found = {element.get("id"): element for element in root.iter()}
        self._parts = [
            _kind(artist)(artist, found[f"moving-{n}"], self)
            for n, artist in enumerate(artists)
        ]
        self._pieces = re.split(
            MARK.format(r"(\d+)"), _tidy(_panels(root, fig, alt), name)
        )

    def _settle(self):
        # Closing a figure, or moving it to another screen, gives it another dpi.
        if self.fig.dpi != 72:
            self.fig.set_dpi(72)

    def slot(self, element, attribute):
        """Make an attribute of an element ("" for its text) a slot."""
        mark = MARK.format(len(self.slots))
        element.set("data-k", str(len(self.slots)))
        if attribute:
            element.set(attribute, mark)
        else:
            element.text = mark
        self.slots.append(attribute)

    def values(self):
        """Return the value of every slot, read from the artists as they are now.

        Raises
        ------
        ValueError
            If an artist changed in a way that no slot can show, such as its colour.
        """
        self._settle()
        values = []
        for part in self._parts:
            if part.look() != part.first_look:
                raise ValueError(
                    f"update changes the colour, size or style of {part.artist}; only shape, "
                    "text, pixels and visibility can follow a slider (draw one artist per style)"
                )
            values += part.values() if part.artist.get_visible() else part.hidden
        return values

    def svg(self, values):
        """Return the figure as an element of HTML with these values in its slots."""
        pieces = list(self._pieces)
        pieces[1::2] = [escape(values[int(k)]) for k in pieces[1::2]]
        return "".join(pieces)

    def path(self, path, transform, filled):
        """Return a path under a transform as SVG path data.

        Like matplotlib's own SVG it leaves out what lies far outside and points on a straight line.
        """
        clip = None if filled else (0, 0, self.width, self.height)
        simplify = path.should_simplify and not filled
        path = transform.transform_path_non_affine(path)  # a logarithmic axis, say
        transform = transform.get_affine()
        path = path.cleaned(
            transform, remove_nans=True, clip=clip, simplify=simplify, curves=True
        )
        return path_data(self.tenths(path.vertices), path.codes)

    def dots(self, points):
        """Return the finite ones of the points (n, 2) as the corners of one path."""
        points = points[np.isfinite(points).all(axis=1)]
        codes = np.full(len(points), Path.LINETO)
        codes[:1] = Path.MOVETO
        return path_data(self.tenths(points), codes)

    def tenths(self, points):
        """Turn points (n, 2) of matplotlib (y up) into whole tenths of SVG units (y down)."""
        points = np.clip(points, -1e5, 1e5)
        return np.rint((points * [1, -1] + [0, self.height]) * 10).astype(int)


def path_data(points, codes):
    """Return SVG path data for points (n, 2) in tenths and matplotlib's path codes.

    Everything but the start of a subpath is relative: shorter, and it compresses better.
    """
    points, codes = points.tolist(), codes.tolist()
    data, previous, i = [], None, 0
    x = y = 0
    start = [0, 0]
    while i < len(codes) and codes[i] != Path.STOP:
        code = codes[i]
        if code == Path.CLOSEPOLY:
            data.append("z")
            x, y = start
        elif code == Path.MOVETO:
            x, y = start = points[i]
            data.append(f"M{x / 10:g} {y / 10:g}")
        else:
            letter, count = SEGMENTS[code]
            steps = [
                f"{(u - x) / 10:g} {(v - y) / 10:g}" for u, v in points[i : i + count]
            ]
            data.append(("" if code == previous else letter) + " ".join(steps))
            i += count - 1
            x, y = points[i]
        previous, i = code, i + 1
    return re.sub(" (?=[-a-zM])", "", " ".join(data))


def _kind(artist):
    if isinstance(artist, Annotation | FancyArrowPatch):
        return None
    return next(
        (part for kind, part in KINDS.items() if isinstance(artist, kind)), None
    )


def _render(fig, artists, name):
    """Draw the figure with every moving artist visible and marked, and parse the SVG."""
    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "image.composite_image": False,
    }
    restore = []
    for n, artist in enumerate(artists):
        restore += [
            (artist.set_gid, artist.get_gid()),
            (artist.set_visible, artist.get_visible()),
        ]
        artist.set_gid(f"moving-{n}")
        artist.set_visible(True)
        restore += parts.stand_in(artist)
    file = io.BytesIO()
    try:
        with mpl.rc_context(settings):
            fig.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    finally:
        for setter, value in restore:
            setter(value)
    root = ET.fromstring(file.getvalue())
    for element in root.iter():  # plain names: the SVG will stand inside HTML
        element.tag = element.tag.split("}")[-1]
        for key in [key for key in element.attrib if "}" in key]:
            element.set(key.split("}")[-1], element.attrib.pop(key))
    return root


def _tidy(root, name):
    """Return the drawing as text that follows the page's theme and fonts."""
    for tag in ("metadata", "style"):
        for parent in root.iter():
            parent[:] = [child for child in parent if child.tag != tag]
    text = ET.tostring(root, encoding="unicode")
    used = set(re.findall(r"#([\w-]+)", text))
    for element in root.iter():
        key = element.get("id")
        if key in used:
            element.set("id", f"{name}-{key}")
        elif key:
            del element.attrib["id"]
        # matplotlib writes a turn by nothing, which browsers give a layer
        if element.get("transform", "").startswith("rotate(-0 "):
            del element.attrib["transform"]
        for attribute, value in element.attrib.items():
            if attribute == "style":
                value = re.sub(r"font-family:[^;]*;?", "", value)  # the page chooses it
                value = re.sub(
                    r"font: (?:(\d+) )?([\d.]+px)[^;]*",
                    r"font-size: \2; font-weight: \1",
                    value,
                )
                value = value.replace("#000000", "currentColor")
            elif attribute in ("d", "x", "y", "width", "height", "transform", "points"):
                value = re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}", value)
            if attribute != "aria-label":
                value = re.sub(r"(url\(#|^#)", rf"\g<1>{name}-", value)
            element.set(attribute, value)
    return re.sub(r">\s+<", "><", ET.tostring(root, encoding="unicode"))


def _columns(fig):
    """Return where the figure can be cut into columns of axes: their edges, left to right.

    On a phone the columns stand one below the other. What belongs to the figure as a whole
    (a title, a legend) keeps it in one piece.
    """
    whole = [0.0, float(fig.bbox.width)]
    if (
        fig.texts
        or fig.legends
        or fig.subfigs
        or fig.lines
        or fig.patches
        or fig.images
    ):
        return whole
    edges, reach = [0.0], 0.0
    for left, right in sorted(tuple(ax.get_tightbbox().intervalx) for ax in fig.axes):
        if left > reach > 0:
            edges.append((left + reach) / 2)
        reach = max(reach, right)
    return [*edges, whole[1]]


def _panels(root, fig, alt):
    """Return an element that holds the drawing, cut into one SVG for each column of axes."""
    edges = _columns(fig)
    panels = ET.Element(
        "div", {"class": "explore-panels", "role": "group", "aria-label": alt}
    )
    figure = root.find("g")
    background = "patch_1"
    drawn = [group for group in figure if group.get("id") != background]
    axes = sorted((ax for ax in fig.axes if ax.get_visible()), key=lambda ax: ax.zorder)
    for left, right in pairwise(edges):
        width, height = right - left, fig.bbox.height
        # a panel may grow to 1.6 times its size
        style = f"flex: {width:.1f} 1 {width:.1f}px; max-width: {1.6 * width:.0f}px"
        panel = ET.SubElement(panels, "div", {"class": "explore-panel", "style": style})
        svg = ET.SubElement(
            panel, "svg", viewBox=f"{left:.1f} 0 {width:.1f} {height:.1f}"
        )
        # what matplotlib leaves unsaid is black
        svg.attrib |= {
            "class": "explore-svg",
            "fill": "currentColor",
            "stroke-linejoin": "round",
        }
        if len(edges) == 2:
            svg.extend(drawn)
        else:
            columns = zip(drawn, axes, strict=True)
            svg.extend(group for group, ax in columns if left <= ax.bbox.x0 < right)
    panels[0][0].extend(child for child in root if child.tag == "defs")
    return panels
