"""The design of the ablation: which settings are trained, with how many seeds."""

import itertools
from dataclasses import asdict

from .program import Setting

# Tried on rows 5,000 to 5,999 after training on those before; RATES holds the best ones.
TRIED = {
    "momentum": (0.001, 0.003, 0.01, 0.03, 0.1),
    "adamw": (0.0001, 0.0003, 0.001, 0.003),
}
RATES = {
    ("momentum", False): 0.03,
    ("momentum", True): 0.003,
    ("adamw", False): 0.001,
    ("adamw", True): 0.0003,
}
# The share that decay takes from a weight in a step, ηλ/(1 − β), the same for all
SHRINK = 0.0009
LAMBDAS = (0.0, 0.001, 0.003, 0.01)
PS = (0.0, 0.1, 0.2, 0.35, 0.5)
FACTORS = ("optimizer", "weight_decay", "p", "batch_norm", "schedule")


def program(**changes):
    """Return the common program that the chapter starts from, or a change of it."""
    asked = {"optimizer": "sgd", "lr": 0.03, "weight_decay": 1e-4, "p": 0.5}
    return Setting(**(asked | {"start": "small", "watch": True} | changes))


def cell(optimizer, decay, p, batch_norm, schedule, **changes):
    """Return one cell of the factorial."""
    lr = RATES[optimizer, batch_norm]
    left = 0.1 if optimizer == "momentum" else 1.0  # 1 − β
    lambd = round(SHRINK * left / lr, 6) if decay else 0.0
    asked = Setting(optimizer, lr, lambd, p, batch_norm, schedule)
    return Setting(**(asdict(asked) | changes))


def design():
    """Return the settings and the seeds of each part of the ablation, by name."""
    kinds, schedules = tuple(TRIED), ("constant", "cosine")
    search = [
        Setting(kind, lr, batch_norm=norm, n_train=5000)
        for kind in kinds
        for norm in (False, True)
        for lr in TRIED[kind]
    ]
    levels = kinds, (False, True), (0.0, 0.5), (False, True), schedules
    factorial = [cell(*chosen) for chosen in itertools.product(*levels)]
    pairs = [
        Setting(lr=RATES["momentum", False], weight_decay=lambd, p=p, schedule="cosine")
        for lambd in LAMBDAS
        for p in PS
    ]
    plain = {"batch_norm": False, "schedule": "constant", "epochs": 20, "watch": True}
    long = [
        cell("adamw", decay, p, **plain)
        for decay, p in ((False, 0.0), (True, 0.0), (False, 0.5))
    ]
    faulty = [
        Setting(lr=0.3, watch=True),  # too large a step
        Setting(lr=0.0003, watch=True),  # too small a step
        Setting(weight_decay=0.1, watch=True),  # too strong a penalty
    ]
    changes = {"weight_decay": 0.0}, {"p": 0.0}, {"start": "he"}
    changed = [program(watch=False, **change) for change in changes]
    return {
        "program": ([program()], 20),
        "changed": (changed, 5),
        "faulty": (faulty, 5),
        "factorial": (factorial, 5),
        "pairs": (pairs, 5),
        "long": (long, 5),
        "search": (search, 3),
    }


def runs_of(parts):
    """Return every (setting, seed) of a design once, in its order."""
    runs = (
        (s, seed)
        for settings, n in parts.values()
        for s in settings
        for seed in range(n)
    )
    return list(dict.fromkeys(runs))
