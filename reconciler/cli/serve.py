"""Serve: `reconciler serve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import option, switch
from reconciler.cli.session import Session
from reconciler.cli.tree import Command
from reconciler.errors import UsageError
from reconciler.suggest import did_you_mean

if TYPE_CHECKING:
    from reconciler.emulator.faults import Faults
    from reconciler.emulator.flavour import Flavour


@click.command(
    "serve",
    cls=Command,
    examples=[
        (
            "reconciler serve --port=8080 --data=try.db",
            "Answer at http://127.0.0.1:8080/v1 and keep what is created.",
        ),
    ],
)
@option(
    "port",
    "Listen on this port; 0 lets the system choose (default: 8080).",
    metavar="N",
    default=8080,
    type=click.IntRange(0, 65535),
)
@option(
    "host",
    "Listen on this address (default: 127.0.0.1).",
    metavar="ADDRESS",
    default="127.0.0.1",
)
@option("data", "Keep threads and messages in FILE (default: in memory).", metavar="FILE")
@option("api-key", "Accept this key only (default: any).", metavar="KEY")
@option("faults", "Go wrong as the rules in FILE say.", metavar="FILE")
@option("flavour", "Differ from the original as this kind of server does.", metavar="NAME")
@option(
    "latency",
    "Take this many seconds for every answer.",
    metavar="SECONDS",
    default=0.0,
    type=click.FloatRange(0, 60),
)
@switch("admin", "Also answer under /_emulator: what was asked, what is stored, faults.")
def command(
    session: Session,
    port: int,
    host: str,
    data: str | None,
    api_key: str | None,
    faults: str | None,
    flavour: str | None,
    latency: float,
    admin: bool,
) -> int:
    """Run the emulator on a port until Ctrl-C: a local Threads and Conversations API."""
    from reconciler.emulator.limits import Limits
    from reconciler.emulator.serve import serve
    from reconciler.emulator.store import NotAnEmulator

    path = data or session.settings.emulator
    try:
        serve(
            path,
            host=host,
            port=port,
            api_key=api_key,
            faults=_faults(faults),
            flavour=_flavour(flavour),
            limits=Limits(latency_s=latency),
            record=admin,
            with_admin=admin,
            ready=lambda url: _announce(session, url, path),
        )
    except NotAnEmulator as error:
        raise UsageError(
            str(error), hint="--data names a new file or one of an emulator."
        ) from error
    except OSError as error:
        raise UsageError(
            f"Cannot serve on {host} port {port}: {error.strerror or error}."
        ) from error
    return 0


def _announce(session: Session, url: str, path: str | None) -> None:
    where = f"its data in {path}" if path else "its data in memory"
    session.console.say(f"The emulator answers at {url}, {where}. Ctrl-C ends it.\n")
    session.console.out("To use it, in another terminal:")
    session.console.out(f"  export OPENAI_BASE_URL={url}")
    session.console.out("  export OPENAI_API_KEY=any-key")


def _faults(path: str | None) -> Faults | None:
    if path is None:
        return None
    from reconciler.emulator.faults import Faults, InvalidFaults

    try:
        return Faults.from_json(Path(path).read_bytes())
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror or error}.") from error
    except InvalidFaults as error:
        raise UsageError(f"{path} is not a list of faults: {error}.") from error


def _flavour(name: str | None) -> Flavour | None:
    if name is None:
        return None
    from reconciler.emulator.flavour import FLAVOURS

    if name not in FLAVOURS:
        raise UsageError(
            f'There is no flavour "{name}".{did_you_mean(name, FLAVOURS)}',
            hint=f"There are {', '.join(sorted(FLAVOURS))}.",
        )
    return FLAVOURS[name]
