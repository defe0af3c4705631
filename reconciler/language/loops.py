"""Loops: `for` expressions and directives, and splats, over compiled parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from reconciler.language.convert import convert
from reconciler.language.equality import is_definitely_not_null
from reconciler.language.frame import Frame
from reconciler.language.marks import mark, unmark, unmark_deep
from reconciler.language.mistakes import Mistake, ValueMistake
from reconciler.language.nodes import ForDirective, ForObject, ForTuple, Node, Slot, Splat
from reconciler.language.rendering import Rendering
from reconciler.language.types import a_type, element_type, item_types, kind, type_of, unify
from reconciler.language.values import Sensitive, SetValue, TypedList, TypedNull, Unknown, is_null

Compiled = Callable[[Frame], object]
"""An expression made ready: give it a frame and it gives the value."""

_DYNAMIC = Unknown("dynamic", not_null=False)


def name_in(frame: Frame, name: str | Slot) -> str:
    """A name that may have been lifted into a slot."""
    if isinstance(name, str):
        return name
    value = frame.slots[name.index]
    assert isinstance(value, str), "names are text"
    return value


class Loop:
    """What the `for` forms share: names, collection and condition, and walking through them."""

    __slots__ = ("collection", "condition", "node")

    def __init__(
        self,
        node: ForTuple | ForObject | ForDirective,
        collection: Compiled,
        condition: Compiled | None,
    ) -> None:
        self.node = node
        self.collection = collection
        self.condition = condition

    def start(self, frame: Frame) -> tuple[Iterator[tuple[object, object]] | None, int, bool]:
        """The pairs to go through (None if unknown), their number, and whether they are marked."""
        value, is_marked = unmark(self.collection(frame))
        # What comes out of a sensitive collection stays marked while the loop looks at it, so
        # that no message about it shows it. The whole result is marked in the end.
        if isinstance(value, Unknown):
            self._require_iterable(frame, value)
            return None, 0, is_marked
        if is_null(value):
            raise Mistake(
                frame,
                self.node.collection,
                "Iteration over null value",
                "The collection is null, so there is nothing to go through.",
            )
        if isinstance(value, Mapping):
            names = sorted(value)
            pairs = ((mark(name, is_marked), mark(value[name], is_marked)) for name in names)
            return pairs, len(names), is_marked
        if isinstance(value, SetValue):
            items = (mark(each, is_marked) for each in value)
            return ((each, each) for each in items), len(value), is_marked
        if isinstance(value, (list, tuple)):
            marked = enumerate(mark(each, is_marked) for each in value)
            return iter(marked), len(value), is_marked
        raise self._not_iterable(frame, value)

    def _require_iterable(self, frame: Frame, value: Unknown) -> None:
        if kind(value.type) in ("string", "number", "bool"):
            raise self._not_iterable(frame, value)

    def _not_iterable(self, frame: Frame, value: object) -> Mistake:
        return Mistake(
            frame,
            self.node.collection,
            "Iteration over non-iterable value",
            f"A for needs a list, set, map or object, and this is {a_type(type_of(value))}.",
        )

    def bind(self, frame: Frame) -> tuple[Frame, str | None, str]:
        """A frame for the loop's variables, and their names."""
        key = name_in(frame, self.node.key) if self.node.key is not None else None
        return frame.with_names(), key, name_in(frame, self.node.value)

    def check_condition(self, frame: Frame, key: str | None, value: str) -> None:
        """Look whether the condition can be one, where there is no element to ask it about."""
        if self.condition is None:
            return
        assert frame.names is not None, "a loop has names"
        frame.names |= {name: _DYNAMIC for name in (key, value) if name is not None}
        self.includes(frame)

    def includes(self, frame: Frame) -> tuple[bool | Unknown, bool]:
        """Whether the condition lets this element through, and whether the answer is marked."""
        if self.condition is None:
            return True, False
        assert not isinstance(self.node, ForDirective), "directives have no condition"
        assert self.node.condition is not None, "the condition has been compiled"
        value, is_marked = unmark_deep(self.condition(frame))
        place = self.node.condition
        if is_null(value):
            raise Mistake(
                frame, place, "Condition is null", "The if of a for must be true or false."
            )
        try:
            answer = convert(value, "bool")
        except ValueMistake as mistake:
            raise Mistake(frame, place, "Invalid 'for' condition", sentence(mistake.text)) from None
        assert isinstance(answer, (bool, Unknown)), "conversion gives a truth value"
        return answer, is_marked


