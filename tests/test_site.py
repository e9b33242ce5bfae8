"""The built site in a real browser, without a network: nothing is missing, nothing overflows."""

import html
import re
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest

import address
from conftest import ROOT

SCREENSHOTS = ROOT / "_build/screenshots"

THEME = "getComputedStyle(document.documentElement).colorScheme"
SCROLLS_SIDEWAYS = (
    "document.documentElement.scrollWidth > document.documentElement.clientWidth"
)


def test_pages_load_whole_and_silent(base, book, open_page):
    for name in book.pages:
        page = open_page(f"{base}/{name}")
        page.wait_for_load_state("networkidle")
        assert not page.faults, name


def test_front_page_leads_to_the_book(base, open_page):
    page = open_page(f"{base}/index.html")
    page.wait_for_url(f"{base}/book/index.html")
    assert not page.faults


def test_nothing_scrolls_sideways_on_a_phone(root, book, open_page):
    for name in book.pages:
        page = open_page(f"{root}/{name}", viewport={"width": 360, "height": 740})
        page.evaluate(
            "document.querySelectorAll('details').forEach(d => d.open = true)"
        )
        assert not page.evaluate(SCROLLS_SIDEWAYS), name


def test_no_code_scrolls_on_a_desktop(root, book, open_page):
    for name in book.pages:
        page = open_page(f"{root}/{name}")
        page.evaluate(
            "document.querySelectorAll('details').forEach(d => d.open = true)"
        )
        too_wide = """blocks => blocks.filter(pre => pre.scrollWidth > pre.clientWidth)
            .map(pre => pre.textContent.slice(0, 200))"""
        assert not page.eval_on_selector_all("pre", too_wide), name


@pytest.mark.parametrize(
    "width, theme", [(w, t) for w in (1280, 360) for t in ("light", "dark")]
)
def test_screenshots(root, book, open_page, width, theme):
    """Not a test of looks: writes what people should look at."""
    SCREENSHOTS.mkdir(exist_ok=True)
    for name in book.pages:
        size = {"width": width, "height": 900}
        page = open_page(f"{root}/{name}", viewport=size, color_scheme=theme)
        assert page.evaluate(THEME) == theme
        stem = name.removesuffix(".html").replace("/", "-")
        page.screenshot(
            path=SCREENSHOTS / f"{stem}-{width}-{theme}.png", full_page=True
        )


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
    for name in set(book.pages) - {"404.html"}:  # its links: see test_product
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
