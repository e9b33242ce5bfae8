"""Run the chapters side by side, before Sphinx reads them one by one.

myst-nb runs a notebook when it reads it, so a new copy of the book would keep all cores but one
idle for minutes. Here those that Sphinx is about to read and the execution cache does not hold
run first, a few at once. A chapter that fails is not cached: myst-nb runs it again and reports.
"""

import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from sphinx.util import logging

AT_ONCE = max(2, min(4, os.cpu_count() or 1))  # each may take 2 GB

logger = logging.getLogger(__name__)


def not_cached(cache, paths):
    """Return the notebooks, by path, whose outputs the cache does not hold."""
    missing = {}
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            missing[path] = notebook
    return missing


def run_ahead(app, env, docnames):
    """Run the notebooks among the documents that Sphinx is going to read."""
    if app.config.nb_execution_mode != "cache":
        return
    paths = [Path(env.doc2path(name)) for name in docnames]
    cache = get_cache(app.config.nb_execution_cache_path)
    missing = not_cached(
        cache, sorted(path for path in paths if path.suffix == ".ipynb")
    )
    timeout = app.config.nb_execution_timeout
    with ThreadPoolExecutor(AT_ONCE) as pool:  # each notebook has a process of its own
        running = {
            pool.submit(
                single_nb_execution, notebook, str(path.parent), timeout, False
            ): path
            for path, notebook in missing.items()
        }
        for number, done in enumerate(as_completed(running), start=1):
            path, count = running[done], f"({number} of {len(missing)})"
            if done.exception() or done.result().err:  # the first: its kernel died
                logger.info(f"Could not run {path.stem} {count}")
                continue
            seconds = done.result().time
            logger.info(f"Ran {path.stem} in {seconds:.0f} s {count}")
            data = {"execution_seconds": seconds}
            bundle = CacheBundleIn(missing[path], str(path), data=data)
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def setup(app):
    """Register the extension."""
    app.connect("env-before-read-docs", run_ahead)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
