"""`explore`: what the page shows in a state is what matplotlib would draw in it."""

import itertools
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from io import StringIO
from pathlib import Path

import ipywidgets
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import reglab
from reglab import parts
from reglab.explore import MAX_STATES, explore, is_live, show
from reglab.slider import Slider

x = np.linspace(0, 1, 60)
rng = np.random.default_rng(0)
noise = rng.normal(size=(50, 2)) * 0.1 + 0.5


def everything(k=1.0, kind="sine"):
    """Return a figure with every kind of artist, and the function that moves them."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(6.4, 3), layout="constrained")
    (line,) = left.plot(x, x, label="line")
    (dashed,) = left.plot(x, x, "--")
    (dots,) = left.plot(x[::10], x[::10], "o")
    (both,) = left.plot(x[::15], x[::15], "s-", markerfacecolor="white")
    area = left.fill_between(x, x, x + 0.1, alpha=0.3)
    points = left.scatter(*noise.T, s=9)
    classes = left.scatter(
        *noise.T, s=9, c=["C0" if n % 3 else "C1" for n in range(50)]
    )
    left.set(xlim=(-0.1, 1.1), ylim=(-1.5, 1.5))
    bars = right.bar(range(10), np.ones(10))
    stairs = right.stairs(np.ones(10), np.arange(11), fill=True, alpha=0.5)
    circle = right.add_patch(plt.Circle((5, 1), 0.5))
    image = right.imshow(
        np.zeros((4, 6)), extent=(12, 16, 0, 2), aspect="auto", vmin=0, vmax=9
    )
    word = right.text(5, 2, "start")
    title = right.set_title("k")
    right.set(xlim=(-1, 17), ylim=(0, 3))
    shapes = {"sine": np.sin, "line": lambda z: z / 6}

    def update(k, kind="sine"):
        y = shapes[kind](k * x)
        line.set_ydata(y)
        dashed.set_ydata(-y)
        dashed.set_visible(k < 4)
        dots.set_ydata(y[::10])
        both.set_data(x[::15], np.where(np.arange(len(x[::15])) == 2, np.nan, -y[::15]))
        area.set_data(x, y - 0.1, y + 0.1)
        points.set_offsets(noise * k / 5)
        classes.set_offsets(noise * k / 4 + 0.1)
        for n, bar in enumerate(bars):
            bar.set_height(1 + np.sin(n * k))
        stairs.set_data(1 + np.cos(np.arange(10) * k))
        circle.set_radius(k / 5)
        image.set_data(np.arange(24).reshape(4, 6) * k / 12)
        word.set_position((k, 2))
        word.set_text(f"k < {k:.2f} & so on")
        title.set_text(f"k = {k:.2f}")
        lines = [line, dashed, dots, both, area, points, classes]
        return [*lines, bars, stairs, circle, image, word, title], f"k is {k:g}"

    update(k, kind)
    return fig, update


def simple(**changes):
    """Return the arguments of a small explore call, with changes."""
    fig, ax = plt.subplots()
    (line,) = ax.plot(x, x)
    ax.set_ylim(0, 3)

    def update(k):
        line.set_ydata(k * x)
        return line

    return {"fig": fig, "update": update, "alt": "a line", "k": [1, 2, 3]} | changes


def build(**changes):
    arguments = simple(**changes)
    fig, update = arguments.pop("fig"), arguments.pop("update")
    return explore(fig, update, **arguments)


def content(svg):
    """Return what can be seen of an SVG: shapes, pixels, words and their places."""
    root = ET.fromstring(svg)
    shapes = [(e.get("d"), e.get("style")) for e in root.iter() if e.get("d")]
    return (
        shapes,
        [e.get("href") for e in root.iter("image")],
        ["".join(root.itertext())],
    )


@pytest.fixture(autouse=True)
def _static(monkeypatch):
    monkeypatch.setenv("REGLAB_EXPLORE", "static")
    yield
    plt.close("all")


STATES = [(k, kind) for k in (1.0, 2.37, 3.9, 4.5) for kind in ("sine", "line")]


@pytest.mark.parametrize(("k", "kind"), STATES)
def test_patched_state_equals_fresh_figure(k, kind):
    fig, update = everything()
    figure = explore(fig, update, alt="all", k=[0, 5], kind=["sine", "line"])
    patched = figure.drawing.svg(figure.state([k, kind])[:-1])
    fresh_fig, fresh_update = everything(k, kind)
    start = {
        "k": Slider([0, k, 6], start=k),
        "kind": Slider(["sine", "line"], start=kind),
    }
    fresh = explore(fresh_fig, fresh_update, alt="all", **start)
    assert content(patched) == content(fresh.drawing.svg(fresh.state([k, kind])[:-1]))


def raw_numbers(fig, artist):
    """Return the corners of an artist as matplotlib itself writes them."""
    artist.set_gid("wanted")
    file = StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "image.composite_image": False}):
        fig.savefig(file, format="svg")
    artist.set_gid(None)
    root = ET.fromstring(file.getvalue())
    group = next(e for e in root.iter() if e.get("id") == "wanted")
    paths = [e for e in group if e.tag.endswith("path")]
    uses = [
        (float(e.get("x")), float(e.get("y")))
        for e in group.iter()
        if e.tag.endswith("use")
    ]
    return (
        corners(" ".join(p.get("d") for p in paths)),
        np.array(uses),
        "".join(group.itertext()),
    )


def corners(data):
    """Return the end points of the segments of SVG path data, absolute or relative."""
    points, here, start = [], np.zeros(2), np.zeros(2)
    for letter, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*)", data):
        values = np.array([float(v) for v in re.findall(r"-?\d*\.?\d+", numbers)])
        if letter in "zZ":
            here = start
            continue
        if letter in "HV":
            here = here.copy()
            here["HV".index(letter)] = values[-1]
            points.append(here)
            continue
        size = {"M": 2, "L": 2, "Q": 4, "C": 6}[letter.upper()]
        for values_of_one in values.reshape(-1, size):
            step = values_of_one[-2:]
            here = here + step if letter.islower() else step
            if letter == "M":
                start = here
            points.append(here)
    return np.array(points)


def far(a, b):
    """Return the largest distance from a corner of one polygon to the nearest of the other."""
    return max(np.linalg.norm(b - point, axis=1).min() for point in a)


def logarithmic():
    """Return a figure whose transforms are not affine, and the function that moves it."""
    fig, (left, right) = plt.subplots(1, 2)
    (line,) = left.loglog(x + 0.1, x + 0.1, "o-")
    area = left.fill_between(x + 0.1, x + 0.1, x + 0.3)
    points = left.scatter(x + 0.1, x + 0.1)
    bars = right.bar(range(5), np.ones(5))
    stairs = right.stairs(np.ones(5))
    word = left.text(1, 1, "start")
    left.set(xlim=(0.05, 2), ylim=(0.01, 100))
    right.set(yscale="log", ylim=(0.1, 100))

    def update(k):
        line.set_ydata((x + 0.1) ** k)
        area.set_data(x + 0.1, (x + 0.1) ** k, 2 * (x + 0.1) ** k)
        points.set_offsets(np.c_[x + 0.1, k * x + 0.1])
        for n, bar in enumerate(bars):
            bar.set_height(k**n)
        stairs.set_data(np.arange(5) * k)
        word.set_position((1 / (k + 1), k + 1))
        return line, area, points, bars, stairs, word

    return fig, update


@pytest.mark.parametrize("k", [1.0, 2.37, 3.9])
@pytest.mark.parametrize("make", [everything, logarithmic])
def test_shapes_are_those_matplotlib_writes(k, make):
    """Held against matplotlib's own SVG, read by code that shares nothing with reglab."""
    fig, update = make()
    choice = {"kind": ["sine", "line"]} if make is everything else {}
    drawing = explore(fig, update, alt="all", k=[0, 5], **choice).drawing
    update(k)
    values = drawing.values()
    root = ET.fromstring(drawing.svg(values))
    slots = {e.get("data-k"): e for e in root.iter() if e.get("data-k")}
    n = 0
    for part in drawing._parts:
        mine = [slots[str(i)] for i in range(n, n + len(part.hidden))]
        n += len(part.hidden)
        if not isinstance(part, parts.Pixels):
            shape, uses, words = raw_numbers(fig, part.artist)
        if hasattr(part.artist, "get_text"):
            assert mine[0].text == words.strip()
            continue
        if isinstance(part, parts.Pixels) or not part.artist.get_visible():
            continue
        dots = [e for e in mine if e.get("marker-start")]
        rest = [e for e in mine if not e.get("marker-start")]
        if dots:
            ours = np.concatenate([corners(e.get("d")) for e in dots])
            assert len(ours) == len(uses)
            assert far(ours, uses) < 0.1 and far(uses, ours) < 0.1
        for e in rest:
            ours = corners(e.get("d"))
            seen = ours[
                (abs(ours) < 1000).all(axis=1)
            ]  # log 0 may lie anywhere far below
            assert len(seen) >= len(ours) / 2 and far(seen, shape) < 0.1, part.artist