def sentence(text: str) -> str:
    """A message as a sentence of its own. What is called keeps its small letter."""
    is_call = text.partition("(")[0].isidentifier()
    start = text if is_call else f"{text[:1].upper()}{text[1:]}"
    return start if start.endswith((".", "?")) else f"{start}."


def spend(frame: Frame, node: Node, count: int) -> None:
    """Take *count* steps from the evaluation's budget."""
    try:
        frame.budget.spend_steps(count)
    except ValueMistake as mistake:
        raise Mistake(
            frame,
            node,
            mistake.summary or "Evaluation too long",
            sentence(mistake.message),
            is_catchable=False,
        ) from None


def for_tuple(
    node: ForTuple, collection: Compiled, result: Compiled, condition: Compiled | None
) -> Compiled:
    """`[for key, value in collection : result if condition]`."""
    loop = Loop(node, collection, condition)

    def run(frame: Frame) -> object:
        pairs, count, is_marked = loop.start(frame)
        if pairs is None:
            return mark(_DYNAMIC, is_marked)
        spend(frame, node, count)
        inner, key_name, value_name = loop.bind(frame)
        if not count:
            loop.check_condition(inner, key_name, value_name)
        names = inner.names
        assert names is not None, "a loop has names"
        items: list[object] = []
        is_unknown = False
        for key, value in pairs:
            if key_name is not None:
                names[key_name] = key
            names[value_name] = value
            included, was_marked = loop.includes(inner)
            is_marked |= was_marked
            if included is True:
                items.append(result(inner))
            elif included is not False:
                is_unknown = True
        return _marked_whole(_DYNAMIC if is_unknown else items, is_marked)

    return run


def _marked_whole(value: object, is_marked: bool) -> object:
    """The value, marked as a whole rather than in its parts if it is to be marked."""
    return Sensitive(unmark_deep(value)[0]) if is_marked else value


def for_object(
    node: ForObject,
    collection: Compiled,
    result_key: Compiled,
    result: Compiled,
    condition: Compiled | None,
) -> Compiled:
    """`{for key, value in collection : result_key => result if condition}`."""
    loop = Loop(node, collection, condition)

    def run(frame: Frame) -> object:
        pairs, count, is_marked = loop.start(frame)
        if pairs is None:
            return mark(_DYNAMIC, is_marked)
        spend(frame, node, count)
        inner, key_name, value_name = loop.bind(frame)
        if not count:
            loop.check_condition(inner, key_name, value_name)
        names = inner.names
        assert names is not None, "a loop has names"
        found: dict[str, object] = {}
        is_unknown = False
        for key, value in pairs:
            if key_name is not None:
                names[key_name] = key
            names[value_name] = value
            included, was_marked = loop.includes(inner)
            is_marked |= was_marked
            if included is False:
                continue
            if included is not True:
                is_unknown = True
                continue
            name, was_marked = _result_name(inner, node, result_key(inner))
            is_marked |= was_marked
            if name is None:
                result(inner)
                is_unknown = True
            else:
                _collect(inner, node, found, name, result(inner), is_secret=is_marked)
        return _marked_whole(_DYNAMIC if is_unknown else found, is_marked)

    return run


