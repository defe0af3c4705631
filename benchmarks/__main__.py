"""Run every benchmark, or those named: `python -m benchmarks startup engine`."""

from __future__ import annotations

import importlib
import sys

NAMES = ("startup", "parse", "engine", "durability", "growth")


def main() -> None:
    """Print the tables of each."""
    for name in sys.argv[1:] or NAMES:
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
