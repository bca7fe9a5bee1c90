"""`python -m benchmarks [measurement ...] [--quick]`: measures, prints a table, writes bench-results.json."""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks.measuring.figure import Figure, table
from benchmarks.measuring.isolation import alone

MEASUREMENTS = ("engine", "replay", "model_call", "agents", "planning", "whole_path", "lists", "recall", "neighbours")
RESULTS = Path("bench-results.json")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("measurements", nargs="*", metavar="measurement", help=f"{', '.join(MEASUREMENTS)}; all when none is named")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, less exact")
    wishes = parser.parse_args()
    unknown = set(wishes.measurements) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"there is no measurement {sorted(unknown)[0]!r}; there are {', '.join(MEASUREMENTS)}")
    figures: list[Figure] = []
    failed: list[str] = []
    for name in wishes.measurements or MEASUREMENTS:
        began = time.monotonic()
        print(f"measuring {name} ...", end="", file=sys.stderr, flush=True)
        try:
            figures += alone(name, quick=wishes.quick)
        except Exception as error:  # noqa: BLE001 - what fails is reported, and the others are measured
            failed.append(f"{name}: {type(error).__name__}: {error}")
        print(f" {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(table(figures))
    for line in failed:
        print(f"failed: {line}", file=sys.stderr)
    write(figures, failed)
    return 1 if failed else 0


def write(figures: list[Figure], failed: list[str]) -> None:
    rows = [
        {**asdict(figure), "met": figure.met, "best_peer": figure.best_peer, "times_best_peer": figure.times_best_peer}
        for figure in figures
    ]
    machine = {"cores": os.cpu_count(), "python": sys.version.split()[0], "load": os.getloadavg()[0]}
    RESULTS.write_text(json.dumps({"measured_at": time.time(), "machine": machine, "figures": rows, "failed": failed}, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
