"""Whatever is given to `reglab`: a right result, or one sentence that names what is wrong."""

import contextlib
import importlib
import io
import itertools
import math
import pkgutil
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import reglab
from reglab import Slider, check, claim, explore, quiz, show, sweep
from reglab.data import Split, digits_task, epochs_of_batches, linear_task
from reglab.palette import TEST, band

# Every public name, and the test here or elsewhere that gives it what it should not get.
TESTED = {
    "claim": "test_claim",
    "check": "test_check_never_raises",
    "quiz": "test_quiz",
    "sweep": "test_sweep",
    "Sweep": "test_sweep_off_the_grid",
    "Slider": "test_slider",
    "explore": "test_slider",
    "Explore": "test_slider",
    "show": "test_show",
    "Still": "test_show",
    "linear_task": "test_linear_task",
    "epochs_of_batches": "test_epochs_of_batches",
    "digits_task": "test_digits_task",
    "band": "test_band",
    "is_live": "test_explore.py",  # has no argument but REGLAB_EXPLORE
    "fashion_mnist": "test_fashion.py",  # its arguments are files and a network
    "digits": "test_data.py",  # has no argument
    "Split": "a tuple with names",
}
# No part of these is for authors: `explore` calls them with what it has checked.
MACHINERY = {"live", "parts", "group", "svg", "valid", "d2l"}
TESTED_APART = {  # by test_ablation, test_fashion_chapter, test_grade, test_assignments
    *("ablation", "design", "program", "curves", "table"),
    *("grade", "confine", "submission", "student"),
}

few = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(
        Phase.generate,
    ),  # no shrinking: it takes minutes, and these cases are small
    suppress_health_check=list(HealthCheck),
)

NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 0.0, 1.0, 10**400, True]),
)
TEXTS = st.sampled_from(["", " ", "abc", "1", "1.5", "nan", "<b>", "{}", "λ", "..."])
SCALARS = st.one_of(
    st.none(),
    NUMBERS,
    TEXTS,
    st.sampled_from([1j, 1 + 0j, b"1", ..., np.float32(2), torch.tensor(1.5)]),
)
ARRAYS = st.sampled_from(
    [
        np.ones((2, 2)),
        np.ones(3),
        np.array([]),
        np.array(["1", "2"]),
        np.array([1 + 5j]),
        torch.ones(2, 3),
        torch.tensor([math.nan, 1.0]),
        torch.ones(2, requires_grad=True),
        torch.tensor([True, False]),
    ]
)
JUNK = st.one_of(
    SCALARS,
    ARRAYS,
    st.lists(SCALARS, max_size=3),
    st.just([[1], [1, 2]]),
    st.dictionaries(TEXTS, SCALARS, max_size=2),
    st.sets(st.integers(0, 3), max_size=2),
    st.sampled_from([int, len, object(), plt]),
)


@contextlib.contextmanager
def clear(*names):
    """Let through a ValueError or TypeError of one sentence that holds one of the names."""
    try:
        yield
    except (ValueError, TypeError) as error:
        words = str(error)
        assert "\n" not in words and 10 < len(words) < 400, words
        assert any(name in words for name in names), words


