"""The site as a product: what its first page, search, policy, pictures and marks are for."""

import io
import itertools
import json
import re
import tomllib
import zipfile
from datetime import date
from urllib.parse import urljoin, urlsplit

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from PIL import Image

import seal
from conftest import ROOT

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
LISTED = re.findall(r"'file': '([^']+)'", str(TOC))
CHAPTERS = [name for name in LISTED if (ROOT / f"{name}.ipynb").exists()]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
OWNER, REPOSITORY = CONFIG["repository"]["url"].split("/")[-2:]
PUBLISHED = f"https://{OWNER}.github.io/{REPOSITORY}/"

LARGEST_SITE = 15  # MB, zipped


def read(site, name):
    return (site / name).read_text(encoding="utf-8")


# Depends on nobody ---------------------------------------------------------------


def test_every_page_has_a_strict_policy(site, book):
    for name in [*book.pages, "index.html"]:
        text = read(site, name)
        head = text.split("<head>")[1]
        policy = re.match(
            r'\s*(?:<meta charset[^>]*>\s*)?<meta http-equiv="Content-Security-Policy" '
            r'content="([^"]*)"',
            head,
        )
        assert policy, f"{name}: the policy must come before anything that loads"
        rules = {rule.split()[0]: rule.split()[1:] for rule in policy[1].split("; ")}
        assert rules["default-src"] == ["'none'"]
        assert all(
            source == "'self'" or source.startswith("'sha256-")
            for source in rules["script-src"]
        )
        assert "style-src" in rules and rules["connect-src"] == ["'self'"]
        handlers = re.findall(
            r"<[^>]*\son[a-z]+=", re.sub(r"(?s)<script.*?</script>", "", text)
        )
        assert not handlers, f"{name}: {handlers[0]}"


INJECT = """() => new Promise((tell) => {
    addEventListener("securitypolicyviolation", (event) => tell(event.violatedDirective));
    const script = document.createElement("script");
    script.textContent = "window.injected = true";
    document.body.append(script);
    if (window.injected) tell("it ran");
})"""


def test_injected_scripts_do_not_run(base, book, open_page):
    for name in ("book/index.html", book.chapters[0], "search.html", "404.html"):
        page = open_page(f"{base}/{name}")
        assert page.evaluate(INJECT) == "script-src-elem", name


def test_an_altered_page_runs_only_what_the_build_wrote(
    site, book, open_page, tmp_path
):
    text = read(site, "404.html")
    text = text.replace("</main>", "<script>document.title = 'changed'</script></main>")
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    assert open_page((tmp_path / "page.html").as_uri()).title() != "changed"
    # and with its hash it runs: the test can fail
    (tmp_path / "page.html").write_text(seal.sealed(text), encoding="utf-8")
    assert open_page((tmp_path / "page.html").as_uri()).title() == "changed"


def test_a_page_asks_for_nothing_it_does_not_use(site, book, open_page, served):
    asked = []
    page = open_page("about:blank#/")
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.context.unroute_all()
    page.goto(f"{served}/{book.chapters[0]}")
    page.wait_for_load_state("networkidle")
    names = sorted(
        path.partition("/_static/")[2] for path in asked if "/_static/" in path
    )
    own = {path.name for path in (ROOT / "book/_static").glob("*.js")} - {"search.js"}
    assert set(names) == own | {
        "clipboard.min.js",
        "copybutton.js",
        "documentation_options.js",
        "favicon.svg",
        "scripts/pydata-sphinx-theme.js",
        "scripts/sphinx-book-theme.js",
        "styles/book.css",
        "styles/icons.woff",
    }
    static = {
        str(p.relative_to(site / "_static")) for p in (site / "_static").rglob("*.*")
    }
    rest = static - set(names) - {"search.js", "search-data.js"}
    assert all(name.startswith("cards/") for name in rest), rest


