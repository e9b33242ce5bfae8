"""Everyone can read the book: with a screen reader, the keys alone, a phone, on paper.

Pages are thinned before axe-core sees them, for its time grows with the elements: code keeps
one token of each kind, drawings keep their words, formulas become words. Colours are therefore
looked at twice: by axe, and by `CONTRAST` on every text of the whole page, drawings included.
"""

import gzip
import io
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from PIL import Image

import mathml
from conftest import SUBPATH
from test_look import contrast
from test_site import SCROLLS_SIDEWAYS
from test_site_figures import STATE

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
SMALLEST_TYPE = 9  # CSS px
LARGEST_PAGE = 350  # KB, gzipped, with all that it loads
LARGEST_SHIFT = 0.02  # of the layout, in the unit of the browsers
CONTRAST_RULES = ["color-contrast", "link-in-text-block"]
THEMES = ("light", "dark")
PHONE = {"viewport": {"width": 360, "height": 740}}
PAPER = {"viewport": {"width": 718, "height": 1000}}  # A4 with margins of 10 mm

OPEN_ALL = """() => document.querySelectorAll("details").forEach(d => {
    d.removeAttribute("name")  // of a quiz only one option is open at a time
    d.open = true
})"""

# Move the first control of each figure.
MOVE_ALL = """() => document.querySelectorAll("figure.explore").forEach(figure => {
    const control = figure.querySelector("input, select")
    if (control.type === "range")
        control.value = control.value === control.max ? control.min : control.max
    else control.selectedIndex = (control.selectedIndex + 1) % control.options.length
    control.dispatchEvent(new Event("input", {bubbles: true}))
})"""

THIN = """() => {
    const seen = new Set()
    document.querySelectorAll("pre span").forEach(span => {
        const kind = span.closest(".cell_output, .cell_input")?.className + span.className
        if (seen.has(kind)) span.replaceWith(...span.childNodes)
        seen.add(kind)
    })
    document.querySelectorAll(".explore-svg").forEach(
        svg => svg.replaceChildren(...svg.querySelectorAll("text")))
    document.querySelectorAll("math").forEach(m => m.replaceWith("formula"))
    document.querySelectorAll("figure script").forEach(s => s.remove())
}"""

# For each colour of a text on its ground the contrast of WCAG 2 and where it is, if too low.
# Texts of drawings with a colour of their own are left in `drawn`: they may stand on anything.
CONTRAST = """() => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true})
    const known = new Map()
    const rgba = colour => {
        if (!known.has(colour)) {
            canvas.clearRect(0, 0, 1, 1)
            canvas.fillStyle = colour
            canvas.fillRect(0, 0, 1, 1)
            const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
            known.set(colour, [r, g, b, a / 255])
        }
        return known.get(colour)
    }
    const over = ([r, g, b, a], ground) =>
        [r, g, b].map((c, i) => a * c + (1 - a) * ground[i])
    const luminance = colour => colour
        .map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
    const grounds = new Map()
    const ground = element => {
        if (!element) return rgba("canvas").slice(0, 3)
        if (!grounds.has(element)) {
            const own = rgba(getComputedStyle(element).backgroundColor)
            grounds.set(element,
                own[3] === 1 ? own.slice(0, 3) : over(own, ground(element.parentElement)))
        }
        return grounds.get(element)
    }
    const opacities = new Map([[null, 1]])
    const opacity = element => {
        if (!opacities.has(element)) {
            const own = getComputedStyle(element).opacity
            opacities.set(element, own * opacity(element.parentElement))
        }
        return opacities.get(element)
    }
    const ratio = (one, other) => {
        const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b)
        return (light + 0.05) / (dark + 0.05)
    }
    const low = new Map(), drawn = new Map(), tokens = new Set()
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement
        if (!walker.currentNode.data.trim()) continue
        if (element.closest("script, style, annotation, noscript, option")) continue
        if (element.matches("pre span")) {  // tokens of one kind look the same
            const cell = element.closest("[class*=cell_], .highlight")?.className
            if (tokens.has(cell + element.className)) continue
            tokens.add(cell + element.className)
        }
        if (!element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue
        const style = getComputedStyle(element), svg = element.closest("svg")
        const colour = [...rgba(svg ? style.fill : style.color)]
        colour[3] *= (svg ? style.fillOpacity : 1) * opacity(element)
        const behind = ground(element), contrast = ratio(over(colour, behind), behind)
        const large = !svg && parseFloat(style.fontSize) >= (style.fontWeight >= 700 ? 18.66 : 24)
        const own = svg && style.fill !== getComputedStyle(svg).color
        if (contrast >= (large ? 3 : 4.5) && !own) continue
        if (svg) {
            const [box, place] = [element, svg].map(e => e.getBoundingClientRect())
            if (!drawn.has(svg)) drawn.set(svg, [])
            drawn.get(svg).push({
                colour: over(colour, behind),
                words: element.textContent,
                box: [box.left - place.left, box.top - place.top,
                    box.right - place.left, box.bottom - place.top],
            })
            continue
        }
        const where = element.closest("[id]")?.id ?? element.className
        low.set(`${colour} on ${behind}`,
            `${contrast.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 40)} (${where})`)
    }
    window.drawn = drawn
    return [...low.values()]
}"""

