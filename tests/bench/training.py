"""Seconds of the chapter on Fashion-MNIST: reading the data, and runs of its program."""

import time

from common import say

from reglab import ablation, design, fashion, program


def seconds(work, *arguments):
    """Return how long it takes."""
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def main():
    """Time them, on one thread, if the data are there."""
    on_file = ablation.read()
    runs = sum(len(on_file[setting]["loss"]) for setting in on_file)
    minutes = on_file.head["cpu_seconds"] / 60
    say(f"ablation, {runs} runs, minutes of one core, as on file", f"{minutes:.1f} min")
    if not fashion.is_here():
        say("Fashion-MNIST", "is not here: nothing to time")
        return
    times = [seconds(fashion.fashion_mnist) for _ in range(3)]
    say("loading 8,000 rows of Fashion-MNIST, best of three", f"{min(times):.2f} s")
    program.train(program.Setting(epochs=1), 0)  # the first run also warms up
    plain, watched = (design.program(watch=watch) for watch in (False, True))
    say(
        "the program, 10 epochs, one thread",
        f"{seconds(program.train, plain, 0):.1f} s",
    )
    took = seconds(program.train, watched, 0)
    say("the same, everything measured after every epoch", f"{took:.1f} s")
