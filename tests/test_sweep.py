"""`sweep`: many runs at once give what single runs give."""

import pytest
import torch
from joblib import parallel_config

from reglab.sweep import sweep

LAMBD = [0.0, 0.5, 2.0]
SEEDS = range(4)


def prepare(seed):
    g = torch.Generator().manual_seed(seed)
    X = torch.randn(12, 5, generator=g, dtype=torch.float64)
    return X, X.sum(1), torch.randn(5, generator=g, dtype=torch.float64)


def fit(X, y, w, lambd, lr=0.05):
    for _ in range(50):
        w = (1 - lr * lambd) * w - lr * X.T @ (X @ w - y) / len(X)
    return {"w": w, "loss": ((X @ w - y) ** 2).mean() / 2}


@pytest.mark.parametrize("at_once", [1, 5, 1024])
def test_equals_single_runs(at_once):
    runs = sweep(fit, prepare, seeds=SEEDS, at_once=at_once, lambd=LAMBD)
    assert runs["w"].shape == (3, 4, 5) and runs["loss"].shape == (3, 4)
    for i, lambd in enumerate(LAMBD):
        for j, seed in enumerate(SEEDS):
            alone = fit(*prepare(seed), lambd)
            torch.testing.assert_close(
                runs["w"][i, j], alone["w"], rtol=1e-12, atol=1e-12
            )
            torch.testing.assert_close(
                runs["loss"][i, j], alone["loss"], rtol=1e-12, atol=1e-12
            )


def test_two_grids_keep_their_order():
    runs = sweep(fit, prepare, seeds=SEEDS, lambd=LAMBD, lr=[0.01, 0.02])
    assert runs["loss"].shape == (3, 2, 4)
    alone = fit(*prepare(3), 2.0, 0.01)
    torch.testing.assert_close(runs["loss"][2, 0, 3], alone["loss"])


def test_call_on_the_grid_looks_up_and_off_the_grid_trains():
    runs = sweep(fit, prepare, seeds=SEEDS, lambd=LAMBD)
    assert torch.equal(runs(lambd=0.5)["w"], runs["w"][1])
    between = runs(lambd=1.3)
    assert between["w"].shape == (4, 5)
    torch.testing.assert_close(between["w"][2], fit(*prepare(2), 1.3)["w"])


def test_joblib_carries_it():
    alone = sweep(fit, prepare, seeds=SEEDS, lambd=LAMBD)["w"]
    both = sweep(fit, prepare, seeds=SEEDS, at_once=4, n_jobs=2, lambd=LAMBD)["w"]
    with parallel_config(backend="threading", n_jobs=2):
        threads = sweep(fit, prepare, seeds=SEEDS, at_once=4, lambd=LAMBD)["w"]
    torch.testing.assert_close(both, alone)
    torch.testing.assert_close(threads, alone)


def test_grid_takes_the_dtype_of_the_data():
    def single(seed):
        return tuple(tensor.float() for tensor in prepare(seed))

    assert sweep(fit, single, seeds=[0], lambd=[0, 1])["w"].dtype == torch.float32


def test_shows_progress_when_somebody_watches(monkeypatch, capsys):
    monkeypatch.setenv("REGLAB_EXPLORE", "live")
    clock = iter(range(0, 10_000, 2))  # every look at the clock finds two seconds gone
    monkeypatch.setattr("tqdm.std.time", lambda: next(clock))
    sweep(fit, prepare, seeds=SEEDS, at_once=4, lambd=LAMBD)
    assert "training" in capsys.readouterr().err
    monkeypatch.setenv("REGLAB_EXPLORE", "static")
    sweep(fit, prepare, seeds=SEEDS, at_once=4, lambd=LAMBD)
    assert capsys.readouterr().err == ""


BAD = {
    "no seeds": ({"seeds": []}, "seeds must.*at least one"),
    "no grid": ({"lambd": None}, "at least one grid"),
    "empty grid": ({"lambd": []}, "'lambd'.*at least one"),
    "scalar grid": ({"lambd": 3.0}, "'lambd'.*list"),
    "not finite": ({"lambd": [1, float("inf")]}, "lambd=inf is not finite"),
    "at_once": ({"at_once": 0}, "at_once=0"),
    "a seed twice": ({"seeds": [3, 1, 3]}, "the seed 3 occurs twice"),
    "no chance": (
        {"seeds": [0, 1], "prepare": lambda seed: prepare(7)},
        r"prepare\(1\) returns the same as prepare\(0\)",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    changes, message = BAD[case]
    arguments = {"fit": fit, "prepare": prepare, "seeds": [0], "lambd": [0.0]}
    arguments |= changes
    arguments = {name: value for name, value in arguments.items() if value is not None}
    with pytest.raises(ValueError, match=message):
        sweep(**arguments)


def test_bad_use_is_named():
    runs = sweep(fit, prepare, seeds=[0], lambd=LAMBD)
    with pytest.raises(KeyError, match="no result 'test'; there are w, loss"):
        runs["test"]
    with pytest.raises(ValueError, match="lambd"):
        runs(p=1)
    with pytest.raises(ValueError, match="not finite"):
        runs(lambd=float("nan"))