# The smallest type of each figure in CSS pixels, if it is below the bar.
SMALL_TYPE = """bar => [...document.querySelectorAll("figure .explore-svg")].flatMap(svg => {
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
    return [...svg.querySelectorAll("text")]
        .filter(text => text.textContent.trim())
        .map(text => [parseFloat(getComputedStyle(text).fontSize) * scale, text.textContent])
        .filter(([size]) => size < bar)
        .map(([size, words]) => `${size.toFixed(1)} px: ${words}`)
})"""

TOO_WIDE = """selector => [...document.querySelectorAll(selector)]
    .filter(e => e.scrollWidth > e.clientWidth + 1)
    .map(e => `${e.scrollWidth} in ${e.clientWidth}: ${e.textContent.trim().slice(-80)}`)"""

# Drawings of which a box around them hides a part.
CLIPPED = """() => [...document.querySelectorAll(".explore-svg")].filter(svg => {
    const {left, right} = svg.getBoundingClientRect()
    if (left < 0 || right > document.documentElement.clientWidth) return true
    for (let e = svg.parentElement; e !== document.body; e = e.parentElement) {
        const box = e.getBoundingClientRect()
        if (getComputedStyle(e).overflowX !== "visible"
            && (left < box.left - 1 || right > box.right + 1)) return true
    }
}).map(svg => `a drawing of ${svg.closest("figure").id || "a still figure"} is cut off`)"""

# Boxes whose text is cut off because it does not fit and cannot be scrolled to.
CUT_OFF = """() => [...document.querySelectorAll(".bd-article *, .bd-sidebar *")].filter(e => {
    if (e.closest("svg, math, .explore-said") || !e.textContent.trim()) return false
    const {overflowX, overflowY, display} = getComputedStyle(e)
    if (display === "inline") return false
    return overflowY === "hidden" && e.scrollHeight > e.clientHeight + 2
        || overflowX === "hidden" && e.scrollWidth > e.clientWidth + 2
}).map(e => e.outerHTML.slice(0, 120))"""

