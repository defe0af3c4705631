"""Report: how a run ended, for people: done, failed, unknown, not attempted, and the outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reconciler.errors import ReconcilerError, StateUnwritable
from reconciler.execute.events import Outcome, Report, Status
from reconciler.plan.model import Action
from reconciler.state.model import OutputValue
from reconciler.views import sanitise
from reconciler.views.state_text import StateText
from reconciler.views.style import Style
from reconciler.views.suspect_text import suspect_lines
from reconciler.views.wrapping import fitted

MAX_NAMED = 50
"""Addresses listed of one kind; the rest is counted."""


class ReportText:
    """Writes reports. Only values of outputs may be wider than the *screen*, if there is one."""

    def __init__(self, style: Style, width: int, *, screen: int | None = None) -> None:
        self.style = style
        self.width = width
        self.screen = screen

    def render(self, report: Report, *, destroyed: bool = False) -> list[str]:
        """Write the whole report; errors themselves are printed apart."""
        lines = ["", self._headline(report, destroyed=destroyed)]
        if any(_is_journal_lost(each.error) for each in report.outcomes):
            lines.append("What was done may not be recorded: the ids above are all that is known.")
        elif not report.ok:
            lines.append('What is done is recorded; "reconciler apply" does the rest.')
        for warning in report.warnings:
            head, *rest = sanitise.lines(warning)
            lines += ["", f"{self.style.caution('Warning:')} {head}", *rest]
        lines = [*self._table(report), *fitted(lines, self.screen)]
        if report.suspects:
            suspects = suspect_lines(report.suspects, self.style, self.width, screen=self.screen)
            lines += ["", *suspects[:-1]]
        if report.outputs and not destroyed:
            lines += ["", "Outputs:", "", *self._outputs(report.outputs)]
        return lines

    def _headline(self, report: Report, *, destroyed: bool) -> str:
        counts = counts_text(report, destroyed=destroyed)
        if report.interrupted:
            return self.style.caution(f"Apply interrupted. Resources: {counts}.")
        if not report.ok:
            return self.style.alarm(f"Apply incomplete. Resources: {counts}.")
        what = "Destroy" if destroyed else "Apply"
        return self.style.green(f"{what} complete! Resources: {counts}.")

    def _outputs(self, outputs: dict[str, OutputValue]) -> list[str]:
        return StateText(self.style).outputs(outputs)

    def _table(self, report: Report) -> list[str]:
        if report.ok or not report.outcomes:
            return []
        by_status = {
            status: [each for each in report.outcomes if each.status is status] for status in Status
        }
        done = [each for each in by_status[Status.APPLIED] if each.action is not Action.NO_OP]
        lines = ["", self.style.bold("What became of the plan:"), ""]
        lines += [f"  {self.style.green(f'{len(done):>5} done')}"]
        lines += self._row("failed", by_status[Status.FAILED], self.style.alarm)
        sent = "sent, outcome unknown: the next run looks for them"
        lines += self._row(sent, by_status[Status.UNKNOWN], self.style.caution)
        left = by_status[Status.SKIPPED]
        if report.interrupted:
            # Nothing stood in their way: the next plan names them.
            lines += self._count("not attempted", left, self.style.caution)
        else:
            lines += self._row("not attempted", left, self.style.caution)
        return fitted(lines, self.screen, hang=2)

    def _row(
        self, title: str, outcomes: Sequence[Outcome], paint: Callable[[str], str]
    ) -> list[str]:
        lines = self._count(title, outcomes, paint)
        for each in outcomes[:MAX_NAMED]:
            lines.append(f"        {sanitise.line(str(each.address))}{_why(each)}")
        if len(outcomes) > MAX_NAMED:
            lines.append(f"        and {len(outcomes) - MAX_NAMED:,} more")
        return lines

    def _count(
        self, title: str, outcomes: Sequence[Outcome], paint: Callable[[str], str]
    ) -> list[str]:
        return [f"  {paint(f'{len(outcomes):>5} {title}')}"] if outcomes else []


def counts_text(report: Report, *, destroyed: bool = False) -> str:
    """`3 added, 1 changed, 0 destroyed`, with imports and forgotten ones where there are any."""
    if destroyed and report.ok:
        return f"{report.destroyed} destroyed"
    parts = [f"{report.imported} imported"] if report.imported else []
    parts += [
        f"{report.added} added",
        f"{report.changed} changed",
        f"{report.destroyed} destroyed",
    ]
    parts += [f"{report.forgotten} forgotten"] if report.forgotten else []
    return ", ".join(parts)


def _why(outcome: Outcome) -> str:
    if outcome.error is not None and outcome.status is Status.FAILED:
        return f": {sanitise.line(outcome.error.message.partition(chr(10))[0])}"
    if outcome.blocked_by == outcome.address:
        return " (held back: the plan says why)"
    if outcome.blocked_by is not None:
        return f" (waits for {sanitise.line(str(outcome.blocked_by))})"
    return ""


def _is_journal_lost(error: ReconcilerError | None) -> bool:
    return isinstance(error, StateUnwritable) and error.is_journal_lost
