"""Run one submission under otter, shut in as far as the system allows.

The outermost process is the watcher here; below it, in namespaces of their own where Linux
gives them, are a Python that runs otter, and the kernel in which the submission and the
tests run.
"""

import contextlib
import io
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from typing import NamedTuple

import nbformat
import psutil

from .submission import LARGEST_FILE, Refused

MOST_PROCESSES = 64
NO_MEMORY = re.compile("MemoryError|allocate memory")  # as Python and PyTorch say it
STOP = threading.Event()  # set, it ends all submissions that run

# Runs in the shell of new namespaces: everything but the folder $1 becomes read-only, and
# the submissions in $2 vanish; the last `unshare` gives up the right to undo it.
SHUT = """
set -e
ip link set lo up
mount --bind "$1" "$1"
while read -r _ point _; do
  case "$point" in "$1"|/proc*) ;; *) mount -o remount,bind,ro "$point" || true ;; esac
done < /proc/self/mounts 2>/dev/null
[ -z "$2" ] || mount -t tmpfs none "$2"
cd "$1"
shift 2
exec unshare --user --map-root-user "$@"
"""
NAMESPACES = (
    "--user --map-root-user --net --pid --mount --fork --kill-child --mount-proc"
)

# Runs as the outer Python of a submission; its limits hold for the kernel below it too.
RUN = """
import json, resource, sys
cpu, memory, file, processes = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
resource.setrlimit(resource.RLIMIT_FSIZE, (file, file))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
if processes:
    resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
from otter.run import main
results = main("submission.ipynb", autograder="autograder.zip", output_dir=".", no_logo=True)
outputs = [out for cell in results.notebook.cells for out in cell.get("outputs", [])]
errors = [out for out in outputs if out.output_type == "error"]
with open("errors.json", "w") as file:
    json.dump([f"{out.ename}: {out.evalue}"[:200] for out in errors[:3]], file)
"""

# One of these passes and one fails, whatever the submission says.
CONTROL = """\
from otter.test_files import test_case

OK_FORMAT = False
name = "{name}"
points = [1, 1]


@test_case()
def test_that_passes():
    assert 1 + 1 == 2


@test_case()
def test_that_fails():
    raise AssertionError("as it should")
"""


class Limits(NamedTuple):
    """What one submission may use: seconds on the clock and of each CPU, and MB."""

    timeout: int = 120
    cpu: int = 120
    memory: int = 2048


def isolation(submissions):
    """Return a function that shuts a submission in, and a sentence on what it does.

    The function takes a folder and returns the command to put before another one. It is
    tried out first: it has to keep a program from the network and from writing.
    """
    needed = [Path(sys.prefix), Path(__file__).resolve()]

    def shut(folder):
        visible = any(p.is_relative_to(submissions) for p in [*needed, folder])
        return [*command, str(folder), "" if visible else str(submissions)]

    command = ["unshare", *NAMESPACES.split(), "sh", "-c", SHUT, "sh"]
    with tempfile.TemporaryDirectory() as inside, tempfile.TemporaryDirectory() as out:
        attempt = f"touch '{inside}/yes'; ! touch '{out}/no'; ! ip route | grep ."
        whole = [*command, inside, "", "sh", "-c", attempt]
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            done = subprocess.run(whole, capture_output=True, timeout=60)
            held = Path(inside, "yes").exists() and not Path(out, "no").exists()
            if done.returncode == 0 and held:
                return shut, (
                    "Submissions run without network, see no other process and can "
                    "write only to a folder of their own."
                )
    return (lambda folder: []), (
        "Submissions are NOT cut off from the network and from your files here (this "
        "system allows no namespaces); grade in a container or on a spare account."
    )


def environment(folder):
    """Return the variables a submission sees: nothing of the instructor's."""
    home = folder / "home"
    for place in (home, folder / "tmp"):
        place.mkdir()
    package = str(Path(__file__).resolve().parent.parent)
    keep = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    own = {"HOME": home, "TMPDIR": folder / "tmp", "IPYTHONDIR": home / "ipython"}
    own |= {"PYTHONPATH": package, "MPLBACKEND": "agg", "OMP_NUM_THREADS": 1}
    own |= {"JUPYTER_PREFER_ENV_PATH": 1, "PYTHONNOUSERSITE": 1}
    return keep | {name: str(value) for name, value in own.items()}


def kill(process, home):
    """End a process and all that came from it, also what left its group.

    Whatever a submission starts inherits its home, which no other process has.
    """
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pause in (0, 0.1, 0.2):  # what is just being started shows no home yet
        time.sleep(pause)
        for other in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if other.environ().get("HOME") == str(home):
                    other.kill()


