"""820 runs of weight decay at once, against the same runs in a loop as d2l writes it.

The runs: linear regression on 200 inputs, 20 examples, batches of 5, 100 epochs, that is
400 steps; 41 values of λ, 20 seeds. The loop is timed on a sample of runs and multiplied.
"""

import time

import torch
from common import say

from reglab.d2l import d2l
from reglab.sweep import sweep

INPUTS, EXAMPLES, BATCH, EPOCHS, LR = 200, 20, 5, 100, 0.003
LAMBDS = torch.linspace(0, 20, 41).tolist()
SEEDS = range(20)
SAMPLE = 20


def make_data(seed):
    """Return inputs, labels and first weights."""
    torch.manual_seed(seed)
    X = torch.randn(EXAMPLES, INPUTS)
    y = X @ torch.full((INPUTS, 1), 0.01) + 0.05 + 0.01 * torch.randn(EXAMPLES, 1)
    return X, y, torch.randn(INPUTS, 1)


def prepare(seed):
    """Return what chance decides: data, first weights and the order of the examples."""
    X, y, w = make_data(seed)
    epochs = [torch.randperm(EXAMPLES).split(BATCH) for _ in range(EPOCHS)]
    return X, y, w, torch.stack([batch for epoch in epochs for batch in epoch])


def fit(X, y, w, batches, lambd):
    """Train by hand-written gradients, one step a batch."""
    b = torch.zeros(1)
    for batch in batches:
        error = X[batch] @ w + b - y[batch]
        w = w - LR * (X[batch].T @ error / BATCH + lambd * w)
        b = b - LR * error.mean()
    return {"loss": ((X @ w + b - y) ** 2).mean() / 2}


def d2l_loop(seed, lambd):
    """Train once as the chapter of d2l does, without its plot."""
    X, y, w = make_data(seed)
    w.requires_grad_()
    b = torch.zeros(1, requires_grad=True)
    for _ in range(EPOCHS):
        for features, labels in d2l.load_array((X, y), BATCH):
            penalty = lambd * (w**2).sum() / 2
            loss = (
                d2l.squared_loss(d2l.linreg(features, w, b), labels) + penalty / BATCH
            )
            loss.sum().backward()
            d2l.sgd([w, b], LR, BATCH)


def main():
    """Time both."""
    torch.set_num_threads(1)  # as the chapters do
    runs = len(LAMBDS) * len(SEEDS)
    times = []
    for _ in range(4):
        start = time.perf_counter()
        sweep(fit, prepare, seeds=SEEDS, lambd=LAMBDS)
        times.append(time.perf_counter() - start)
    at_once = min(times[1:])
    say(f"sweep of {runs} runs, first time", f"{times[0]:.2f} s")
    say(f"sweep of {runs} runs, best of three more", f"{at_once:.2f} s")

    start = time.perf_counter()
    for n in range(SAMPLE):
        d2l_loop(SEEDS[n % len(SEEDS)], LAMBDS[n % len(LAMBDS)])
    one = (time.perf_counter() - start) / SAMPLE
    say(f"one run in a d2l loop, mean of {SAMPLE}", f"{one:.3f} s")
    say(f"{runs} runs in a d2l loop, extrapolated from {SAMPLE}", f"{runs * one:.0f} s")
    say("sweep is faster by a factor of", f"{runs * one / at_once:.0f}")
