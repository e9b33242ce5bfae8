"""What the parts share."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build/html"

sys.path[:0] = [str(ROOT / "book"), str(ROOT / "tests")]


def say(what, value):
    """Print one line of figures."""
    print(f"{what:<68} {value}", flush=True)
