"""The ablation covers its design, resumes, runs on Dask, and trains what it says."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from conftest import ROOT, idx
from reglab import ablation, design, fashion, program
from reglab.program import Setting

TINY = {
    "one": ([Setting(epochs=1, n_train=500), Setting(epochs=1, n_train=500, p=0.5)], 2),
    "two": ([Setting(epochs=1, n_train=500, p=0.5), Setting(epochs=1, n_train=300)], 3),
}
RUNS = 8  # those of a setting in both parts are trained once
RUN = """
import sys
from reglab import ablation, program
from test_ablation import TINY
ablation.ablate(TINY, sys.argv[1], checksum=program.data()[2])
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Keep threads from waiting for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Put 8,000 rows of noise where the data are looked for; return their checksum."""
    folder = tmp_path_factory.mktemp("rows")
    g = np.random.default_rng(0)
    images = g.integers(0, 256, (fashion.ROWS, fashion.SIDE, fashion.SIDE))
    labels = np.arange(fashion.ROWS) % 10
    (folder / fashion.NAMES["images"]).write_bytes(idx(2051, images))
    (folder / fashion.NAMES["labels"]).write_bytes(idx(2049, labels))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASHION_MNIST_DIR", str(folder))
        program.data.cache_clear()
        yield program.data()[2]
    program.data.cache_clear()


@pytest.fixture(scope="module")
def whole(rows, tmp_path_factory):
    """Return the file of a design that was never stopped."""
    path = tmp_path_factory.mktemp("whole") / "whole.json"
    ablation.ablate(TINY, path, checksum=rows)
    return path


def timeless(path):
    """Return the bytes of a file without the lines that say when and how long."""
    lines = path.read_bytes().splitlines()
    times = (b' "started":', b' "cpu_seconds":')
    kept = [line for line in lines if not line.startswith(times)]
    assert len(kept) == len(lines) - 2
    return kept


def one_sentence(error):
    text = str(error.value)
    assert "\n" not in text and len(text) < 400
    return text


def test_the_file_holds_the_design():
    on_file, parts = ablation.read(), design.design()
    assert on_file.parts.keys() == parts.keys()
    for settings, seeds in parts.values():
        for setting in settings:
            figures = on_file[setting]
            assert figures["loss"].shape == (seeds, setting.epochs)
            held_out = 1000 if setting in parts["search"][0] else 2000
            assert figures["right"].shape == (seeds, held_out)
            shares = figures["right"].mean(1)
            assert np.allclose(shares, figures["accuracy"][:, -1], atol=1e-5)


def test_the_factorial_crosses_every_choice():
    cells, seeds = design.design()["factorial"]
    assert len(cells) == len(set(cells)) == 2**5 and seeds >= 5
    for factor in design.FACTORS:
        halves = [bool(getattr(cell, factor)) for cell in cells]
        if factor in ("optimizer", "schedule"):
            halves = [getattr(cell, factor) in ("adamw", "cosine") for cell in cells]
        assert sum(halves) == 16, factor
    pairs, seeds = design.design()["pairs"]
    assert {(s.weight_decay, s.p) for s in pairs} == {
        (lambd, p) for lambd in design.LAMBDAS for p in design.PS
    }
    assert seeds >= 5


def test_the_rates_are_the_best_of_the_search():
    on_file = ablation.read()
    for (kind, norm), rate in design.RATES.items():
        loss = {
            setting.lr: on_file[setting]["loss"][:, -1].mean()
            for setting in on_file.parts["search"]
            if (setting.optimizer, setting.batch_norm) == (kind, norm)
        }
        assert min(loss, key=loss.get) == rate
        assert min(loss) < rate < max(loss), "the best rate tried is the last one"


def test_it_weighs_little():
    assert ablation.FILE.stat().st_size < 320_000


@pytest.mark.parametrize("part", ["program", "pairs"])
def test_training_again_gives_what_is_on_file(part):
    on_file = ablation.read()
    setting = on_file.parts[part][0 if part == "program" else 12]
    program.data.cache_clear()  # another test has put noise there
    if not fashion.is_here():  # then there is one thing to test: it says so
        with pytest.raises((FileNotFoundError, ConnectionError), match="train-images"):
            program.train(setting, 1)
        return
    again, stored = program.train(setting, 1), on_file[setting]
    for name in ("loss", "accuracy", "train_loss", "train_accuracy"):
        ends = stored[name][:, -1]
        assert abs(again[name][-1] - ends.mean()) < 4 * ends.std(ddof=1), name
    # rounding differs between machines, and training makes the difference grow
    assert abs(again["loss"][-1] - stored["loss"][1, -1]) < 0.03
    assert abs(again["accuracy"][-1] - stored["accuracy"][1, -1]) < 0.02


def test_a_run_is_decided_by_setting_and_seed(rows):
    setting = TINY["one"][0][1]
    state = torch.get_rng_state()
    one, two = program.train(setting, 0), program.train(setting, 0)
    assert one == two
    assert program.train(setting, 1) != one
    assert torch.equal(torch.get_rng_state(), state), "the global generator was moved"


def test_watching_changes_nothing(rows):
    setting = replace(TINY["one"][0][1], epochs=2, batch_norm=True)
    plain, watched = (
        program.train(replace(setting, watch=w), 0) for w in (False, True)
    )
    assert plain["loss"] == watched["loss"] and plain["right"] == watched["right"]
    assert [len(r["train_loss"]) for r in (plain, watched)] == [1, 2]
    assert plain["masked_loss"][-1] == watched["masked_loss"][-1]


@pytest.mark.parametrize("kind", ["sgd", "momentum", "adamw"])
def test_the_rule_of_each_optimizer(kind):
    setting = Setting(kind, lr=0.1, weight_decay=0.5)
    net = program.make_net(setting, 0)
    optimizer = program.make_optimizer(setting, net)
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    for _ in range(2):
        for p in net.parameters():
            p.grad = torch.zeros_like(p)  # decay acts alone
        optimizer.step()
    left = (1 - 0.05) ** 2 if kind != "momentum" else 0.95 - 0.05 * (0.9 + 0.95)
    for name, p in net.named_parameters():
        wanted = before[name] * (left if p.ndim > 1 else 1)
        assert torch.allclose(p, wanted, atol=1e-6), name


@pytest.mark.parametrize("start", ["he", "small"])
def test_the_first_weights(start):
    one, two = (program.make_net(Setting(start=start), seed) for seed in (0, 1))
    first = one[0]
    std = (2 / 784) ** 0.5 if start == "he" else 0.01
    assert abs(first.weight.std() / std - 1) < 0.01
    assert not torch.equal(first.weight, two[0].weight)
    assert bool(first.bias.any()) == (start == "small")
    assert first.bias.abs().max() <= 1 / 28


def test_streams_differ():
    draws = {
        torch.rand(1, generator=program.generator(seed, purpose)).item()
        for seed in range(20)
        for purpose in program.STREAMS
    }
    assert len(draws) == 60


def test_measure_is_the_definition():
    net = program.make_net(Setting(), 0)
    X, y = torch.rand(50, 784), torch.arange(50) % 10
    loss, right = program.measure(net, X, y)
    assert loss == pytest.approx(F.cross_entropy(net(X), y).item(), rel=1e-6)
    assert right.tolist() == [
        net(x[None]).argmax() == t for x, t in zip(X, y, strict=True)
    ]


def test_bits_survive():
    right = np.random.default_rng(0).random(2000) < 0.8
    assert (program.unpack(program.pack(right), 2000) == right).all()


@pytest.mark.parametrize(
    "change, message",
    [
        ({"optimizer": "adam"}, "optimizer='adam'.*sgd, momentum, adamw"),
        ({"schedule": "step"}, "schedule='step'.*constant, cosine"),
        ({"start": "xavier"}, "start='xavier'.*he, small"),
        ({"lr": -1}, "lr=-1 must be finite and at least 0"),
        ({"lr": float("nan")}, "lr=nan"),
        ({"weight_decay": "0.1"}, "weight_decay='0.1' must be a number"),
        ({"p": 1.0}, "p=1.0 must be below 1"),
        ({"batch_norm": 1}, "batch_norm=1 must be True or False"),
        ({"epochs": 0}, "epochs=0 must be from 1"),
        ({"epochs": 2.0}, "epochs=2.0 must be a whole number"),
        ({"n_train": 7000}, "n_train=7000 must be from 1 to 6000"),
        ({"n_train": 250}, "n_train=250 must be a multiple of 100"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bad_settings(change, message):
    with pytest.raises((ValueError, TypeError), match=message) as error:
        Setting(**change)
    one_sentence(error)


@pytest.mark.parametrize("seed", [-1, 1.5, True])
def test_bad_seed(seed):
    with pytest.raises(ValueError, match="seed="):
        program.train(Setting(), seed)


def test_a_run_that_diverges_says_so(rows):
    with pytest.raises(ValueError, match="seed 0 diverges"):
        program.train(Setting(lr=1e30, epochs=1, n_train=300), 0)


def test_whole_is_read_again(whole, rows):
    results = ablation.read(whole, TINY, rows)
    assert sum(len(r["right"]) for r in results._runs.values()) == RUNS
    assert results.head["data"] == rows
    before = whole.read_bytes()
    ablation.ablate(TINY, whole, checksum=rows)  # nothing to do
    assert whole.read_bytes() == before
    assert list(whole.parent.iterdir()) == [whole], "a partial file was left"
    with pytest.raises(KeyError, match="not on file"):
        results[Setting(lr=0.5)]


def test_killed_and_resumed_is_the_same(whole, rows, tmp_path):
    path, part = tmp_path / "r.json", tmp_path / "r.json.part"
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, path],
        cwd=ROOT / "tests",
        env=os.environ | {"PYTHONPATH": str(ROOT / "book"), "OMP_NUM_THREADS": "1"},
    )
    while not part.exists() or part.read_bytes().count(b"\n") < 3:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = part.read_bytes().count(b"\n") - 1
    assert 2 <= kept < RUNS and not path.exists()
    with open(part, "ab") as file:  # as if killed in the middle of a line
        file.write(b'{"setting": {"optimi')
    ablation.ablate(TINY, path, checksum=rows, jobs=2)
    assert timeless(path) == timeless(whole)
    assert not part.exists()


def test_on_a_dask_cluster_of_two(whole, rows, tmp_path):
    from dask.distributed import LocalCluster

    path = tmp_path / "d.json"
    with LocalCluster(
        n_workers=2, threads_per_worker=2, dashboard_address=":0"
    ) as workers:
        with ablation.cluster(workers.scheduler_address):
            ablation.ablate(TINY, path, checksum=rows, jobs=-1, backend="dask")
        assert len(workers.scheduler_info["workers"]) == 2
    assert timeless(path) == timeless(whole)


def test_no_scheduler_answers(capsys):
    with pytest.raises(SystemExit) as stopped:
        ablation.main(["--dask", "tcp://127.0.0.1:9", "--output", "never.json"])
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in str(stopped.value)


def test_two_at_work_on_one_file(rows, tmp_path):
    path = tmp_path / "r.json"
    with (
        ablation.FileLock(f"{path}.part.lock"),
        pytest.raises(RuntimeError, match="another process is at work") as error,
    ):
        ablation.ablate(TINY, path, checksum=rows)
    one_sentence(error)


def test_other_data_are_refused(rows, tmp_path):
    with pytest.raises(ValueError, match="the data have the checksum") as error:
        ablation.ablate(TINY, tmp_path / "r.json")
    one_sentence(error)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", ["design", "data", "versions"])
def test_partial_file_of_something_else(key, rows, tmp_path):
    path = tmp_path / "r.json"
    header = {"started": "2020-01-01"} | ablation.describe(TINY, rows) | {key: "other"}
    part = tmp_path / "r.json.part"
    part.write_text(json.dumps(header) + "\n")
    with pytest.raises(ValueError, match=f"begun with another {key}") as error:
        ablation.ablate(TINY, path, checksum=rows)
    assert "delete it" in one_sentence(error)


def test_damaged_partial_file(rows, tmp_path):
    header = json.dumps(ablation.describe(TINY, rows))
    (tmp_path / "r.json.part").write_text(f"{header}\nnonsense\n")
    with pytest.raises(ValueError, match=r"line 2 of .* is damaged") as error:
        ablation.ablate(TINY, tmp_path / "r.json", checksum=rows)
    one_sentence(error)


def without_a_run(stored):
    stored["results"][0]["runs"].pop()


def unknown_setting(stored):
    stored["results"][0]["setting"]["optimizer"] = "sofia"


def short_curve(stored):
    stored["results"][0]["runs"][0]["loss"] = []


@pytest.mark.parametrize(
    "spoil, message",
    [
        (without_a_run, "another design"),
        (unknown_setting, "optimizer='sofia' is not known"),
        (short_curve, "is damaged"),
        (lambda stored: stored.update(data="0"), "made with other data"),
        (lambda stored: stored.pop("results"), "is damaged"),
    ],
    ids=["a run less", "unknown setting", "short curve", "other data", "no results"],
)
def test_bad_file(whole, rows, tmp_path, spoil, message):
    stored = json.loads(whole.read_text())
    spoil(stored)
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(stored))
    with pytest.raises(ValueError, match=message) as error:
        ablation.ablate(TINY, path, checksum=rows)
    assert "--output" in one_sentence(error)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python -m reglab\.ablation"):
        ablation.read(tmp_path / "none.json")


def test_command_line(tmp_path):
    command = [sys.executable, "-m", "reglab.ablation"]
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "book"),
        "FASHION_MNIST_DIR": str(tmp_path),
    }
    said = {"capture_output": True, "text": True, "env": environment}
    done = subprocess.run(command, **said)
    assert done.returncode == 0 and "is complete" in done.stdout
    done = subprocess.run([*command, "--output", tmp_path / "x.json"], **said)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "train-images" in done.stderr
    done = subprocess.run([*command, "--jobs", "0"], **said)
    assert done.returncode == 2 and "--jobs 0 must be at least 1" in done.stderr


def test_settings_are_plain():
    setting = Setting(p=0.5)
    assert Setting(**json.loads(json.dumps(asdict(setting)))) == setting
