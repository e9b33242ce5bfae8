"""d2l can be imported without torchvision, and leaves no stand-in behind."""

import subprocess
import sys
from pathlib import Path

import torch

import reglab

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
HIDDEN = sys.argv[2].split(",")
sys.meta_path.insert(0, Hide())
"""


def run(hidden, code):
    folder = str(Path(reglab.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-c", PROGRAM + code, folder, hidden],
        capture_output=True,
        text=True,
    )


def test_works_without_torchvision():
    code = "from reglab.d2l import d2l; print(d2l.sgd.__name__, 'torchvision' in sys.modules)"
    assert run("torchvision", code).stdout == "sgd False\n"


def test_missing_d2l_is_one_sentence():
    code = "from reglab.d2l import d2l"
    last = run("d2l,torchvision", code).stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: d2l is not installed; run: pip install")


def test_is_the_real_d2l():
    from reglab.d2l import d2l

    w = torch.ones(2, requires_grad=True)
    w.sum().backward()
    d2l.sgd([w], lr=1, batch_size=2)
    assert torch.equal(w, torch.tensor([0.5, 0.5]))
