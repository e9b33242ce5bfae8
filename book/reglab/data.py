"""The data of the book: synthetic regression, scikit-learn's digits, Fashion-MNIST."""

import math
from functools import cache
from typing import NamedTuple

import torch

from .fashion import fashion_mnist
from .valid import number, shown, whole

__all__ = [
    "Split",
    "digits",
    "digits_task",
    "epochs_of_batches",
    "fashion_mnist",
    "linear_task",
]


class Split(NamedTuple):
    """Examples to train on, to choose settings with and to judge by.

    `X` has shape (examples, inputs), `y` (examples,).
    """

    X: torch.Tensor
    y: torch.Tensor
    X_val: torch.Tensor
    y_val: torch.Tensor
    X_test: torch.Tensor
    y_test: torch.Tensor


def linear_task(
    g, *, num_inputs=50, n_train=60, n_val=60, n_test=1000, norm=2.0, nonzero=None
):
    """Make a linear regression y = Xw + noise, with standard normal inputs and noise.

    No model has a smaller expected squared error than 1, the variance of the noise;
    predicting the mean of y has `norm`**2 + 1.

    Parameters
    ----------
    g : torch.Generator
        Decides everything that chance decides.
    num_inputs, n_train, n_val, n_test : int
        Inputs of an example, and examples of each part.
    norm : float
        Euclidean norm of the true weights, whose direction is random.
    nonzero : int, optional
        How many of the true weights differ from 0; all if not given.

    Returns
    -------
    data : Split
    w : torch.Tensor
        The true weights, shape (num_inputs,).

    Raises
    ------
    TypeError, ValueError
        If a size is not a positive whole number, `norm` is negative or not finite, `nonzero`
        is not between 1 and `num_inputs`, or `g` is no generator.
    """
    _check_generator(g)
    sizes = {
        "num_inputs": num_inputs,
        "n_train": n_train,
        "n_val": n_val,
        "n_test": n_test,
    }
    for name, size in sizes.items():
        whole(name, size)
    number("norm", norm, least=0)
    nonzero = num_inputs if nonzero is None else whole("nonzero", nonzero)
    if nonzero > num_inputs:
        raise ValueError(
            f"nonzero={nonzero} must be between 1 and num_inputs={num_inputs}"
        )
    w = torch.randn(num_inputs, generator=g)
    w = torch.where(torch.arange(num_inputs) < nonzero, w, 0)
    w = norm * w / w.norm()
    parts = []
    for n in (n_train, n_val, n_test):
        X = torch.randn(n, num_inputs, generator=g)
        parts += [X, X @ w + torch.randn(n, generator=g)]
    return Split(*parts), w


def epochs_of_batches(g, num_examples, batch_size, num_epochs):
    """Draw the order in which examples are visited: every epoch each of them once.

    Returns
    -------
    torch.Tensor
        Indices of examples, shape (num_epochs, num_examples // batch_size, batch_size).

    Raises
    ------
    TypeError, ValueError
        If a size is not a positive whole number, `batch_size` does not divide
        `num_examples`, or `g` is no generator.
    """
    _check_generator(g)
    whole("num_epochs", num_epochs)
    if whole("num_examples", num_examples) % whole("batch_size", batch_size):
        raise ValueError(
            f"batch_size={batch_size} must divide num_examples={num_examples}"
        )
    order = torch.stack(
        [torch.randperm(num_examples, generator=g) for _ in range(num_epochs)]
    )
    return order.reshape(num_epochs, -1, batch_size)


@cache
def _digits():
    from sklearn.datasets import load_digits  # slow to import, and few chapters need it

    return load_digits(return_X_y=True)


def digits():
    """Return scikit-learn's 1,797 handwritten digits.

    Returns
    -------
    X : torch.Tensor
        Pixels from 0 to 1, shape (1797, 64), of images of 8 x 8.
    y : torch.Tensor
        Digits 0 to 9, shape (1797,).
    """
    X, y = _digits()
    return torch.tensor(X / 16, dtype=torch.get_default_dtype()), torch.tensor(y)


def digits_task(g, *, n_train, n_val, n_test=None):
    """Draw digits to train on, to choose settings with and to judge by; no image is in two parts.

    Parameters
    ----------
    g : torch.Generator
        Decides which images go where.
    n_train, n_val, n_test : int
        Images of each part; the test gets all that are left if `n_test` is not given.

    Returns
    -------
    Split

    Raises
    ------
    TypeError, ValueError
        If the parts ask for more images than there are, train or test has none, a size is no
        whole number, or `g` is no generator.
    """
    _check_generator(g)
    sizes = {"n_train": n_train, "n_val": n_val, "n_test": n_test}
    for name, size in sizes.items():
        if name != "n_test" or size is not None:
            whole(name, size, least=-math.inf)  # the range is checked below, together
    X, y = digits()
    n_test = len(y) - n_train - n_val if n_test is None else n_test
    if n_train < 1 or n_val < 0 or n_test < 1 or n_train + n_val + n_test > len(y):
        raise ValueError(
            f"n_train={n_train}, n_val={n_val} and n_test={n_test} must be at least 1, 0 "
            f"and 1, and no more than {len(y)} together"
        )
    order = torch.randperm(len(y), generator=g)
    parts = order[: n_train + n_val + n_test].split([n_train, n_val, n_test])
    return Split(*(data[part] for part in parts for data in (X, y)))


def _check_generator(g):
    if not isinstance(g, torch.Generator):
        raise TypeError(f"g={shown(g)} must be a torch.Generator")
