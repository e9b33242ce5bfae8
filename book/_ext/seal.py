"""Close the finished site: a Content-Security-Policy on every page, then one archive of all.

The policy lets a page load from its own origin only, run the inline scripts that the build wrote
(known by their hashes) and no other, and send nothing anywhere. Inline styles stay allowed, for
figures and formulas carry style attributes, which hashes cannot cover in all browsers.
"""

import base64
import hashlib
import re
import zipfile
from pathlib import Path

META = '<meta http-equiv="Content-Security-Policy" content="{}" />'
POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
}
INLINE = re.compile(r"<script(?![^>]*\b(?:src|type)=)[^>]*>(.*?)</script>", re.S)
OLD = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>\s*')


def policy(page):
    """Return the strictest policy under which the page does what it does now."""
    scripts = sorted(
        {
            base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
            for script in INLINE.findall(page)
        }
    )
    hashes = [f"'sha256-{digest}'" for digest in scripts]
    rules = POLICY | {"script-src": POLICY["script-src"] + hashes}
    return "; ".join(" ".join([name, *values]) for name, values in rules.items())


def sealed(page):
    """Return the page with its policy, before anything that could load."""
    page = OLD.sub("", page)
    return re.sub(
        r"(<head[^>]*>\s*(?:<meta charset[^>]*>\s*)?)",
        lambda found: found[1] + META.format(policy(page)) + "\n    ",
        page,
        count=1,
    )


def archive(folder, target):
    """Write all files below `folder` into the zip `target`, the same bytes each time."""
    draft = folder.parent / f"{target.name}.draft"
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path != target and path.name != ".buildinfo":
                name = Path(target.stem, path.relative_to(folder)).as_posix()
                entry = zipfile.ZipInfo(name)  # dated 1980
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                zipped.writestr(entry, path.read_bytes())
    draft.replace(target)


def finish(app, exception):
    """Seal every page and write the archive beside them."""
    if exception or app.builder.name != "html":
        return
    outdir = Path(app.outdir)
    for path in outdir.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        changed = sealed(text)
        if changed != text:
            path.write_text(changed, encoding="utf-8")
    archive(outdir, outdir / app.config.site_archive)


def setup(app):
    """Register the extension."""
    app.add_config_value("site_archive", "book.zip", "html")
    app.connect("build-finished", finish, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