def _result_name(frame: Frame, node: ForObject, key: object) -> tuple[str | None, bool]:
    """The key of one element of the result, None if unknown; and whether it is marked."""
    value, is_marked = unmark_deep(key)
    if is_null(value):
        raise Mistake(
            frame, node.result_key, "Invalid object key", "The key is null for one of the elements."
        )
    try:
        name = convert(value, "string")
    except ValueMistake as mistake:
        raise Mistake(
            frame, node.result_key, "Invalid object key", sentence(mistake.text)
        ) from None
    return (name if isinstance(name, str) else None), is_marked


def _collect(
    frame: Frame,
    node: ForObject,
    found: dict[str, object],
    name: str,
    value: object,
    *,
    is_secret: bool,
) -> None:
    if node.group:
        group = found.setdefault(name, [])
        assert isinstance(group, list), "grouping makes lists"
        group.append(value)
        return
    if name in found:
        key = "the same key" if is_secret else f'the key "{name}"'
        raise Mistake(
            frame,
            node.result_key,
            "Duplicate object key",
            f"Two elements have {key}. Write ... after the value to collect the values of one key "
            "in a list.",
        )
    found[name] = value


def for_directive(node: ForDirective, collection: Compiled, body: Compiled) -> Compiled:
    """`%{for key, value in collection}body%{endfor}`."""
    loop = Loop(node, collection, None)

    def run(frame: Frame) -> object:
        pairs, count, is_marked = loop.start(frame)
        if pairs is None:
            return mark(Unknown("string"), is_marked)
        spend(frame, node, count)
        inner, key_name, value_name = loop.bind(frame)
        names = inner.names
        assert names is not None, "a loop has names"
        rendering = Rendering()
        rendering.is_sensitive = is_marked
        for key, value in pairs:
            if key_name is not None:
                names[key_name] = key
            names[value_name] = value
            rendering.add(body(inner))
        return rendering.result()

    return run


def splat(node: Splat, of: Compiled, each: Compiled) -> Compiled:
    """`of[*]each`, with *each* evaluated for every element."""

    def run(frame: Frame) -> object:
        value, is_marked = unmark(of(frame))
        inner = frame.with_item()

        def one(item: object) -> object:
            inner.item = mark(item, is_marked)
            return unmark_deep(each(inner))[0] if is_marked else each(inner)

        if isinstance(value, Unknown):
            return mark(_unknown_splat(value, one), is_marked)
        if is_null(value):
            return mark(_null_splat(frame, node, value), is_marked)
        if not isinstance(value, (list, tuple)):
            return mark([one(value)], is_marked)
        spend(frame, node, len(value))
        items = [one(item) for item in value]
        if isinstance(value, (TypedList, SetValue)):
            return mark(_as_list(items, value, one), is_marked)
        return mark(items, is_marked)

    return run


def _null_splat(frame: Frame, node: Splat, value: object) -> object:
    if isinstance(value, TypedNull) and kind(value.type) in ("list", "set", "tuple"):
        raise Mistake(
            frame,
            node.of,
            "Splat of null value",
            f"The value is a null {kind(value.type)}, which has no elements to go through.",
        )
    return []


def _as_list(
    items: list[object], of: TypedList | SetValue, one: Callable[[object], object]
) -> object:
    if not items:
        return TypedList((), type_of(one(Unknown(of.element, not_null=False))))
    element = unify([type_of(item) for item in items])
    if element is None:
        return items
    return TypedList(items, element)


def _unknown_splat(value: Unknown, one: Callable[[object], object]) -> object:
    match kind(value.type):
        case "dynamic":
            return _DYNAMIC
        case "list" | "set":
            element = type_of(one(Unknown(element_type(value.type), not_null=False)))
            return Unknown(["list", element], lower=value.lower, upper=value.upper)
        case "tuple":
            items = [one(Unknown(item, not_null=False)) for item in item_types(value.type)]
            return Unknown(["tuple", [type_of(each) for each in items]])
    if is_definitely_not_null(value):
        return [one(value)]
    one(value)
    return _DYNAMIC