def test_icons_are_drawn(root, book, open_page):
    page = open_page(f"{root}/{book.chapters[0]}")
    page.evaluate("document.fonts.ready")
    faces = page.evaluate("[...document.fonts].map(f => [f.family, f.status])")
    assert [status for _, status in faces] == ["loaded"], faces
    signs = page.eval_on_selector_all(
        "i[class*='fa-'], span[class*='fa-']",
        "all => all.map(i => [i.className, getComputedStyle(i, '::before').content])",
    )
    assert len(signs) > 5
    for name, content in signs:
        assert re.fullmatch('"[\ue000-\uf8ff]"', content), name


def test_whole_site_is_one_archive(site, open_page, tmp_path):
    archive = site / CONFIG["sphinx"]["config"]["site_archive"]
    assert archive.stat().st_size < LARGEST_SITE * 1e6
    with zipfile.ZipFile(archive) as zipped:
        assert zipped.testzip() is None
        zipped.extractall(tmp_path)
    (top,) = tmp_path.iterdir()
    there = {p.relative_to(top) for p in top.rglob("*") if p.is_file()}
    here = {p.relative_to(site) for p in site.rglob("*") if p.is_file()}
    assert here - there == {archive.relative_to(site), *site.glob("none")} | {
        p.relative_to(site) for p in site.glob(".buildinfo")
    }
    page = open_page(f"{top.as_uri()}/index.html")
    page.wait_for_url(f"{top.as_uri()}/book/index.html")
    page.locator(".chapter-title a").first.click()
    page.wait_for_selector("figure.explore[data-ready]")
    assert not page.faults


def test_only_what_is_named_needs_the_published_site(site, book):
    """As `cite.md` says of the archive: slides, and student notebooks it was built without."""
    for name in book.pages:
        links = {link["href"] for link in soup(site, name).select("article a[href]")}
        for link in links:
            if link.startswith(PUBLISHED) and link != PUBLISHED:
                folder = link.removeprefix(PUBLISHED).split("/")[0]
                assert folder in ("decks", "assignments"), f"{name}: {link}"


def test_archive_is_the_same_each_time(tmp_path):
    (tmp_path / "site/deep").mkdir(parents=True)
    for name in ("b.html", "a.html", "deep/c.html"):
        (tmp_path / "site" / name).write_text(name)
    target = tmp_path / "site/all.zip"
    seal.archive(tmp_path / "site", target)
    first = target.read_bytes()
    seal.archive(tmp_path / "site", target)  # the archive is not part of itself
    assert target.read_bytes() == first
    with zipfile.ZipFile(target) as zipped:
        assert zipped.namelist() == ["all/a.html", "all/b.html", "all/deep/c.html"]
    assert {p.name for p in tmp_path.iterdir()} == {"site"}, "a draft is left"


# The first page ------------------------------------------------------------------


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_a_slider_comes_before_anything_is_read(root, open_page, width):
    page = open_page(
        f"{root}/book/index.html", viewport={"width": width, "height": 800}
    )
    slider = page.locator(".bd-article input[type=range]").first
    box = slider.bounding_box()
    assert box["y"] + box["height"] < 800, "the first slider is not on the first screen"
    before = page.locator("figure.explore svg").first.inner_html()
    slider.focus()
    slider.press("ArrowRight")
    assert page.locator("figure.explore svg").first.inner_html() != before
    assert not page.faults


def soup(site, name):
    text = re.sub(r"(?s)<(svg|script)\b.*?</\1>", "", read(site, name))  # most of it
    return BeautifulSoup(text, "html.parser")


def words(element):
    return " ".join(element.get_text().split())


