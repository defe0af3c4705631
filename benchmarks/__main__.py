"""Run every benchmark, or those named: `python -m benchmarks startup engine`."""

from __future__ import annotations

import importlib
import subprocess
import sys

NAMES = ("startup", "parse", "engine", "durability", "growth")


def main() -> None:
    """Print the tables of each.

    Each runs in a process of its own: Linux counts the memory of a process at its `exec` to the
    peak of what it becomes, so what one benchmark has loaded would show in the figures of the next.
    """
    names = sys.argv[1:] or NAMES
    if len(names) == 1:
        importlib.import_module(f"benchmarks.{names[0]}").main()
        return
    for name in names:
        subprocess.run([sys.executable, "-m", "benchmarks", name], check=True)


if __name__ == "__main__":
    main()
