"""Confidence: the texts that the specs call sensitive, so that no error repeats them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.language.values import Sensitive, Unknown
from reconciler.plan.model import Plan
from reconciler.schema import Attributes, Path, Value
from reconciler.state.model import State


def sensitive_texts(
    variables: Mapping[str, object], state: State, plan: Plan | None
) -> frozenset[str]:
    """Every text in a sensitive variable, in state, and in what *plan* changes."""
    found: set[str] = set()
    for value in variables.values():
        found.update(_texts(value, hidden=False))
    for object_ in (*state.objects.values(), *state.deposed.values()):
        for values in (object_.attributes, object_.sent):
            found.update(_at(values, object_.sensitive))
    for output in state.outputs.values():
        found.update(_texts(output.value, hidden=output.sensitive))
    for change in plan.changes if plan is not None else ():
        found.update(_at(change.before or {}, change.before_sensitive))
        found.update(_at(change.after or {}, change.after_sensitive))
    return frozenset(found)


def _at(values: Attributes, paths: Iterable[Path]) -> Iterable[str]:
    for path in paths:
        value: Value = dict(values)
        for step in path:
            value = _child(value, step)
        yield from _texts(value, hidden=True)


def _child(value: Value, step: str | int) -> Value:
    if isinstance(value, Mapping):
        return value.get(str(step))
    if isinstance(value, (list, tuple)) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def _texts(value: object, *, hidden: bool) -> Iterable[str]:
    """The texts in *value*: all of them, or only those below a mark."""
    queue = [(value, hidden)]
    while queue:
        each, is_hidden = queue.pop()
        if isinstance(each, Sensitive):
            queue.append((each.value, True))
        elif isinstance(each, str):
            if is_hidden:
                yield each
        elif isinstance(each, Mapping):
            queue.extend((inner, is_hidden) for inner in each.values())
        elif isinstance(each, (list, tuple, set, frozenset)) and not isinstance(each, Unknown):
            queue.extend((inner, is_hidden) for inner in each)
