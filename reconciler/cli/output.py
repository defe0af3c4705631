"""Output: `reconciler output`."""

from __future__ import annotations

import click

from reconciler.cli.options import switch
from reconciler.cli.session import Session
from reconciler.cli.tree import Command
from reconciler.errors import UsageError
from reconciler.schema import Value
from reconciler.state.model import OutputValue
from reconciler.views.state_text import OUTPUT_HIDDEN, StateText
from reconciler.views.value_text import scalar


@click.command(
    "output",
    cls=Command,
    examples=[
        ("reconciler output --raw thread_id", "The bare value of one output, for a script."),
    ],
)
@click.argument("name", metavar="[NAME]", required=False)
@switch("json", "Print JSON, sensitive values included.")
@switch("raw", "Print the bare value of NAME without a line end, a sensitive one included.")
def command(session: Session, name: str | None, json: bool, raw: bool) -> int:
    """Show the outputs of the last apply, or one of them.

    On the screen sensitive values stay hidden; --json and --raw are for programs and give them.
    """
    if json and raw:
        raise UsageError("--json and --raw exclude each other.")
    if raw and name is None:
        raise UsageError("--raw prints one output: say which.", hint="reconciler output -raw NAME")
    outputs = session.workspace().state().outputs
    if name is None:
        _print_all(session, dict(outputs), json=json)
        return 0
    if name not in outputs:
        raise UsageError(
            f'Output "{name}" not found',
            hint=f"The state has {_listed(outputs)}. A new output is there after the next apply.",
        )
    _print_one(session, outputs[name], json=json, raw=raw)
    return 0


def _print_all(session: Session, outputs: dict[str, OutputValue], *, json: bool) -> None:
    from reconciler.views.sanitise import json_text

    if json:
        document = {
            name: {"sensitive": each.sensitive, "type": each.type, "value": each.value}
            for name, each in sorted(outputs.items())
        }
        session.console.out(json_text(document, indent=2))
        return
    if not outputs:
        session.console.err("The state has no outputs: none are declared, or nothing was applied.")
        return
    session.console.out_lines(StateText(session.console.out_style).outputs(outputs))


def _print_one(session: Session, output: OutputValue, *, json: bool, raw: bool) -> None:
    from reconciler.views.sanitise import json_text

    if json:
        session.console.out(json_text(output.value))
    elif raw:
        session.console.raw(_raw(output.value))
    elif output.sensitive:
        session.console.out(OUTPUT_HIDDEN)
        session.console.err("hint: the value is sensitive; --raw and --json print it.")
    else:
        session.console.out(StateText(session.console.out_style).value(output))


def _raw(value: Value) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (dict, list, tuple)):
        raise UsageError(
            "--raw prints texts, numbers and truth values only.", hint="Use --json for this one."
        )
    return scalar(value)


def _listed(outputs: object) -> str:
    assert isinstance(outputs, dict)
    return ", ".join(f'"{each}"' for each in sorted(outputs)) or "no outputs"
