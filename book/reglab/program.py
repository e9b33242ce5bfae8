"""One training run of the network 784-392-100-10, decided by a setting and a seed.

The chapter on Fashion-MNIST writes the same loop in full view and shows that the two agree;
here it also knows the options that the ablation compares.
"""

import base64
import copy
import hashlib
import itertools
import math
import threading
from collections import defaultdict
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .data import epochs_of_batches, fashion_mnist

SIZES = (784, 392, 100, 10)
BATCH, HELD_OUT = 100, 2000
OPTIONS = {
    "optimizer": ("sgd", "momentum", "adamw"),
    "schedule": ("constant", "cosine"),
    "start": ("he", "small"),
}
STREAMS = ("start", "order", "masks")  # what chance decides, each with its own seed
TURN = threading.Lock()  # masks come from PyTorch's global generator: one run at a time


@dataclass(frozen=True)
class Setting:
    """What a run is asked to do; chance is left to the seed.

    Parameters
    ----------
    optimizer : str
        "sgd", "momentum" (SGD with 0.9) or "adamw".
    lr : float
        Learning rate, the first one if there is a schedule.
    weight_decay : float
        λ of the weights, as PyTorch's optimizer takes it; biases and batch norm are spared.
    p : float
        Drop probability behind both hidden layers.
    batch_norm : bool
        Whether it stands between each hidden layer and its ReLU.
    schedule : str
        "constant", or "cosine" from `lr` down to 0, one value an epoch.
    start : str
        "he": weights N(0, 2/inputs) and biases 0; "small": weights N(0, 0.01²) and biases
        as `nn.Linear` draws them.
    epochs : int
    n_train : int
        How many of the 6,000 rows are trained on, a multiple of 100. What is held out are
        the rows of the 6,000 that are left or, if none is, the 2,000 rows behind them.
    watch : bool
        Whether everything is measured after every epoch, not only the held-out rows.

    Raises
    ------
    ValueError, TypeError
        If a value is not allowed.
    """

    optimizer: str = "momentum"
    lr: float = 0.03
    weight_decay: float = 0.0
    p: float = 0.0
    batch_norm: bool = False
    schedule: str = "constant"
    start: str = "he"
    epochs: int = 10
    n_train: int = 6000
    watch: bool = False

    def __post_init__(self):
        for name, allowed in OPTIONS.items():
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} is not known; "
                    f"allowed are {', '.join(allowed)}"
                )
        for name in ("lr", "weight_decay", "p"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError(f"{name}={value!r} must be a number")
            if not math.isfinite(value) or value < 0:
                raise ValueError(f"{name}={value} must be finite and at least 0")
        if self.p >= 1:
            raise ValueError(f"p={self.p} must be below 1")
        for name in ("batch_norm", "watch"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name}={getattr(self, name)!r} must be True or False")
        for name, most in (("epochs", 1000), ("n_train", 6000)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{name}={value!r} must be a whole number")
            if not 1 <= value <= most:
                raise ValueError(f"{name}={value} must be from 1 to {most}")
        if self.n_train % BATCH:
            raise ValueError(f"n_train={self.n_train} must be a multiple of {BATCH}")


def generator(seed, purpose):
    """Return the generator of one seed and one purpose ("start", "order" or "masks")."""
    number = len(STREAMS) * seed + STREAMS.index(purpose)
    return torch.Generator().manual_seed(number)


def make_net(setting, seed):
    """Return the network with its first weights."""
    g, layers = generator(seed, "start"), []
    for inputs, outputs in itertools.pairwise(SIZES):
        linear = nn.utils.skip_init(nn.Linear, inputs, outputs)
        bound = 1 / math.sqrt(inputs)
        if setting.start == "he":
            nn.init.normal_(linear.weight, std=math.sqrt(2 / inputs), generator=g)
            nn.init.zeros_(linear.bias)
        else:
            nn.init.normal_(linear.weight, std=0.01, generator=g)
            nn.init.uniform_(linear.bias, -bound, bound, generator=g)
        layers.append(linear)
        if outputs != SIZES[-1]:
            layers += [nn.BatchNorm1d(outputs)] if setting.batch_norm else []
            layers += [nn.ReLU(), nn.Dropout(setting.p)]
    return nn.Sequential(*layers)


def make_optimizer(setting, net):
    """Return the optimizer, which spares biases and batch norm the decay."""
    groups = [
        {"params": [p for p in net.parameters() if p.ndim >= 2]},
        {"params": [p for p in net.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    common = {"lr": setting.lr, "weight_decay": setting.weight_decay}
    if setting.optimizer == "adamw":
        return torch.optim.AdamW(groups, **common)
    momentum = 0.9 if setting.optimizer == "momentum" else 0.0
    return torch.optim.SGD(groups, momentum=momentum, **common)


@torch.no_grad()
def measure(net, X, y):
    """Return the mean cross-entropy, and which rows are classified right."""
    scores = net(X)
    return F.cross_entropy(scores, y).item(), scores.argmax(1) == y


def _append(curves, what, net, X, y):
    loss, right = measure(net, X, y)
    curves[f"{what}loss"].append(round(loss, 4))
    curves[f"{what}accuracy"].append(round(right.double().mean().item(), 5))
    return right


@cache
def data():
    """Return the rows in single precision, and the checksum of what they hold."""
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(torch.float32)
        X, y, X_val, y_val = fashion_mnist()
    finally:
        torch.set_default_dtype(before)
    X, y = torch.cat([X, X_val]), torch.cat([y, y_val])
    pixels = (X * 255).round().to(torch.uint8).numpy().tobytes()
    digest = hashlib.sha256(pixels + y.to(torch.uint8).numpy().tobytes())
    return X, y, digest.hexdigest()


def train(setting, seed):
    """Train once, on one thread, and measure on the rows held out after every epoch.

    Parameters
    ----------
    setting : Setting
    seed : int
        At least 0.

    Returns
    -------
    dict
        `loss` and `accuracy` on the held-out rows, a list with one value an epoch.
        `train_loss`, `train_accuracy` on the rows trained on, and `masked_loss`,
        `masked_accuracy`, `masked_train_loss`, `masked_train_accuracy`, measured in
        training mode, as one should not: one value an epoch with `watch`, else the last.
        `right`, a bit for each held-out row in the end (see `unpack`); `data`, a checksum.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed={seed!r} must be a whole number, at least 0")
    X, y, checksum = data()
    n = setting.n_train
    end = len(y) if n == len(y) - HELD_OUT else len(y) - HELD_OUT
    held, threads = (X[n:end], y[n:end]), torch.get_num_threads()
    # nn.Dropout draws from the global generator, which is given back as it was
    with TURN, torch.random.fork_rng(devices=[]):
        torch.set_num_threads(1)
        try:
            net = make_net(setting, seed).to(X.dtype)
            torch.manual_seed(generator(seed, "masks").initial_seed())
            result = _train(net, setting, seed, (X[:n], y[:n]), held)
        finally:
            torch.set_num_threads(threads)
    return result | {"data": checksum}


def _train(net, setting, seed, rows, held):
    X, y = rows
    optimizer = make_optimizer(setting, net)
    order = epochs_of_batches(generator(seed, "order"), len(y), BATCH, setting.epochs)
    curves = defaultdict(list)
    for epoch, batches in enumerate(order):
        if setting.schedule == "cosine":
            share = (1 + math.cos(math.pi * epoch / setting.epochs)) / 2
            for group in optimizer.param_groups:
                group["lr"] = setting.lr * share
        net.train()
        for i in batches:
            optimizer.zero_grad()
            F.cross_entropy(net(X[i]), y[i]).backward()
            optimizer.step()
        net.eval()
        right = _append(curves, "", net, *held)
        if setting.watch or epoch == setting.epochs - 1:
            _append(curves, "train_", net, X, y)
            if not (setting.p or setting.batch_norm):  # then both modes are the same
                names = "loss", "accuracy", "train_loss", "train_accuracy"
                for name in names:
                    curves[f"masked_{name}"].append(curves[name][-1])
                continue
            with torch.random.fork_rng(devices=[]):  # watching must not change the run
                masked = copy.deepcopy(net).train()
                _append(curves, "masked_", masked, *held)
                _append(curves, "masked_train_", masked, X, y)
    if not all(map(math.isfinite, itertools.chain(*curves.values()))):
        raise ValueError(f"{setting} with seed {seed} diverges")
    return {**curves, "right": pack(right)}


def pack(right):
    """Return a row of truth values as text, six to a character."""
    return base64.b64encode(np.packbits(np.asarray(right))).decode()


def unpack(text, count):
    """Return the first `count` truth values of a text, as a NumPy array."""
    bits = np.frombuffer(base64.b64decode(text), dtype=np.uint8)
    return np.unpackbits(bits, count=count).astype(bool)
