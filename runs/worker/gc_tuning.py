"""Python's collector of cyclic garbage, set for a process that keeps much alive.

With its own settings it walks over everything that lives after every few hundred new objects, so that
a node of a large run costs half as much again as a node of a small one.
"""

import gc

THRESHOLDS = (10_000, 20, 20)


def tune_gc() -> None:
    """Never look again at what was imported, and look at the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
