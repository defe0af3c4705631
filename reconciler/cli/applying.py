"""Applying: one run that changes things, from the question to the exit code."""

from __future__ import annotations

from pathlib import Path

from reconciler.cli.approval import asked
from reconciler.cli.planning import Request
from reconciler.cli.session import Session
from reconciler.cli.signals import Interrupts
from reconciler.cli.watching import watcher
from reconciler.errors import UsageError
from reconciler.execute.events import Report
from reconciler.plan.model import Plan, PlanMode
from reconciler.plan.safety import require_consent

EXIT_FAILED = 1
EXIT_SUSPECTS = 4


class Run:
    """One `apply` or `destroy`."""

    def __init__(
        self,
        session: Session,
        request: Request,
        *,
        auto_approve: bool,
        plan_file: str | None = None,
    ) -> None:
        self._session = session
        self._request = request
        self._auto_approve = auto_approve
        self._plan_file = plan_file
        self._watch = watcher(session, json=request.json)
        self._refused = False
        self._workspace = session.workspace(
            given=request.given,
            parallelism=request.parallelism,
            lock_timeout_s=request.lock_timeout_s,
            on_event=self._watch.event,
        )
        self._interrupts = Interrupts(session, self._workspace.interrupt)

    def result(self) -> int:
        """Make the plan, ask, carry it out, tell how it went."""
        self._check()
        self._session.console.on_lost = self._stop_unread
        with self._interrupts.installed(), self._watch.running():
            report = self._workspace.apply(
                plan_file=Path(self._plan_file) if self._plan_file is not None else None,
                mode=self._request.mode,
                refresh=self._request.refresh,
                options=self._request.options,
                approve=self._approve,
            )
        if self._refused:
            return EXIT_FAILED
        self._watch.report(report, destroyed=self._request.destroy)
        return exit_code(report)

    def _stop_unread(self) -> None:
        """Nobody sees what happens any more: end as after an interrupt, and say so where it is
        still read."""
        self._workspace.interrupt()
        if isinstance(self._session.console.lost, BrokenPipeError):
            self._session.console.err(
                "Nobody reads the output any more: nothing new is started, what is in flight is "
                "finished and recorded."
            )

    def _check(self) -> None:
        request = self._request
        if self._plan_file is not None and request.destroy:
            raise UsageError("A saved plan is applied as it is: --destroy has no place beside it.")
        if request.json and not self._auto_approve and self._plan_file is None:
            raise UsageError(
                "Plan file or auto-approve required",
                hint="With --json nobody can be asked: apply a saved plan, or give --auto-approve.",
            )

    def _approve(self, plan: Plan) -> bool:
        if self._plan_file is None or plan.errors:
            self._watch.plan(plan, compact=self._request.compact_warnings)
        if plan.is_forbidden or not self._agreed(plan):
            self._refused = True
            return False
        self._watch.begin(plan)
        return True

    def _agreed(self, plan: Plan) -> bool:
        if self._auto_approve or self._plan_file is not None:
            require_consent(plan, allow_unmanaged=self._request.allow_unmanaged)
            return True
        nothing = not plan.has_changes or plan.is_held_back
        if nothing and not (plan.mode is PlanMode.REFRESH_ONLY and plan.drift):
            return True
        if asked(plan, self._session, self._interrupts, input_=self._request.input):
            return True
        what = "Destroy" if plan.mode is PlanMode.DESTROY else "Apply"
        self._session.console.say(f"\n{what} cancelled.")
        return False


def exit_code(report: Report) -> int:
    """0: all done; 4: a create is unresolved; 1: something else failed or was left out."""
    if report.suspects:
        return EXIT_SUSPECTS
    return 0 if report.ok else EXIT_FAILED