def watch(process, log, limits):
    """Wait for a process; raise Refused when it goes beyond a limit."""
    end = time.monotonic() + limits.timeout
    while process.poll() is None:
        if STOP.is_set():
            raise Refused("grading was interrupted")
        if time.monotonic() > end:
            raise Refused(f"it did not end within {limits.timeout} s")
        used = count = 0
        with contextlib.suppress(psutil.Error):
            first = psutil.Process(process.pid)
            tree = [first, *first.children(recursive=True)]
            count = len(tree)
            for child in tree:
                with contextlib.suppress(psutil.Error):
                    used += child.memory_info().rss
        if used > limits.memory * 2**20:
            raise Refused(too_much(limits))
        if count > MOST_PROCESSES:
            raise Refused(f"it started more than {MOST_PROCESSES} processes")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.2)
    if process.returncode:
        text = log.read_bytes()[-4000:].decode("utf-8", "replace")
        lines = text.strip().splitlines() or ["no message"]
        causes = [
            line for line in lines if re.match(r"[\w.]+(Error|Exception)\b", line)
        ]
        last = (causes or lines)[-1]
        if NO_MEMORY.search(last):
            raise Refused(too_much(limits))
        if "Kernel died" in text or process.returncode == -signal.SIGXCPU:
            last = (
                "its Python was ended, by its own code or by the limits of "
                f"{limits.cpu} s of CPU time and {limits.memory} MB"
            )
        raise Refused(f"it could not be run to its end: {last}")


def too_much(limits):
    """Return what is said of a submission that wants more memory than there is."""
    return f"it took more than {limits.memory} MB of memory"


def results_of(folder, control, questions, limits):
    """Return score and remark of each tested question from what otter wrote.

    Whoever meets the limit of memory is refused, whether the watch or Python said so: which
    of them is first is a matter of milliseconds.
    """
    path = folder / "results.json"
    if not path.is_file() or path.stat().st_size > LARGEST_FILE:
        raise Refused("the grader left no results")
    try:
        tests = json.loads(path.read_text(encoding="utf-8"))["tests"]
        said = {test["name"]: test for test in tests}
        scores = {
            name: float(said[name]["score"]) for name in said if name in questions
        }
        if said[control]["score"] != 1 or said[control]["max_score"] != 2:
            raise Refused("the results are forged: a control test says otherwise")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused("its tests were stopped or their results changed") from None
    if any(not 0 <= score <= questions[name] for name, score in scores.items()):
        raise Refused("the results are forged: more points than there are")
    stopped, found = errors_of(folder), {}
    for name, most in questions.items():
        score, says = 0.0, ["its tests could not be run"]
        if name in scores:
            score, says = scores[name], [failures(str(said[name].get("output", "")))]
        found[name] = score, "; ".join(filter(None, says + stopped * (score < most)))
    if any(NO_MEMORY.search(remark) for _, remark in found.values()):
        raise Refused(too_much(limits))
    return found


def errors_of(folder):
    """Return a remark on the cells that stopped with an error, as otter saw them."""
    path = folder / "errors.json"
    try:
        errors = (
            json.loads(path.read_text("utf-8")) if path.stat().st_size < 9999 else []
        )
        return ["cells stop with " + ", ".join(errors[:2])] if errors else []
    except (OSError, ValueError, TypeError):
        return []


def failures(text):
    """Return what the failed tests of a question said, on one line."""
    found = re.findall(r"^\s*(\w+(?:Error|Exception)\b.*)$", text, re.MULTILINE)
    lines = [line.removeprefix("AssertionError: ") for line in found]
    return "; ".join(dict.fromkeys(lines))


def run(notebook, archive, limits, shut):
    """Run otter on a notebook in a folder of its own; return what `results_of` returns."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        entries = {name: packed.read(name) for name in packed.namelist()}
    questions = json.loads(entries["assignment.json"])["questions"]
    tested = {q["name"]: q["points"] for q in questions if q["kind"] == "tests"}
    control = f"control_{secrets.token_hex(4)}"
    entries[f"tests/{control}.py"] = CONTROL.format(name=control).encode()
    folder = Path(tempfile.mkdtemp(prefix="grading-")).resolve()
    process = None
    try:
        nbformat.write(notebook, folder / "submission.ipynb")
        with zipfile.ZipFile(folder / "autograder.zip", "w") as packed:
            for name, data in entries.items():
                if name not in ("student.ipynb", "assignment.json"):
                    packed.writestr(name, data)
        prefix = shut(folder)
        numbers = [limits.cpu, limits.memory * 2**20, LARGEST_FILE]
        numbers.append(
            4 * MOST_PROCESSES if prefix else 0
        )  # else it counts all of yours
        command = [*prefix, sys.executable, "-c", RUN, *map(str, numbers)]
        log = folder / "log"
        with open(log, "wb") as output:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        watch(process, log, limits)
        return results_of(folder, control, tested, limits)
    finally:
        if process:
            kill(process, folder / "home")
        shutil.rmtree(folder, ignore_errors=True)