# WCAG 2.2, 1.4.12: a reader may set these.
SPACED = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important }
p { margin-bottom: 2em !important }
svg * { letter-spacing: normal !important; word-spacing: normal !important }"""

# What has the focus, and whether it shows.
FOCUSED = """() => {
    const element = document.activeElement
    if (element === document.body) return null
    const {outlineStyle, outlineWidth, outlineColor} = getComputedStyle(element)
    const box = element.getBoundingClientRect()
    return {
        tag: element.tagName, kind: element.className, id: element.id,
        figure: element.closest("figure")?.id,
        name: element.getAttribute("aria-label") || element.labels?.[0]?.textContent
            || element.title || element.textContent.trim().slice(0, 60),
        ring: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
        seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    }
}"""


def described(violations):
    return [
        f"{v['id']}: {node['html'][:150]} {node['failureSummary'][-200:]}"
        for v in violations
        for node in v["nodes"]
    ]


def low_contrasts(page):
    """Return every text that has too little contrast with what it stands on."""
    low = page.evaluate(CONTRAST)
    for drawing in page.evaluate_handle("[...drawn.keys()]").get_properties().values():
        svg = drawing.as_element()
        texts = svg.evaluate("svg => drawn.get(svg)")
        image = Image.open(io.BytesIO(svg.screenshot())).convert("RGB")
        for text in texts:
            pixels = image.crop([round(edge) for edge in text["box"]])
            _, ground = max(pixels.getcolors(pixels.width * pixels.height))
            ratio = contrast(
                [c / 255 for c in text["colour"]], [c / 255 for c in ground]
            )
            if ratio < 4.5:
                low.append(f"{ratio:.2f}: {text['words']}, on {ground}")
    return low


def set_theme(page, theme):
    page.evaluate(
        """theme => {
            document.documentElement.dataset.theme = theme
            const moving = document.getAnimations().filter(a => a instanceof CSSTransition)
            moving.forEach(a => a.finish())
        }""",
        theme,
    )


@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing(site, book, open_page, width):
    """Light and dark, with all that folds open and every figure moved."""
    faults = []
    for name in book.pages:
        page = open_page(
            f"{site.as_uri()}/{name}", viewport={"width": width, "height": 900}
        )
        page.evaluate(OPEN_ALL)
        page.evaluate(MOVE_ALL)
        page.evaluate(THIN)
        page.evaluate(AXE)
        for theme in THEMES:
            set_theme(page, theme)
            options = {"resultTypes": ["violations"]}
            if theme != THEMES[0]:  # only the colours differ
                options["runOnly"] = CONTRAST_RULES
            found = page.evaluate(
                "options => axe.run(document, options).then(r => r.violations)", options
            )
            faults += [f"{name}, {theme}: {fault}" for fault in described(found)]
        page.close()
    assert not faults, "\n".join(faults)


def test_every_text_has_contrast(site, book, open_page):
    """In figures too, at their start and moved, and in the reader's own colours."""
    faults = []
    for name in book.pages:
        page = open_page(f"{site.as_uri()}/{name}", reduced_motion="reduce")
        page.evaluate(OPEN_ALL)
        for theme in THEMES:
            set_theme(page, theme)
            faults += [f"{name}, {theme}: {x}" for x in low_contrasts(page)]
        page.evaluate(MOVE_ALL)
        page.emulate_media(forced_colors="active")
        faults += [f"{name}, forced: {x}" for x in low_contrasts(page)]
        page.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("width", [360, 640, 768])
def test_formulas_and_figures_fit(site, book, open_page, width):
    """640 px is also a window of 1280 px at twice the size."""
    faults = []
    for name in book.pages:
        size = {"viewport": {"width": width, "height": 740}}
        page = open_page(f"{site.as_uri()}/{name}", **size)
        page.evaluate(OPEN_ALL)
        assert not page.evaluate(SCROLLS_SIDEWAYS), name
        found = page.evaluate(TOO_WIDE, "div.math, figcaption")
        found += page.evaluate(SMALL_TYPE, SMALLEST_TYPE) + page.evaluate(CLIPPED)
        faults += [f"{name}: {fault}" for fault in found]
        page.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "latex, parts",
    [
        (r"a = b", [("", "a = b")]),
        (r"a = b = c \le d", [("", "a = b"), ("link", "= c"), ("link", r"\le d")]),
        (r"a = b, \qquad c = d", [("", "a = b,"), ("gap", "c = d")]),
        (
            r"f_{i=1} = \frac{a = b}{c} = g",
            [("", r"f_{i=1} = \frac{a = b}{c}"), ("link", "= g")],
        ),
        (r"\left( a = b = c \right)", [("", r"\left( a = b = c \right)")]),
        (r"\begin{aligned} a &= b \\ &= c \quad d \end{aligned}", None),
    ],
    ids=["one", "chain", "gap", "braces", "brackets", "aligned"],
)
def test_formulas_break_at_their_links(latex, parts):
    assert mathml.links(latex) == (parts or [("", latex)])


