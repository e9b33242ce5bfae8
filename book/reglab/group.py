"""The part that moves a collection: scatter points, filled areas, many lines."""

import xml.etree.ElementTree as ET

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.transforms import Affine2D

from .parts import Part, markers


class Group(Part):
    """A collection (scatter points, filled areas, many lines): one path for each style in it."""

    def build(self, group):
        artist = self.artist
        if artist.get_hatch():
            raise ValueError(
                f"{artist} has a hatch, which a moving collection cannot have"
            )
        self.scattered = hasattr(artist, "get_sizes") and len(artist.get_sizes()) > 0
        self.styles = self._styles()
        kinds = sorted(set(self.styles), key=self.styles.index)
        self.members = [[style == kind for style in self.styles] for kind in kinds]
        clip = next(
            (e.get("clip-path") for e in group.iter() if e.get("clip-path")), None
        )
        group[:] = [child for child in group if child.tag == "defs"]
        if clip is None and artist.get_clip_on() and artist.get_clip_box() is not None:
            clip = _clip(artist.get_clip_box(), group, self.drawing)
        if clip:
            group.set("clip-path", clip)
        for n, kind in enumerate(kinds):
            glyph = ET.Element("path", style=kind[0])
            if self.scattered:
                glyph.set("d", self._glyph(self.styles.index(kind)))
                markers(group, glyph, f"{group.get('id')}-marker-{n}", self.drawing)
            else:
                group.append(glyph)
                self.drawing.slot(glyph, "d")

    def _styles(self):
        a = self.artist
        faces, edges = a.get_facecolor(), a.get_edgecolor()
        widths, dashes = a.get_linewidth(), a.get_linestyle()
        sizes = list(a.get_sizes()) if self.scattered else [0]
        count = max(map(len, (faces, edges, widths, dashes, sizes)))

        def nth(values, i, default):
            return values[i % len(values)] if len(values) else default

        return [
            (
                _css(
                    nth(faces, i, None),
                    nth(edges, i, None),
                    nth(widths, i, 0),
                    nth(dashes, i, None),
                ),
                float(nth(sizes, i, 0)),
            )
            for i in range(count)
        ]

    def _glyph(self, i):
        paths, transforms = self.artist.get_paths(), self.artist.get_transforms()
        path = paths[i % len(paths)]
        transform = Affine2D(transforms[i % len(transforms)])
        return self.drawing.path(
            path, transform.translate(0, self.drawing.height), filled=True
        )

    def values(self):
        artist, drawing = self.artist, self.drawing
        if self.scattered:
            points = np.ma.filled(
                np.ma.asarray(artist.get_offsets(), dtype=float), np.nan
            )
            points = artist.get_offset_transform().transform(points)
            return [
                drawing.dots(points[np.resize(mine, len(points))])
                for mine in self.members
            ]
        transform, filled = artist.get_transform(), len(artist.get_facecolor()) > 0
        paths = [drawing.path(path, transform, filled) for path in artist.get_paths()]
        masks = (np.resize(mine, len(paths)) for mine in self.members)
        return [
            "".join(path for path, here in zip(paths, mask, strict=True) if here)
            for mask in masks
        ]

    def look(self):
        a = self.artist
        arrays = a.get_facecolor(), a.get_edgecolor(), a.get_linewidth()
        sizes = a.get_sizes() if self.scattered else ()
        return (
            *(np.asarray(array).tobytes() for array in arrays),
            tuple(sizes),
            a.get_alpha(),
        )


def _css(face, edge, width, dashes):
    """Return the style of one item of a collection."""
    style = "fill: none"
    if face is not None and face[3] > 0:
        style = f"fill: {to_hex(face)}; fill-opacity: {face[3]:g}"
    if edge is not None and edge[3] > 0 and width > 0:
        style += f"; stroke: {to_hex(edge)}; stroke-opacity: {edge[3]:g}; stroke-width: {width:g}"
        if dashes is not None and dashes[1] is not None:
            style += "; stroke-dasharray: " + ",".join(
                f"{length:g}" for length in dashes[1]
            )
    return style


def _clip(box, group, drawing):
    """Write a rectangle that clips, and return the reference to it."""
    (x0, y1), (x1, y0) = (drawing.tenths(box.get_points()) / 10).tolist()
    clip = ET.SubElement(group, "clipPath", id=f"{group.get('id')}-clip")
    ET.SubElement(
        clip,
        "rect",
        x=f"{x0:g}",
        y=f"{y0:g}",
        width=f"{x1 - x0:g}",
        height=f"{y1 - y0:g}",
    )
    return f"url(#{clip.get('id')})"
