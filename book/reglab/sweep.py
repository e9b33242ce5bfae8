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
        values = [float(settings[name]) for name in self.grids]
        if not all(map(math.isfinite, values)):
            raise ValueError(f"a setting is not finite: {settings}")
        places = [
            torch.isclose(grid, torch.tensor(value, dtype=grid.dtype)).nonzero()
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
        If there is no seed, or a grid is empty or not finite.
    """
    seeds = list(seeds)
    if not seeds:
        raise ValueError("a sweep needs at least one seed")
    if not grids:
        raise ValueError("a sweep needs at least one grid, for example lambd=[0, 1, 3]")
    if at_once < 1:
        raise ValueError(f"at_once={at_once} must be at least 1")
    prepared = [
        torch.stack(tensors) for tensors in zip(*map(prepare, seeds), strict=True)
    ]
    dtype = next(
        (x.dtype for x in prepared if x.is_floating_point()), torch.get_default_dtype()
    )
    grids = {name: _grid(name, values, dtype) for name, values in grids.items()}
    names = tuple(grids)

    def train(columns, bar=False):
        pieces = zip(
            *(column.split(max(1, at_once // len(seeds))) for column in columns),
            strict=True,
        )
        pieces = list(pieces)
        hidden = not (bar and is_watched())
        shown = tqdm(pieces, delay=1, leave=False, desc="training", disable=hidden)
        jobs = (delayed(_train)(fit, names, prepared, piece) for piece in shown)
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
        return fit(*prepared, **dict(zip(names, settings, strict=True)))

    # Seeds outside, settings inside: the data of a seed are shared by its settings, not copied.
    over_settings = torch.vmap(one, in_dims=(None, 0), out_dims=0)
    return torch.vmap(over_settings, in_dims=(0, None), out_dims=1)(
        tuple(prepared), tuple(columns)
    )


def _grid(name, values, dtype):
    grid = torch.as_tensor(values, dtype=dtype)
    if grid.ndim != 1 or len(grid) == 0:
        raise ValueError(
            f"the grid {name!r} must be a list of at least one number, not {values!r}"
        )
    if not grid.isfinite().all():
        raise ValueError(f"the grid {name!r} has a value that is not finite: {values}")
    return grid
