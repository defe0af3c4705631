"""Recover: `reconciler recover`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import click

from reconciler.cli.applying import EXIT_SUSPECTS
from reconciler.cli.planning import locking, variables
from reconciler.cli.session import Session
from reconciler.cli.signals import Interrupts
from reconciler.cli.tree import Command
from reconciler.errors import UsageError
from reconciler.views import sanitise
from reconciler.views.progress import Progress
from reconciler.workflow import Workspace


@click.command(
    "recover",
    cls=Command,
    examples=[
        ("reconciler recover", "Look at the server, and list what nobody can tell."),
        ("reconciler recover adopt openai_thread.a thread_abc", "It was created, and is this one."),
        (
            "reconciler recover retry openai_thread.a",
            "Look again; if it is not there, the next apply creates it.",
        ),
    ],
)
@click.argument("words", metavar="[adopt ADDRESS ID | retry ADDRESS | forget ADDRESS]", nargs=-1)
@variables
@locking
def command(
    session: Session,
    words: tuple[str, ...],
    given: tuple[tuple[str, str], ...],
    lock_timeout: float,
) -> int:
    """Find out what became of the writes of an interrupted run, and list what nobody can tell.

    What is listed may or may not exist on the server. You decide: "adopt" records that it is ID,
    "retry" looks once more and lets the next apply send it again, "forget" gives it up without
    asking the server.
    """
    progress = Progress(session.console)
    workspace = session.workspace(given=given, lock_timeout_s=lock_timeout, on_event=progress.event)
    act = _action(words)
    with Interrupts(session, workspace.interrupt).installed():
        return act(session, workspace)


def _action(words: tuple[str, ...]) -> Callable[[Session, Workspace], int]:
    match words:
        case ():
            return _list
        case ("adopt", address, id_):
            return lambda session, workspace: _adopt(session, workspace, address, id_)
        case ("retry", address):
            return lambda session, workspace: _retry(session, workspace, address)
        case ("forget", address):
            return lambda session, workspace: _forget(session, workspace, address)
        case (name, *_) if name in _FORMS:
            raise UsageError(f"It is written: reconciler recover {_FORMS[name]}")
    forms = ", ".join(_FORMS.values())
    raise UsageError(f'"{words[0]}" is nothing that recover does.', hint=f"It does: {forms}.")


_FORMS: Mapping[str, str] = {
    "adopt": "adopt ADDRESS ID",
    "retry": "retry ADDRESS",
    "forget": "forget ADDRESS",
}


def _list(session: Session, workspace: Workspace) -> int:
    from reconciler.views.suspect_text import choice_lines, suspect_lines

    suspects = workspace.recover()
    console = session.console
    if not suspects:
        console.out("Nothing is unresolved.")
        return 0
    console.out_lines(
        suspect_lines(suspects, console.out_style, console.width, screen=console.screen)
    )
    console.out_lines(choice_lines(suspects))
    return EXIT_SUSPECTS


def _adopt(session: Session, workspace: Workspace, address: str, id_: str) -> int:
    taken = workspace.adopt_suspect(address, id_)
    for each in taken:
        shown = sanitise.line(str(each.address))
        session.console.say(f"{shown}: Adopted [id={sanitise.line(each.id)}]", hang=2)
    return 0


def _retry(session: Session, workspace: Workspace, address: str) -> int:
    shown = sanitise.line(address)
    if workspace.retry_suspect(address):
        session.console.say(f"{shown}: Found on the server after all, and recorded.")
    else:
        session.console.say(f"{shown}: Not found. The next apply sends it again.")
    return 0


def _forget(session: Session, workspace: Workspace, address: str) -> int:
    suspect = workspace.forget_suspect(address)
    shown = sanitise.line(str(suspect.address))
    session.console.say(
        f"{shown}: Forgotten. If it was created, it stays on the server, unmanaged; the next apply "
        "creates what the specs ask for."
    )
    return 0
