"""Shape code: a shape as plain tuples that `marshal` can write, and back."""

from __future__ import annotations

from typing import Any

from reconciler.language.shape import (
    ArgumentForm,
    BlockForm,
    BodyForm,
    Formula,
    LabelForm,
    Shape,
    TextPart,
)

Code = tuple[Any, ...]


def encode_shape(shape: Shape) -> Code:
    """A shape without problems, as tuples."""
    assert not shape.problems, "a shape with problems is never kept"
    formula = shape.formula
    return (
        tuple(shape.nodes),
        _encode_body(shape.body) if shape.body is not None else None,
        (formula.first, formula.last) if formula is not None else None,
        tuple((each.slot, each.strip_left, each.strip_right) for each in shape.layout),
        tuple(shape.constant_slots),
    )


def decode_shape(skeleton: str, code: Code) -> Shape:
    """The shape that `encode_shape` was given."""
    nodes, body, formula, layout, constant_slots = code
    shape = Shape(skeleton, nodes)
    if body is not None:
        shape.body = _decode_body(body, shape)
    if formula is not None:
        shape.formula = Formula(shape, *formula)
    shape.layout = tuple(TextPart(*each) for each in layout)
    shape.constant_slots = constant_slots
    return shape


def _encode_body(body: BodyForm) -> Code:
    arguments = tuple(
        (each.name, each.start, each.end, each.formula.first, each.formula.last)
        for each in body.arguments
    )
    return (arguments, tuple(_encode_block(each) for each in body.blocks), body.start, body.end)


def _encode_block(block: BlockForm) -> Code:
    labels = tuple((each.slot, each.name, each.start, each.end) for each in block.labels)
    return (block.type, block.start, block.type_end, labels, _encode_body(block.body))


def _decode_body(code: Code, shape: Shape) -> BodyForm:
    arguments, blocks, start, end = code
    return BodyForm(
        tuple(
            ArgumentForm(name, first, last, Formula(shape, *stretch))
            for name, first, last, *stretch in arguments
        ),
        tuple(_decode_block(each, shape) for each in blocks),
        start,
        end,
    )


def _decode_block(code: Code, shape: Shape) -> BlockForm:
    kind, start, type_end, labels, body = code
    forms = tuple(LabelForm(*each) for each in labels)
    return BlockForm(kind, start, type_end, forms, _decode_body(body, shape))
