"""Sections away from the screen wait to be drawn, and nobody notices: see near.js."""

import pytest

WIDTHS = [360, 1280]
SECTIONS = ".bd-article > section section"
MEASURED = f"""() => document.documentElement.classList.contains("near")
    && !document.querySelector("{SECTIONS}:not([style])")"""
HEIGHTS = f"[...document.querySelectorAll('{SECTIONS}')].map(s => s.offsetHeight)"
DRAWN = f"""[...document.querySelectorAll("{SECTIONS}")]
    .map(s => s.firstElementChild.checkVisibility({{contentVisibilityAuto: true}}))"""
# Where the top of an element is, and whether the page goes on below the screen.
PLACE = """e => [e.getBoundingClientRect().top,
    innerHeight + scrollY < document.documentElement.scrollHeight - 2]"""


def arrive(open_page, address, width):
    page = open_page(
        address, viewport={"width": width, "height": 740}, reduced_motion="reduce"
    )
    page.wait_for_function(MEASURED)
    return page


@pytest.mark.parametrize("width", WIDTHS)
def test_every_section_has_its_own_height(root, book, open_page, width):
    for name in book.chapters:
        page = arrive(open_page, f"{root}/{name}", width)
        drawn, heights = page.evaluate(DRAWN), page.evaluate(HEIGHTS)
        assert not drawn[-1] and sum(drawn) < len(drawn) / 2, name
        page.evaluate("document.documentElement.classList.remove('near')")
        assert all(page.evaluate(DRAWN))
        assert page.evaluate(HEIGHTS) == pytest.approx(heights, abs=1), name
        page.close()


def test_heights_follow_the_width_and_what_is_opened(root, book, open_page):
    page = arrive(open_page, f"{root}/{book.chapters[0]}", 1280)
    page.set_viewport_size({"width": 400, "height": 740})
    page.wait_for_timeout(300)
    page.wait_for_function(MEASURED)
    folded = page.locator(f"{SECTIONS} details:not([open]) > summary").last
    folded.click()
    page.wait_for_timeout(300)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(300)
    heights = page.evaluate(HEIGHTS)
    assert not page.evaluate(DRAWN)[-1]
    page.evaluate("document.documentElement.classList.remove('near')")
    assert page.evaluate(HEIGHTS) == pytest.approx(heights, abs=1)


@pytest.mark.parametrize("width", WIDTHS)
def test_jumps_land(root, book, open_page, width):
    """From outside to a section and to a state of a figure, and from section to section."""
    for name in book.chapters:
        page = arrive(open_page, f"{root}/{name}", width)
        ids = page.evaluate(
            f"[...document.querySelectorAll('{SECTIONS}')].map(s => s.id)"
        )
        figure = page.query_selector_all("figure.explore")[-1]
        control = figure.query_selector("input, select").get_attribute("name")
        state = f"{figure.get_attribute('id')}?{control}=2"
        wanted = [ids[-1], ids[1], ids[len(ids) // 2]]
        for section in wanted:
            page.evaluate("id => { location.hash = id }", section)
            check(page, section, name)
        page.close()
        page = arrive(open_page, f"{root}/{name}#{wanted[-1]}", width)
        check(page, wanted[-1], name)
        page.close()
        page = arrive(open_page, f"{root}/{name}#{state}", width)
        box = page.locator(f"figure#{state.split('?')[0]}").bounding_box()
        assert box["y"] < 370 < box["y"] + box["height"], (name, state)
        page.close()


def check(page, section, name):
    page.wait_for_timeout(150)
    top, goes_on = page.locator(f"[id='{section}']").evaluate(PLACE)
    in_the_upper_quarter = -2 <= top <= 740 / 4
    at_the_end = not goes_on and 0 < top < 740
    assert in_the_upper_quarter or at_the_end, (name, section, top)
