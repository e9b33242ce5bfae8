"""What each regularizer buys: hundreds of runs, kept in one plain file.

    python -m reglab.ablation --output mine.json     train everything, into a file of your own
    python -m reglab.ablation                        finish what the book's file lacks
    python -m reglab.ablation --jobs 8               eight runs at a time
    python -m reglab.ablation --dask 10.0.0.1:8786   on a Dask cluster

A run takes one thread and about three seconds. Finished runs are kept at once, so work that
was stopped goes on where it was, and gives the same file as without the stop.
"""

import argparse
import contextlib
import hashlib
import json
import os
import platform
import sys
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path

import joblib
import numpy as np
import torch
from filelock import FileLock, Timeout
from tqdm import tqdm

from .design import design, runs_of
from .program import HELD_OUT, Setting, data, train, unpack

FILE = Path(__file__).with_name("ablation.json")
COMMAND = "python -m reglab.ablation"
# SHA-256 of the pixels, then the labels, of the first 8,000 training rows
CHECKSUM = "6d1eec2ea76b139b1d5d73e3683ac97057a94e64c975e2172fef2822b0ea90af"


def describe(parts, checksum):
    """Return what two files must share to be about the same runs."""
    listed = [[asdict(setting), seed] for setting, seed in runs_of(parts)]
    return {
        "design": hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:16],
        "data": checksum,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
    }


def ablate(parts, path, *, checksum=CHECKSUM, jobs=1, backend=None):
    """Train all runs of a design that are not on file yet, then write the file.

    Parameters
    ----------
    parts : dict of str to (list of Setting, int)
        As `design` returns: settings and the number of seeds, which count from 0.
    path : path-like
        The file; while work goes on, `path` with `.part` added keeps what is finished.
    checksum : str
        What `reglab.program.data` must return on every machine that trains.
    jobs : int
        How many runs at a time, each on one thread.
    backend : str, optional
        A backend of joblib other than its processes: "dask" inside a `dask.distributed.Client`.

    Raises
    ------
    ValueError
        If a file that is there belongs to another design or to other data, or is damaged.
    RuntimeError
        If another process is at work on the same file.
    """
    path = Path(path)
    if path.exists():
        read(path, parts, checksum)  # complete, or an error
        return
    if data()[2] != checksum:
        raise ValueError(
            f"the data have the checksum {data()[2][:12]}…, not {checksum[:12]}…: "
            "point FASHION_MNIST_DIR to the first rows of the official training files"
        )
    part = path.with_name(path.name + ".part")
    try:
        with FileLock(f"{part}.lock", timeout=0):
            header, done = _resume(part, describe(parts, checksum))
            missing = [run for run in runs_of(parts) if run not in done]
            _train_all(part, missing, done, checksum, jobs, backend)
            _write(path, parts, header, done)
            part.unlink()
    except Timeout:
        raise RuntimeError(f"another process is at work on {path}") from None
    Path(f"{part}.lock").unlink(missing_ok=True)


def _resume(part, wanted):
    """Return the header and the finished runs of a partial file, made if there is none."""
    # what follows the last line end was being written when the work was stopped
    whole = part.read_bytes().rpartition(b"\n")[0] if part.exists() else b""
    header, done = {"started": date.today().isoformat()} | wanted, {}
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            entry = json.loads(line)
            if number > 1:
                run = Setting(**entry.pop("setting")), entry["result"]["seed"]
                done[run] = entry
        except (ValueError, TypeError, KeyError):
            raise ValueError(
                f"line {number} of {part} is damaged: delete the file to start afresh"
            ) from None
        if number == 1:
            header = entry
            for key, value in wanted.items():
                if entry.get(key) != value:
                    raise ValueError(
                        f"{part} was begun with another {key} ({entry.get(key)}, now "
                        f"{value}): delete it to start afresh"
                    )
    kept = whole or json.dumps(header).encode()
    fresh = part.with_name(part.name + ".new")
    fresh.write_bytes(kept + b"\n")
    os.replace(fresh, part)
    return header, done


def _train_all(part, missing, done, checksum, jobs, backend):
    """Train, and keep each run as soon as it is finished."""
    parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")
    choose = joblib.parallel_config(backend) if backend else contextlib.nullcontext()
    bar = tqdm(
        total=len(missing) + len(done), initial=len(done), unit="run", disable=None
    )
    with choose, bar, open(part, "ab") as file:
        for (setting, seed), seconds, result in parallel(
            joblib.delayed(_timed)(*run) for run in missing
        ):
            if (found := result.pop("data")) != checksum:
                raise ValueError(f"a worker has data with the checksum {found[:12]}…")
            entry = {"seconds": round(seconds, 2), "result": {"seed": seed} | result}
            line = json.dumps({"setting": asdict(setting)} | entry)
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
            done[setting, seed] = entry
            bar.update()


