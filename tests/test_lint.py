"""The code follows its style; so does the code in the notebooks."""

import subprocess
import sys

import pytest

from conftest import ROOT

COMMANDS = ["-m ruff check .", "-m ruff format --check .", "tests/normalize.py --check"]


@pytest.mark.parametrize("command", COMMANDS)
def test_style(command):
    done = subprocess.run(
        [sys.executable, *command.split()], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
