"""Graph JSON: a drawing for programs."""

from __future__ import annotations

from reconciler.workflow.drawing import Drawing, DrawnBlock

FORMAT_VERSION = "1.0"


def graph_document(drawing: Drawing) -> dict[str, object]:
    """The document that `graph --format=json` prints."""
    dependencies = [_edge(*pair, kind="dependency") for pair in drawing.dependencies]
    orders = [_edge(*pair, kind="order") for pair in drawing.orders]
    return {
        "format_version": FORMAT_VERSION,
        "nodes": [_node(each) for each in drawing.blocks],
        "edges": [*dependencies, *orders],
        "sequences": [
            {"thread": each.parent, "messages": [str(member) for member in each.members]}
            for each in drawing.sequences
        ],
    }


def _node(block: DrawnBlock) -> dict[str, object]:
    source, start, _ = block.place
    return {
        "id": block.id,
        "kind": block.kind,
        "type": block.type,
        "module": ".".join(f"module.{name}" for name in block.module) or None,
        "name": block.label,
        "repetition": block.repetition,
        "file": source.path,
        "line": source.position(start).line,
    }


def _edge(dependent: str, dependency: str, *, kind: str) -> dict[str, str]:
    return {"from": dependent, "to": dependency, "kind": kind}
