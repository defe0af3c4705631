"""Targets: what `-target` and `-replace` name, and what they pull in."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import pairwise

from reconciler.address import Address
from reconciler.errors import UsageError
from reconciler.expand import Instance
from reconciler.plan.records import Record


def matching(patterns: Iterable[str], known: Collection[Address], *, option: str) -> set[Address]:
    """The addresses that any of *patterns* names.

    A pattern is an instance, a block (all its instances), a module (all that is in it), or any of
    these with `*` for any text.

    Raises:
        UsageError: a pattern names nothing at all.
    """
    found: set[Address] = set()
    for pattern in patterns:
        named = named_by([pattern], known)
        if not named:
            raise _names_nothing(pattern, option)
        found |= named
    return found


def check_named(patterns: Collection[str], known: Iterable[str], *, option: str) -> None:
    """Refuse what names nothing whatever instances there are, before anybody is asked for them.

    *known* are addresses of blocks or instances.

    Raises:
        UsageError: a pattern is none of *known*, and none of their modules, whatever the keys.
    """
    blocks = {_KEY.sub("", each) for each in known} if patterns else set[str]()
    for pattern in patterns:
        bare = _KEY.sub("", pattern)
        is_clear = not {"[", "]"} & set(bare)
        if is_clear and not any(map(_matcher(bare), blocks)):
            raise _names_nothing(pattern, option)


def _names_nothing(pattern: str, option: str) -> UsageError:
    return UsageError(
        f"{option}={pattern} names nothing in the specs or in state",
        hint="reconciler state list shows what is managed",
    )


def named_by(patterns: Iterable[str], known: Collection[Address]) -> set[Address]:
    """The addresses that any of *patterns* names; a pattern may name nothing."""
    matchers = [_matcher(each) for each in patterns]
    return {address for address in known if any(matches(address) for matches in matchers)}


def _matcher(pattern: str) -> Callable[[Address | str], bool]:
    below = r"\..*" if _MODULE.fullmatch(pattern) else r"\[.*"
    text = ".*".join(re.escape(part) for part in pattern.split("*"))
    expression = re.compile(f"{text}({below})?", re.DOTALL)
    return lambda address: expression.fullmatch(str(address)) is not None


_KEY = re.compile(r"""\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\]""", re.DOTALL)
_MODULE = re.compile(
    r"""(?:.*\.)?module\.[^.\["]+(?:\[(?:\d+|\*|"(?:[^"\\]|\\.)*")\])?""", re.DOTALL
)


def with_dependencies(
    targets: Collection[Address],
    instances: Mapping[Address, Instance],
    members: Iterable[tuple[Instance, ...]],
) -> frozenset[Address]:
    """*targets* and all they depend on: references, parents, and members before them in order."""
    above = {address: _above(each, instances) for address, each in instances.items()}
    for sequence in members:
        for before, after in pairwise(sequence):
            above[after.address].add(before.address)
    return _closure(targets, above)


def with_dependents(
    targets: Collection[Address], records: Iterable[Record], parents: Mapping[Address, Address]
) -> frozenset[Address]:
    """*targets* and all that goes with them when they are destroyed.

    Those are the members of a parent (*parents*), and what state says depends on their blocks.
    """
    below: dict[Address, set[Address]] = {}
    blocks: dict[str, set[Address]] = {}
    for each in records:
        if each.address in parents:
            below.setdefault(parents[each.address], set()).add(each.address)
        for block in each.object.dependencies:
            blocks.setdefault(block, set()).add(each.address)
    found = _closure(targets, below)
    while True:
        more = {
            address
            for each in found
            for address in blocks.get(str(each.block), ())
            if address not in parents
        }
        wider = _closure(found | more, below)
        if wider == found:
            return found
        found = wider


def _above(instance: Instance, instances: Mapping[Address, Instance]) -> set[Address]:
    above = set(instance.depends_on)
    if isinstance(instance.parent, Address):
        above.discard(instance.parent.block)
        above.add(instance.parent)
    whole = {each for each in above if each not in instances}
    if whole:
        above |= {address for address in instances if address.block in whole}
    return above


def _closure(
    start: Collection[Address], edges: Mapping[Address, set[Address]]
) -> frozenset[Address]:
    found: set[Address] = set()
    queue = list(start)
    while queue:
        each = queue.pop()
        if each not in found:
            found.add(each)
            queue.extend(edges.get(each, ()))
    return frozenset(found)