def test_first_page_lists_every_chapter(site):
    cards = soup(site, "book/index.html").select(".chapter-card")
    for card, name in zip(cards, CHAPTERS, strict=True):
        chapter = soup(site, f"{name}.html")
        link = card.select_one(".chapter-title a")
        assert words(link) == words(chapter.h1).removesuffix("#")
        assert urljoin("book/index.html", link["href"]) == f"{name}.html"
        article = words(chapter.article)
        (minutes,) = re.findall(r"About (\d+) minutes to read", article)
        figures = len(chapter.select("figure.explore"))
        facts = words(card.select_one(".chapter-facts"))
        assert facts == f"{minutes} minutes, {figures} figures with sliders", name
        assert len(card.select("li")) >= 4
        said = words(chapter.article.select_one("ul"))
        for ability in card.select("li"):
            assert words(ability) in said, name


def test_three_ways_in(root, open_page):
    page = open_page(f"{root}/book/index.html")
    ways = page.locator(".way")
    assert ways.count() == 3
    lowest, highest = re.findall(r"3\.\d+", PROJECT["requires-python"])
    highest = f"3.{int(highest[2:]) - 1}"  # the first that does not do
    assert f"Python {lowest} to {highest}" in ways.nth(1).inner_text()
    for way, target in zip(
        ways.all(), (CHAPTERS[0], "zip", "instructors"), strict=True
    ):
        links = way.locator("a").evaluate_all("all => all.map(a => a.href)")
        assert any(target in link for link in links), target


@pytest.mark.parametrize("width", [360, 600, 768, 1000, 1280])
def test_ways_in_leave_no_hole(root, open_page, width):
    page = open_page(
        f"{root}/book/index.html", viewport={"width": width, "height": 800}
    )
    tops = [way.bounding_box()["y"] for way in page.locator(".way").all()]
    assert len(set(tops)) in (1, 3)


def test_pages_follow_each_other(site):
    order = ["book/index", *LISTED]
    for name, following in itertools.pairwise(order):
        text = read(site, f"{name}.html")
        link = re.search(r'class="right-next"\s+href="([^"]+)"', text)
        assert urljoin(f"{name}.html", link[1]) == f"{following}.html"
        text = read(site, f"{following}.html")
        link = re.search(r'class="left-prev"\s+href="([^"]+)"', text)
        assert urljoin(f"{following}.html", link[1]) == f"{name}.html"


def test_the_end_of_a_page_fits_a_phone(root, open_page):
    for name in (CHAPTERS[0], CHAPTERS[3], "book/notation"):
        page = open_page(f"{root}/{name}.html", viewport={"width": 360, "height": 740})
        for part in page.locator(
            ".prev-next-area p, .reading:visible *, .tools *"
        ).all():
            if part.is_visible():
                box = part.bounding_box()
                assert box["x"] >= 0 and box["x"] + box["width"] <= 360, name


def test_chapters_list_what_is_on_them(site, book):
    for name in book.chapters:
        page = soup(site, name)
        headings = [words(h).removesuffix("#") for h in page.select(".bd-article h2")]
        listed = page.select("#pst-page-toc-nav .toc-h2 > a")
        assert [words(link) for link in listed] == headings


# Search --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query, first",
    [
        ("dropout", ["dropout"]),
        ("weight decay", ["weight-decay-scratch", "weight-decay-concise"]),
        ("Adam", ["optimizers"]),
        ("lasso", ["norm-penalties"]),
        ("learning rate", ["learning-rate-decay"]),
        ("penalties", ["norm-penalties"]),
        ("overfitting", ["overfitting"]),
        ("过拟合", ["notation"]),
    ],
    ids=str,
)
def test_search_finds_the_right_page_first(base, open_page, query, first):
    page = open_page(f"{base}/search.html?q={query}")
    links = page.locator("#search-results a.search-page")
    found = [
        link.get_attribute("href").split("/")[-1].removesuffix(".html")
        for link in links.all()[: len(first)]
    ]
    assert set(found) == set(first)
    assert page.locator("#search-results mark").count()
    assert query in page.locator("#search-status").inner_text()
    assert not page.faults


