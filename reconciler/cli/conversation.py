"""Conversation: the console on a terminal, with line editing and a history."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType, ModuleType
from typing import TYPE_CHECKING

from reconciler.cli.console import LEAVE, answer
from reconciler.cli.history import History, user_state_folder
from reconciler.cli.session import Session
from reconciler.errors import SpecError
from reconciler.language.entry import Entry

if TYPE_CHECKING:
    from reconciler.workflow.evaluating import Evaluator

PROMPT, CONTINUED = "> ", ": "

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Conversation:
    """One conversation, from the first prompt to the last."""

    def __init__(self, session: Session, evaluator: Evaluator) -> None:
        self._session = session
        self._evaluator = evaluator
        self._editor = _editor()
        self._history = History(user_state_folder())
        self._entry = Entry()
        self._is_answering = False
        self._is_leaving = False

    def run(self) -> int:
        """Answer until the user leaves."""
        with _handled_by(self._handle):
            self._recall(self._history.entries)
            try:
                while not self._is_leaving:
                    self._take_turn()
            finally:
                self._history.save()
        return 0

    def _take_turn(self) -> None:
        try:
            line = input(CONTINUED if self._entry.is_begun else PROMPT)
            # What is pasted comes as one line with line feeds in it.
            for each in line.split("\n"):
                self._take(each)
        except EOFError:
            self._session.console.out()
            self._is_leaving = True
        except KeyboardInterrupt:
            self._session.console.out()

    def _take(self, line: str) -> None:
        if self._is_leaving:
            return
        self._entry.add(line)
        if not self._entry.is_complete:
            return
        entry, self._entry = self._entry, Entry()
        if entry.is_blank:
            return
        text = entry.text
        if text.strip() in LEAVE:
            self._is_leaving = True
            return
        if self._history.add(text):
            self._recall([text])
        self._is_answering = True
        try:
            answer(self._session, self._evaluator, text)
        except SpecError as error:
            self._session.error(error)
        finally:
            self._is_answering = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        """Drop what is being typed; leave where there is nothing to drop."""
        typed = "" if self._editor is None else self._editor.get_line_buffer()
        if number != signal.SIGINT or not (typed or self._entry.is_begun or self._is_answering):
            self._session.signal = number
            self._is_leaving = True
        self._entry = Entry()
        raise KeyboardInterrupt

    def _recall(self, entries: list[str]) -> None:
        if self._editor is not None:
            for each in entries:
                self._editor.add_history(each)


def _editor() -> ModuleType | None:
    """Line editing, where Python was built with it."""
    try:
        import readline
    except ImportError:
        return None
    readline.set_auto_history(False)
    return readline


@contextlib.contextmanager
def _handled_by(handle: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Let *handle* end the question on the screen, so that the terminal is left as it was."""
    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
