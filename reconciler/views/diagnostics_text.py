"""Diagnostics text: errors and warnings for people, boxed on a terminal, plain otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import ProviderError, ReconcilerError, SpecError
from reconciler.views import sanitise
from reconciler.views.snippet import snippet_lines
from reconciler.views.style import Style
from reconciler.views.wrapping import MIN_WIDTH, fitted, wrapped


class DiagnosticsText:
    """Writes problems. With a *width* they are boxed, and no line is wider than that."""

    def __init__(self, style: Style, width: int | None = None) -> None:
        self.style = style
        self.width = None if width is None else max(width, MIN_WIDTH)
        self._room = None if self.width is None else self.width - 2

    def diagnostics(self, found: Iterable[Diagnostic]) -> list[str]:
        """Write every diagnostic, an empty line before each."""
        return [line for each in found for line in self._framed(each.severity, self._body(each))]

    def compact(self, warnings: Sequence[Diagnostic]) -> list[str]:
        """Write warnings by their summaries only."""
        if not warnings:
            return []
        lines = ["", self.style.caution("Warnings:"), ""]
        for each in warnings:
            lines += fitted([f"- {sanitise.line(each.summary)}"], self.width)
            lines += fitted([f"  {where}" for where in self._where(each)], self.width)
        end = "For the whole text of these warnings, leave out --compact-warnings."
        return [*lines, "", *fitted([end], self.width)]

    def error(self, error: ReconcilerError) -> list[str]:
        """Write what ended the command, with the hint that leads on."""
        if isinstance(error, SpecError):
            return self.diagnostics(error.diagnostics)
        summary, _, rest = error.message.partition("\n")
        body = [sanitise.line(_begun(summary))]
        if rest.strip():
            body += ["", *sanitise.lines(rest.strip("\n"))]
        body += self._request(error)
        if error.hint:
            body += ["", *sanitise.lines(f"hint: {error.hint}")]
        return self._framed(Severity.ERROR, body)

    def _request(self, error: ReconcilerError) -> list[str]:
        if not isinstance(error, ProviderError):
            return []
        parts = [
            f"{name}: {sanitise.line(str(value))}"
            for name, value in (
                ("request", error.request),
                ("status", error.status),
                ("code", error.code),
                ("param", error.param),
                ("request id", error.request_id),
            )
            if value is not None
        ]
        return ["", *(f"  {each}" for each in parts)] if parts else []

    def _body(self, found: Diagnostic) -> list[str]:
        lines = [sanitise.line(found.summary)]
        where = self._where(found)
        if where:
            lines += ["", f"  {where[0]}:", *snippet_lines(found, self.style, self._room)]
            lines += self._values(found)
        if found.detail:
            lines += ["", *sanitise.lines(found.detail)]
        return lines

    def _where(self, found: Diagnostic) -> list[str]:
        if found.subject is None:
            return [f"with {sanitise.line(found.address)}"] if found.address else []
        start = found.subject.start
        path = sanitise.line(found.subject.path)
        context = f", in {sanitise.line(found.context)}" if found.context else ""
        address = f", for {sanitise.line(found.address)}" if found.address else ""
        return [f"on {path}:{start.line}:{start.column}{context}{address}"]

    def _values(self, found: Diagnostic) -> list[str]:
        if not found.values:
            return []
        lines = [
            f"{self.style.bold(sanitise.line(name))} {sanitise.line(text)}"
            for name, text in found.values
        ]
        room = None if self._room is None else self._room - len(_BAR)
        rule = "─" * (16 if room is None else min(16, room))
        return [f"    ├{rule}", *(_BAR + each for each in fitted(lines, room))]

    def _framed(self, severity: Severity, body: list[str]) -> list[str]:
        paint = self.style.alarm if severity is Severity.ERROR else self.style.caution
        title = paint(f"{severity.capitalize()}: ") + self.style.bold(body[0])
        lines = [title, *body[1:]]
        if self._room is None:
            return ["", *lines]
        bar = paint("│")
        inside = (part for each in lines for part in wrapped(each, self._room))
        return [paint("╷"), *(f"{bar} {each}" if each else bar for each in inside), paint("╵")]


def _begun(text: str) -> str:
    """*text* with a capital at its beginning, unless that is a name."""
    first = text.partition(" ")[0]
    is_word = first.isalpha() and first.islower() and first != "reconciler"
    return text[0].upper() + text[1:] if is_word else text


_BAR = "    │ "
