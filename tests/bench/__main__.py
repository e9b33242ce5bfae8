"""Print what the book costs: times, memory and bytes. Nothing here passes or fails.

python tests/bench                      all of it
python tests/bench sweeps figures       some of it: builds, figures, grading, keys, packs,
                                        sweeps
"""

import importlib
import sys

PARTS = ["sweeps", "figures", "builds", "keys", "grading", "packs"]

for part in sys.argv[1:] or PARTS:
    if part not in PARTS:
        sys.exit(f"there is no part {part}; there are {', '.join(PARTS)}")
    print(f"\n{part}\n{'-' * len(part)}", flush=True)
    importlib.import_module(part).main()