def test_page_holds_every_state():
    figure = build(k=[1, 2, 3])
    page = figure.html
    assert page.startswith('<figure class="explore" id="explore-k">')
    assert 'type="range" name="k" min="0" max="2"' in page
    for k in (1, 2, 3):
        assert figure.state([k])[0] in page


def test_same_bytes_in_two_processes():
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]; import test_explore as t;"
        "fig, update = t.everything();"
        "print(t.explore(fig, update, alt='all', k=[1, 2, 5], kind=['sine', 'line']).html)"
    )
    folders = [Path(reglab.__file__).parents[1], Path(__file__).parent]
    runs = [
        subprocess.run(
            [sys.executable, "-c", program, *folders],
            env=os.environ | {"PYTHONHASHSEED": seed, "MPLBACKEND": "agg"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] and len(runs[0]) > 10_000


def test_follows_the_theme_and_stays_text():
    page = build().html
    svg = page[page.index("<svg") : page.index("</svg>")]
    assert "currentColor" in svg and "#000000" not in svg
    assert "<text" in svg and "font-family" not in svg
    assert 'role="group" aria-label="a line"' in page


def test_two_figures_share_no_id():
    ids = [
        re.findall(r' id="([^"]+)"', build(name=name).html) for name in ("one", "two")
    ]
    assert all(ids) and not set(ids[0]) & set(ids[1])


def test_columns_of_axes_become_panels():
    fig, update = everything()
    drawn = explore(fig, update, alt="all", k=[1, 5]).drawing.svg(["0"] * 99)
    panels = ET.fromstring(drawn).findall("div/svg")
    boxes = [list(map(float, svg.get("viewBox").split())) for svg in panels]
    assert len(boxes) == 2 and boxes[0][0] == 0
    assert boxes[0][2] == pytest.approx(boxes[1][0], abs=0.2)
    assert sum(box[2] for box in boxes) == pytest.approx(460.8, abs=0.2)
    assert [len(svg.findall("g")) for svg in panels] == [1, 1]


@pytest.mark.parametrize(
    "whole",
    [lambda fig: fig.suptitle("t"), lambda fig: fig.legend(["a"]), lambda fig: None],
)
def test_what_belongs_together_stays_in_one_piece(whole):
    fig, axes = plt.subplots(2 if whole(plt.figure()) is None else 1, 1, squeeze=False)
    (line,) = axes[0, 0].plot(x, x)
    whole(fig)
    drawing = explore(
        fig, lambda k: (line.set_ydata(k * x), line)[1], alt="x", k=[1, 2]
    ).drawing
    assert len(ET.fromstring(drawing.svg(["M0 0"]))) == 1


def test_html_in_texts_is_escaped():
    fig, ax = plt.subplots()
    word = ax.set_title("a")

    def update(k):
        word.set_text(f"</script><b>{k}")
        return word, f"<i>{k}"

    page = explore(fig, update, alt='quote " and <', k=Slider([1, 2], label="<k>")).html
    assert "<b>" not in page and "<i>" not in page and "<k>" not in page
    assert page.count("</script>") == 2


def test_label_unit_format_and_start():
    page = build(
        k=Slider([1, 2, 3], label="slope", unit="m", format="{:.1f}", start=2)
    ).html
    assert "<span>slope</span>" in page and 'aria-valuetext="2.0 m"' in page
    assert 'value="1"' in page  # the place of the start on the grid


BAD = {
    "empty grid": ({"k": []}, "'k'.*\\[\\]"),
    "unsorted grid": ({"k": [1, 3, 2]}, "'k' must rise, but 2 follows 3"),
    "equal values": ({"k": [1, 1]}, "'k' must rise"),
    "not finite": ({"k": [1, float("nan")]}, "'k': nan is not finite"),
    "infinite": ({"k": np.array([1, np.inf])}, "'k': inf is not finite"),
    "mixed": ({"k": [1, "a"]}, "'k': 'a' is not a number"),
    "boolean": ({"k": [False, True]}, "'k': False is not a number"),
    "text": ({"k": "abc"}, "'k'.*'abc'"),
    "number": ({"k": 3}, "'k'.*3"),
    "two dimensions": ({"k": np.ones((2, 2))}, "'k'.*is not a number"),
    "option twice": ({"k": ["a", "a"]}, "'k' has an option twice"),
    "start off the grid": ({"k": Slider([1, 2], start=7)}, "'k' starts at 7"),
    "unknown name": ({"other": [1]}, "sliders k, other"),
    "no alt": ({"alt": " "}, "alt="),
    "bad name": ({"name": "Two words"}, "'Two words'"),
    "returns nothing": ({"update": lambda k: None}, "no artists for {'k': 1}"),
    "returns no artist": (
        {"update": lambda k: [k]},
        "returned 1, which is not an artist",
    ),
    "too many values": ({"k": range(MAX_STATES + 1)}, f"at most {MAX_STATES}"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    changes, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        _ = build(**changes).html


def test_no_sliders():
    arguments = simple()
    with pytest.raises(ValueError, match="one to three sliders, not 0"):
        explore(arguments["fig"], lambda: None, alt="x")


def moving(change):
    """Return explore arguments whose update also does something it may not."""
    fig, ax = plt.subplots()
    (line,) = ax.plot(x, x)
    ax.set_ylabel("height")
    other = ax.plot(x, x)[0]

    def update(k):
        line.set_ydata(k * x)
        return change(ax, line, other, k)

    return fig, update


FORBIDDEN = {
    "limits": (
        lambda ax, line, other, k: (ax.set_xlim(0, k), line)[1],
        "limits of 'height'",
    ),
    "colour": (lambda ax, line, other, k: (line.set_color(f"C{k}"), line)[1], "colour"),
    "forgotten artist": (
        lambda ax, line, other, k: (other.set_ydata(x * k), line)[1],
        "but does not return it",
    ),
    "forgotten title": (
        lambda ax, line, other, k: (ax.set_title(str(k)), line)[1],
        "but does not return it",
    ),
    "new artist": (
        lambda ax, line, other, k: [line, *ax.plot(x, k * x)],
        "other artists",
    ),
    "mathtext": (
        lambda ax, line, other, k: ax.set_title("$x$") and [line, ax.title],
        "plain text",
    ),
    "annotation": (
        lambda ax, line, other, k: [line, ax.annotate("a", (0, k))],
        "cannot move",
    ),
}


@pytest.mark.parametrize("case", FORBIDDEN)
def test_what_a_slider_cannot_move_is_refused(case):
    change, message = FORBIDDEN[case]
    with pytest.raises(ValueError, match=message):
        _ = explore(*moving(change), alt="x", k=[1, 2, 3]).html


def test_empty_at_the_start_is_shown_later():
    fig, ax = plt.subplots()
    (line,) = ax.plot([], [], "o-")
    word = ax.text(0.5, 0.5, "")
    points = ax.scatter([], [])
    ax.set(xlim=(0, 1), ylim=(0, 1))

    def update(k):
        line.set_data(x[:k], x[:k])
        points.set_offsets(np.c_[x[:k], x[:k]])
        word.set_text("here" * k)
        return line, points, word

    figure = explore(fig, update, alt="x", k=[0, 1, 30])
    assert [value for value in figure.state([0]) if value.startswith("M")] == []
    assert len([value for value in figure.state([30]) if value.startswith("M")]) == 3


def test_live_mode_follows_the_widgets(monkeypatch):
    monkeypatch.setenv("REGLAB_EXPLORE", "live")
    fig, update = everything()
    figure = explore(fig, update, alt="all", k=[1.0, 2.0, 5.0], kind=["sine", "line"])
    bundle = figure._repr_mimebundle_()
    assert (
        "application/vnd.jupyter.widget-view+json" in bundle
        and "text/html" not in bundle
    )
    slider, choice = figure.controls["k"], figure.controls["kind"]
    assert isinstance(slider, ipywidgets.FloatSlider) and isinstance(
        choice, ipywidgets.Dropdown
    )
    assert (
        bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
        == figure.box.model_id
    )
    picture = figure.box.children[-1]
    slider.value = 3.21  # off the grid
    assert "k = 3.21" in picture.value and "k is 3.21" in picture.value
    before = picture.value
    choice.value = "line"
    assert picture.value != before
    slider.value = 99
    assert slider.value == 5


def test_live_figure_says_why_it_stands_still(monkeypatch):
    monkeypatch.setenv("REGLAB_EXPLORE", "live")
    arguments = simple()

    def update(k):
        if k == 3:
            raise ValueError("three < four")
        return arguments["update"](k)

    with pytest.raises(ValueError, match="three"):
        explore(arguments["fig"], update, alt="x", k=[1, 3])
    figure = explore(arguments["fig"], update, alt="x", k=[1, 2, 4])
    figure._repr_mimebundle_()
    with pytest.raises(ValueError, match="three"):
        figure.controls["k"].value = 3
    assert "three &lt; four" in figure.box.children[-1].value


def test_live_sliders_reach_every_value(monkeypatch):
    monkeypatch.setenv("REGLAB_EXPLORE", "live")
    kinds = {
        ipywidgets.IntSlider: [1, 2, 3],
        ipywidgets.FloatSlider: [0.0, 0.5, 1.0],
        ipywidgets.FloatLogSlider: list(np.geomspace(0.01, 100, 9)),
    }
    for kind, grid in kinds.items():
        figure = build(k=Slider(grid, label="slope"))
        figure._repr_mimebundle_()
        control = figure.controls["k"]
        assert type(control) is kind and control.description == "slope"
        assert np.isclose(control.value, grid[0])


def test_an_even_grid_stays_even_live(monkeypatch):
    monkeypatch.setenv("REGLAB_EXPLORE", "live")
    beta = [k / 100 for k in range(90, 100)]  # nearly even in the logarithm, too
    for grid in (beta, [0.5], [1.0, 2.0]):
        figure = build(k=grid)
        figure._repr_mimebundle_()
        control = figure.controls["k"]
        assert type(control) is ipywidgets.FloatSlider
        assert (control.min, control.max) == (grid[0], grid[-1])
        assert len(grid) < 3 or control.step < 0.01


def test_mode(monkeypatch):
    monkeypatch.delenv("REGLAB_EXPLORE")
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert not is_live()
    monkeypatch.setenv("JPY_SESSION_NAME", "x.ipynb")
    assert is_live()
    monkeypatch.setenv("REGLAB_EXPLORE", "static")
    assert not is_live()
    monkeypatch.delenv("JPY_SESSION_NAME")
    monkeypatch.delenv("REGLAB_EXPLORE")
    monkeypatch.setitem(sys.modules, "google.colab", sys)
    assert is_live()
    monkeypatch.setenv("REGLAB_EXPLORE", "sometimes")
    with pytest.raises(ValueError, match="sometimes"):
        is_live()


def test_still_figure():
    fig, ax = plt.subplots()
    ax.plot(x, x)
    page = show(fig, alt="a line")._repr_html_()
    assert page.startswith('<figure class="still">') and 'aria-label="a line"' in page
    with pytest.raises(ValueError, match="alt="):
        show(fig, alt="")


def test_figure_keeps_its_state_after_export():
    figure = build(k=Slider([1, 2, 3], start=2))
    before = figure.state([2])
    _ = figure.html
    assert figure.drawing.values() == before[:-1]


def test_three_sliders_count_in_the_right_order():
    fig, ax = plt.subplots()
    word = ax.set_title("x")

    def update(a, b, c):
        word.set_text(f"{a}{b}{c}")
        return word

    page = explore(fig, update, alt="x", a=[0, 1], b=[0, 1, 2], c=["p", "q"]).html
    order = [
        "".join(map(str, s)) for s in itertools.product([0, 1], [0, 1, 2], ["p", "q"])
    ]
    places = [page.index(f'"{state}"') for state in order]
    assert places == sorted(places)
