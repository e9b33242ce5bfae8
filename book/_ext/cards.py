"""Draw the picture that a link to a page shows elsewhere, from the page's own first figure.

The curves of the figure, as it first stands, under the title of the page and on the colours of
the book. A picture is drawn again only when what it shows has changed.
"""

import hashlib
import re
import textwrap
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline
from PIL import Image
from PIL.PngImagePlugin import PngInfo

SIZE = 1200, 630  # pixels, what social sites ask for
FIGURE = re.compile(r'<figure class="explore".*?</figure>', re.S)
DRAWING = re.compile(r"<svg\b.*?</svg>", re.S)
POINTS = {"M": 1, "L": 1, "Q": 2, "C": 3}  # that follow the letter of a curve
CODES = {"M": Outline.MOVETO, "L": Outline.LINETO, "Q": 3, "C": 4}


def outline(d):
    """Return the matplotlib path of an SVG path of lines and Bézier curves."""
    words = re.findall(r"[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?", d)
    vertices, codes, here, first, letter, k = [], [], np.zeros(2), np.zeros(2), "", 0
    while k < len(words):
        if words[k].isalpha():
            letter, k = words[k], k + 1
        kind, relative = letter.upper(), letter.islower()
        if kind == "Z":
            vertices.append(first)
            codes.append(Outline.CLOSEPOLY)
            here = first
            continue
        if kind in "HV":
            point = here.copy()
            axis = "HV".index(kind)
            point[axis] = float(words[k]) + (here[axis] if relative else 0)
            points, k, kind = [point], k + 1, "L"
        else:
            count = POINTS[kind]
            numbers = np.array(words[k : k + 2 * count], dtype=float)
            points = list(numbers.reshape(-1, 2) + (here if relative else 0))
            k += 2 * count
        vertices += points
        codes += [CODES[kind]] * len(points)
        here = points[-1]
        if kind == "M":
            first, letter = here, "l" if relative else "L"
    return Outline(vertices, codes) if vertices else None


def paint(element, inherited, ink):
    """Return what an element's style means to matplotlib."""
    style = dict(inherited)
    for rule in element.get("style", "").split(";"):
        name, _, value = rule.partition(":")
        if value:
            style[name.strip()] = value.strip()

    def colour(name, default):
        value = style.get(name, default)
        value = ink if value == "currentColor" else value
        alpha = float(style.get(f"{name}-opacity", 1)) * float(style.get("opacity", 1))
        return "none" if value == "none" else mpl.colors.to_rgba(value, alpha)

    look = {
        "facecolor": colour("fill", ink),
        "edgecolor": colour("stroke", "none"),
        "linewidth": float(style.get("stroke-width", 1)),
    }
    if "stroke-dasharray" in style:
        lengths = [float(n) for n in style["stroke-dasharray"].split(",")]
        look["linestyle"] = (0, [n / max(look["linewidth"], 1) for n in lengths])
        look["capstyle"] = "butt"
    return style, look


def shapes(svg, named, ink):
    """Yield outline, look, frame, and place if it is a marker, of every clipped shape.

    What lies in a frame is data; axes, ticks and texts have none. `named` has the elements of
    all panels by their ids, for they share definitions.
    """
    frames = {}
    for clip in (e for e in named.values() if e.tag == "clipPath"):
        (shape,) = clip
        if shape.tag == "rect":
            x, y, w, h = (float(shape.get(k)) for k in ("x", "y", "width", "height"))
            frames[clip.get("id")] = (x, y, w, h)
        else:
            box = outline(shape.get("d")).get_extents()
            frames[clip.get("id")] = box.bounds

    def walk(element, style, frame):
        if element.tag in ("defs", "clipPath", "marker", "text"):
            return
        found = re.match(r"url\(#(.*)\)", element.get("clip-path", ""))
        frame = frames[found[1]] if found else frame
        style, look = paint(element, style, ink)
        marker = re.match(r"url\(#(.*)\)", element.get("marker-start", ""))
        if element.tag == "path" and frame:
            path = outline(element.get("d", ""))
            if path is not None and marker:
                for glyph in named[marker[1]]:
                    yield from stamped(glyph, path.vertices, style, frame)
            elif path is not None:
                yield path, look, frame, None
        elif element.tag == "use" and frame:
            at = [[float(element.get("x", 0)), float(element.get("y", 0))]]
            yield from stamped(element, at, style, frame)
        for child in element:
            yield from walk(child, style, frame)

    def stamped(glyph, places, style, frame):
        style, look = paint(glyph, style, ink)
        if glyph.tag == "use":
            glyph = named[glyph.get("href")[1:]]
            # as in SVG, what the shape says of itself comes first
            style, look = paint(glyph, style, ink)
        path = outline(glyph.get("d", ""))
        for place in places if path is not None else []:
            yield path, look, frame, np.asarray(place)

    yield from walk(svg, {}, None)