def test_text_may_be_spaced_out(site, book, open_page):
    faults = []
    for name in book.pages:
        page = open_page(f"{site.as_uri()}/{name}", **PHONE)
        page.evaluate(OPEN_ALL)
        page.add_style_tag(content=SPACED)
        assert not page.evaluate(SCROLLS_SIDEWAYS), name
        faults += [f"{name}: {fault}" for fault in page.evaluate(CUT_OFF)]
        page.close()
    assert not faults, "\n".join(faults)


def tab_through(page):
    """Press Tab until the focus leaves the page; return what it stopped at."""
    stops = []
    while True:
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None or len(stops) > 600:
            return stops
        stops.append(stop)


def test_keys_reach_everything_and_the_focus_shows(site, book, open_page):
    name = min(book.chapters, key=lambda name: (site / name).stat().st_size)
    for size in ({}, PHONE):
        page = open_page(f"{site.as_uri()}/{name}", reduced_motion="reduce", **size)
        stops = tab_through(page)
        assert stops[0]["name"] == "Skip to main content"
        for stop in stops:
            assert stop["ring"] and stop["seen"] and stop["name"], stop
        reached = {
            "figure.explore :is(input, select)": [
                s for s in stops if s["figure"] and s["tag"] in ("INPUT", "SELECT")
            ],
            "summary": [s for s in stops if s["tag"] == "SUMMARY"],
            "article .copybtn": [s for s in stops if "copybtn" in s["kind"]],
        }
        for selector, found in reached.items():
            visible = page.evaluate(
                """selector => [...document.querySelectorAll(selector)]
                    .filter(e => e.checkVisibility(
                        {contentVisibilityAuto: true, visibilityProperty: true})).length""",
                selector,
            )
            assert len(found) == visible > 0, selector


def test_the_skip_link_skips(site, book, open_page):
    page = open_page(f"{site.as_uri()}/{book.chapters[0]}")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#main-content') !== null")


def test_what_scrolls_on_a_phone_can_be_focused(site, book, open_page):
    """By axe's rule, on whole pages: code and wide tables scroll in their own boxes."""
    page = open_page(f"{site.as_uri()}/{book.chapters[-1]}", **PHONE)
    page.evaluate(OPEN_ALL)
    stuck = """() => [...document.querySelectorAll(".bd-article *")]
        .filter(e => ["auto", "scroll"].includes(getComputedStyle(e).overflowX))
        .filter(e => e.scrollWidth > e.clientWidth + 1 && e.checkVisibility())
        .filter(e => e.tabIndex < 0)
        .map(e => e.outerHTML.slice(0, 100))"""
    assert not page.evaluate(stuck)


def test_a_slider_says_its_value_and_then_the_finding(site, book, open_page):
    for name in book.chapters:
        page = open_page(f"{site.as_uri()}/{name}")
        figure = page.query_selector("figure.explore:has(input)")
        slider = figure.query_selector("input")
        status = figure.query_selector(".explore-said")
        assert status.get_attribute("role") == "status" and not status.inner_text()
        status.evaluate(
            """status => {
                window.said = []
                new MutationObserver(() => said.push(status.textContent))
                    .observe(status, {childList: true, characterData: true, subtree: true})
            }"""
        )
        slider.focus()
        slider.press("End" if slider.input_value() == "0" else "Home")
        for _ in range(3):
            before = slider.get_attribute("aria-valuetext")
            slider.press("ArrowLeft" if slider.input_value() != "0" else "ArrowRight")
            assert slider.get_attribute("aria-valuetext") != before
        page.wait_for_function("() => said.length")
        page.wait_for_timeout(200)
        shown = figure.query_selector("figcaption [data-k]").text_content()
        assert page.evaluate("said") == [shown], name


