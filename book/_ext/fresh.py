"""Never serve stale pages: what the notebooks import is part of the cache's key.

The execution cache looks at the cells of a notebook only, so after an edit in
`reglab` it would serve old outputs. Here the cache's folder is named after a digest
of everything else the outputs depend on. Sphinx reads all pages again when the
folder's name changes, for it is a configuration value of the kind "env".
"""

import hashlib
import os
import shutil
from pathlib import Path

BOOK = Path(__file__).resolve().parent.parent
OUTPUTS_DEPEND_ON = ["book/reglab/**/*", "requirements*.txt"]
PAGES_DEPEND_ON = ["book/_ext/*", "book/_static/*", "book/_templates/*"]
CACHES_TO_KEEP = 3


def digest(patterns):
    """Return a short hash of the names and contents of the files that match."""
    root = BOOK.parent
    files = {
        file for pattern in patterns for file in root.glob(pattern) if file.is_file()
    }
    seen = hashlib.sha256()
    for file in sorted(files):
        if "__pycache__" not in file.parts:
            seen.update(f"{file.relative_to(root)}\0{file.stat().st_size}\0".encode())
            seen.update(file.read_bytes())
    return seen.hexdigest()[:16]


def choose_cache(app, config):
    """Point the execution cache at the folder that belongs to the current code."""
    os.environ["REGLAB_EXPLORE"] = "static"
    config.page_digest = digest(PAGES_DEPEND_ON)
    caches = Path(app.outdir).parent / ".jupyter_cache"
    cache = caches / digest(OUTPUTS_DEPEND_ON)
    cache.mkdir(parents=True, exist_ok=True)
    cache.touch()
    config.nb_execution_cache_path = str(cache)
    newest_first = sorted(
        caches.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True
    )
    for old in newest_first[CACHES_TO_KEEP:]:
        shutil.rmtree(old, ignore_errors=True) if old.is_dir() else old.unlink()


def forget_failed_build(app, exception):
    """Make the next build read every page again, so that it repeats the warnings."""
    if exception or app._warncount:
        (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)


def setup(app):
    """Register the extension."""
    app.add_config_value("page_digest", "", "html")
    # before myst-nb reads its configuration
    app.connect("config-inited", choose_cache)
    app.connect("build-finished", forget_failed_build)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
