"""Seconds, memory and bytes of the site, built from a copy of the working tree.

Memory is the largest sum over the build and the processes it starts, looked at four times
a second; on Linux a page that processes share counts once, elsewhere for each of them.
"""

import gzip
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from common import ROOT, say

FIGURE = re.compile(r'<figure class="explore".*?</figure>', re.DOTALL)
REFERENCE = re.compile(r'<(?:script|link|img|source)\b[^>]*?\b(?:src|href)="([^"#]+)"')


def copy_tree(target):
    """Copy what git knows or would add."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in subprocess.check_output(listed, cwd=ROOT, text=True).split("\0"):
        if name and (ROOT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes((ROOT / name).read_bytes())


def memory(process):
    """Return the bytes of a process and all its children."""
    total = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            used = each.memory_full_info()
            total += getattr(used, "pss", used.rss)
        except psutil.Error:
            continue
    return total


def build(source):
    """Build the book in `source`; return seconds and peak bytes."""
    command = [Path(sys.executable).with_name("jupyter-book"), "build", source]
    start, peak = time.perf_counter(), 0
    # no pipe: a full one would stop the build
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                peak = max(peak, memory(watched))
            except psutil.NoSuchProcess:
                break
            time.sleep(0.25)
        if process.wait():
            log.seek(0)
            sys.exit(log.read().decode())
    return time.perf_counter() - start, peak


def zipped(content):
    """Return kilobytes after gzip."""
    return len(gzip.compress(content)) / 1000


def page_sizes(site):
    """Print the bytes of each page with everything that it loads, and of its figures."""
    for page in sorted((site / "book").glob("*.html")):
        html = page.read_text(encoding="utf-8")
        paths = {
            os.path.normpath(page.parent / urlsplit(u).path)
            for u in REFERENCE.findall(html)
        }
        loaded = [
            Path(path) for path in paths if Path(path).is_file() and path != str(page)
        ]
        loaded = [path for path in loaded if path.suffix not in (".html", ".txt")]
        ours = [p for p in loaded if p.name == "book.css" or "_images" in p.parts]
        own = zipped(page.read_bytes()) + sum(
            zipped(path.read_bytes()) for path in ours
        )
        whole = own + sum(zipped(p.read_bytes()) for p in loaded if p not in ours)
        say(f"{page.stem}: whole, gzipped", f"{whole:.0f} KB")
        say(f"{page.stem}: without the theme's files, gzipped", f"{own:.0f} KB")
        for figure in FIGURE.findall(html):
            name = re.search(r'id="([^"]*)"', figure)[1]
            say(f"  figure {name}, gzipped", f"{zipped(figure.encode()):.1f} KB")


def main():
    """Build twice, then weigh the pages."""
    with tempfile.TemporaryDirectory() as folder:
        copy_tree(Path(folder))
        for kind in ("cold", "warm"):
            seconds, peak = build(folder)
            say(f"{kind} build, seconds", f"{seconds:.1f} s")
            say(f"{kind} build, peak memory, kernels included", f"{peak / 1e6:.0f} MB")
        page_sizes(Path(folder) / "_build/html")
