"""Leave out of the site what the book does not use.

The theme brings the scripts, styles and icons of every site that could be made with it. Here a
page keeps the scripts it runs; all style sheets become one, without the rules whose classes
stand in no page; the icon font keeps the icons that are shown; and files that nothing refers
to, or that an earlier build left, go.
"""

import hashlib
import re
from pathlib import Path

import tinycss2
from fontTools import subset
from sphinx.util import logging

logger = logging.getLogger(__name__)
subset.log.setLevel("WARNING")  # it would tell its steps among the build's warnings

# The scripts of a page besides the book's own; only the search page also has the search.
SCRIPTS = (
    "documentation_options.js",
    "clipboard.min.js",
    "copybutton.js",
    "scripts/sphinx-book-theme.js",
    "scripts/pydata-sphinx-theme.js",
)
SEARCH = ("search-data.js", "search.js")
STYLES = "styles/book.css"
ICONS = "styles/icons.woff"
# The theme's arrow in the sidebar has no name for those who do not see it.
UNNAMED = '<summary><span class="toctree-toggle"'
NAMED = '<summary aria-label="Pages below"><span class="toctree-toggle"'
# docutils' role for an entry of a bibliography is not one that a list may hold.
ENTRY = ' role="doc-biblioentry"', ' role="listitem"'
LINKS = re.compile(r'(?:\s*<link\b[^>]*\bhref="[^"]*\.css[^"]*"[^>]*>)+')
UNUSED = (
    "**/*.map",
    "**/*.LICENSE.txt",
    "**/*macros.html",
    "locales/**/*",
    "images/logo_*",
    "scripts/bootstrap.js",
    "scripts/fontawesome.js",
    "copybutton_funcs.js",
    "doctools.js",
    "searchtools.js",
    "language_data.js",
    "sphinx_highlight.js",
    "*.png",
    "copy-button.svg",
    "check-solid.svg",
)
SPENT = ("*.css", "vendor/**/*")  # when the one style sheet is made of them


def choose_scripts(app, pagename, templatename, context, doctree):
    """Keep the scripts that the page runs, and let them wait for the page."""
    own = {path.name for path in Path(app.srcdir, "book/_static").glob("*.js")}
    keep = own - set(SEARCH) | set(SCRIPTS)
    if pagename == "search":
        keep |= set(SEARCH)
    chosen = []
    for script in context["script_files"]:
        name = str(getattr(script, "filename", "") or "").removeprefix("_static/")
        if name in keep:
            script.attributes["defer"] = "defer"
            chosen.append(script)
    context["script_files"] = chosen


def tokens(outdir):
    """Return every word in the pages and scripts that can be a class or an id."""
    words = set()
    for path in [*outdir.rglob("*.html"), *outdir.rglob("_static/**/*.js")]:
        text = path.read_text(encoding="utf-8")
        # the states of the figures are numbers and paths
        text = re.sub(r'(?s)<script type="application/json">.*?</script>', "", text)
        words.update(re.findall(r"[\w-]+", text))
    return words


def is_used(selector, words):
    """Tell whether the classes and ids of one selector all stand somewhere."""
    bare = re.sub(
        r":(?:is|where|not|has)\((?:[^()]|\([^()]*\))*\)|\[[^]]*\]", "", selector
    )
    names = re.findall(r"[.#]((?:[\w-]|\\.)+)", bare)
    return all(name.replace("\\", "") in words for name in names)