def test_search_results_lead_to_sections_that_exist(root, site, open_page):
    page = open_page(f"{root}/search.html?q=momentum")
    links = page.locator("#search-results a").evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
    assert len(links) > 5
    for link in links:
        name, _, place = link.partition("#")
        assert not place or f'id="{place}"' in read(site, name), link


def test_search_follows_typing_and_says_when_nothing_is_there(base, open_page):
    page = open_page(f"{base}/search.html")
    assert page.locator("#search-input").evaluate("i => i === document.activeElement")
    page.keyboard.type("momentum")
    page.wait_for_selector("#search-results li")
    assert page.url.endswith("?q=momentum")
    page.locator("#search-input").fill("<b>xyzzy</b> quux")
    page.wait_for_selector("#search-results:not(:has(li))", state="attached")
    assert page.locator("#search-status").inner_text().startswith("Nothing found")
    assert not page.locator("#search-status b").count()
    assert not page.faults


def test_search_says_what_it_does_and_has_a_button(base, open_page):
    page = open_page(f"{base}/search.html")
    field = page.locator("#search-input")
    hint = page.locator(f"#{field.get_attribute('aria-describedby')}")
    assert "sections" in hint.inner_text()
    field.fill("momentum")
    page.locator(".search-form").get_by_role("button", name="Search").click()
    assert page.locator("#search-results li").count()
    assert not page.faults


def test_search_opens_with_a_key_on_every_page(base, book, open_page):
    page = open_page(f"{base}/{book.chapters[-1]}")
    page.keyboard.press("Control+k")
    page.keyboard.type("gradient")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{base}/search.html?q=gradient")
    page.wait_for_selector("#search-results li")
    assert not page.faults


# Addresses and pictures ----------------------------------------------------------


@pytest.mark.parametrize("path", ["nothing", "book/nothing.html", "a/b/c/d/nothing"])
def test_a_wrong_address_leads_back(chromium, site, path):
    """As GitHub Pages does: 404.html at whatever address there is no file for."""
    context = chromium.new_context()
    outside, failed = [], []

    def answer(route):
        address = route.request.url.split("?")[0].split("#")[0]
        if not address.startswith(PUBLISHED):
            outside.append(address)
            return route.abort()
        file = site / address.removeprefix(PUBLISHED)
        if file.is_file():
            return route.fulfill(path=file)
        return route.fulfill(status=404, path=site / "404.html")

    context.route("**/*", answer)
    page = context.new_page()
    # The next page may be asked for before the icon is there: that one is broken off.
    page.on(
        "requestfailed",
        lambda request: (
            request.failure == "net::ERR_ABORTED" or failed.append(request.url)
        ),
    )
    page.goto(PUBLISHED + path)
    assert page.locator("h1").inner_text() == "There is no such page"
    assert page.locator("ol a").count() == len(CHAPTERS)
    links = page.locator("a").evaluate_all("all => all.map(a => a.href)")
    for link in links:
        assert (site / link.removeprefix(PUBLISHED)).is_file(), link
    page.locator("input").fill("dropout")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results a.search-page")
    page.locator("#search-results a.search-page").first.click()
    page.wait_for_selector("figure.explore[data-ready]")
    assert not outside and not failed
    context.close()


def test_not_found_page_works_under_its_own_name(base, open_page):
    page = open_page(f"{base}/404.html")
    page.locator("ol a").first.click()
    page.wait_for_selector("figure.explore[data-ready]")
    assert not page.faults


