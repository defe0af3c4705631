"""Console: `reconciler console`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from typing import TYPE_CHECKING

import click

from reconciler.cli.planning import locking, variables
from reconciler.cli.session import Session
from reconciler.cli.tree import Command
from reconciler.errors import SpecError

if TYPE_CHECKING:
    from reconciler.language.entry import Entry
    from reconciler.workflow.evaluating import Evaluator

LEAVE = ("exit", "quit")

HELP = (
    "Type an expression and see its value. It may use functions and whatever the specs declare: "
    "var.NAME, local.NAME, openai_thread.NAME.id, module.NAME.OUTPUT. Values come from the specs "
    "and the state; no server is asked, and nothing is written.\n"
    "\n"
    "An expression goes on over several lines while a bracket or a heredoc is open. "
    'type(EXPRESSION) shows a type. "exit" or Ctrl-D leaves; Ctrl-C drops what is being typed, '
    "or leaves."
)


@click.command(
    "console",
    cls=Command,
    examples=[
        ("echo 'upper(var.name)' | reconciler console", "Answer one expression."),
    ],
)
@locking
@variables
def command(session: Session, lock_timeout: float, given: tuple[tuple[str, str], ...]) -> int:
    """Evaluate expressions, over the specs and the state. Asks no server and changes nothing.

    On a terminal it is a conversation; otherwise every expression on stdin is answered with its
    value, and the first that is wrong ends it with exit code 1.
    """
    evaluator = session.workspace(given=given, lock_timeout_s=lock_timeout).evaluator()
    if evaluator.problems:
        session.errors(evaluator.problems)
        session.console.err("\nBecause of these errors some values may be unknown.")
    if sys.stdin is not None and sys.stdin.isatty() and session.console.out_is_terminal:
        from reconciler.cli.conversation import Conversation

        return Conversation(session, evaluator).run()
    try:
        for text in entries(_lines()):
            if text.strip() in LEAVE:
                break
            answer(session, evaluator, text)
    except SpecError as error:
        session.error(error)
        return 1
    return 0


def answer(session: Session, evaluator: Evaluator, text: str) -> None:
    """Print the value of an expression.

    Raises:
        SpecError: it has none.
    """
    if text.strip() == "help":
        session.console.say(HELP)
        return
    from reconciler.views.literal_text import literal_lines, type_lines
    from reconciler.workflow.evaluating import TypeAnswer

    value = evaluator.evaluate(text)
    if isinstance(value, TypeAnswer):
        session.console.out_lines(type_lines(value.type))
    else:
        session.console.out_lines(literal_lines(value))


def entries(lines: Iterable[str], entry: Entry | None = None) -> Iterator[str]:
    """The expressions among *lines*, one that never ends included; empty ones left out."""
    from reconciler.language.entry import Entry

    entry = entry or Entry()
    for line in lines:
        entry.add(line)
        if entry.is_complete:
            if not entry.is_blank:
                yield entry.text
            entry = Entry()
    if entry.is_begun:
        yield entry.text


def _lines() -> Iterator[str]:
    if sys.stdin is None:
        return
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    for number, line in enumerate(sys.stdin):
        line = line.removesuffix("\n").removesuffix("\r")
        yield line if number else line.removeprefix("\ufeff")
