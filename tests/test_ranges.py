"""In the chapters too: a value out of range is refused, with what is allowed.

Each function is taken out of its cell and called alone, so only what stands before its first
use of anything else can refuse. Where `torch.vmap` passes a tensor, nothing can be asked of it:
there the check asks plain numbers only, which is what a reader types.
"""

import ast
import math
from functools import cache, partial

import nbformat
import pytest
import torch
from torch import nn

from conftest import ROOT

T = torch.ones(3)
M = torch.eye(3)
# chapter, function, arguments, what the message says
TABLE = [
    ("overfitting", "features", (T, -1), "degree is -1; allowed are degree ≥ 0"),
    ("overfitting", "capacity", (101, 0.3), "n is 101; allowed are 1 ≤ n ≤ 100"),
    ("overfitting", "capacity", (0, 0.3), "n is 0; "),
    ("overfitting", "estimate", (1001,), "n_test is 1001; allowed are 2 ≤"),
    ("overfitting", "estimate", (1,), "n_test is 1; "),
    ("overfitting", "decompose", (5, 5), "n is 5; allowed are degree < n ≤ 80"),
    ("overfitting", "decompose", (5, 81), "n is 81; "),
    ("overfitting", "step", ((), T, T, 0.0), "lr is 0.0; allowed are lr > 0"),
    ("norm-penalties", "soft_threshold", (T, -0.1), "amount is -0.1; allowed are"),
    ("norm-penalties", "shrink_l2", (T, 0.1, -1), "lambd is -1; allowed are lambd ≥ 0"),
    ("norm-penalties", "shrink_l1", (T, 0.1, -1), "lambd is -1; "),
    ("norm-penalties", "proximal_path", (-0.1,), "lr is -0.1; "),
    ("norm-penalties", "subgradient_path", (math.nan,), "lr is nan; "),
    ("norm-penalties", "ridge", (M, T, -1.0), "lambd is -1.0; "),
    ("norm-penalties", "lasso", (M, T, -1.0), "lambd is -1.0; "),
    ("norm-penalties", "hard", (M, T, -1.0, None), "theta is -1.0; "),
    ("norm-penalties", "train_scratch", (M, T, -1.0), "lambd is -1.0; "),
    (
        "weight-decay-scratch",
        "train_epoch",
        (M, T, T, 0, [], 0.1, -1.0),
        "lambd is -1.0; allowed are lambd ≥ 0",
    ),
    ("weight-decay-scratch", "predict", (-0.5, M, T), "lambd is -0.5; "),
    (
        "weight-decay-scratch",
        "update_mini_batch",
        (T, 0, M, T, 0.1, -3, 20),
        "lmbda is -3; allowed are lmbda ≥ 0",
    ),
    (
        "weight-decay-concise",
        "train_scratch",
        (M, T, T, [], 0.1, -1),
        "lambd is -1; ",
    ),
    (
        "weight-decay-concise",
        "adam_step",
        (T, T, T, T, 1, 0.1, 0, True, 1.0),
        "beta1 is 1.0; allowed are 0 ≤ beta1 < 1",
    ),
    (
        "weight-decay-concise",
        "adam_step",
        (T, T, T, T, 1, 0.1, 0, True, 0.9, -0.1),
        "beta2 is -0.1; ",
    ),
    ("gradient-descent", "descend", (abs, 1.0, 0, 3), "lr is 0; allowed are lr > 0"),
    ("gradient-descent", "iterations", (10, -3), "batch_size is -3; allowed are"),
    ("gradient-descent", "iterations", (10, 0), "batch_size is 0; "),
    ("gradient-descent", "leave_ridge", (0.1, 0.1, 1), "beta is 1; "),
    ("gradient-descent", "momentum", (abs, T, 0.1, 1.5), "beta is 1.5; "),
    ("moving-averages", "ema", (T, 1), "beta is 1; allowed are 0 ≤ beta < 1"),
    ("moving-averages", "ema", (T, math.nan), "beta is nan; "),
    ("moving-averages", "average", (T, 1.0), "beta is 1.0; "),
    ("moving-averages", "with_lerp", (T, -0.5), "beta is -0.5; "),
    ("optimizers", "descend", ("sgd", abs, T, -0.1, 3), "lr is -0.1; "),
    ("optimizers", "momentum", (T, T, T, 0.1, 1.0), "beta is 1.0; "),
    ("optimizers", "averaged", (T, T, T, 0.1, 1.0), "beta is 1.0; "),
    ("optimizers", "nesterov", (T, T, T, 0.1, -1), "beta is -1; "),
    ("optimizers", "rmsprop", (T, T, T, 0.1, 1), "beta is 1; "),
    ("optimizers", "adam", (T, 0.0, T, 0.1, 1.0), "beta1 is 1.0; "),
    ("optimizers", "adam", (T, 0.0, T, 0.1, 0.9, 1.0), "beta2 is 1.0; "),
    ("learning-rate-decay", "step_lr", (3, 0.1, 0, 0.5), "step_size is 0; allowed"),
    ("learning-rate-decay", "step_lr", (3, 0.1, 5, -0.5), "gamma is -0.5; allowed"),
    ("learning-rate-decay", "multistep_lr", (3, 0.1, [1], 0), "gamma is 0; "),
    ("learning-rate-decay", "exponential_lr", (3, 0.1, 1.1), "gamma is 1.1; "),
    ("learning-rate-decay", "cosine_lr", (3, 0.1, 0), "num_epochs is 0; "),
    ("dropout", "dropout", (T, 1, T), "p is 1; allowed are 0 ≤ p < 1"),
    ("dropout", "dropout", (T, -0.1, T), "p is -0.1; "),
    ("dropout", "flow", (1.0, 1), "p is 1.0; "),
    ("dropout", "arrives", (1.0, T), "p is 1.0; "),
    ("dropout", "probability", (1.5,), "p is 1.5; "),
    ("dropout", "train_both", (1.0,), "p is 1.0; "),
    ("dropout", "at_random", ([], T, T, 1.0, 5), "p is 1.0; "),
    ("dropout", "answers", ([], T, 1.0, 0), "p is 1.0; "),
    ("batch-norm", "update_running", ((T, T), (T, T), 1), "m is 1; allowed are m ≥ 2"),
    ("batch-norm", "running_stats", (1.0, 10), "beta is 1.0; "),
]