def test_links_elsewhere_show_a_picture_of_each_chapter(site, book):
    seen = {}
    for name in [*book.chapters, "book/index.html", "book/notation.html"]:
        text = read(site, name)
        properties = dict(
            re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)"', text)
        )
        image = properties["og:image"]
        assert image.startswith(PUBLISHED)
        assert properties["og:url"] == f"{PUBLISHED}{name}"
        assert properties["twitter:card"] == "summary_large_image"
        assert len(properties["og:description"]) > 40
        assert f'rel="canonical" href="{PUBLISHED}{name}"' in text
        data = (site / image.removeprefix(PUBLISHED)).read_bytes()
        picture = Image.open(io.BytesIO(data))
        assert picture.size == (1200, 630)
        assert len(data) < 100_000
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 8, (
            f"{name}: nothing drawn"
        )
        if name in book.chapters:
            assert data not in seen.values(), name
            seen[name] = data


def test_every_page_has_an_icon(site, book):
    for name in book.pages:
        if name == "404.html":  # loads nothing
            continue
        icon = re.search(r'<link rel="icon" href="([^"]+)"', read(site, name))
        assert (site / urljoin(name, icon[1])).is_file()


# Words around the chapters -------------------------------------------------------


def test_citation_file_is_valid():
    """As the schema of CFF 1.2.0 asks: the required fields, no others, of the right kind."""
    assert CITATION["cff-version"] == "1.2.0"
    required = {"cff-version", "message", "title", "authors"}
    optional = {
        "abstract",
        "type",
        "version",
        "date-released",
        "license",
        "url",
        "repository-code",
        "keywords",
    }
    assert required <= set(CITATION) <= required | optional
    assert CITATION["type"] in ("software", "dataset")
    assert all(set(author) == {"name"} for author in CITATION["authors"])
    assert isinstance(CITATION["date-released"], date)
    assert CITATION["version"] == PROJECT["version"]
    assert CITATION["repository-code"] == CONFIG["repository"]["url"]
    assert CITATION["url"] == PUBLISHED
    assert CITATION["title"] == CONFIG["title"]


def test_the_site_says_how_to_cite_it(root, open_page):
    page = open_page(f"{root}/book/cite.html")
    text = page.locator(".bd-article").inner_text()
    for part in (CITATION["title"], CITATION["version"], CITATION["url"], "@book{"):
        assert part in text
    assert str(CITATION["date-released"].year) in text


def test_changelog_knows_the_version(site):
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (.*)$", changes, re.M)[1]
    assert newest == f"{PROJECT['version']} ({CITATION['date-released']})"
    assert PROJECT["version"] in read(site, "book/changelog.html")


