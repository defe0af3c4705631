"""Streaming: a run shown to a program, as JSON, one object a line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from reconciler.address import Address
from reconciler.cli.session import Session
from reconciler.execute.events import Event, Refreshing, Report
from reconciler.plan.model import Plan
from reconciler.version import TERRAFORM_VERSION, VERSION
from reconciler.views.progress import Progress, Running
from reconciler.views.ui_json import JsonStream


class JsonWatcher:
    """Shows a run to a program."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stream = JsonStream(session.console.out)
        self._progress = Progress(session.console, still=self._still)
        self._refreshing: list[tuple[Address, str]] = []
        session.on_error = self._stream.error
        self._stream.version(VERSION, TERRAFORM_VERSION)

    def event(self, event: Event) -> None:
        """Write a line."""
        if isinstance(event, Refreshing):
            self._refreshing.append((event.address, event.id))
        self._progress.track(event)
        self._stream.event(event)

    def plan(self, plan: Plan, *, compact: bool) -> None:
        """Write what is planned."""
        for address, id_ in self._refreshing:
            self._stream.refreshed(address, id_)
        self._refreshing.clear()
        self._stream.plan(plan)

    def begin(self, plan: Plan) -> None:
        """Nothing to say."""

    def report(self, report: Report, *, destroyed: bool) -> None:
        """Write what failed, the numbers and the outputs."""
        self._stream.report(report, operation="destroy" if destroyed else "apply")

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Tell of changes that take long."""
        self._progress.start()
        try:
            yield
        finally:
            self._progress.close()

    def _still(self, address: Address, running: Running, elapsed_s: float) -> None:
        self._stream.still(address, running.action, running.id, elapsed_s)
