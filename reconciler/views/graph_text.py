"""Graph text: a drawing in DOT, for Graphviz, and in Mermaid.

An arrow leads from what waits to what it waits for; a dashed one from a message to the one that
stands before it in its thread.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from reconciler.views import sanitise
from reconciler.workflow.drawing import Drawing, DrawnBlock, modules

ORDER = "after"
"""What a dashed arrow says."""

_DOT_SHAPES = {
    "resource": "rect",
    "data": "folder",
    "variable": "note",
    "local": "ellipse",
    "output": "cds",
}

_MERMAID_SHAPES = {
    "resource": '["{}"]',
    "data": '[/"{}"/]',
    "variable": '(["{}"])',
    "local": '("{}")',
    "output": '>"{}"]',
}


def dot_lines(drawing: Drawing) -> list[str]:
    """The drawing in DOT; module calls are clusters."""
    lines = [
        "digraph G {",
        '  rankdir = "RL";',
        '  node [shape = rect, fontname = "sans-serif"];',
        *_nested(drawing, _dot_open, _dot_node, "}"),
    ]
    for dependent, dependency in drawing.dependencies:
        lines.append(f"  {_dot(dependent)} -> {_dot(dependency)};")
    for later, earlier in drawing.orders:
        attributes = f'style = dashed, label = "{ORDER}"'
        lines.append(f"  {_dot(later)} -> {_dot(earlier)} [{attributes}];")
    return [*lines, "}"]


def mermaid_lines(drawing: Drawing) -> list[str]:
    """The drawing as a Mermaid flow chart; module calls are subgraphs."""
    names = {block.id: f"n{number}" for number, block in enumerate(drawing.blocks)}
    calls = {path: f"m{number}" for number, path in enumerate(modules(drawing.blocks))}

    def node(block: DrawnBlock) -> str:
        return names[block.id] + _MERMAID_SHAPES[block.kind].format(_entities(_label(block)))

    def opening(path: tuple[str, ...]) -> str:
        return f'subgraph {calls[path]}["{_entities(f"module.{path[-1]}")}"]'

    lines = ["flowchart RL", *_nested(drawing, opening, node, "end")]
    for dependent, dependency in drawing.dependencies:
        lines.append(f"  {names[dependent]} --> {names[dependency]}")
    for later, earlier in drawing.orders:
        lines.append(f"  {names[later]} -. {ORDER} .-> {names[earlier]}")
    return lines


def _nested(
    drawing: Drawing,
    opening: Callable[[tuple[str, ...]], str],
    node: Callable[[DrawnBlock], str],
    closing: str,
) -> list[str]:
    """The blocks, those of a module call between an opening and a closing line."""
    lines: list[str] = []
    open_path: tuple[str, ...] = ()
    for path, blocks in sorted(modules(drawing.blocks).items()):
        while path[: len(open_path)] != open_path:
            lines.append("  " * len(open_path) + closing)
            open_path = open_path[:-1]
        if path:
            lines.append("  " * len(path) + opening(path))
        open_path = path
        lines += ("  " * (len(path) + 1) + node(block) for block in blocks)
    lines += ("  " * depth + closing for depth in range(len(open_path), 0, -1))
    return lines


def _dot_open(path: tuple[str, ...]) -> str:
    name = _dot("cluster_" + ".".join(path))
    return f"subgraph {name} {{ label = {_dot(f'module.{path[-1]}')};"


def _dot_node(block: DrawnBlock) -> str:
    shape = _DOT_SHAPES[block.kind]
    attributes = f"label = {_dot(_label(block))}" + (
        f", shape = {shape}" if shape != "rect" else ""
    )
    return f"{_dot(block.id)} [{attributes}];"


def _label(block: DrawnBlock) -> str:
    return block.label if block.repetition is None else f"{block.label} ({block.repetition})"


def _dot(text: str) -> str:
    escaped = sanitise.line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _entities(text: str) -> str:
    """*text* for the inside of quotes, where Mermaid reads entities such as `#35;`."""
    return _MARKUP.sub(lambda match: f"#{ord(match[0])};", sanitise.line(text))


_MARKUP = re.compile(r'["#;&<>`\\]')
