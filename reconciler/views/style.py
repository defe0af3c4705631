"""Style: the few colours of the tool, or none."""

from __future__ import annotations

import re

PALETTE = re.compile(r"\x1b\[(?:0|1|2|4|31|32|33|36|1;31|1;33)m")
"""Every sequence this tool ever sends, but for those of the live progress line."""


class Style:
    """Wraps text in colour if *enabled*. The text must have been sanitised."""

    __slots__ = ("enabled",)

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled

    def bold(self, text: str) -> str:
        """For what the eye should find: headings, addresses."""
        return self._wrap("1", text)

    def underline(self, text: str) -> str:
        """For the place that a diagnostic is about."""
        return self._wrap("4", text)

    def dim(self, text: str) -> str:
        """For what is hidden or beside the point."""
        return self._wrap("2", text)

    def red(self, text: str) -> str:
        """For what goes away."""
        return self._wrap("31", text)

    def green(self, text: str) -> str:
        """For what is new, and for success."""
        return self._wrap("32", text)

    def yellow(self, text: str) -> str:
        """For what changes."""
        return self._wrap("33", text)

    def cyan(self, text: str) -> str:
        """For what is read."""
        return self._wrap("36", text)

    def alarm(self, text: str) -> str:
        """For destruction and errors."""
        return self._wrap("1;31", text)

    def caution(self, text: str) -> str:
        """For warnings."""
        return self._wrap("1;33", text)

    def symbol(self, symbol: str) -> str:
        """Colour a plan symbol as it is known from Terraform."""
        if not self.enabled:
            return symbol
        match symbol.strip():
            case "+":
                return self.green(symbol)
            case "-" | "!":
                return self.red(symbol)
            case "~":
                return self.yellow(symbol)
            case "<=":
                return self.cyan(symbol)
            case "-/+":
                return symbol.replace("-/+", f"{self.red('-')}/{self.green('+')}")
            case "+/-":
                return symbol.replace("+/-", f"{self.green('+')}/{self.red('-')}")
            case _:
                return symbol

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.enabled else text


PLAIN = Style(enabled=False)
