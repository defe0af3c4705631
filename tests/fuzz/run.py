"""Run: one target under atheris; the arguments after its name go to libFuzzer."""

from __future__ import annotations

import sys

import atheris

from fuzz import check_of, corpus_of


def main() -> None:
    """Look for an input that fails until the time given by `-max_total_time` is over."""
    target = sys.argv[1]
    with atheris.instrument_imports(include=["reconciler"]):
        check = check_of(target)
        # Much of the package is imported late; what is instrumented is what has been needed here.
        for path in corpus_of(target):
            check(path.read_bytes())
    atheris.Setup([target, *sys.argv[2:]], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
