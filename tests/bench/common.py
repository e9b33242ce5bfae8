"""What the parts share."""

import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build/html"
# The least that could follow a key.
BARE = """data:text/html,<figure class="explore"><input type="range" max="20">
<svg><path fill="none" stroke="black"/></svg></figure><script>
document.querySelector("input").oninput = event => document.querySelector("path")
    .setAttribute("d", `M0 0L${10 * event.target.value} 90`)</script>"""

sys.path[:0] = [str(ROOT / "book"), str(ROOT / "tests")]


def p95(times):
    """Return the 95th percentile of the times."""
    return statistics.quantiles(times, n=20)[-1]


def say(what, value):
    """Print one line of figures."""
    print(f"{what:<68} {value}", flush=True)
