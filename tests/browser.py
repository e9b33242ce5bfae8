"""Where Chromium is and how it is started; CHROMIUM names another program."""

import os
import shutil

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING = (
    "Chromium is missing: install it (Debian: apt install chromium) or name one with "
    "CHROMIUM=/path/to/it"
)


def find():
    """Return the path of a Chromium, or None."""
    names = [
        os.environ.get("CHROMIUM"),
        "chromium",
        "chromium-browser",
        "google-chrome",
    ]
    return next((path for path in map(shutil.which, filter(None, names)) if path), None)
