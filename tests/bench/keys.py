"""Milliseconds from a key press to the redrawn figure, in Chromium, layout included.

Real key events are sent to each slider of the built site. The clock starts in the first
`keydown` listener of the page; after the figure's own handler it stops in an `input` listener
on the window, which first asks for the place of the figure and so forces style and layout of
the whole page. Painting of the frame follows outside of any script and is not in the figure;
`pages` has it. The last two lines have the same for a page with nothing but a slider and a line.
"""

import itertools
import statistics
import sys

from common import BARE, SITE, p95, say

import browser

PRESSES = 100
SLOW = (1, 4)
WATCH = """{
  window.times = [];
  let start;
  addEventListener("keydown", () => { start = performance.now(); }, true);
  addEventListener("input", (event) => {
    event.target.closest("figure").getBoundingClientRect();
    times.push(performance.now() - start);
  });
}"""


def measure(chromium, address, figure, slow):
    """Return the times of many presses on the first slider of a figure."""
    page = chromium.new_page()
    page.add_init_script(WATCH)
    page.goto(address)
    page.context.new_cdp_session(page).send(
        "Emulation.setCPUThrottlingRate", {"rate": slow}
    )
    slider = page.query_selector(f"{figure} input")
    slider.focus()
    slider.press("Home")
    for n in range(PRESSES):
        slider.press("ArrowRight" if n % 20 < 10 else "ArrowLeft")
    times = page.evaluate("times")
    page.close()
    return times


def report(what, slow, times):
    """Print the middle and the slow end of the times."""
    say(
        f"{what}, CPU slowed {slow}×",
        f"median {statistics.median(times):.1f} ms, 95th perc. {p95(times):.1f} ms",
    )


def main():
    """Go through every figure of the site in `_build/html`."""
    from playwright.sync_api import sync_playwright

    pages = sorted((SITE / "book").glob("*.html"))
    if not pages:
        sys.exit("there is no site to measure: run `make book` first")
    if browser.find() is None:
        sys.exit(browser.MISSING)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.find(), args=browser.SWITCHES
        )
        for path in pages:
            page = chromium.new_page()
            page.goto(path.as_uri())
            names = [
                f.get_attribute("id")
                for f in page.query_selector_all("figure.explore:has(input)")
            ]
            page.close()
            for name, slow in itertools.product(names, SLOW):
                times = measure(chromium, path.as_uri(), f"figure#{name}", slow)
                report(f"{path.stem} #{name}", slow, times)
        for slow in SLOW:
            report("a slider and a line", slow, measure(chromium, BARE, "figure", slow))
        chromium.close()
