"""Sections below the first screen wait to be laid out, and nobody notices: see near.js."""

import pytest

WIDTHS = [360, 1280]
SECTIONS = ".bd-article > section section"
HEIGHTS = f"[...document.querySelectorAll('{SECTIONS}')].map(s => s.offsetHeight)"
DRAWN = f"""[...document.querySelectorAll("{SECTIONS}")]
    .map(s => s.firstElementChild.checkVisibility({{contentVisibilityAuto: true}}))"""
# What is drawn when sections begin to follow; nothing is said where none has to.
EARLY = f"""{{
    const idle = requestIdleCallback
    window.requestIdleCallback = follow => idle(deadline => {{
        window.early ??= {DRAWN}
        follow(deadline)
    }})
}}"""
CLICK = """addEventListener("load", () => {{  // while sections are still coming
    document.querySelector('a[href="#{}"]').click()
}})"""
SETTLED = "() => !document.documentElement.classList.contains('near')"
# Where the top of an element is, and whether the page goes on below the screen.
PLACE = """e => [e.getBoundingClientRect().top,
    innerHeight + scrollY < document.documentElement.scrollHeight - 2]"""


def arrive(open_page, root, address, width, script=EARLY):
    """Open an address of the book with a script that runs before the page's own."""
    page = open_page(
        f"{root}/book/cite.html",
        viewport={"width": width, "height": 740},
        reduced_motion="reduce",
    )
    page.add_init_script(script)
    page.goto(f"{root}/{address}")
    return page


@pytest.mark.parametrize("width", WIDTHS)
def test_the_first_screen_comes_first_and_the_rest_by_itself(
    root, book, open_page, width
):
    for name in book.chapters:
        page = arrive(open_page, root, name, width)
        page.wait_for_function(SETTLED)
        early = page.evaluate("early")
        assert not early[-1], name
        assert sum(early) < len(early) / 2, name
        assert all(page.evaluate(DRAWN)), name
        assert not page.query_selector(f"{SECTIONS}[style]"), name
        page.close()


def test_nothing_waits_on_a_page_opened_in_its_midst(root, book, open_page):
    name = book.chapters[0]
    page = arrive(open_page, root, f"{name}#references", 1280)
    page.wait_for_timeout(300)
    assert page.evaluate("window.early") is None
    page.goto(f"{root}/{name}")
    page.wait_for_function(SETTLED)
    assert page.evaluate("window.early")
    heights = page.evaluate(HEIGHTS)
    page.evaluate("scrollTo(0, 3000)")
    page.wait_for_timeout(100)
    page.reload()
    page.wait_for_timeout(300)
    assert page.evaluate("window.early") is None
    assert page.evaluate(HEIGHTS) == pytest.approx(heights, abs=1)


@pytest.mark.parametrize("width", WIDTHS)
def test_jumps_land(root, book, open_page, width):
    """At once, later, from outside, to a section and to a state of a figure."""
    for name in book.chapters[::3]:
        page = arrive(open_page, root, name, width)
        ids = page.evaluate(
            f"[...document.querySelectorAll('{SECTIONS}')].map(s => s.id)"
        )
        figure = page.query_selector_all("figure.explore")[-1]
        control = figure.query_selector("input, select").get_attribute("name")
        state = f"{figure.get_attribute('id')}?{control}=2"
        wanted = [ids[-1], ids[1], ids[len(ids) // 2]]
        page.close()
        page = arrive(open_page, root, name, width, CLICK.format(wanted[0]))
        page.wait_for_function(SETTLED)
        check(page, wanted[0], name)
        for section in wanted:
            page.evaluate("id => { location.hash = id }", section)
            check(page, section, name)
        page.close()
        page = arrive(open_page, root, f"{name}#{wanted[-1]}", width)
        check(page, wanted[-1], name)
        page.close()
        page = arrive(open_page, root, f"{name}#{state}", width)
        box = page.locator(f"figure#{state.split('?')[0]}").bounding_box()
        middle = box["y"] + box["height"] / 2
        fits = box["height"] < 740
        assert abs(middle - 370) < 60 if fits else 0 <= box["y"] < 90, (name, state)
        page.close()


def check(page, section, name):
    """Raise if the screen does not show where a section begins."""
    page.wait_for_timeout(150)
    top, goes_on = page.locator(f"[id='{section}']").evaluate(PLACE)
    in_the_upper_quarter = -2 <= top <= 740 / 4
    at_the_end = not goes_on and 0 < top < 740
    assert in_the_upper_quarter or at_the_end, (name, section, top)
