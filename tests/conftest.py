"""What the tests share: the built site, and a browser without a network."""

import contextlib
import fcntl
import functools
import gzip
import http.server
import os
import subprocess
import sys
import threading
import uuid
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from playwright.sync_api import Error, sync_playwright

import browser

ROOT = Path(__file__).resolve().parent.parent
SUBPATH = "/a/course"


def build(source, *options):
    """Build the book in the folder `source`; return what the build printed."""
    command = [
        Path(sys.executable).with_name("jupyter-book"),
        "build",
        source,
        *options,
    ]
    environment = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="session")
def site():
    """Return the folder of the built site, every page read again, warnings as errors."""
    (ROOT / "_build").mkdir(exist_ok=True)
    # one worker of pytest-xdist builds, the others wait and find in the lock what it built
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)
    with open(ROOT / "_build/lock", "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read() != run:
            build(ROOT, "--all", "-W", "-n", "--keep-going")
            lock.truncate(0)
            lock.write(run)
    return ROOT / "_build/html"


@pytest.fixture(scope="session")
def served(site):
    """Return the address of the site on a local server, below a path as on GitHub Pages."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path):
            if not path.startswith(SUBPATH + "/"):
                return str(site / "nothing-outside-the-subpath")
            return super().translate_path(path.removeprefix(SUBPATH))

        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{SUBPATH}"
        server.shutdown()


@pytest.fixture(scope="session")
def chromium():
    """Return a running Chromium."""
    program = browser.find()
    if program is None:
        pytest.skip(browser.MISSING)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=browser.SWITCHES
        )
        yield chromium
        chromium.close()


def settle(page):
    """Wait until what is below the first screen has followed: see near.js."""
    for _ in range(200):
        with contextlib.suppress(Error):  # the page may lead to another one
            if page.evaluate("!document.documentElement.classList.contains('near')"):
                return
        page.wait_for_timeout(25)
    raise AssertionError(f"sections of {page.url} do not follow")


@pytest.fixture
def open_page(chromium):
    """Return a function that opens a page with the network blocked except its own origin.

    The page's `faults` collects what the console says, uncaught errors, blocked requests.
    """
    contexts = []

    def open_page(url, **options):
        context = chromium.new_context(
            **{"viewport": {"width": 1280, "height": 900}, **options}
        )
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        origin = url[: url.index("/", 8)]

        def allow(route):
            address = route.request.url
            if address.startswith((origin + "/", "data:", "blob:")):
                return route.continue_()
            page.faults.append(f"request to {address}")
            return route.abort()

        context.route("**/*", allow)
        page.on("pageerror", lambda error: page.faults.append(f"error: {error}"))
        page.on(
            "console",
            lambda message: page.faults.append(f"{message.type}: {message.text}"),
        )
        page.on(
            "requestfailed",
            # what was still loading when the page was left is no fault
            lambda r: (
                r.failure == "net::ERR_ABORTED"
                or page.faults.append(f"failed: {r.url}")
            ),
        )
        page.on(
            "response",
            lambda r: r.status >= 400 and page.faults.append(f"{r.status} {r.url}"),
        )
        page.goto(url)
        if options.get("java_script_enabled", True):
            settle(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def book(site):
    """Return what the browser tests go through: the pages, and which are chapters."""
    pages = sorted(str(p.relative_to(site)) for p in site.glob("book/**/*.html"))
    chapters = [p for p in pages if (ROOT / p).with_suffix(".ipynb").exists()]
    return SimpleNamespace(pages=[*pages, "search.html", "404.html"], chapters=chapters)


@pytest.fixture(params=["file", "subpath"])
def base(request, site):
    """Return the address of the site, once as files and once served below a path."""
    file = request.param == "file"
    return site.as_uri() if file else request.getfixturevalue("served")


@pytest.fixture(scope="session")
def root(site):
    """Return the address of the site as files."""
    return site.as_uri()


def idx(magic, array):
    """Return an array of bytes as a compressed file of Fashion-MNIST's format."""
    header = np.array([magic, *array.shape], dtype=">i4").tobytes()
    return gzip.compress(header + array.astype(np.uint8).tobytes(), compresslevel=1)