def test_reduced_motion_is_respected(site, book, open_page):
    page = open_page(f"{site.as_uri()}/{book.chapters[0]}", reduced_motion="reduce")
    moves = """() => [...document.querySelectorAll("*")].filter(e => {
        const {transitionDuration, animationName, scrollBehavior} = getComputedStyle(e)
        return parseFloat(transitionDuration) > 0 || animationName !== "none"
            || scrollBehavior !== "auto"
    }).map(e => e.outerHTML.slice(0, 100))"""
    assert not page.evaluate(moves)


def test_figures_start_when_they_come_near(site, book, open_page):
    for name in book.chapters:
        page = open_page(f"{site.as_uri()}/{name}")
        last = page.locator("figure.explore").last
        assert last.get_attribute("data-ready") == "", name
        last.scroll_into_view_if_needed()
        page.wait_for_function(
            "id => document.getElementById(id).dataset.ready === 'read'",
            arg=last.get_attribute("id"),
        )


def test_print_shows_the_first_state_and_what_is_folded(site, book, open_page):
    for name in book.chapters:
        page = open_page(f"{site.as_uri()}/{name}", **PAPER)
        figures = page.query_selector_all("figure.explore")
        start = [figure.evaluate(STATE) for figure in figures]
        page.evaluate(MOVE_ALL)
        page.wait_for_timeout(150)  # the captions follow
        moved = [figure.evaluate(STATE) for figure in figures]
        assert all(a != b for a, b in zip(start, moved, strict=True)), name
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert [figure.evaluate(STATE) for figure in figures] == start, name
        assert not page.evaluate(SCROLLS_SIDEWAYS), name
        assert not page.evaluate(TOO_WIDE, "pre, div.math, figure, figcaption"), name
        folded = """() => [...document.querySelectorAll(".bd-article details > :not(summary)")]
            .filter(e => !e.closest(".tag_hide-input"))  // the code of a figure stays folded
            .filter(e => e.textContent.trim() && e.getBoundingClientRect().height === 0).length"""
        assert page.evaluate(folded) == 0, name
        for part in (
            ".bd-sidebar",
            ".bd-header-article",
            ".prev-next-footer",
            ".copybtn",
        ):
            assert not page.locator(part).locator("visible=true").count(), part
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert [figure.evaluate(STATE) for figure in figures] == moved, name


def test_pdf_prints_through_the_same_events(site, book, open_page):
    name = min(book.chapters, key=lambda name: (site / name).stat().st_size)
    page = open_page(f"{site.as_uri()}/{name}")
    page.evaluate(
        """() => {
            window.heard = []
            for (const event of ["beforeprint", "afterprint"])
                addEventListener(event, () => heard.push(event))
        }"""
    )
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert page.evaluate("heard") == ["beforeprint", "afterprint"]


def test_pages_are_light(site, served, book, open_page):
    """All bytes of a page, its styles, scripts and fonts included, as a server sends them."""
    for name in book.pages:
        page = open_page(f"{served}/{name}")
        page.wait_for_load_state("networkidle")
        loaded = page.evaluate(
            "performance.getEntriesByType('resource').map(e => e.name)"
        )
        paths = {
            urlsplit(url).path for url in (page.url, *loaded) if "data:" not in url
        }
        sizes = {
            path: len(gzip.compress((site / path[len(SUBPATH) + 1 :]).read_bytes()))
            / 1024
            for path in paths
        }
        if name != "search.html":  # which loads the index of all pages
            assert sum(sizes.values()) <= LARGEST_PAGE, sizes
        page.close()


def test_nothing_shifts_while_a_page_arrives(site, served, book, open_page):
    name = min(book.chapters, key=lambda name: (site / name).stat().st_size)
    page = open_page(f"{served}/search.html", **PHONE)
    line = {
        "offline": False,
        "latency": 150,
        "downloadThroughput": 2e5,
        "uploadThroughput": 1e5,
    }
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", line)
    page.add_init_script(
        """window.shift = 0
        new PerformanceObserver(list => list.getEntries().forEach(e => { shift += e.value }))
            .observe({type: "layout-shift", buffered: true})"""
    )
    page.goto(f"{served}/{name}")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("shift") <= LARGEST_SHIFT
