"""Plan text: a whole plan for people, in the layout that Terraform users know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.plan.model import Action, OutputChange, Plan, PlanMode, PlannedChange
from reconciler.schema import Schema
from reconciler.views import sanitise
from reconciler.views.change_text import ChangeText
from reconciler.views.sequence_text import sequence_lines
from reconciler.views.style import Style
from reconciler.views.suspect_text import suspect_lines
from reconciler.views.value_diff import Side, ValueDiff
from reconciler.views.wrapping import fitted, wrap

_LEGEND = (
    ("  + ", "create"),
    ("  ~ ", "update in-place"),
    ("  - ", "destroy"),
    ("-/+ ", "destroy and then create replacement"),
    ("+/- ", "create replacement and then destroy"),
    (" <= ", "read (data resources)"),
    ("  . ", "forget"),
)


class PlanText:
    """Writes plans.

    Prose of ours is wrapped to *width*, notes and summaries to the *screen* if there is one. What
    stands in the notation of the spec is never broken.
    """

    def __init__(
        self,
        style: Style,
        width: int,
        schemas: Mapping[str, Schema] | None = None,
        *,
        screen: int | None = None,
    ) -> None:
        self.style = style
        self.width = width
        self.schemas = schemas or {}
        self.screen = screen

    def render(self, plan: Plan) -> list[str]:
        """Write the plan from the drift note to the summary, without warnings and errors."""
        lines = suspect_lines(plan.suspects, self.style, self.width, screen=self.screen)
        drift = self._drift(plan)
        lines += drift
        if plan.mode is PlanMode.REFRESH_ONLY:
            return [*lines, *(self._outputs(plan) if drift else self._nothing(plan))]
        if not plan.has_changes:
            notes = sequence_lines(plan.sequences, self.style, self.screen)
            return [*lines, *notes, *([] if plan.errors else self._nothing(plan))]
        if drift:
            lines += [self.rule(), ""]
        if any(each.changes_something for each in plan.changes) or any(
            each.deleted_unmanaged for each in plan.sequences
        ):
            return [*lines, *self._actions(plan), *self._outputs(plan)]
        return [*lines, *self._outputs(plan), "", *self._only_outputs()]

    def rule(self) -> str:
        """A line across the screen."""
        return "─" * max(min(self.width, 200) - 1, 20)

    def saved(self, path: str | None, *, command: str = "apply") -> list[str]:
        """Say where the plan was saved and how to apply it, or that it was not."""
        lines = ["", self.rule(), ""]
        if path is None:
            text = (
                "Note: You didn't use the -out option to save this plan, so reconciler can't "
                f'promise to take exactly these actions if you run "reconciler {command}" now.'
            )
            return [*lines, *self._prose(text)]
        shown = sanitise.line(path)
        return [
            *lines,
            *fitted([f"Saved the plan to: {shown}"], self.screen),
            "",
            *self._prose("To perform exactly these actions, run the following command to apply:"),
            f'    reconciler apply "{shown}"',
        ]

    def _drift(self, plan: Plan) -> list[str]:
        if not plan.drift:
            return []
        writer = ChangeText(self.style, self.schemas, screen=self.screen)
        lines = [
            *self._prose(self.style.bold("Note: Objects have changed outside of reconciler")),
            "",
            *self._prose(
                "reconciler detected the following changes made outside of reconciler since the "
                "last apply which may have affected this plan:"
            ),
            "",
        ]
        for drift in plan.drift:
            lines += [*writer.drift(drift), ""]
        refresh_only = plan.mode is PlanMode.REFRESH_ONLY
        text = _REFRESH_ONLY_NOTE if refresh_only else _DRIFT_NOTE
        return [*lines, "", *self._prose(text), ""]

    def _actions(self, plan: Plan) -> list[str]:
        lines = self._legend(plan.changes)
        counts = plan.counts
        if counts.destroy:
            text = f"{counts.destroy} to destroy; what is deleted for good comes last."
            lines += [*self._prose(self.style.bold(text)), ""]
        if plan.errors:
            text = "reconciler planned the following actions, but then encountered a problem:"
        else:
            text = "reconciler will perform the following actions:"
        lines += [*self._prose(text), ""]
        writer = ChangeText(self.style, self.schemas, screen=self.screen)
        for change in plan.changes:
            block = writer.change(change)
            if block:
                lines += [*block, ""]
        notes = sequence_lines(plan.sequences, self.style, self.screen)
        return [*lines, *notes, *self._summary(plan)]

    def _legend(self, changes: Iterable[PlannedChange]) -> list[str]:
        present = {_legend_symbol(each) for each in changes}
        text = (
            "reconciler used the selected providers to generate the following execution plan. "
            "Resource actions are indicated with the following symbols:"
        )
        known = [
            f"{self.style.symbol(symbol)}{meaning}"
            for symbol, meaning in _LEGEND
            if symbol.strip() in present
        ]
        return [*self._prose(text), *fitted(known, self.screen, hang=4), ""] if known else []

    def _summary(self, plan: Plan) -> list[str]:
        lines = [summary_line(plan, self.style)]
        if plan.calls:
            lines.append(calls_line(plan))
        return [*self._losses(plan), *fitted(lines, self.screen)]

    def _losses(self, plan: Plan) -> list[str]:
        if not plan.unmanaged_losses:
            return []
        heading = "Messages that no spec declares are lost:"
        lines = [
            f"  {sanitise.line(str(each.address))}: holds {each.count:,} unmanaged "
            f"message{', which goes' if each.count == 1 else 's, which go'} with it"
            for each in plan.unmanaged_losses
        ]
        heading = self.style.alarm(heading)
        return [*fitted([heading], self.screen), *fitted(lines, self.screen, hang=2), ""]

    def _outputs(self, plan: Plan) -> list[str]:
        changed = [each for each in plan.outputs if each.action is not Action.NO_OP]
        if not changed:
            return []
        names = {each.name: sanitise.line(each.name) for each in changed}
        width = max(map(len, names.values()))
        lines = ["", self.style.bold("Changes to Outputs:")]
        for each in sorted(changed, key=lambda each: each.name):
            lines += self._output(each, f"{names[each.name]:<{width}} = ")
        return lines

    def _output(self, change: OutputChange, head: str) -> list[str]:
        before, after = change.before, change.after
        hidden = any(each is not None and each.sensitive for each in (before, after))
        one = Side(before.value if before is not None else None, hidden)
        other = Side(after.value if after is not None else None, hidden)
        type_ = after.type if after is not None else before.type if before is not None else ""
        lines = ValueDiff(self.style).value(one, other, type_, 2, ())
        symbol = change.action.symbol
        return [f"  {self.style.symbol(symbol)} {head}{lines[0]}", *lines[1:]]

    def _nothing(self, plan: Plan) -> list[str]:
        match plan.mode:
            case PlanMode.NORMAL:
                heading, text = _NO_CHANGES
            case PlanMode.DESTROY:
                heading, text = _NO_OBJECTS
            case PlanMode.REFRESH_ONLY:
                heading, text = _NO_DRIFT
        green = self.style.green("No changes.")
        return [*self._prose(f"{green} {self.style.bold(heading)}"), "", *self._prose(text)]

    def _only_outputs(self) -> list[str]:
        return self._prose(
            "You can apply this plan to save these new output values to the state, without "
            "changing any conversation."
        )

    def _prose(self, text: str) -> list[str]:
        return wrap(text, self.width).split("\n")


_DRIFT_NOTE = (
    "Unless you have made equivalent changes to your specs, or ignored the relevant attributes "
    "using ignore_changes, the following plan may include actions to undo or respond to these "
    "changes."
)
_REFRESH_ONLY_NOTE = (
    "This is a refresh-only plan, so reconciler will not take any actions to undo these. If you "
    "were expecting these changes then you can apply this plan to record the updated values in "
    "the state without changing any remote objects."
)
_NO_CHANGES = (
    "Your infrastructure matches the configuration.",
    "reconciler has compared what is on the server with your specs and found no differences, so "
    "no changes are needed.",
)
_NO_OBJECTS = (
    "No objects need to be destroyed.",
    "Either you have not created any objects yet or the existing objects were already deleted.",
)
_NO_DRIFT = (
    "Your infrastructure still matches the state.",
    "reconciler has checked that what is on the server still matches the result of your most "
    "recent changes, and found no differences.",
)


def summary_line(plan: Plan, style: Style) -> str:
    """Count what the plan does: `Plan: 1 to add, 0 to change, 0 to destroy.`"""
    counts = plan.counts
    parts = [f"{counts.import_} to import"] if counts.import_ else []
    parts += [
        f"{counts.add} to add",
        f"{counts.change} to change",
        f"{counts.destroy} to destroy",
    ]
    parts += [f"{counts.forget} to forget"] if counts.forget else []
    return f"{style.bold('Plan:')} {', '.join(parts)}."


def calls_line(plan: Plan) -> str:
    """Say what applying the plan costs."""
    calls = f"{plan.calls:,} API call{'' if plan.calls == 1 else 's'}"
    if plan.at_least:
        calls = f"at least {calls}"
    if plan.seconds < 1:
        return f"This takes {calls}."
    return f"This takes {calls}, about {duration(plan.seconds)} at {plan.rate}."


def duration(seconds: float) -> str:
    """Write a time as people say it."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    if whole < 5400:
        return f"{round(whole / 60)} min"
    return f"{whole / 3600:.1f} h"


def _legend_symbol(change: PlannedChange) -> str:
    if change.action is Action.REPLACE and change.create_before_destroy:
        return "+/-"
    return change.action.symbol
