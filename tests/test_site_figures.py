"""The figures of the built site in a real browser: they follow every control, and links."""

import gzip
import html
import re
from urllib.parse import parse_qs

LARGEST_FIGURE = 150  # KB, gzipped

# All that a figure shows of its state: the attributes and texts of its dynamic elements.
STATE = """figure => JSON.stringify([...figure.querySelectorAll("[data-k]")].map(
    e => [...e.attributes].map(a => a.value).concat(e.textContent)))"""


def figures(page):
    return page.query_selector_all("figure.explore")


def test_chapters_have_figures(book, root, open_page):
    for name in book.chapters:
        assert figures(open_page(f"{root}/{name}")), name


def changes(figure, action):
    """Return whether `action` changes what the figure shows."""
    before = figure.evaluate(STATE)
    action()
    return figure.evaluate(STATE) != before


def check_keyboard(figure, control):
    """Go through a control with the keys; every end is reached and the figure follows."""
    control.focus()
    if control.evaluate("c => c.tagName") == "SELECT":
        control.press("Home")
        assert changes(figure, lambda: control.press("ArrowDown"))
        assert changes(figure, lambda: control.press("ArrowUp"))
        return
    control.press("Home")
    assert control.evaluate("c => c.value === c.min")
    said = control.get_attribute("aria-valuetext")
    assert changes(figure, lambda: control.press("End"))
    assert control.evaluate("c => c.value === c.max")
    assert control.get_attribute("aria-valuetext") != said
    steps = min(3, int(control.get_attribute("max")))
    assert changes(figure, lambda: [control.press("ArrowLeft") for _ in range(steps)])
    assert control.evaluate("(c, n) => Number(c.value) === Number(c.max) - n", steps)
    assert changes(figure, lambda: [control.press("ArrowRight") for _ in range(steps)])
    assert control.evaluate("c => c.value === c.max")
    output = control.evaluate(
        "c => c.closest('label').querySelector('output').textContent"
    )
    assert output == control.get_attribute("aria-valuetext")


def check_mouse(page, figure, control):
    """Click on the track and drag along it; the figure follows both."""
    control.scroll_into_view_if_needed()
    box = control.bounding_box()
    left, width, middle = box["x"], box["width"], box["y"] + box["height"] / 2

    def drag():
        page.mouse.down()
        page.mouse.move(left + 0.9 * width, middle, steps=5)
        page.mouse.up()

    page.mouse.click(left + 0.5 * width, middle)
    assert changes(figure, lambda: page.mouse.click(left + 0.1 * width, middle))
    page.mouse.move(left + 0.1 * width, middle)
    assert changes(figure, drag)


def put_back(control, start):
    """Set a control as it was: at its ends another one may have nothing to change."""
    control.evaluate(
        """(control, start) => {
            control.value = start
            control.dispatchEvent(new Event("input", {bubbles: true}))
        }""",
        start,
    )


def test_figures_follow_keyboard_and_mouse(base, book, open_page):
    for name in book.pages:
        page = open_page(f"{base}/{name}")
        for figure in figures(page):
            assert figure.get_attribute("data-ready") is not None, name
            for control in figure.query_selector_all("input, select"):
                start = control.input_value()
                check_keyboard(figure, control)
                if control.get_attribute("type") == "range":
                    check_mouse(page, figure, control)
                put_back(control, start)
        assert not page.faults, name


def test_keys_that_move_a_slider_are_its_own(root, book, open_page):
    page = open_page(f"{root}/{book.chapters[0]}")
    page.evaluate(
        """window.heard = []
        addEventListener("keydown", event => heard.push(event.key), true)"""
    )
    slider = page.query_selector("figure.explore input")
    for key in ("Home", "ArrowRight", "a", "ArrowUp", "Tab"):
        slider.press(key)
    assert slider.evaluate("s => s.value") == "2"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("heard") == ["a", "Tab", "ArrowDown"]


def test_address_restores_the_state(root, book, open_page):
    again = open_page(f"{root}/book/index.html")
    for name in book.chapters:
        page = open_page(f"{root}/{name}")
        for figure in figures(page):
            control = figure.query_selector("input, select")
            if control is None:  # a still figure has no state
                continue
            start = control.input_value()
            before = figure.query_selector(".explore-link").get_attribute("href")
            control.press("End")
            if control.input_value() == start:
                control.press("Home")
            assert control.input_value() != start
            # the link follows when the control rests
            figure.wait_for_selector(f'.explore-link:not([href="{before}"])')
            link = figure.query_selector(".explore-link").evaluate("a => a.href")

            again.goto("about:blank")  # else only the fragment would change
            again.goto(link)
            same = again.query_selector(f"figure#{figure.get_attribute('id')}")
            moved = same.query_selector("input, select")
            assert moved.input_value() == control.input_value()
            assert same.evaluate(STATE) == figure.evaluate(STATE)
            assert not again.faults


def test_instructors_links_open_the_states_they_name(site, root, open_page):
    links = {
        html.unescape(link)
        for note in site.glob("book/teaching/*.html")
        for link in re.findall(
            r'href="\.\./([\w-]+\.html#\w[^"]*\?[^"]+)"', note.read_text("utf-8")
        )
    }
    assert links
    page = open_page(f"{root}/book/instructors.html")
    for link in sorted(links):
        identity, _, asked = link.partition("#")[2].partition("?")
        page.goto("about:blank")  # else only the fragment would change
        page.goto(f"{root}/book/{link}")
        figure = page.wait_for_selector(
            f"figure#{identity}[data-ready]", state="attached"
        )
        shown = figure.query_selector(".explore-link").get_attribute("href")
        state = parse_qs(shown.partition("?")[2])
        for name, value in parse_qs(asked).items():
            assert state.get(name) == value, f"{link} shows {shown}"


def test_figures_are_there_without_scripts(root, book, open_page):
    for name in book.chapters:
        page = open_page(f"{root}/{name}", java_script_enabled=False)
        shown = page.locator("figure.explore")
        assert shown.count()
        for figure in shown.all():
            boxes = [
                drawing.bounding_box()
                for drawing in figure.locator("svg:visible").all()
            ]
            assert sum(box["width"] for box in boxes) > 300, name
            assert max(box["height"] for box in boxes) > 100, name
            described = figure.locator(
                "[role=group][aria-label], [role=img][aria-label]"
            )
            assert described.count(), name


def test_figures_are_there_in_print(root, book, open_page):
    for name in book.chapters:
        page = open_page(f"{root}/{name}")
        page.emulate_media(media="print")
        for figure in figures(page):
            assert any(
                drawing.is_visible() for drawing in figure.query_selector_all("svg")
            )
            assert not figure.query_selector(".explore-controls").is_visible()
        assert not page.locator(".bd-sidebar-primary").is_visible()


def test_figures_are_light(site, book):
    for name in book.chapters:
        text = (site / name).read_text(encoding="utf-8")
        drawn = re.findall(
            r'<figure\b[^>]*class="explore".*?</figure>', text, flags=re.S
        )
        assert drawn, name
        for figure in drawn:
            (identity,) = re.findall(r'^<figure\b[^>]*\bid="([^"]+)"', figure)
            size = len(gzip.compress(figure.encode())) / 1024
            assert size < LARGEST_FIGURE, f"{identity} in {name}"
