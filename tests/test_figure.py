"""The static figure of `explore` in a browser: what moves is what matplotlib would draw."""

from io import BytesIO, StringIO

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from reglab.explore import explore
from test_explore import everything

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>t</title>
<style>body {{ margin: 0; width: 922px; color: black; background: white }}
svg, .explore-panel {{ max-width: none !important; height: auto }}
{more}</style><body>{body}"""
NO_TEXT = "text { display: none }"  # the page's fonts are not matplotlib's
SLOPES = [1.0, 2.37, 3.9, 4.5]
KINDS = ["sine", "line"]


@pytest.fixture
def show(open_page, tmp_path):
    """Return a function that opens HTML as a page of its own."""

    def show(body, more="", fragment="", **options):
        path = tmp_path / "page.html"
        path.write_text(PAGE.format(body=body, more=more), encoding="utf-8")
        return open_page(path.as_uri() + fragment, **options)

    return show


@pytest.fixture(scope="module")
def html():
    fig, update = everything()
    return explore(fig, update, alt="all", name="all", k=SLOPES, kind=KINDS).html


def picture(page):
    shot = page.locator(".whole, .explore-panels").screenshot()
    # a panel may start between two pixels, so that thin lines differ by half of one
    return np.asarray(Image.open(BytesIO(shot)).convert("L").reduce(3), float)


@pytest.mark.parametrize(("k", "kind"), [(1.0, "sine"), (3.9, "line"), (4.5, "sine")])
def test_same_pixels_as_matplotlib(show, html, k, kind):
    page = show(html, NO_TEXT, f"#all?k={k}&kind={kind}")
    ours = picture(page)
    fig, update = everything()
    fig.draw_without_rendering()
    fig.set_layout_engine("none")
    update(k, kind)
    file = StringIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        fig.savefig(file, format="svg", transparent=True)
    svg = file.getvalue().partition("<svg")[2]
    raw = picture(
        show(
            f'<div class="whole"><svg style="display: block; width: 922px"{svg}</div>',
            NO_TEXT,
        )
    )
    assert ours.shape == raw.shape
    assert (abs(ours - raw) > 64).mean() < 0.002
    assert (ours < 250).mean() > 0.05  # not an empty picture
    assert not page.faults


def test_keys_move_the_figure(show, html):
    page = show(html)
    slider, title = (
        page.locator("input"),
        page.locator("svg [data-k]", has_text="k = ").last,
    )
    line = page.locator("svg path[data-k]").first
    slider.focus()
    seen = [line.get_attribute("d")]
    for key, expected in (
        ("ArrowRight", 2.37),
        ("End", 4.5),
        ("ArrowLeft", 3.9),
        ("Home", 1.0),
    ):
        page.keyboard.press(key)
        assert title.text_content() == f"k = {expected:.2f}"
        page.locator("[data-k]", has_text=f"k is {expected:g}").wait_for()
        assert float(slider.get_attribute("aria-valuetext")) == expected
        seen.append(line.get_attribute("d"))
    assert len(set(seen)) == 4  # the first and the last state are the same
    page.locator("select").select_option("line")
    assert line.get_attribute("d") not in seen


def test_link_restores_the_state(show, html):
    page = show(html)
    page.locator("input").focus()
    page.keyboard.press("End")
    page.locator("select").select_option("line")
    page.wait_for_selector(".explore-link[href*='k=4.5'][href*='kind=line']")
    link = page.locator(".explore-link").get_attribute("href")
    again = show(html, fragment=link)
    assert again.locator("input").input_value() == "3"
    assert again.locator("select").input_value() == "line"
    assert again.locator("figcaption [data-k]").text_content() == "k is 4.5"


@pytest.mark.parametrize(
    ("fragment", "place"),
    [("#all?k=2.4", "1"), ("#all?k=-7", "0"), ("#all?k=1e9", "3"), ("#all?k=x", "0"),
     ("#all?other=1", "0"), ("#else?k=4.5", "0"), ("#all", "0"), ("#%E0%A4%A", "0")],
)  # fmt: skip
def test_odd_addresses(show, html, fragment, place):
    page = show(html, fragment=fragment)
    assert page.locator("input").input_value() == place
    assert not page.faults


def test_without_scripts_the_first_state_is_there(show, html):
    page = show(html, java_script_enabled=False)
    assert page.locator("svg").first.is_visible()
    assert "k = 1.00" in page.locator("svg").last.text_content()
    assert not page.locator("input").is_visible()


def test_print_shows_no_controls(show, html):
    page = show(html)
    page.emulate_media(media="print")
    assert (
        page.locator("svg").first.is_visible()
        and not page.locator("input").is_visible()
    )


def test_colours_follow_the_page(show, html):
    page = show(html)
    tick = page.locator("svg text").first
    assert tick.evaluate("e => getComputedStyle(e).fill") == "rgb(0, 0, 0)"
    page.evaluate("document.body.style.color = 'rgb(200, 210, 220)'")
    assert tick.evaluate("e => getComputedStyle(e).fill") == "rgb(200, 210, 220)"


def test_two_figures_on_a_page_do_not_disturb_each_other(show, html):
    other = html.replace('id="all"', 'id="two"').replace("#all", "#two")
    page = show(html + other.replace("all-", "two-"))
    second = page.locator("#two input")
    before = page.locator("#all .explore-panels").inner_html()
    second.focus()
    page.keyboard.press("End")
    assert page.locator("#all .explore-panels").inner_html() == before
    page.locator("#two figcaption span", has_text="k is 4.5").wait_for()


def test_controls_have_names(show, html):
    page = show(html)
    assert page.get_by_role("slider", name="k").count() == 1
    assert page.get_by_role("combobox", name="kind").count() == 1
    assert page.get_by_role("group", name="all").count() == 1
