"""Diff: what differs, attribute by attribute.

A desired value is compared with what was *sent*, an observed one with what was *returned*: what a
server made of our own write is not a difference. Values are of their schema's type, so their depth
is the schema's, not the user's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from reconciler.frozen import frozen, replace
from reconciler.language.values import Unknown, contains_unknown
from reconciler.schema import Attributes, ChangeCost, Path, Schema, Value
from reconciler.state.model import StateObject

Ignore = Sequence[Path] | Literal["all"]
"""What `ignore_changes` covers."""


@frozen
class AttributeChange:
    """One place where an object is not as desired; None in *before* or *after* means absent."""

    path: Path
    before: Value
    after: Value
    cost: ChangeCost


def diff(
    schema: Schema,
    recorded: StateObject | None,
    observed: Attributes | None,
    desired: Attributes,
    *,
    ignore: Ignore = (),
) -> tuple[AttributeChange, ...]:
    """List where the object that *recorded* and *observed* describe is not as *desired*.

    An argument the spec leaves out is only a difference when the API is not entitled to choose
    it; of one that it is entitled to add to, only what is missing or newly asked for differs. An
    unknown desired value always differs, since what exists is wholly known. Null, absent and
    empty are the same. Sorted by path.
    """
    if _is_untouched(schema, recorded, observed, desired):
        return ()
    current = _current(schema, recorded, observed)
    sent = schema.canonical(recorded.arguments) if recorded is not None else None
    wanted = schema.canonical(with_ignored(desired, current, _grouped(schema, ignore)))
    found: list[AttributeChange] = []
    for name, attribute in sorted(schema.arguments.items()):
        now, then = _pruned(current.get(name)), _pruned(wanted.get(name))
        if attribute.computed and _is_accepted(now, then, sent, name):
            continue
        found.extend(
            AttributeChange(_spec_path(schema, path, current, desired), before, after, cost)
            for path, before, after in _differences((name,), now, then)
            for cost in (attribute.cost,)
        )
    return tuple(found)


def with_ignored(desired: Attributes, recorded: Attributes, ignore: Ignore) -> dict[str, Value]:
    """*desired*, but as *recorded* wherever `ignore_changes` covers it."""
    if ignore == "all":
        return {**desired, **{name: recorded.get(name) for name in desired}}
    result = dict(desired)
    for path in ignore:
        _copy_path(result, recorded, path)
    return result


def drift(
    schema: Schema, recorded: StateObject, observed: Attributes
) -> tuple[AttributeChange, ...]:
    """List what someone else did to the arguments of an object since it was recorded.

    What the API is entitled to add is not drift; neither is an attribute that it does not carry.
    """
    if _is_as_returned(recorded, observed):
        return ()
    before, after = _compared(schema, recorded, observed)
    found: list[AttributeChange] = []
    for name, attribute in sorted(schema.arguments.items()):
        was, now = _pruned(before.get(name)), _pruned(after.get(name))
        if attribute.computed and _contains(now, was):
            continue
        for path, old, new in _differences((name,), was, now):
            found.append(AttributeChange(path, old, new, attribute.cost))
    return tuple(found)


def refreshed(schema: Schema, recorded: StateObject, observed: Attributes) -> StateObject:
    """*recorded* as it is to be remembered once *observed* was seen.

    What means the same keeps the form it was written in, and what was sent stays remembered only
    where nobody has changed it since: otherwise the change could not be seen any more.
    """
    if _is_as_returned(recorded, observed):
        return recorded
    returned, seen = _compared(schema, recorded, observed)
    attributes, sent = dict(recorded.attributes), dict(recorded.sent)
    for name, value in observed.items():
        was, now = _pruned(returned.get(name)), _pruned(seen.get(name))
        if same(was, now) and name in attributes:
            continue
        attributes[name] = value
        attributes.update(dict.fromkeys(_other_names(schema, recorded, (name,))))
        attribute = schema.attributes.get(name)
        if attribute is None or not attribute.is_argument:
            continue
        if attribute.computed and _contains(now, was):
            sent.setdefault(name, recorded.attributes.get(name))
        else:
            _settle_sent(sent, name, was, now)
    if same(attributes, recorded.attributes):
        return recorded
    return replace(recorded, attributes=attributes, sent=sent)


def _settle_sent(sent: dict[str, Value], name: str, was: Value, now: Value) -> None:
    if name not in sent:
        return
    merged = _merged(_pruned(sent[name]), was, now)
    if same(merged, now):
        del sent[name]
    else:
        sent[name] = merged


def same(left: Value, right: Value) -> bool:
    """Whether two known values are equal; unlike `==`, true is not 1. Unknown equals nothing."""
    if left is None or type(left) is str:
        return bool(left == right)
    queue = [(left, right)]
    while queue:
        a, b = queue.pop()
        if isinstance(a, Unknown) or isinstance(b, Unknown):
            return False
        if a is b:
            continue
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            if a.keys() != b.keys():
                return False
            queue.extend((a[key], b[key]) for key in a)
        elif isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
            if len(a) != len(b):
                return False
            queue.extend(zip(a, b, strict=True))
        elif isinstance(a, bool) is not isinstance(b, bool) or a != b:
            return False
    return True


def is_vacant(value: Value) -> bool:
    """Whether *value* says nothing: null, or empty all the way down."""
    return _pruned(value) is None


def _is_untouched(
    schema: Schema, recorded: StateObject | None, observed: Attributes | None, desired: Attributes
) -> bool:
    if recorded is None or (observed is not None and not _is_as_returned(recorded, observed)):
        return False
    arguments, attributes = recorded.arguments, schema.attributes
    for name, value in desired.items():
        if _is_empty(value):
            if attributes[name].computed or _is_empty(arguments.get(name)):
                continue
            return False
        if not same(value, arguments.get(name)):
            return False
    return True


def _is_empty(value: Value) -> bool:
    return value is None or (isinstance(value, (dict, list)) and not value)


def _is_as_returned(recorded: StateObject, observed: Attributes) -> bool:
    known = recorded.attributes
    if known is observed:
        return True
    for name, value in observed.items():
        if name not in known or not same(known[name], value):
            return False
    return True


def _current(
    schema: Schema, recorded: StateObject | None, observed: Attributes | None
) -> dict[str, Value]:
    """The arguments the object has: as sent, and as observed where that is not what came back."""
    if recorded is None:
        return schema.canonical(observed or {})
    sent = schema.canonical(recorded.arguments)
    if observed is None or _is_as_returned(recorded, observed):
        return sent
    returned, seen = _compared(schema, recorded, observed)
    return {
        name: _merged(_pruned(sent.get(name)), _pruned(returned.get(name)), _pruned(seen.get(name)))
        for name in schema.attributes
    }


def _compared(
    schema: Schema, recorded: StateObject, observed: Attributes
) -> tuple[Attributes, Attributes]:
    """What came back and what is there now, in one form.

    What the spec wrote under another name than the API's does not stand in for what is gone.
    """
    left_out = dict.fromkeys(_other_names(schema, recorded, observed))
    attributes = {**recorded.attributes, **left_out}
    return schema.canonical(attributes), schema.canonical({**attributes, **observed})


def _other_names(schema: Schema, recorded: StateObject, observed: Iterable[str]) -> Iterator[str]:
    """Other names (`file_ids`) for what is *observed*, where that has come back before."""
    for group in schema.exclusive:
        shown = [each for each in group if each in observed]
        if any(not is_vacant(recorded.attributes.get(each)) for each in shown):
            yield from (each for each in group if each not in shown)


def _merged(sent: Value, returned: Value, observed: Value) -> Value:
    if same(returned, observed):
        return sent
    if not isinstance(observed, dict):
        return observed
    before = sent if isinstance(sent, dict) else {}
    back = returned if isinstance(returned, dict) else {}
    merged = {
        key: _merged(before.get(key), back.get(key), observed.get(key))
        for key in dict.fromkeys((*before, *back, *observed))
    }
    return _pruned(merged)


def _is_accepted(now: Value, wanted: Value, sent: Attributes | None, name: str) -> bool:
    if wanted is None:
        return True
    if contains_unknown(wanted):
        return False
    asked_before = sent is None or same(_pruned(sent.get(name)), wanted)
    return asked_before and _contains(now, wanted)


def _contains(whole: Value, part: Value) -> bool:
    """Whether *whole* has all that *part* has: keys of maps, elements of lists."""
    if part is None:
        return True
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            _contains(whole.get(key), value) for key, value in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and all(
            any(same(each, present) for present in whole) for each in part
        )
    return same(whole, part)


def _pruned(value: Value) -> Value:
    """*value* with whatever is null or empty left out of maps; None if nothing remains."""
    if isinstance(value, dict):
        kept = {key: below for key, each in value.items() if (below := _pruned(each)) is not None}
        return kept or None
    if isinstance(value, (list, tuple)):
        return [_pruned(each) for each in value] or None
    return value


def _differences(path: Path, before: Value, after: Value) -> Iterator[tuple[Path, Value, Value]]:
    if same(before, after):
        return
    steps = _common_steps(before, after)
    if steps is None:
        yield path, before, after
        return
    for step in steps:
        yield from _differences((*path, step), _at(before, step), _at(after, step))


def _common_steps(before: Value, after: Value) -> Iterable[str | int] | None:
    if isinstance(before, dict) and isinstance(after, dict):
        return sorted({*before, *after})
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return range(len(before))
    return None


def _at(value: Value, step: str | int) -> Value:
    if isinstance(value, Mapping):
        return value.get(step)
    assert isinstance(value, list)
    assert isinstance(step, int)
    return value[step] if step < len(value) else None


def _grouped(schema: Schema, ignore: Ignore) -> Ignore:
    """*ignore* with the other names of an argument that has several (`file_ids`)."""
    if ignore == "all":
        return ignore
    named = {path[0] for path in ignore}
    twins = [(each,) for group in schema.exclusive if named.intersection(group) for each in group]
    return (*ignore, *twins)


def _copy_path(target: dict[str, Value], source: Attributes, path: Path) -> None:
    name = str(path[0])
    if len(path) == 1:
        target[name] = source.get(name)
        return
    below, origin = target.get(name), source.get(name)
    if isinstance(below, list) or isinstance(origin, list):
        target[name] = _list_with(below, origin, path[1:])
        return
    kept = dict(below) if isinstance(below, Mapping) else {}
    _copy_path(kept, origin if isinstance(origin, Mapping) else {}, path[1:])
    target[name] = {key: each for key, each in kept.items() if each is not None}


def _list_with(below: Value, origin: Value, path: Path) -> Value:
    index = path[0]
    if not isinstance(below, list) or not isinstance(origin, list) or not isinstance(index, int):
        return below
    if not 0 <= index < min(len(below), len(origin)):
        return below
    kept = {str(index): below[index]}
    _copy_path(kept, {str(index): origin[index]}, (str(index), *path[1:]))
    return [*below[:index], kept[str(index)], *below[index + 1 :]]


def _spec_path(schema: Schema, path: Path, current: Attributes, desired: Attributes) -> Path:
    """*path* under the argument the spec writes, where two stand for the same (`file_ids`)."""
    name = str(path[0])
    if not is_vacant(desired.get(name)):
        return path
    for group in schema.exclusive:
        if name in group:
            written = [each for each in group if not is_vacant(desired.get(each))]
            return (written[0],) if written else path
    return path


def cost_of(changes: Iterable[AttributeChange]) -> ChangeCost | None:
    """The dearest cost among *changes*; None if there are none."""
    costs = {each.cost for each in changes}
    for cost in (ChangeCost.REPLACE, ChangeCost.UPDATE, ChangeCost.LOCAL):
        if cost in costs:
            return cost
    return None
