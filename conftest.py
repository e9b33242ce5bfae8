"""Rules for every test, the cells of the notebooks included: strict, and no skips in CI.

One chapter trains on Fashion-MNIST, which is found in FASHION_MNIST_DIR or in the user's
cache, else downloaded. Where there is neither data nor network nothing is skipped either:
the chapter then has another output, and that one is compared as strictly. Its cells with the
tag `needs-data` have to print the line that names what they leave out, and nothing more;
all other cells, which read the results on file, have to print what stands in git. A test
that trains then tests the sentence it gets instead. Warnings in the report say that it was
so; with the data there, every claim has to run.
"""

import ast
import os
import tempfile
from functools import cache

import nbformat
import pytest

# tests/test_assignments.py runs the master notebooks, and judges more than their outputs.
collect_ignore_glob = ["book/assignments/*"]

# Kinds of output nbval does not compare: the notebooks in git carry none of them. The
# tests of the figures look at the HTML, the browser's tests at what it becomes.
NOT_COMPARED = (
    "text/html",
    "image/svg+xml",
    "application/vnd.jupyter.widget-view+json",
)


SKIPPED = "Skipped, for Fashion-MNIST is not here"


def pytest_configure(config):
    """Let the kernels that nbval starts draw what the site shows."""
    os.environ["REGLAB_EXPLORE"] = "static"


@cache
def data_are_here():
    """Tell whether Fashion-MNIST is here; if not, kernels are told so and need not try."""
    from reglab import fashion

    if here := fashion.is_here():
        return here
    os.environ["FASHION_MNIST_DIR"] = tempfile.mkdtemp(prefix="no-fashion-mnist-")
    return here


def said_without_data(source):
    """Return what a cell with the tag `needs-data` has to print where there are no data.

    The strings it gives to `need_data`, as the chapter words them.
    """
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = [node for node in calls if getattr(node.func, "id", "") == "need_data"]
    return "".join(f"{SKIPPED}: {node.args[0].value}.\n" for node in named)


def pytest_itemcollected(item):
    """Tell nbval what not to compare, and what to expect without data."""
    if type(item).__name__ == "IPyNbCell":
        notebook = item.parent
        notebook.skip_compare = tuple({*notebook.skip_compare, *NOT_COMPARED})
        tagged = "needs-data" in item.cell.metadata.get("tags", [])
        if tagged and not data_are_here():
            said = said_without_data(item.cell.source)
            item.warn(pytest.PytestWarning(SKIPPED))
            item.cell.outputs = [
                nbformat.v4.new_output("stream", name="stdout", text=said)
            ]


def fail_if_skipped(report):
    """Turn a skip into a failure that gives its reason, in CI."""
    if os.environ.get("CI") and report.skipped:
        report.outcome = "failed"
        reason = (
            report.longrepr[2]
            if isinstance(report.longrepr, tuple)
            else report.longrepr
        )
        report.longrepr = f"skipped, which CI does not allow: {reason}"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    """Watch each test."""
    return fail_if_skipped((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(collector):
    """Watch each file, which can be skipped as a whole."""
    return fail_if_skipped((yield))
