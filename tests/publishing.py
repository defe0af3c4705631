"""Publishing: what the tests promise, and the figures of the run that held them.

A test that holds a promise is marked with its name, `promise("kill")`, and records figures with
`record_property`. Every run prints the sums; `--publish=FILE` writes the page of them.
"""

from __future__ import annotations

import platform
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PROMISES = {
    "kill": (
        "A killed run loses nothing and does nothing twice",
        "Real processes are killed with SIGKILL before and after each write, sync, rename and cut on "
        "disk, each request, each answer, with writes whole and torn, while they create, append, "
        "update, delete, replace, rewrite, import and destroy. Each time the state is the old one or "
        "the new one, the next run does the rest, no message stands twice, a thread whose answer was "
        "lost is reported, and the plan after that is empty. A recovery that is killed is recovered.",
    ),
    "outside": (
        "It does not matter when it is killed",
        "The installed command, as a process of its own that talks over TCP, is killed from outside "
        "at random moments while specs change at random; then the same must be true.",
    ),
    "simulation": (
        "It does not matter what comes together",
        "Whole runs are played from a seed: the real engine on a simulated disk, clock and network. "
        "Runs die anywhere, power fails and what was not synced is lost or torn, renames are "
        "reordered, answers are lost, requests arrive after the death of whoever sent them, disks "
        "fail, signals come. A run in fair weather must then bring everything to what the specs say.",
    ),
    "disk": (
        "What was recorded stays recorded",
        "The state, its journal and its backups on a simulated disk: a crash in each single "
        "operation, power loss included, leaves the old state or the new one, and every entry that "
        "was acknowledged. A disk that fails is never taken for one that has written.",
    ),
    "lost": (
        "A lost answer is not a refusal",
        "A creation without an answer is posted once, reported as a suspect in every plan, and "
        "settled by `reconciler recover`. A message is looked for before it is sent again; a "
        "deletion that is then not found has happened; an update is repeated.",
    ),
    "signals": (
        "Whoever ends a run finds the state right",
        "One Ctrl-C, SIGTERM or SIGHUP: nothing new starts, what is in flight is finished and "
        "recorded, one summary, exit code 130, 143 or 129. A second one leaves within a second. The "
        "same when the reader of the output goes away or the disk fills up. Where nothing can be "
        "recorded, nothing is sent.",
    ),
    "servers": (
        "A server may do anything",
        "Every fault at every call, byte by byte: resets, stalls, truncated, oversized and doubled "
        "bodies, web pages, wrong types, missing ids, redirects, 401, 408, 409, 429 in every form, a "
        "thread held by a run. What may be sent again is, what may not is looked for, a thread is "
        "posted once, no message stands twice, and the next run converges.",
    ),
    "gone": (
        "Nothing is gone because somebody says nothing",
        "A wrong key, project, dialect or address and a dead API never plan a creation and never "
        "write. Only the API's own word about the object itself, or silence about one thread of a "
        "server that shows another, counts as gone; too many at once are asked about.",
    ),
    "guards": (
        "Nothing is destroyed by accident",
        "A saved plan is refused for whatever has moved since or was edited; protection outlives its "
        "block; nothing writes while another run holds the state, and no option does it anyway.",
    ),
    "secrets": (
        "No secret comes out",
        "A random key and random sensitive values are looked for, raw, in JSON, in URLs and in "
        "Base64, in every byte that the commands print or write, against a server that repeats what "
        "it is sent. The key is nowhere, a sensitive value in private files of ours only.",
    ),
}
"""By name: a title, and what is promised."""


@dataclass
class Held:
    """What held one promise in this run."""

    tests: Counter[str] = field(default_factory=Counter)
    """By file and function: how many cases passed."""
    figures: Counter[str] = field(default_factory=Counter)
    failed: int = 0


class Publisher:
    """Gathers what the tests of a run report."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.held: dict[str, Held] = {name: Held() for name in PROMISES}
        self.began = time.monotonic()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Let the report of a test tell which promises it holds."""
        for marker in item.iter_markers("promise"):
            assert marker.args[0] in PROMISES, f"there is no promise {marker.args[0]!r}"
            item.user_properties.append(("promise", marker.args[0]))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test that is over."""
        properties = [(str(name), value) for name, value in report.user_properties]
        for name in {str(value) for key, value in properties if key == "promise"}:
            held = self.held[name]
            if report.failed:
                held.failed += 1
            elif report.when == "call" and report.passed:
                held.tests[report.nodeid.partition("[")[0]] += 1
                for key, value in properties:
                    if key != "promise" and isinstance(value, int):
                        held.figures[key] += value

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the figures, and write them where that is asked for."""
        if hasattr(self.config, "workerinput"):
            return
        figures = sum((each.figures for each in self.held.values()), Counter[str]())
        if figures:
            told = ", ".join(f"{value:,} {name}" for name, value in figures.items())
            terminalreporter.write_line(f"held: {told}")
        target = self.config.getoption("--publish")
        if target is None:
            return
        if any(each.failed for each in self.held.values()):
            terminalreporter.write_line(f"{target} is not written: not every promise was held")
            return
        Path(target).write_text("\n".join(self._page()) + "\n")

    def _page(self) -> Iterator[str]:
        is_whole = not self.config.getoption("markexpr")
        command = "make test-long" if is_whole else f'pytest -m "{self.config.option.markexpr}"'
        minutes = (time.monotonic() - self.began) / 60
        yield "# Reliability\n"
        yield (
            "What can be relied upon when a run is killed, cut off, interrupted or out of disk; the "
            "tests that hold it; and how much they did. `make test-long` writes this page when every "
            "promise was held.\n"
        )
        yield (
            f"This page is of a run of `{command}` on {time.strftime('%Y-%m-%d', time.gmtime())} "
            f"({platform.system()}, Python {platform.python_version()}, {minutes:.0f} minutes)."
            + ("" if is_whole else " It is a part: the long sweeps were left out.")
        )
        for name, (title, text) in PROMISES.items():
            held = self.held[name]
            yield f"\n## {title}\n\n{text}\n"
            if held.figures:
                yield "| figure | |\n|---|---|"
                yield from (f"| {key} | {value:,} |" for key, value in held.figures.items())
                yield ""
            yield "| test | cases passed |\n|---|---|"
            yield from (f"| `{test}` | {count:,} |" for test, count in sorted(held.tests.items()))
        yield _LIMITS


_LIMITS = """
## What nobody can promise

A thread has no name of its own before it exists, and most servers do not list threads. If the answer to its creation is lost,
nobody can tell whether it was made: it is reported, and [you decide](../guides/recover.md). At most as many as are created at
once (`thread_create_concurrency`) can be lost by one crash, and at most one is made for each."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the name of the page."""
    parser.addoption("--publish", metavar="FILE", help="write the page of promises and figures")


def pytest_configure(config: pytest.Config) -> None:
    """Watch the run; a worker only says which promises its tests hold."""
    config.pluginmanager.register(Publisher(config), "publisher")
