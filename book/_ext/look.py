"""What every page of the site carries: the palette, its address, its picture, its tools.

The colours are those of the figures, from `reglab.palette`. The address of the published site
follows from that of the repository in `_config.yml`, unless `html: baseurl` gives another.
"""

import html
import re
import sys
from pathlib import Path
from urllib.parse import quote

from sphinx.util import logging
from sphinx.util.osutil import relative_uri

BOOK = Path(__file__).resolve().parent.parent
ICON = BOOK / "_static/favicon.svg"
sys.path.insert(0, str(BOOK))  # `reglab` need not be installed to build the site

logger = logging.getLogger(__name__)


def palette():
    """Return the colours of both themes as the variables of a style sheet."""
    from reglab.palette import PAGE

    def rules(theme):
        lines = "".join(f"--{name}: {value};" for name, value in PAGE[theme].items())
        return f"color-scheme: {theme};{lines}"

    # without scripts the reader's system decides
    return (
        f":root{{{rules('light')}}}"
        f"@media (prefers-color-scheme: dark){{:root{{{rules('dark')}}}}}"
        f':root[data-theme="light"]{{{rules("light")}}}'
        f':root[data-theme="dark"]{{{rules("dark")}}}'
    )


def address(app, config):
    """Set the address of the published site."""
    repository = config.html_theme_options.get("repository_url", "")
    found = re.fullmatch(r"https://github\.com/([\w.-]+)/([\w.-]+)", repository)
    if not config.html_baseurl and found:
        config.html_baseurl = f"https://{found[1]}.github.io/{found[2]}/"
    if config.html_baseurl and not config.html_baseurl.endswith("/"):
        config.html_baseurl += "/"


def furnish(app, pagename, templatename, context, doctree):
    """Give the templates what they need."""
    facts = getattr(app.env, "chapter_facts", {})
    chapter = facts.get(pagename)
    base = app.config.html_baseurl
    context["palette"] = palette()
    context["icon"] = f"data:image/svg+xml,{quote(ICON.read_text(encoding='utf-8'))}"
    context["archive"] = app.config.site_archive
    context["chapter"] = chapter
    context["contents"] = list(facts.values())
    context["published"] = base
    context["description"] = html.escape(
        chapter["promise"] if chapter else app.config.book_sentence, quote=True
    )
    picture = pagename if chapter else app.config.root_doc
    context["picture"] = f"{base}_static/cards/{Path(picture).name}.png"
    # from an address that does not exist, nothing relative leads anywhere
    context["root"] = re.sub(r"^https?://[^/]+", "", base) or "/"
    context["colab"] = next(
        (
            button["url"]
            for group in context.get("header_buttons", [])
            for button in group.get("buttons", [])
            if "colab" in button.get("url", "")
        ),
        None,
    )


def lead_on(app, exception):
    """Make the address of the site itself lead to the first page."""
    if exception or app.builder.name != "html":
        return
    first = relative_uri("index.html", app.builder.get_target_uri(app.config.root_doc))
    title = html.escape(app.config.html_title or app.config.project)
    (Path(app.outdir) / "index.html").write_text(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8" />\n'
        f'<title>{title}</title>\n<meta http-equiv="refresh" content="0; url={first}" />\n'
        f'<link rel="canonical" href="{app.config.html_baseurl}{first}" />\n'
        f'</head>\n<body><a href="{first}">{title}</a></body>\n</html>\n',
        encoding="utf-8",
    )


def setup(app):
    """Register the extension."""
    app.add_config_value("book_sentence", "", "html")
    app.add_js_file("scripts/pydata-sphinx-theme.js")
    app.add_js_file("search-data.js")
    for script in sorted(Path(__file__).parent.with_name("_static").glob("*.js")):
        app.add_js_file(script.name)
    app.connect("config-inited", address, priority=900)
    app.connect("html-page-context", furnish, priority=960)
    app.connect("build-finished", lead_on, priority=550)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
