"""Never serve stale pages: what the notebooks import is part of the cache's key.

The execution cache looks at the cells of a notebook only, so after an edit in
`reglab` it would serve old outputs. Here the cache's folder is named after a digest
of everything else the outputs depend on. Sphinx reads all pages again when the
folder's name changes, for it is a configuration value of the kind "env".

A chapter that was run without Fashion-MNIST is run again when the data are there.
"""

import hashlib
import os
import shutil
from pathlib import Path

BOOK = Path(__file__).resolve().parent.parent
OUTPUTS_DEPEND_ON = ["book/reglab/**/*", "requirements*.txt"]
PAGES_DEPEND_ON = ["book/_ext/*", "book/_static/*", "book/_templates/*"]
CACHES_TO_KEEP = 3
DATA = "train-*-ubyte.gz"  # the two files of reglab.fashion
RUN_WITHOUT = "Skipped, for Fashion-MNIST is not here"


def digest(patterns):
    """Return a short hash of the names and contents of the files that match."""
    root = BOOK.parent
    files = {
        file for pattern in patterns for file in root.glob(pattern) if file.is_file()
    }
    seen = hashlib.sha256()
    for file in sorted(files):
        inside = file.relative_to(root).parts
        if not any(part.startswith((".", "__pycache__")) for part in inside):
            seen.update(f"{file.relative_to(root)}\0{file.stat().st_size}\0".encode())
            seen.update(file.read_bytes())
    return seen.hexdigest()[:16]


def data_are_here():
    """Tell whether Fashion-MNIST is on this machine; nothing is downloaded."""
    from platformdirs import user_cache_path

    named = os.environ.get("FASHION_MNIST_DIR")
    folder = Path(named) if named else user_cache_path("reglab") / "fashion-mnist"
    return len(list(folder.glob(DATA))) == 2


def forget_runs_without_data(folder):
    """Take out of an execution cache what was run without Fashion-MNIST; return the paths."""
    from jupyter_cache import get_cache

    cache, forgotten = get_cache(str(folder)), []
    for record in cache.list_cache_records():
        cells = cache.get_cache_bundle(record.pk).nb.cells
        outputs = (output for cell in cells for output in cell.get("outputs", []))
        if any(output.get("text", "").startswith(RUN_WITHOUT) for output in outputs):
            cache.remove_cache(record.pk)
            forgotten.append(record.uri)
    return forgotten


def read_again(app, env, *_):
    """Have Sphinx read the chapters again whose runs were forgotten."""
    return [name for path in app.config.to_run_again if (name := env.path2doc(path))]


def choose_cache(app, config):
    """Point the execution cache at the folder that belongs to the current code."""
    os.environ["REGLAB_EXPLORE"] = "static"
    config.page_digest = digest(PAGES_DEPEND_ON)
    caches = Path(app.outdir).parent / ".jupyter_cache"
    cache = caches / digest(OUTPUTS_DEPEND_ON)
    cache.mkdir(parents=True, exist_ok=True)
    cache.touch()
    config.nb_execution_cache_path = str(cache)
    if data_are_here():
        config.to_run_again = forget_runs_without_data(cache)
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
    app.add_config_value("to_run_again", [], "")
    # before myst-nb reads its configuration
    app.connect("config-inited", choose_cache)
    app.connect("env-get-outdated", read_again)
    app.connect("build-finished", forget_failed_build)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
