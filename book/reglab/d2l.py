"""`d2l`, the companion package of Dive into Deep Learning, importable on any current Python.

`from reglab.d2l import d2l` is `from d2l import torch as d2l`; where torchvision is missing, a
stand-in takes its place while d2l is imported. Only d2l's image loading would need the real one.
"""

import sys
from types import ModuleType


def _load():
    stand_ins = {}
    try:
        import torchvision  # noqa: F401
    except (
        Exception
    ):  # one that does not fit torch fails with other errors than ImportError
        for name in [
            name for name in sys.modules if name.split(".")[0] == "torchvision"
        ]:
            del sys.modules[name]
        stand_ins = {
            n: ModuleType(n) for n in ("torchvision", "torchvision.transforms")
        }
        stand_ins["torchvision"].transforms = stand_ins["torchvision.transforms"]
    sys.modules.update(stand_ins)
    try:
        from d2l import torch as d2l
    except ModuleNotFoundError as error:
        if error.name != "d2l":
            raise
        raise ImportError(
            "d2l is not installed; run: pip install --no-deps d2l"
        ) from None
    finally:  # nobody else should take a stand-in for the real thing
        for name in stand_ins:
            del sys.modules[name]
    return d2l


d2l = _load()
