"""Graph: `reconciler graph`."""

from __future__ import annotations

import click

from reconciler.cli.options import option, switch
from reconciler.cli.planning import variables
from reconciler.cli.session import Session
from reconciler.cli.tree import Command


@click.command(
    "graph",
    cls=Command,
    examples=[
        ("reconciler graph | dot -Tsvg > specs.svg", "A picture, drawn by Graphviz."),
        ("reconciler graph --format=mermaid", "A diagram for a Markdown page."),
    ],
)
@option(
    "format",
    "How to write it: dot (for Graphviz, the default), mermaid or json.",
    metavar="NAME",
    type=click.Choice(["dot", "mermaid", "json"]),
    default="dot",
)
@switch("values", "Draw variables, locals and outputs as well.")
@variables
def command(session: Session, format: str, values: bool, given: tuple[tuple[str, str], ...]) -> int:
    """Draw the specs: what waits for what, and the messages of each thread in their order.

    Asks no server and reads no state.
    """
    drawing = session.workspace(given=given).draw(with_values=values)
    match format:
        case "json":
            from reconciler.views.graph_json import graph_document
            from reconciler.views.sanitise import json_text

            session.console.out(json_text(graph_document(drawing), indent=2))
        case "mermaid":
            from reconciler.views.graph_text import mermaid_lines

            session.console.out_lines(mermaid_lines(drawing))
        case _:
            from reconciler.views.graph_text import dot_lines

            session.console.out_lines(dot_lines(drawing))
    return 0
