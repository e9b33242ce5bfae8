"""Run the whole book under nbval again and again, elsewhere each time: no output may differ.

    python tests/same.py                    three passes over every chapter
    python tests/same.py book/dropout.ipynb ...

The passes: as always; with two threads; with two threads in another time zone, where a
comma stands for the decimal point. Chapters ask for one thread, which the last two passes
do not heed: a file that IPython runs when a kernel starts sees to it.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

import normalize

STARTUP = """
import locale, torch
locale.setlocale(locale.LC_ALL, "")
torch.set_num_threads({threads})
torch.set_num_threads = lambda number: None
del locale, torch
"""
# says what a pass is; it runs first, under nbval too
PROBE = """
import locale, time, torch
torch.set_num_threads(7)
print(torch.get_num_threads(), time.tzname[0], locale.str(1.5))
"""
COMMAS = ["de_DE.UTF-8", "fr_FR.UTF-8", "es_ES.UTF-8"]


def comma():
    """Return a locale of this machine with a decimal comma, or None."""
    command = (
        "import locale; locale.setlocale(locale.LC_ALL, ''); print(locale.str(1.5))"
    )
    for name in COMMAS:
        done = subprocess.run(
            [sys.executable, "-c", command],
            env={**os.environ, "LC_ALL": name},
            capture_output=True,
            text=True,
        )
        if done.stdout.strip() == "1,5":
            return name
    return None


def passes():
    """Return for each pass what it is called, threads, environment and what the probe says."""
    other = comma()
    if other is None:
        sys.exit(
            f"none of {', '.join(COMMAS)} is installed (Debian and Ubuntu: apt install "
            "locales, then localedef -i de_DE -f UTF-8 de_DE.UTF-8)"
        )
    # passive: threads that wait for each other leave the processor to others
    plain = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "OMP_WAIT_POLICY": "passive"}
    far = {**plain, "TZ": "Asia/Kolkata", "LC_ALL": other}
    return [
        ("one thread, UTC, C.UTF-8", 1, plain, "1 UTC 1.5\n"),
        ("two threads, UTC, C.UTF-8", 2, plain, "2 UTC 1.5\n"),
        (f"two threads, Asia/Kolkata, {other}", 2, far, "2 IST 1,5\n"),
    ]


def write_probe(path, said):
    """Write a notebook that fails under nbval if the kernel is not what the pass says."""
    printed = nbformat.v4.new_output("stream", name="stdout", text=said)
    cell = nbformat.v4.new_code_cell(PROBE, outputs=[printed], execution_count=1)
    nbformat.write(
        nbformat.v4.new_notebook(cells=[cell], metadata=normalize.METADATA), path
    )


def run(paths, threads, environment, said):
    """Run notebooks under nbval; return pytest's exit code."""
    build = normalize.ROOT / "_build"  # pytest names a file by its place in the project
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="same-", dir=build) as folder:
        startup = Path(folder) / "profile_default/startup"
        startup.mkdir(parents=True)
        (startup / "00-elsewhere.py").write_text(STARTUP.format(threads=threads))
        probe = Path(folder) / "probe.ipynb"
        write_probe(probe, said)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "2",
            "--dist",
            "loadfile",
        ]
        done = subprocess.run(
            [*command, "-p", "no:cacheprovider", probe, *paths],
            cwd=normalize.ROOT,
            env={**os.environ, **environment, "IPYTHONDIR": folder},
        )
    return done.returncode


def main():
    """Run the command line."""
    paths = sys.argv[1:] or normalize.notebooks()
    failed = []
    for name, *settings in passes():
        print(f"== {name}", flush=True)
        start = time.perf_counter()
        if run(paths, *settings):
            failed.append(name)
        print(f"== {time.perf_counter() - start:.0f} s", flush=True)
    sys.exit(f"an output differs with: {'; '.join(failed)}" if failed else None)


if __name__ == "__main__":
    main()