def pruned(rules, words):
    """Return the style sheet `rules` as text, without rules that match nothing."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = split(tinycss2.serialize(rule.prelude))
            used = [s for s in selectors if is_used(s, words)]
            if used:
                body = tinycss2.serialize(rule.content).strip()
                kept.append(f"{','.join(used)}{{{body}}}")
        elif rule.type == "at-rule" and rule.at_keyword in ("media", "supports"):
            inner = tinycss2.parse_rule_list(rule.content, True, True)
            body = pruned(inner, words)
            if body:
                head = tinycss2.serialize(rule.prelude).strip()
                kept.append(f"@{rule.at_keyword} {head}{{{body}}}")
        elif rule.type == "at-rule" and rule.at_keyword not in ("charset", "import"):
            kept.append(rule.serialize())
    return "\n".join(kept)


def split(selectors):
    """Return the selectors of a list; a comma in parentheses does not separate."""
    parts, depth = [""], 0
    for character in selectors:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def icon_font(css, fonts, target):
    """Write the font of the icons in `css`; return `css` with that font alone."""
    icons = set(map(ord, re.findall(r'\.fa-[\w-]+:before\{content:"(.)"\}', css)))
    options = subset.Options(flavor="woff", hinting=False, layout_features=[])
    font = subset.load_font(fonts / "fa-solid-900.ttf", options)
    missing = icons - set(font.getBestCmap())
    if missing:
        logger.warning("icons that the font of solid icons lacks: %s", missing)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=icons)
    subsetter.subset(font)
    font["head"].modified = font["head"].created  # the same bytes each time
    font.recalcTimestamp = False
    subset.save_font(font, target, options)
    css = re.sub(r"@font-face\s*\{[^}]*\}\n?", "", css)
    return (
        '@font-face{font-display:block;font-family:"Font Awesome 6 Free";'
        f"font-weight:900;src:url({Path(ICONS).name}) format('woff')}}\n{css}"
    )


def sources(page, outdir):
    """Return the style sheets that a page links to, in order, with what they import."""
    for link in re.findall(r'<link\b[^>]*\bhref="([^"]*\.css)[^"]*"', page):
        path = outdir / link[link.index("_static") :]
        text = path.read_text(encoding="utf-8")
        for imported in re.findall(r'@import "([^"]+)"', text):
            yield (path.parent / imported).resolve()
        yield path


def make_one_style_sheet(outdir):
    """Put all style sheets into one and point every page to it."""
    static, pages = outdir / "_static", sorted(outdir.rglob("*.html"))
    fonts = static / "vendor/fontawesome/webfonts"
    if fonts.exists():  # else nothing was written in this build
        page = (outdir / "search.html").read_text(encoding="utf-8")
        css = "\n".join(p.read_text(encoding="utf-8") for p in sources(page, outdir))
        words = tokens(outdir)
        css = pruned(tinycss2.parse_stylesheet(css, True, True), words)
        (static / ICONS).parent.mkdir(exist_ok=True)
        css = icon_font(css, fonts, static / ICONS)
        for old in (static / "styles").glob("*.css"):
            old.unlink()
        (static / STYLES).write_text(css, encoding="utf-8")
    digest = hashlib.sha256((static / STYLES).read_bytes()).hexdigest()[:8]
    for path in pages:
        text = path.read_text(encoding="utf-8")
        up = "../" * (len(path.relative_to(outdir).parts) - 1)
        link = f'\n  <link rel="stylesheet" href="{up}_static/{STYLES}?v={digest}" />'
        first = iter([link])  # the others go
        changed = LINKS.sub(lambda _, first=first: next(first, ""), text)
        changed = changed.replace(UNNAMED, NAMED).replace(*ENTRY)
        if changed != text:
            path.write_text(changed, encoding="utf-8")


def silence(static):
    """Take the theme's notes to its developers out of the console."""
    for path in static.rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        quiet = re.sub(r"\bconsole\.(?:log|info|debug)\(", "void(", text)
        quiet = re.sub(r"//# sourceMappingURL=\S+\s*$", "", quiet)
        if quiet != text:
            path.write_text(quiet, encoding="utf-8")


def remove_leftovers(app):
    """Delete pages of documents that are gone, and files that no page asks for."""
    outdir = Path(app.outdir)
    built = {*app.env.found_docs, "index", "search", *app.config.html_additional_pages}
    for path in outdir.rglob("*.html"):
        name = path.relative_to(outdir).with_suffix("").as_posix()
        if name not in built and not name.startswith("_"):
            path.unlink()
    for path in (outdir / "_sources").rglob("*.*"):
        name = path.relative_to(outdir / "_sources").with_suffix("").as_posix()
        if path.is_file() and name not in app.env.found_docs:
            path.unlink()
    shown = {Path(name).name for _, name in app.env.images.values()}
    for path in (outdir / "_images").glob("*"):
        if path.name not in shown:
            path.unlink()
    (outdir / "searchindex.js").unlink(missing_ok=True)
    remove(outdir / "_static", UNUSED)


def remove(folder, patterns):
    """Delete the files in `folder` that match, and the folders that this leaves empty."""
    for pattern in patterns:
        for path in folder.glob(pattern):
            if path.is_file():
                path.unlink()
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def finish(app, exception):
    """Work on the finished site."""
    if exception or app.builder.name != "html":
        return
    outdir = Path(app.outdir)
    remove_leftovers(app)
    silence(outdir / "_static")
    make_one_style_sheet(outdir)
    remove(outdir / "_static", SPENT)


def setup(app):
    """Register the extension."""
    app.connect("html-page-context", choose_scripts, priority=950)
    app.connect("build-finished", finish, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