def _timed(setting, seed):
    start = time.thread_time()
    result = train(setting, seed)
    return (setting, seed), time.thread_time() - start, result


def _write(path, parts, header, done):
    """Write the file in the order of the design, in one go."""
    order = runs_of(parts)
    seeds = {}
    for setting, seed in order:
        seeds.setdefault(setting, []).append(seed)
    number = {setting: n for n, setting in enumerate(seeds)}
    seconds = sum(done[run]["seconds"] for run in order)
    head = {
        "command": COMMAND,
        "started": header["started"],
        "cpu_seconds": round(seconds),
        **{key: header[key] for key in ("versions", "data", "design")},
        "parts": {
            name: {"seeds": n, "settings": [number[setting] for setting in settings]}
            for name, (settings, n) in parts.items()
        },
    }
    blocks = []
    for setting, its in seeds.items():
        lines = ",\n".join(json.dumps(done[setting, seed]["result"]) for seed in its)
        blocks.append(
            f'{{"setting": {json.dumps(asdict(setting))}, "runs": [\n{lines}\n]}}'
        )
    text = (
        json.dumps(head, indent=1)[:-2]
        + ',\n "results": [\n'
        + ",\n".join(blocks)
        + "\n]}\n"
    )
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text, encoding="utf-8")
    os.replace(fresh, path)


class Results:
    """What is on file; made by `read`.

    `parts["factorial"]` lists the settings of a part. `results[setting]` is a dict of arrays, the
    first axis the seeds: the curves of `reglab.program.train`, (seeds, epochs) or (seeds, 1), and
    `right`, (seeds, held-out rows). `head` says when and with what it was made.
    """

    def __init__(self, head, parts, runs):
        self.head, self.parts, self._runs = head, parts, runs

    def __getitem__(self, setting):
        if setting not in self._runs:
            raise KeyError(f"{setting} is not on file")
        return self._runs[setting]

    def __iter__(self):
        return iter(self._runs)


def read(path=FILE, parts=None, checksum=CHECKSUM):
    """Return the results on file, after checking that they are those of the design.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, or belongs to another design or to other data.
    """
    parts, path = parts or design(), Path(path)
    again = "delete it and train again, or name another file with --output"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        found = {
            Setting(**each["setting"]): each["runs"] for each in stored.pop("results")
        }
        runs = {setting: _arrays(setting, its) for setting, its in found.items()}
        listed = [
            (setting, run["seed"]) for setting, its in found.items() for run in its
        ]
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing: make it with {COMMAND}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path} is damaged ({error}): {again}") from None
    if stored.get("data") != checksum:
        raise ValueError(f"{path} was made with other data: {again}")
    if sorted(map(repr, listed)) != sorted(map(repr, runs_of(parts))):
        raise ValueError(f"{path} holds the runs of another design: {again}")
    return Results(
        stored, {name: settings for name, (settings, _) in parts.items()}, runs
    )


def _arrays(setting, runs):
    """Return the figures of all seeds, stacked."""
    rows = HELD_OUT if setting.n_train == 6000 else 6000 - setting.n_train
    columns = {name: [run[name] for run in runs] for name in runs[0] if name != "right"}
    arrays = {name: np.array(column, dtype=float) for name, column in columns.items()}
    for name in ("loss", "accuracy"):
        if arrays[name].shape != (len(runs), setting.epochs):
            raise ValueError(f"{name} has the shape {arrays[name].shape}")
    return arrays | {"right": np.stack([unpack(run["right"], rows) for run in runs])}


def main(arguments=None):
    """Run the command line."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=FILE, metavar="FILE")
    parser.add_argument(
        "--jobs", type=int, default=1, help="runs at a time (default: 1)"
    )
    parser.add_argument("--dask", metavar="ADDRESS", help="scheduler of a Dask cluster")
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        parser.error(f"--jobs {options.jobs} must be at least 1")
    try:
        with cluster(options.dask):
            backend = "dask" if options.dask else None
            jobs = -1 if options.dask else options.jobs
            ablate(design(), options.output, jobs=jobs, backend=backend)
        print(f"{options.output} is complete")
    except KeyboardInterrupt:
        sys.exit(f"stopped; the same command goes on with {options.output}.part")
    except (ValueError, RuntimeError, OSError) as error:
        sys.exit(f"{error}")


@contextlib.contextmanager
def cluster(address):
    """Connect to the scheduler of a Dask cluster, if an address is given."""
    if not address:
        yield
        return
    try:
        from dask.distributed import Client
    except ImportError:
        raise ValueError("--dask needs the package dask[distributed]") from None
    try:
        client = Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise OSError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        yield


if __name__ == "__main__":
    main()
