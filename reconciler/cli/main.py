"""Main: the entry point of the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from reconciler.version import VERSION

_VERSION_QUESTIONS = (["version"], ["-version"], ["--version"], ["-v"])


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if (
        arguments in _VERSION_QUESTIONS and sys.stdout is not None
    ):  # answered before click, whose import takes 45 ms
        sys.stdout.write(f"reconciler {VERSION}\n")
        return 0
    from reconciler.cli.program import execute

    return execute(arguments)


def run() -> None:
    """Run the command that the process was started with, and end the process."""
    if sys.argv[1:] in _VERSION_QUESTIONS:
        sys.exit(main())
    from reconciler.collector import collect_seldom, leave_uncollected

    _fill_standard_streams()
    _end_quietly_on_signals()
    collect_seldom()
    code = main()
    leave_uncollected()
    sys.exit(code)


def _fill_standard_streams() -> None:
    """Let no file that is opened later stand where a closed standard stream is written to."""
    import os

    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _end_quietly_on_signals() -> None:
    """Until a command begins something that has to be finished, a signal just ends the process."""
    import os
    import signal

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: os._exit(128 + number))
