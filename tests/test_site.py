"""The built site in a real browser, without a network: its figures move, nothing is missing."""

import gzip
import html
import re
from urllib.parse import parse_qs, unquote, urldefrag, urljoin, urlsplit

import pytest

import address
from conftest import ROOT

SCREENSHOTS = ROOT / "_build/screenshots"

LARGEST_FIGURE = 150  # KB, gzipped

# All that a figure shows of its state: the attributes and texts of its dynamic elements.
STATE = """figure => JSON.stringify([...figure.querySelectorAll("[data-k]")].map(
    e => [...e.attributes].map(a => a.value).concat(e.textContent)))"""
SCROLLS_SIDEWAYS = (
    "document.documentElement.scrollWidth > document.documentElement.clientWidth"
)


def pytest_generate_tests(metafunc):
    if "where" in metafunc.fixturenames:
        metafunc.parametrize("where", ["file", "subpath"])


@pytest.fixture
def base(site, where, request):
    return site.as_uri() if where == "file" else request.getfixturevalue("served")


@pytest.fixture(scope="module")
def root(site):
    return site.as_uri()


def figures(page):
    return page.query_selector_all("figure.explore")


def test_pages_load_whole_and_silent(base, book, open_page):
    for name in book.pages:
        page = open_page(f"{base}/{name}")
        page.wait_for_load_state("networkidle")
        assert not page.faults, name


def test_front_page_leads_to_the_book(base, open_page):
    page = open_page(f"{base}/index.html")
    page.wait_for_url(f"{base}/book/index.html")
    assert not page.faults


def test_search_finds(base, open_page):
    page = open_page(f"{base}/search.html?q=penalty")
    page.wait_for_selector("#search-results li a")
    page.wait_for_load_state("networkidle")
    assert not page.faults


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
        "c => c.parentElement.querySelector('output').textContent"
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


def test_nothing_scrolls_sideways_on_a_phone(root, book, open_page):
    for name in book.pages:
        page = open_page(f"{root}/{name}", viewport={"width": 360, "height": 740})
        page.evaluate(
            "document.querySelectorAll('details').forEach(d => d.open = true)"
        )
        assert not page.evaluate(SCROLLS_SIDEWAYS), name


def test_no_code_scrolls_on_a_desktop(root, book, open_page):
    for name in book.chapters:
        page = open_page(f"{root}/{name}")
        page.evaluate(
            "document.querySelectorAll('details').forEach(d => d.open = true)"
        )
        too_wide = """blocks => blocks.filter(pre => pre.scrollWidth > pre.clientWidth)
            .map(pre => pre.textContent.slice(0, 200))"""
        assert not page.eval_on_selector_all(".cell_input pre", too_wide), name


@pytest.mark.parametrize(
    "width, theme", [(w, t) for w in (1280, 360) for t in ("light", "dark")]
)
def test_screenshots(root, book, open_page, width, theme):
    """Not a test of looks: writes what people should look at."""
    SCREENSHOTS.mkdir(exist_ok=True)
    for name in book.pages:
        size = {"width": width, "height": 900}
        page = open_page(f"{root}/{name}", viewport=size, color_scheme=theme)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        stem = name.removesuffix(".html").replace("/", "-")
        page.screenshot(
            path=SCREENSHOTS / f"{stem}-{width}-{theme}.png", full_page=True
        )


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


def test_chapters_open_in_colab(site, book):
    owner, repository = address.find_address(address.CONFIG, "url:")
    colab = f"https://colab.research.google.com/github/{owner}/{repository}/blob/main"
    for name in book.chapters:
        notebook = name.removesuffix(".html") + ".ipynb"
        assert (ROOT / notebook).exists()
        assert f'href="{colab}/{notebook}"' in (site / name).read_text(
            encoding="utf-8"
        ), name


def test_internal_links_resolve(site, book):
    for name in book.pages:
        text = (site / name).read_text(encoding="utf-8")
        for link in re.findall(r'\b(?:href|src)="([^"]+)"', text):
            target, fragment = urldefrag(urljoin(name, html.unescape(link)))
            if urlsplit(target).scheme:
                continue
            path = site / unquote(urlsplit(target).path)
            assert path.exists(), f"{name} links to {link}"
            identity = fragment.split("?")[0]
            if path.suffix == ".html" and identity:
                linked = path.read_text(encoding="utf-8")
                assert f'id="{unquote(identity)}"' in linked, f"{name} links to {link}"


def test_formulas_are_mathml(site, book):
    texts = [(site / name).read_text(encoding="utf-8") for name in book.pages]
    assert any("<math" in text for text in texts)
    assert not any("MathJax" in text or "mathjax.js" in text for text in texts)