@cache
def trees(chapter):
    """Return the parsed code cells of a chapter."""
    notebook = nbformat.read(ROOT / f"book/{chapter}.ipynb", as_version=4)
    return [ast.parse(c.source) for c in notebook.cells if c.cell_type == "code"]


def function_of(chapter, name):
    """Return a function of a chapter, alone: the first of that name."""
    for tree in trees(chapter):
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                node.decorator_list = []
                defaults = {"torch": torch, "math": math, "nn": nn, "partial": partial}
                namespace = {"U": T, **defaults}
                exec(compile(ast.Module([node], []), name, "exec"), namespace)
                return namespace[name]
    raise AssertionError(f"{chapter} has no function {name}")


@pytest.mark.parametrize(
    ("chapter", "name", "arguments", "message"),
    TABLE,
    ids=[f"{chapter}-{name}-{n}" for n, (chapter, name, *_) in enumerate(TABLE)],
)
def test_out_of_range(chapter, name, arguments, message):
    with pytest.raises(ValueError) as error:
        function_of(chapter, name)(*arguments)
    assert str(error.value).startswith(message)
    assert "allowed are" in str(error.value)


def test_a_traced_value_is_let_through():
    """Inside a sweep the value is a tensor; a check must not break training."""
    ema = function_of("moving-averages", "ema")
    betas = torch.tensor([0.0, 0.5])
    assert torch.vmap(ema, (None, 0))(T, betas).shape == (2, 3)