def draw_panel(fig, svg, named, box, colours):
    """Draw the data of one panel into `box`: left, bottom, width, height in pixels."""
    found = list(shapes(svg, named, colours["ink"]))
    if not found:
        return
    x, y, w, h = max((frame for _, _, frame, _ in found), key=lambda f: f[2] * f[3])
    left, bottom, width, height = box
    ax = fig.add_axes(
        [left / SIZE[0], bottom / SIZE[1], width / SIZE[0], height / SIZE[1]]
    )
    ax.set(xlim=(x, x + w), ylim=(y + h, y))
    ax.axis("off")
    ax.add_patch(Rectangle((x, y), w, h, facecolor=colours["tint"], edgecolor="none"))
    scale = width / w * 72 / 100  # a unit of the drawing in points
    round_again = np.array([1, width / w / (height / h)])  # markers are not stretched
    for path, look, frame, place in found:
        if place is not None:
            path = Outline(path.vertices * round_again + place, path.codes)
        patch = PathPatch(path, **look | {"linewidth": look["linewidth"] * scale * 0.9})
        ax.add_patch(patch)
        patch.set_clip_path(Rectangle(frame[:2], *frame[2:], transform=ax.transData))


def draw(title, note, name, drawings):
    """Return the picture of a page."""
    from reglab.palette import PAGE

    colours = PAGE["light"]
    fig = Figure(figsize=(SIZE[0] / 100, SIZE[1] / 100), dpi=100)
    fig.set_facecolor(colours["paper"])
    style = {"family": "DejaVu Sans", "va": "top", "ha": "left"}
    fig.text(0.05, 0.92, name, color=colours["accent"], size=20, weight="bold", **style)
    lines = textwrap.wrap(title, 30)
    size = 42 if len(lines) < 3 else 34
    fig.text(
        0.05, 0.83, "\n".join(lines), size=size, weight="bold", linespacing=1.15,
        color=colours["ink"], **style,
    )  # fmt: skip
    fig.text(0.05, 0.08, note, size=19, color=colours["soft"], **style)
    top = 340 if len(lines) < 2 else 285
    width = (SIZE[0] - 120 - 40 * (len(drawings) - 1)) / max(len(drawings), 1)
    named = {e.get("id"): e for svg in drawings for e in svg.iter() if e.get("id")}
    for k, svg in enumerate(drawings):
        box = 60 + k * (width + 40), 80, width, top - 20
        draw_panel(fig, svg, named, box, colours)
    return fig


def make(page, entry, config, target):
    """Draw the picture of one page into the file `target`, unless it is there."""
    figure = FIGURE.search(page)
    texts = DRAWING.findall(figure[0]) if figure else []
    title = entry["title"] if entry else config.book_sentence
    note = entry["note"] if entry else ""
    seen = "\0".join(
        [title, note, config.project, *texts, Path(__file__).read_text("utf-8")]
    )
    digest = hashlib.sha256(seen.encode()).hexdigest()
    if target.exists() and Image.open(target).text.get("Description") == digest:
        return
    drawings = [ET.fromstring(text) for text in texts]
    fig = draw(title, note, config.project, drawings)
    target.parent.mkdir(parents=True, exist_ok=True)
    # a quarter of the size, and no eye sees it
    draft = target.with_suffix(".draft")
    fig.savefig(draft, format="png", metadata={"Description": digest, "Software": None})
    image = Image.open(draft).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    info = PngInfo()
    info.add_text("Description", digest)
    image.save(draft, format="png", optimize=True, pnginfo=info)
    draft.replace(target)


def finish(app, exception):
    """Draw the pictures of the chapters and of the first page."""
    if exception or app.builder.name != "html":
        return
    facts = app.env.chapter_facts
    for page in [app.config.root_doc, *facts]:
        path = Path(app.outdir, f"{page}.html")
        target = Path(app.outdir, "_static/cards", f"{Path(page).name}.png")
        make(path.read_text(encoding="utf-8"), facts.get(page), app.config, target)


def setup(app):
    """Register the extension."""
    app.connect("build-finished", finish, priority=700)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
