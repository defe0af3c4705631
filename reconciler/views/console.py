"""Console: where everything that is printed goes out, to stdout or stderr.

Its law: nothing reaches a terminal but text, line feeds and the colours of `style`. The views
sanitise what they print; the console checks again, so that a view that forgot cannot do harm.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TextIO

from reconciler.views import cells, sanitise
from reconciler.views.style import PALETTE, Style
from reconciler.views.wrapping import MIN_WIDTH, fitted

DEFAULT_WIDTH = 78
"""Columns of a line where nobody says how wide the terminal is."""

ERASE = "\r\x1b[2K"
"""Takes a line away that is to be overwritten."""


class Console:
    """The two streams of one command. Safe to use from more than one thread.

    The streams are expected to write what their encoding lacks as escapes.
    """

    def __init__(
        self,
        out: TextIO,
        err: TextIO,
        *,
        environ: Mapping[str, str],
        color: bool | None = None,
    ) -> None:
        self._out = out
        self._err = err
        self._environ = environ
        self._lock = threading.RLock()
        self._live: str | None = None
        self.lost: OSError | None = None
        """Why nothing more can be written to stdout: whoever read it has gone, or the disk is full.
        Whatever is printed from then on is dropped; work that must be finished goes on."""
        self.on_lost: Callable[[], None] = lambda: None
        self._color = color

    @property
    def out_style(self) -> Style:
        """The colours of stdout."""
        return Style(enabled=self._wants_color(self._out))

    @property
    def err_style(self) -> Style:
        """The colours of stderr."""
        return Style(enabled=self._wants_color(self._err))

    def without_color(self) -> None:
        """Print no colours from now on."""
        self._color = False

    @property
    def width(self) -> int:
        """Columns that prose on stdout is wrapped at: of the terminal, or the default."""
        return max(self._width_of(self._out), MIN_WIDTH)

    @property
    def screen(self) -> int | None:
        """Columns that no summary on stdout may pass; None if it is no terminal, and lines stay
        whole."""
        return self.width if self.out_is_terminal else None

    @property
    def err_screen(self) -> int | None:
        """The same of stderr."""
        return max(self._width_of(self._err), MIN_WIDTH) if self.err_is_terminal else None

    @property
    def out_is_terminal(self) -> bool:
        """Whether a person sees stdout as it is written."""
        return _is_terminal(self._out)

    @property
    def err_is_terminal(self) -> bool:
        """Whether a person sees stderr as it is written."""
        return _is_terminal(self._err)

    @property
    def is_dumb(self) -> bool:
        """Whether the terminal cannot move its cursor."""
        return self._environ.get("TERM", "") in ("", "dumb")

    def out(self, text: str = "") -> None:
        """Print lines to stdout."""
        self._print(self._out, text + "\n")

    def out_lines(self, lines: Iterable[str]) -> None:
        """Print many lines to stdout."""
        text = "\n".join(lines)
        if text:
            self.out(text)

    def err(self, text: str = "") -> None:
        """Print prose to stderr, its lines broken as `say` does."""
        self._print(self._err, "\n".join(fitted(text.split("\n"), self.err_screen)) + "\n")

    def prompt(self, text: str) -> None:
        """Print to stdout without a line end, and at once."""
        self._print(self._out, text)

    def urgent(self, text: str) -> None:
        """Print to stderr from inside a signal handler, below what the terminal shows of it."""
        lines = fitted(sanitise.lines(text), self.err_screen)
        line = ("\n" if self._live is None else ERASE) + "".join(f"{each}\n" for each in lines)
        try:
            os.write(self._err.fileno(), line.encode("utf-8", "backslashreplace"))
        except (OSError, ValueError):
            return

    def raw(self, text: str) -> None:
        """Print exactly *text* to stdout: for programs. A terminal still gets it sanitised."""
        self._write(self._out, sanitise.block(text) if self.out_is_terminal else text)

    def live(self, text: str | None) -> None:
        """Show *text* as the one line at the bottom that is overwritten; None takes it away.

        Nothing happens where stderr is not a terminal that can do so.
        """
        if not self.err_is_terminal or self.is_dumb:
            return
        with self._lock:
            if text != self._live:
                self._live = text
                self._write(self._err, ERASE + self._clipped(text))

    def say(self, text: str, *, hang: int = 0) -> None:
        """Print prose to stdout. Only a terminal that is too narrow breaks its lines."""
        self.out("\n".join(fitted(text.split("\n"), self.screen, hang=hang)))

    def _clipped(self, text: str | None) -> str:
        """What a line that is overwritten may show: one that wrapped could not be taken away."""
        return cells.beginning(sanitise.line(text or ""), self._width_of(self._err) - 1)

    def _print(self, stream: TextIO, text: str) -> None:
        with self._lock:
            if self._live is not None:
                self._write(self._err, ERASE)
                self._write(stream, _checked(text))
                self._write(self._err, self._clipped(self._live))
            else:
                self._write(stream, _checked(text))

    def _write(self, stream: TextIO, text: str) -> None:
        if stream is self._out and self.lost is not None:
            return
        try:
            stream.write(text)
            stream.flush()
        except OSError as error:
            if stream is self._out:
                self.lost = error
                self.on_lost()

    def _wants_color(self, stream: TextIO) -> bool:
        if self._color is not None:
            return self._color
        if self._environ.get("NO_COLOR"):
            return False
        if self._environ.get("FORCE_COLOR"):
            return True
        return _is_terminal(stream) and self._environ.get("TERM") != "dumb"

    def _width_of(self, stream: TextIO) -> int:
        columns = self._environ.get("COLUMNS", "")
        if columns.isascii() and columns.isdigit() and 0 < int(columns[:5]) < 10_000:
            return int(columns)
        if not _is_terminal(stream):
            return DEFAULT_WIDTH
        try:
            return os.get_terminal_size(stream.fileno()).columns or DEFAULT_WIDTH
        except (OSError, ValueError):
            return DEFAULT_WIDTH


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:
        return False


def _checked(text: str) -> str:
    bare = PALETTE.sub("", text).replace("\n", "")
    if sanitise.UNSAFE.search(bare) is None:
        return text
    pieces: list[str] = []
    start = 0
    for match in PALETTE.finditer(text):
        pieces += [sanitise.block(text[start : match.start()]), match[0]]
        start = match.end()
    return "".join([*pieces, sanitise.block(text[start:])])
