"""Rules for every test, the cells of the notebooks included: strict, and no skips in CI."""

import os

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


def pytest_configure(config):
    """Let the kernels that nbval starts draw what the site shows."""
    os.environ["REGLAB_EXPLORE"] = "static"


def pytest_itemcollected(item):
    """Tell nbval what not to compare."""
    if type(item).__name__ == "IPyNbCell":
        notebook = item.parent
        notebook.skip_compare = tuple({*notebook.skip_compare, *NOT_COMPARED})


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
