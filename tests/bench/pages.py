"""What a chapter costs on a poor phone: Chromium, 4× slowed, slow 4G, nothing in its cache.

The site is served on this machine, compressed, as it would be published. *slider* is when the
first slider can be used, *LCP* the largest contentful paint, *shift* the sum of all layout
shifts, *KB* all bytes that came over the line. *key* is what the main thread does from a key
press to the painted figure: script, style, layout and paint, from the browser's own trace.
The last line has the same for a page with nothing but a slider and a line that follows it.
"""

import functools
import gzip
import http.server
import itertools
import json
import sys
import threading

from common import BARE, SITE, p95

import browser

SLOW = 4
LINE = {
    "offline": False,
    "latency": 150,  # ms there and back
    "downloadThroughput": 1.6e6 / 8,  # bytes a second
    "uploadThroughput": 750e3 / 8,
}
PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2}
PRESSES = 60
WATCH = """
window.seen = {shift: 0, paint: 0, slider: 0}
const watch = (type, take) => new PerformanceObserver(list => list.getEntries().forEach(take))
    .observe({type, buffered: true})
watch("layout-shift", entry => { seen.shift += entry.value })
watch("largest-contentful-paint", entry => { seen.paint = entry.startTime })
new MutationObserver((_, me) => {
    if (!document.querySelector("figure.explore[data-ready]")) return
    seen.slider = performance.now()
    me.disconnect()
}).observe(document, {subtree: true, childList: true, attributes: true,
    attributeFilter: ["data-ready"]})
"""
WORK = {
    "EventDispatch",
    "UpdateLayoutTree",
    "Layout",
    "PrePaint",
    "Paint",
    "Layerize",
    "Commit",
}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Sends text compressed."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.translate_path(self.path)
        kind = self.guess_type(path)
        try:
            with open(path, "rb") as file:
                body = file.read()
        except OSError:
            self.send_error(404)
            return
        self.send_response(200)
        if kind.startswith(("text/", "application/j", "image/svg")):
            body = compress(path)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@functools.cache
def compress(path):
    """Return the bytes of a file as they go over the line."""
    with open(path, "rb") as file:
        return gzip.compress(file.read())


def arrive(chromium, address):
    """Open a page for the first time on the slow line; return what was seen."""
    context = chromium.new_context(**PHONE)
    page = context.new_page()
    page.add_init_script(WATCH)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", LINE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOW})
    received = []
    session.on(
        "Network.loadingFinished", lambda e: received.append(e["encodedDataLength"])
    )
    page.goto(address, wait_until="load")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    seen = page.evaluate("seen")
    context.close()
    return seen | {"bytes": sum(received)}


def key_times(chromium, address):
    """Return the main thread's milliseconds for each of many presses of an arrow key."""
    context = chromium.new_context(**PHONE)
    page = context.new_page()
    page.goto(address)
    slider = page.query_selector("figure.explore input")
    slider.focus()
    slider.press("Home")
    page.wait_for_timeout(1000)
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOW})
    chromium.start_tracing(page=page, categories=["devtools.timeline"])
    for n in range(PRESSES):
        slider.press("ArrowRight" if n % 20 < 10 else "ArrowLeft")
        page.wait_for_timeout(60)
    events = json.loads(chromium.stop_tracing())["traceEvents"]
    context.close()
    presses = [
        e
        for e in events
        if e["name"] == "EventDispatch" and e["args"]["data"]["type"] == "keydown"
    ]
    presses.sort(key=lambda e: e["ts"])
    times = []
    for press, after in itertools.pairwise(presses):
        spans = sorted(
            (e["ts"], e["ts"] + e["dur"])
            for e in events
            if e["name"] in WORK
            and e["tid"] == press["tid"]
            and e["pid"] == press["pid"]
            and press["ts"] <= e["ts"] < min(after["ts"], press["ts"] + 50_000)
        )
        busy, end = 0, 0
        for left, right in spans:  # one may lie in another
            busy += max(0, right - max(left, end))
            end = max(end, right)
        times.append(busy / 1000)
    return times


def main():
    """Print a line for each chapter."""
    from playwright.sync_api import sync_playwright

    chapters = [
        path
        for path in sorted((SITE / "book").glob("*.html"))
        if 'class="explore"' in path.read_text(encoding="utf-8")
    ]
    if not chapters:
        sys.exit("there is no site to measure: run `make book` first")
    if browser.find() is None:
        sys.exit(browser.MISSING)
    handler = functools.partial(Handler, directory=SITE)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"{'':<28}{'KB':>6}{'slider':>9}{'LCP':>9}{'shift':>8}{'key, p95':>11}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.find(), args=browser.SWITCHES
        )
        for path in chapters:
            for asset in (SITE / "_static").rglob("*.*"):
                compress(str(asset))  # the server's time is not the line's
            address = f"http://127.0.0.1:{server.server_port}/book/{path.name}"
            compress(str(path))
            seen = arrive(chromium, address)
            key = p95(key_times(chromium, address))
            print(
                f"{path.stem:<28}{seen['bytes'] / 1024:>6.0f}{seen['slider'] / 1000:>7.2f} s"
                f"{seen['paint'] / 1000:>7.2f} s{seen['shift']:>8.3f}{key:>8.1f} ms",
                flush=True,
            )
        key = p95(key_times(chromium, BARE))
        print(f"{'a slider and a line':<60}{key:>8.1f} ms")
        chromium.close()
    server.shutdown()
