"""Spec text: any file is read or refused, and whatever is said about it points into it.

Nothing but diagnostics comes out; places of what was read lie in the file in order, and a file
without mistakes can be asked for everything later stations ask for.
"""

from __future__ import annotations

from fuzz import text_of
from reconciler.diagnostics import Diagnostics, SourceFile
from reconciler.language.parse import parse_file
from reconciler.language.shapecache import Shapes
from reconciler.language.syntax import Body, Expression


def check(data: bytes) -> None:
    """Read *data* as a spec file."""
    source = SourceFile("fuzz.tf", text_of(data))
    diagnostics = Diagnostics()
    body = parse_file(source, diagnostics, shapes=Shapes(None))
    lines = source.text.count("\n") + 1
    for each in diagnostics:
        assert each.subject is not None
        assert 1 <= each.subject.start.line <= each.subject.end.line <= lines
    bodies: list[Body] = [body]
    while bodies:
        body = bodies.pop()
        for argument in body.arguments.values():
            _look_at(argument.expression, source)
        for block in body.blocks:
            _, start, end = block.place
            assert source.text[start:end].startswith(block.type)
            bodies.append(block.body)


def _look_at(expression: Expression, source: SourceFile) -> None:
    found, start, end = expression.place
    assert found is source
    assert 0 <= start < end <= len(source.text)
    for reference in expression.references():
        _, first, last = reference.place
        assert start <= first < last <= end
        assert source.text.startswith(reference.root, first)
    for name, place in expression.calls():
        assert start <= place[1] <= end
        assert name
    expression.traversal()
    expression.items()
    expression.pairs()