def raises(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except (ValueError, TypeError):
        return True
    return False


def is_whole(x, least=1):
    return isinstance(x, int) and not isinstance(x, bool) and least <= x <= 10**8


def is_number(x):
    # what a float can hold; NumPy's and torch's scalars too
    x = x.item() if getattr(x, "ndim", 1) == 0 else x
    real = isinstance(x, int | float) and not isinstance(x, bool)
    return real and abs(x) <= sys.float_info.max


def said_by(call, *arguments, **named):
    with contextlib.redirect_stdout(io.StringIO()) as text:
        call(*arguments, **named)
    return text.getvalue()


def test_no_public_name_is_forgotten():
    public = set(reglab.__all__)
    for module in pkgutil.iter_modules(reglab.__path__):
        if module.name in MACHINERY | TESTED_APART:
            continue
        found = importlib.import_module(f"reglab.{module.name}")
        public |= set(found.__all__)
    assert public == set(TESTED)
    for test in TESTED.values():
        assert test in globals() or test.endswith(".py") or test == TESTED["Split"]
    assert issubclass(Split, tuple)


@few
@given(JUNK, JUNK, JUNK)
def test_claim(sentence, condition, figure):
    true = isinstance(condition, bool) and condition
    with clear("sentence", "condition", "figure"):
        try:
            said = said_by(claim, sentence, condition, figure=figure)
        except AssertionError:
            assert condition is False or (
                getattr(condition, "dtype", None) in (torch.bool, np.dtype(bool))
            )
            return
        assert true and said.startswith(f"✓ {sentence}") and said.count("\n") == 1


SOLUTIONS = [1.5, 0, "ridge", [1.0, 2.0], (1.0, "a"), torch.ones(2), len]


@few
@given(JUNK, st.sampled_from(SOLUTIONS), st.booleans())
def test_check_never_raises(answer, solution, as_function):
    on = [([1, 2],), ("abc",)]
    given_answer = (lambda *a: answer) if as_function else answer
    said = said_by(check, given_answer, solution, on=on, mistakes={"half": solution})
    assert said.startswith(("✓ Right.", "✗ Not yet: ", "○ Not answered"))
    assert said.count("\n") == 1
    if said.startswith("✓"):
        same = answer == solution if isinstance(answer, str | float | int) else answer
        assert same is not False or str(answer).lower() == str(solution).lower()


@few
@given(JUNK)
def test_check_takes_the_same_value_only(answer):
    """A text is no number, and a number with an imaginary part no real one."""
    for value in ("1.0", ["1.0"], np.array(["1.0"]), 1 + 5j, np.array([1 + 5j])):
        assert said_by(check, value, 1.0).startswith("✗")
        assert said_by(check, value, [1.0]).startswith("✗")
    if is_number(answer) and not isinstance(answer, torch.Tensor):
        assert said_by(check, answer, float(answer)).startswith("✓")
        assert said_by(check, answer, 2 * float(answer) + 1).startswith(
            "✓" if np.isclose(answer, 2 * float(answer) + 1, 1e-6, 1e-9) else "✗"
        )


def test_check_is_not_fooled_by_changes_in_place():
    def solution(w, g):
        return w - g

    def answer(w, g):
        w -= g
        return w

    on = [(torch.ones(2), torch.ones(2))]
    for _ in range(2):
        assert said_by(check, answer, solution, on=on) == "✓ Right.\n"
        assert torch.equal(on[0][0], torch.ones(2))

    def lost(w, g):
        w += g
        return w

    told = said_by(check, lost, lambda w, g: w, on=on)
    assert told.startswith("✗"), "the solution changed with the answer"


@few
@given(JUNK, JUNK, JUNK)
def test_check_of_a_broken_exercise(tol, on, mistakes):
    with clear("tol", "on=", "mistakes", "solution"):
        said_by(check, lambda x: x, lambda x: 1.0, on=on, mistakes=mistakes, tol=tol)
    for tol in (-1, math.nan, math.inf, "1", None):
        assert raises(check, 1, 1, tol=tol)
    assert raises(check, 1.0, math.nan)


@few
@given(JUNK, st.dictionaries(SCALARS, SCALARS, max_size=3) | JUNK, JUNK)
def test_quiz(question, options, right):
    with clear("question", "option", "right"):
        html = quiz(question, options, right=right)._repr_html_()
        assert html.count("✓ Right.") == 1 and html.count("<details") == len(options)


@few
@given(JUNK)
def test_band(style):
    with clear("style"):
        assert band(style)["color"] == style["color"]
    assert band(TEST)["color"] == TEST["color"]


def generator():
    return torch.Generator().manual_seed(0)


SIZES = ("num_inputs", "n_train", "n_val", "n_test")


@few
@given(st.sampled_from([*SIZES, "nonzero", "norm", "g"]), JUNK)
def test_linear_task(name, value):
    right = {"norm": is_number(value) and value >= 0}
    right |= {size: is_whole(value) for size in SIZES}
    right |= {"nonzero": value is None or (is_whole(value) and value <= 5), "g": False}
    arguments = {"g": generator(), "num_inputs": 5, name: value}
    with clear(f"{name}="):
        data, w = linear_task(**arguments)
        assert right[name]
        assert all(part.isfinite().all() for part in (*data, w))
        return
    assert not right[name]


@few
@given(st.sampled_from(["g", "num_examples", "batch_size", "num_epochs"]), JUNK)
def test_epochs_of_batches(name, value):
    arguments = {"g": generator(), "num_examples": 6, "batch_size": 3, "num_epochs": 2}
    divides = {"num_examples": is_whole(value) and value % 3 == 0}
    divides |= {"batch_size": is_whole(value) and 6 % value == 0}
    right = {"g": False, "num_epochs": is_whole(value), **divides}[name]
    arguments[name] = value
    with clear(f"{name}="):
        order = epochs_of_batches(**arguments)
        assert right
        n = arguments["num_examples"]
        assert (order.flatten(1).sort().values == torch.arange(n)).all()
        return
    assert not right


@few
@given(st.sampled_from(["g", "n_train", "n_val", "n_test"]), JUNK)
def test_digits_task(name, value):
    arguments = {"g": generator(), "n_train": 5, "n_val": 5, name: value}
    least = 0 if name == "n_val" else 1
    right = name != "g" and (
        is_whole(value, least) or (name == "n_test" and value is None)
    )
    with clear(f"{name}="):
        data = digits_task(**arguments)
        assert right
        sizes = [len(y) for y in data[1::2]]
        wanted = [arguments["n_train"], arguments["n_val"], arguments.get("n_test")]
        wanted[2] = 1797 - sum(wanted[:2]) if wanted[2] is None else wanted[2]
        assert sizes == wanted
        return
    assert not right


GRIDS = st.one_of(
    JUNK,
    st.lists(NUMBERS, max_size=4),
    st.lists(TEXTS, max_size=3),
    st.sampled_from([range(3), range(10**9), np.arange(3.0), itertools.count()]),
)


def figure_of(made):
    fig, ax = plt.subplots(figsize=(1, 1))
    (line,) = ax.plot([0, 1], [0, 1])
    made.append(fig)
    return fig, lambda **_: (line, "summary")


@few
@given(GRIDS, st.sampled_from(["grid", "label", "unit", "format", "start"]), JUNK)
def test_slider(grid, name, value):
    """A slider that is shown shows every value, each under another name."""
    figures = []
    fig, update = figure_of(figures)
    slider = Slider(**{"grid": grid, name: grid if name == "grid" else value})
    before = dict(vars(slider))
    try:
        with clear("'k'"):
            html = explore(fig, update, alt="x", k=slider).html
            values = list(grid)
            assert 1 <= len(values) <= 2000
            assert all(isinstance(x, str) for x in values) or all(
                map(is_number, values)
            )
            assert html.count("<figure") == 1
    finally:
        plt.close(fig)
    assert all(vars(slider)[key] is before[key] for key in before), "half made"


@few
@given(JUNK, JUNK, JUNK, JUNK)
def test_show(fig, update, alt, name):
    figures = []
    real, good = figure_of(figures)
    try:
        with clear("fig=", "update"):
            explore(fig, good, alt="x", k=[1])
            raise AssertionError("this is no figure")
        with clear("update"):
            explore(real, update, alt="x", k=[1])
            raise AssertionError("this is no update function")
        for call in (show, lambda *a, **k: explore(*a, good, k=[1], **k)):
            with clear("alt=", "name="):
                shown = call(real, alt=alt, name=name)
                assert (
                    isinstance(alt, str)
                    and alt.strip()
                    and 'role="group"' in shown.html
                )
    finally:
        plt.close(real)


def test_states_are_counted_before_they_are_drawn():
    fig, update = figure_of([])
    with clear("states"):
        explore(fig, update, alt="x", a=range(2000), b=range(2000))
        raise AssertionError("four million states")
    plt.close(fig)


def prepare(seed):
    g = torch.Generator().manual_seed(seed)
    return (torch.randn(3, generator=g, dtype=torch.float64),)


def fit(x, k):
    return {"y": k * x}


@few
@given(GRIDS)
def test_sweep(grid):
    with clear("'k'", "k="):
        runs = sweep(fit, prepare, seeds=[3, 5], k=grid)
        values = list(grid)
        assert all(map(is_number, values))
        wanted = torch.stack([float(v) * prepare(5)[0] for v in values])
        torch.testing.assert_close(runs["y"][:, 1], wanted, equal_nan=True)


ONE_OF = ["fit", "prepare", "seeds", "at_once", "n_jobs"]


@few
@given(st.sampled_from(ONE_OF), st.one_of(JUNK, st.sampled_from([[1, 1], [1.0], "12"])))
def test_sweep_takes_nothing_else(name, value):
    if value is int or value is len:  # a function, if not the right one
        return
    if name == "n_jobs" and is_whole(value, -9) and value not in (0, 1):
        return  # right, and slow
    arguments = {"fit": fit, "prepare": prepare, "seeds": [0], name: value}
    right = {"at_once": is_whole(value), "n_jobs": value is None or is_whole(value, -9)}
    with clear(name, "seed"):
        sweep(**arguments, k=[1.0])
        assert right.get(name, name == "seeds" and all(map(is_whole, value)))


@pytest.mark.parametrize(
    "returned", [None, 1, torch.ones(2), {}, {"y": 1.0}, [1]], ids=str
)
def test_sweep_names_what_fit_returns(returned):
    with clear("fit"):
        sweep(lambda x, k: returned, prepare, seeds=[0], k=[1])
        raise AssertionError("fit returned no dict of tensors")


@pytest.mark.parametrize(
    "returned", [None, 1, [1], torch.ones(2), "ab", (torch.ones(2), 1)], ids=str
)
def test_sweep_names_what_prepare_returns(returned):
    with clear("prepare(0)"):
        sweep(fit, lambda seed: returned, seeds=[0], k=[1])
        raise AssertionError("prepare returned no tuple of tensors")


def test_sweep_names_the_seed_of_another_shape():
    with clear("prepare(2)"):
        sweep(
            fit,
            lambda seed: (torch.full((1 + seed // 2,), 1.0 + seed),),
            seeds=range(3),
            k=[1],
        )
        raise AssertionError("the shapes differ")


@few
@given(JUNK, st.sampled_from([1e-9, 1.0, 1e9]))
def test_sweep_off_the_grid(value, scale):
    """What is near a value of the grid is still another value."""
    runs = sweep(fit, prepare, seeds=[0], k=[scale, 2 * scale])
    for k in (scale, 2 * scale, scale * 1.000001):
        wanted = k * prepare(0)[0][None]
        torch.testing.assert_close(runs(k=k)["y"], wanted, rtol=1e-12, atol=0)
    with clear("k="):
        found = runs(k=value)["y"]
        assert is_number(value)
        wanted = float(value) * prepare(0)[0][None]
        torch.testing.assert_close(found, wanted, equal_nan=True)
    for settings_ in ({}, {"p": 1}, {"k": 1, "p": 1}):
        assert raises(runs, **settings_)