def test_every_reference_leads_somewhere(site):
    text = read(site, "book/references.html")
    entries = re.findall(r'(?s)<div class="citation"[^>]*id="([^"]+)".*?</div>', text)
    bodies = re.split(r'<div class="citation"', text)[1:]
    bibliography = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{(.+),$", bibliography, re.M)
    assert len(bodies) == len(keys) == len(set(keys))
    assert len(entries) == len(keys)
    for body in bodies:
        links = re.findall(r'class="reference external" href="([^"]+)"', body)
        assert links, body[:200]
        assert "$" not in body, "LaTeX that nobody sets: write it in Unicode"
        assert all(urlsplit(link).scheme in ("https", "http") for link in links)


def test_every_reference_is_used():
    bibliography = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{(.+),$", bibliography, re.M)
    pages = [*(ROOT / "book").glob("*.ipynb"), *(ROOT / "book").glob("*.md")]
    text = "".join(path.read_text(encoding="utf-8") for path in pages)
    cited = ",".join(re.findall(r"\{cite:\w\}`([^`]+)`", text))
    used = {key.strip() for key in cited.split(",")}
    assert set(keys) <= used, set(keys) - used


def words_of(name):
    """Return the prose, the formulas and the code of a chapter, in one text each."""
    cells = nbformat.read(ROOT / f"book/{name}", as_version=4).cells
    prose = "\n".join(c.source for c in cells if c.cell_type == "markdown")
    code = "\n".join(c.source for c in cells if c.cell_type == "code")
    maths = re.findall(r"(?s)\$\$.+?\$\$|\$[^$]+\$", prose)
    spelled = "\n".join([code, *re.findall(r"`([^`]+)`", prose)])
    plain = re.sub(r"\s+", " ", re.sub(r"[*\[]|\]\([^)]*\)", "", prose)).lower()
    return plain, re.sub(r"\s", "", "§".join(maths)), spelled


def test_notation_names_the_chapter_that_introduces_each_term():
    text = (ROOT / "book/notation.md").read_text(encoding="utf-8")
    introduced = set()
    for section in text.split("\n## ")[1:]:
        heading = section.splitlines()[0]
        (source,) = re.findall(r"^From \[[^]]+\]\((.+?)\)\.$", section, re.M)
        introduced.add(f"book/{source.removesuffix('.ipynb')}")
        prose, maths, code = words_of(source)
        rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
        assert rows, heading
        for row in rows:
            entry = re.fullmatch(
                r'\| (.*?) \| \*\*(.+?)\*\* <span lang="zh">(.+)</span><br>(.+) \|', row
            )
            assert entry, f"not symbol, term, Chinese and meaning: {row}"
            names, term, chinese, _ = entry.groups()
            assert re.search("[\u4e00-\u9fff]", chinese), row
            found = [
                any(
                    re.sub(r"\s", "", s) in maths
                    for s in re.findall(r"\$(.+?)\$", names)
                ),
                any(
                    re.search(rf"(?<!\w){re.escape(name)}(?!\w)", code)
                    for name in re.findall("`(.+?)`", names)
                ),
                any(
                    re.search(rf"(?<!\w){re.escape(word)}", prose)
                    for word in re.split(", | and ", term.lower())
                ),
            ]
            assert any(found), f"{heading}: {term!r} does not stand in {source}"
            for name in re.findall("`(.+?)`", names):
                assert re.search(rf"(?<!\w){re.escape(name)}(?!\w)", code), (
                    f"{heading}: `{name}` does not stand in {source}"
                )
            for formula in re.findall(r"\$(.+?)\$", names):
                assert re.sub(r"\s", "", formula) in maths, (
                    f"{heading}: {formula} does not stand in {source}"
                )
    # the chapter on the sources speaks of what the others introduced
    assert introduced | {"book/source-errata"} == set(CHAPTERS)


def test_chinese_terms_are_marked_as_chinese(site):
    text = read(site, "book/notation.html")
    article = re.search(r"(?s)<article.*?</article>", text)[0]
    marked = r'<span lang="zh">[^<]*</span>'
    assert len(re.findall(marked, article)) > 80
    assert not re.findall("[\u4e00-\u9fff]+", re.sub(marked, "", article))


def until(page, expression):
    """Wait until `expression` holds; Playwright's own way needs what the policy forbids."""
    for _ in range(200):
        if page.evaluate(f"() => Boolean({expression})"):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"in vain: {expression}")


# Reading progress ----------------------------------------------------------------

SEEN = "localStorage.getItem('learning-to-generalize:seen')"


def scroll_through(page):
    """Go down a page by the screen, as a reader does."""
    page.evaluate(
        """async () => {
            const next = () => new Promise((go) => requestAnimationFrame(() => setTimeout(go)));
            const height = document.documentElement.scrollHeight;
            for (let y = 0; y < height; y += innerHeight * 0.8) {
                window.scrollTo({ top: y, behavior: "instant" });
                await next();
            }
        }"""
    )


def test_progress_is_kept_shown_and_forgotten(base, open_page):
    name = CHAPTERS[0].split("/")[-1]
    page = open_page(f"{base}/{CHAPTERS[0]}.html")
    assert page.evaluate(SEEN) is None, "nothing is seen before anything is read"
    section = "document.querySelector('.bd-article > section > section')"
    page.evaluate(f"{section}.lastElementChild.scrollIntoView()")
    until(page, f"{SEEN} !== null")
    kept = json.loads(page.evaluate(SEEN))[name]
    assert 0 < len(kept["seen"]) < kept["total"] and not kept["read"]
    beside = page.locator(".bd-sidenav .current a").first
    assert "sections seen" in beside.text_content()

    scroll_through(page)
    until(page, f"JSON.parse({SEEN})['{name}'].read")
    status = page.locator(".reading [role=status]")
    assert status.inner_text() == "This chapter: read."

    first = page.context.new_page()
    first.goto(f"{base}/book/index.html")
    card = first.locator(f".chapter-{name} .chapter-title")
    assert card.text_content().endswith("✓, read")
    assert first.locator(".reading [role=status]").inner_text() == "Chapters read: 1."
    first.get_by_role("button", name="Forget my reading progress").press("Enter")
    assert first.evaluate(SEEN) is None
    assert not first.locator(".seen-mark").count()
    assert "forgotten" in first.locator(".reading [role=status]").inner_text()
    # the other tab has heard of it
    until(page, "!document.querySelector('.seen-mark')")
    assert not page.faults


def test_progress_can_be_marked_by_keyboard(root, open_page):
    name = CHAPTERS[-1].split("/")[-1]
    page = open_page(f"{root}/{CHAPTERS[-1]}.html")
    button = page.get_by_role("button", name="Mark as read")
    button.press("Space")
    assert json.loads(page.evaluate(SEEN))[name]["read"]
    assert page.locator(".reading [role=status]").inner_text() == "This chapter: read."
    page.reload()
    page.get_by_role("button", name="Mark as not read").press("Enter")
    assert not json.loads(page.evaluate(SEEN))[name]["read"]
    assert not page.faults


DENIED = """for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, { configurable: true, get() {
        throw new DOMException("denied", "SecurityError") } });"""


def test_pages_work_where_nothing_is_kept(root, open_page):
    page = open_page(f"{root}/404.html")
    page.add_init_script(DENIED)
    for name in (CHAPTERS[0], "book/index"):
        page.goto(f"{root}/{name}.html")
        page.wait_for_selector("figure.explore[data-ready]")
        assert not page.locator(".reading").is_visible()
        page.locator(".theme-switch-button:visible").first.click()
        assert page.evaluate("document.documentElement.dataset.mode") != "auto"
    assert not page.faults


@pytest.mark.parametrize(
    "kept", ["nonsense", "[1, 2]", "null", '"text"', '{"overfitting": 5}'], ids=str
)
def test_foreign_entries_do_no_harm(root, open_page, kept):
    page = open_page(f"{root}/404.html")
    page.evaluate(f"localStorage.setItem('learning-to-generalize:seen', {kept!r})")
    page.goto(f"{root}/{CHAPTERS[0]}.html")
    page.get_by_role("button", name="Mark as read").click()
    assert page.locator(".reading [role=status]").inner_text() == "This chapter: read."
    assert not page.faults


# Links to the state of a figure --------------------------------------------------


@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "denied"])
def test_a_click_copies_the_link_to_a_state(served, open_page, allowed):
    page = open_page(f"{served}/book/index.html")
    if allowed:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    else:
        page.evaluate(
            "() => { navigator.clipboard.writeText = () => Promise.reject(Error('denied')) }"
        )
    figure = page.locator("figure.explore").first
    figure.locator("input").first.press("End")
    until(page, "document.querySelector('.explore-link').href.includes('degree=14')")
    top = page.evaluate("scrollY")
    figure.locator(".explore-link").click()
    said = figure.locator(".explore-link + [role=status]")
    until(page, "document.querySelector('.explore-link + [role=status]').textContent")
    link = figure.locator(".explore-link").evaluate("a => a.href")
    assert page.url == link
    assert page.evaluate("scrollY") == top
    if allowed:
        assert said.inner_text().strip() == "copied"
        assert page.evaluate("navigator.clipboard.readText()") == link
    else:
        assert said.inner_text().strip() == "stands in the address bar"
    assert not page.faults
