"""Watching: who sees a run as it happens, a person or a program."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from reconciler.cli.session import Session
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import ReconcilerError, SpecError
from reconciler.execute.events import Event, Report, Status
from reconciler.plan.model import Plan
from reconciler.views.progress import Progress

if TYPE_CHECKING:
    from reconciler.views.plan_text import PlanText


MAX_ERRORS = 20
"""Different errors of one run that are printed at full length; the table names every failure."""


class Watcher(Protocol):
    """Shows the stations of a run."""

    def event(self, event: Event) -> None:
        """Something happens."""

    def plan(self, plan: Plan, *, compact: bool) -> None:
        """The plan is made."""

    def begin(self, plan: Plan) -> None:
        """The plan is being carried out from now on."""

    def report(self, report: Report, *, destroyed: bool) -> None:
        """The run is over."""

    def running(self) -> contextlib.AbstractContextManager[None]:
        """Watch time passing while the block runs."""


def watcher(session: Session, *, json: bool) -> Watcher:
    """Choose by what the user asked for; with JSON, errors become part of the stream."""
    if not json:
        return TextWatcher(session)
    from reconciler.cli.streaming import JsonWatcher

    return JsonWatcher(session)


class TextWatcher:
    """Shows a run to a person."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._console = session.console
        self._progress = Progress(session.console)

    def event(self, event: Event) -> None:
        """Print a line."""
        self._progress.event(event)

    def plan(self, plan: Plan, *, compact: bool) -> None:
        """Print the plan, its warnings, and to stderr its errors."""
        self._console.live(None)
        self._console.out()
        self._console.out_lines(self.text().render(plan))
        self._session.warnings(plan.warnings, compact=compact)
        self._session.errors(plan.errors)

    def begin(self, plan: Plan) -> None:
        """Count from here."""
        if plan.has_changes:
            self._console.out()
        self._progress.begin(plan)

    def report(self, report: Report, *, destroyed: bool) -> None:
        """Print what became of every change, and why of those that failed."""
        from reconciler.views.report import ReportText

        self._console.live(None)
        console = self._console
        writer = ReportText(console.out_style, console.width, screen=console.screen)
        self._console.out_lines(writer.render(report, destroyed=destroyed))
        errors = {
            _said(outcome.error): outcome.error
            for outcome in report.outcomes
            if outcome.status is Status.FAILED and outcome.error is not None
        }
        if report.failure is not None:
            errors.setdefault(_said(report.failure), report.failure)
        for error in list(errors.values())[:MAX_ERRORS]:
            self._session.error(error)
        self._session.warnings(_of(report, Severity.WARNING), compact=False)
        self._session.errors(_of(report, Severity.ERROR))

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Keep the live line alive."""
        self._progress.start()
        try:
            yield
        finally:
            self._progress.close()

    def text(self) -> PlanText:
        """How plans are written here."""
        from reconciler.views.plan_text import PlanText

        console = self._console
        return PlanText(
            console.out_style, console.width, self._session.schemas(), screen=console.screen
        )


def _of(report: Report, severity: Severity) -> tuple[Diagnostic, ...]:
    return tuple(each for each in report.problems if each.severity is severity)


def _said(error: ReconcilerError) -> object:
    """What tells two errors apart: of a spec, also the places."""
    return error.diagnostics if isinstance(error, SpecError) else str(error)
