"""Many training runs for the price of one.

`sweep` runs a pure training function over grids of settings and over seeds at once with
`torch.vmap`, and splits what is too much for one go with joblib.
"""

import itertools
import math
import sys

import torch
from joblib import Parallel, delayed
from tqdm.auto import tqdm

from .explore import is_live
from .valid import listed, number, shown, whole

__all__ = ["Sweep", "sweep"]

MOST_SETTINGS = 100_000


class Sweep:
    """Results of training over grids and seeds; made by `sweep`.

    `runs["loss"]` is a tensor of shape (one axis a grid, seeds, shape of the result).
    `runs(lambd=2.7)` gives the results for one setting, trained on the spot if it is not on the
    grid: a dict of tensors of shape (seeds, shape of the result).
    """

    def __init__(self, train, grids, results):
        self.grids, self._train, self._results = grids, train, results

    def __getitem__(self, name):
        if name not in self._results:
            raise KeyError(f"no result {name!r}; there are {', '.join(self._results)}")
        return self._results[name]

    def __call__(self, **settings):
        if set(settings) != set(self.grids):
            raise ValueError(
                f"give a value for each of {', '.join(self.grids)}, not {settings}"
            )
        values = [number(name, settings[name]) for name in self.grids]
        # equal but for the last digits, which sliders may round
        places = [
            (
                (grid - value).abs() <= 64 * torch.finfo(grid.dtype).eps * abs(value)
            ).nonzero()
            for grid, value in zip(self.grids.values(), values, strict=True)
        ]
        if all(len(place) for place in places):
            place = tuple(int(place[0]) for place in places)
            return {name: result[place] for name, result in self._results.items()}
        dtype = next(iter(self.grids.values())).dtype
        columns = [torch.tensor([value], dtype=dtype) for value in values]
        return {name: result[0] for name, result in self._train(columns).items()}


def sweep(fit, prepare, *, seeds=range(20), at_once=1024, n_jobs=None, **grids):
    """Train for every setting and every seed.

    Parameters
    ----------
    fit : callable
        `fit(*prepared, **settings)` trains once and returns a dict of tensors. It must be pure:
        no in-place changes, no drawing of random numbers, no Python `if` on a tensor.
    prepare : callable
        `prepare(seed)` returns a tuple of tensors, all that chance decides (data, start, order
        of the examples), of the same shapes for every seed.
    seeds : sequence of int
    at_once : int
        How many runs share one pass; fewer take less memory.
    n_jobs : int, optional
        Processes, as for `joblib.Parallel`; a `joblib.parallel_config` around the call may choose
        another backend, such as Dask or Ray.
    **grids : sequence of float
        One for each setting, in any order of values.

    Returns
    -------
    Sweep

    Raises
    ------
    ValueError
        If there is no seed, one occurs twice or two draw the same, a grid is empty or not
        finite, or `prepare` returns other shapes for some seed.
    TypeError
        If an argument is not of its kind, or `fit` or `prepare` returns something else.
    """
    for name, function in {"fit": fit, "prepare": prepare}.items():
        if not callable(function):
            raise TypeError(f"{name}={shown(function)} must be a function")
    seeds = _seeds(seeds)
    if not grids:
        raise ValueError("a sweep needs at least one grid, for example lambd=[0, 1, 3]")
    whole("at_once", at_once)
    if n_jobs is not None and whole("n_jobs", n_jobs, least=-MOST_SETTINGS) == 0:
        raise ValueError("n_jobs=0 must be the number of processes, or -1 for all")
    prepared = _prepared(prepare, seeds)
    dtype = next(
        (x.dtype for x in prepared if x.is_floating_point()), torch.get_default_dtype()
    )
    grids = {name: _grid(name, values, dtype) for name, values in grids.items()}
    names = tuple(grids)
    count = math.prod(map(len, grids.values()))
    if count > MOST_SETTINGS:
        raise ValueError(f"{count} settings are more than {MOST_SETTINGS}")

    def train(columns, bar=False):
        pieces = zip(
            *(column.split(max(1, at_once // len(seeds))) for column in columns),
            strict=True,
        )
        pieces = list(pieces)
        hidden = not (bar and is_watched())
        watched = tqdm(pieces, delay=1, leave=False, desc="training", disable=hidden)
        jobs = (delayed(_train)(fit, names, prepared, piece) for piece in watched)
        parts = Parallel(n_jobs=n_jobs)(jobs)
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    settings = list(itertools.product(*(range(len(grid)) for grid in grids.values())))
    index = torch.tensor(settings).T
    columns = [grid[i] for grid, i in zip(grids.values(), index, strict=True)]
    shape = [len(grid) for grid in grids.values()]
    results = train(columns, bar=True)
    results = {name: result.unflatten(0, shape) for name, result in results.items()}
    return Sweep(train, grids, results)


def is_watched():
    """Tell whether someone sees a progress bar; else it would end up in the page."""
    return is_live() or sys.stderr.isatty()


def _train(fit, names, prepared, columns):
    """Train for settings (columns of equal length) times seeds, all in one pass."""

    def one(prepared, settings):
        results = fit(*prepared, **dict(zip(names, settings, strict=True)))
        if not isinstance(results, dict) or not results:
            raise TypeError(f"fit must return a dict of tensors, not {shown(results)}")
        for name, result in results.items():
            if not isinstance(result, torch.Tensor):
                raise TypeError(
                    f"fit returns {name}={shown(result)}, which is no tensor"
                )
        return results

    # Seeds outside, settings inside: the data of a seed are shared by its settings, not copied.
    over_settings = torch.vmap(one, in_dims=(None, 0), out_dims=0)
    return torch.vmap(over_settings, in_dims=(0, None), out_dims=1)(
        tuple(prepared), tuple(columns)
    )


def _grid(name, values, dtype):
    values = listed(f"the grid {name!r}", values, MOST_SETTINGS)
    grid = torch.tensor([number(name, value) for value in values], dtype=dtype)
    if not grid.isfinite().all():
        raise ValueError(f"{name}={max(values, key=abs)} is too large for {dtype}")
    return grid


def _seeds(seeds):
    seeds = [
        whole("a seed", seed, least=-(2**63), most=2**63 - 1)
        for seed in listed("seeds", seeds, MOST_SETTINGS)
    ]
    if len(set(seeds)) < len(seeds):
        twice = next(seed for n, seed in enumerate(seeds) if seed in seeds[:n])
        raise ValueError(f"the seed {twice} occurs twice: its runs would count double")
    return seeds


def _prepared(prepare, seeds):
    """Return what `prepare` draws, the seeds stacked."""
    drawn = [prepare(seed) for seed in seeds]
    for seed, parts in zip(seeds, drawn, strict=True):
        if not isinstance(parts, tuple | list) or not all(map(torch.is_tensor, parts)):
            raise TypeError(
                f"prepare({seed}) must return a tuple of tensors, not {shown(parts)}"
            )
        shapes = [tuple(part.shape) for part in parts]
        if seed == seeds[0]:
            first = shapes
        if shapes != first:
            raise ValueError(
                f"prepare({seed}) returns shapes {shapes}, but prepare({seeds[0]}) {first}"
            )
        if seed != seeds[0] and all(map(torch.equal, parts, drawn[0])):
            raise ValueError(
                f"prepare({seed}) returns the same as prepare({seeds[0]}): nothing depends "
                "on the seed, and one run would count as many"
            )
    return [torch.stack(tensors) for tensors in zip(*drawn, strict=True)]
