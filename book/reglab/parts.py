"""The kinds of artist that can move, each as the slots it fills in a `svg.Drawing`.

A part takes the group of elements that matplotlib wrote for its artist, makes slots of what may
change, and reads their values from the artist. `look()` is what must stay the same.
"""

import base64
import io
import xml.etree.ElementTree as ET

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image


def stand_in(artist):
    """Give an artist something to draw, so that its elements exist even if it starts empty.

    Returns
    -------
    list of (callable, value)
        The calls that undo it.
    """
    if isinstance(artist, Line2D):
        before = artist.get_data(orig=True)
        center = artist.get_figure(root=True).bbox.size / 2
        x, y = artist.get_transform().inverted().transform(center)
        artist.set_data([x, x], [y, y])
        return [(lambda data: artist.set_data(*data), before)]
    if isinstance(artist, Text) and not artist.get_text():
        artist.set_text("x")
        return [(artist.set_text, "")]
    return []


class Part:
    """An artist, its slots and how to read them."""

    def __init__(self, artist, group, drawing):
        self.artist, self.drawing = artist, drawing
        before = len(drawing.slots)
        self.build(group)
        self.hidden = [""] * (len(drawing.slots) - before)
        self.first_look = self.look()

    def build(self, group):
        """Turn the elements that matplotlib wrote for the artist into slots."""
        raise NotImplementedError

    def values(self):
        """Return the value of each slot as a string."""
        raise NotImplementedError

    def look(self):
        """Return everything that a slider may not change."""
        raise NotImplementedError


class Shape(Part):
    """A patch (bar, stairs, polygon, circle): one path."""

    def build(self, group):
        self.drawing.slot(group.find("path"), "d")
        self.is_bar = type(self.artist) is Rectangle and self.artist.get_angle() == 0

    def values(self):
        artist = self.artist
        if not self.is_bar:
            return [
                self.drawing.path(
                    artist.get_path(), artist.get_transform(), filled=True
                )
            ]
        # The same for the commonest patch without matplotlib's general machinery.
        x, y = artist.get_x(), artist.get_y()
        corners = [(x, y), (x + artist.get_width(), y + artist.get_height())]
        corners = artist.get_data_transform().transform(corners)
        if not np.isfinite(corners).all():
            return [""]
        (x0, y0), (x1, y1) = self.drawing.tenths(corners).tolist()
        return [f"M{x0 / 10:g} {y0 / 10:g}H{x1 / 10:g}V{y1 / 10:g}H{x0 / 10:g}z"]

    def look(self):
        artist = self.artist
        colours = artist.get_facecolor(), artist.get_edgecolor(), artist.get_alpha()
        return (
            *colours,
            artist.get_linewidth(),
            artist.get_linestyle(),
            artist.get_hatch(),
        )


class Line(Part):
    """A line, and its markers as a second path with an SVG marker at every point."""

    def build(self, group):
        path, use = group.find("path"), group.find(".//use")
        self.has_path, self.has_markers = path is not None, use is not None
        if self.has_path:
            self.drawing.slot(path, "d")
        if self.has_markers:
            holder = next(g for g in group.iter("g") if use in g)
            holder[:] = []
            glyph = ET.Element("use", href=use.get("href"), style=use.get("style", ""))
            markers(holder, glyph, f"{group.get('id')}-marker", self.drawing)

    def values(self):
        artist = self.artist
        path, transform = artist.get_path(), artist.get_transform()
        values = (
            [self.drawing.path(path, transform, filled=False)] if self.has_path else []
        )
        if self.has_markers:
            values.append(self.drawing.dots(transform.transform(path.vertices)))
        return values

    def look(self):
        a = self.artist
        line = a.get_color(), a.get_linewidth(), a.get_linestyle(), a.get_alpha()
        marker = a.get_marker(), a.get_markersize(), a.get_markerfacecolor()
        return *line, *marker, a.get_markeredgecolor(), a.get_markeredgewidth()


class Words(Part):
    """A text: its words, and its place as a shift from where it was first drawn."""

    def build(self, group):
        text = group.find("text")
        if text is None or len(group.findall(".//text")) != 1:
            raise ValueError(
                f"the text {self.artist.get_text()!r} cannot move: use one line of plain text, "
                "for example λ² in place of $\\lambda^2$"
            )
        self.drawing.slot(text, "")
        holder = ET.SubElement(group, "g")
        group.remove(text)
        holder.append(text)
        self.start = self._place()
        self.drawing.slot(holder, "transform")

    def _place(self):
        return self.artist.get_transform().transform(
            self.artist.get_unitless_position()
        )

    def values(self):
        words = self.artist.get_text()
        if "\n" in words or "$" in words.replace(r"\$", ""):
            raise ValueError(
                f"a moving text must be one line without $ signs, not {words!r}"
            )
        dx, dy = np.rint((self._place() - self.start) * 10) / 10 * [1, -1] + 0.0
        return [words.replace(r"\$", "$"), f"translate({dx:g} {dy:g})"]

    def look(self):
        a = self.artist
        return (
            a.get_color(),
            a.get_size(),
            a.get_rotation(),
            a.get_weight(),
            a.get_alpha(),
            a.get_ha(),
        )


class Pixels(Part):
    """An image: its pixels as a PNG."""

    def build(self, element):
        artist = self.artist
        left, right, bottom, top = artist.get_extent()
        corners = artist.get_transform().transform([(left, bottom), (right, top)])
        (x0, y0), (x1, y1) = (self.drawing.tenths(corners) / 10).tolist()
        self.flip = artist.origin == "lower", y0 < y1, x1 < x0
        place = {
            "x": min(x0, x1),
            "y": min(y0, y1),
            "width": abs(x1 - x0),
            "height": abs(y1 - y0),
        }
        element.attrib = {key: f"{value:g}" for key, value in place.items()}
        element.set("preserveAspectRatio", "none")
        if artist.get_interpolation() in ("nearest", "none", "auto", "antialiased"):
            element.set("style", "image-rendering: pixelated")
        self.drawing.slot(element, "href")

    def values(self):
        rgba = self.artist.to_rgba(self.artist.get_array(), bytes=True)
        up, upside_down, mirrored = self.flip
        if up != upside_down:
            rgba = rgba[::-1]
        if mirrored:
            rgba = rgba[:, ::-1]
        image, file = Image.fromarray(np.ascontiguousarray(rgba)), io.BytesIO()
        image.save(file, format="png", optimize=True)
        return ["data:image/png;base64," + base64.b64encode(file.getvalue()).decode()]

    def look(self):
        a = self.artist
        return tuple(a.get_extent()), a.origin, a.get_interpolation()


def markers(holder, glyph, key, drawing):
    """Add a path that shows the glyph at each of its points."""
    marker = ET.SubElement(
        holder, "marker", id=key, overflow="visible", markerUnits="userSpaceOnUse"
    )
    marker.append(glyph)
    path = ET.SubElement(holder, "path", style="fill: none; stroke: none")
    for where in ("marker-start", "marker-mid", "marker-end"):
        path.set(where, f"url(#{key})")
    drawing.slot(path, "d")
