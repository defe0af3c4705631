"""Containers: blocks and names as values that note which instances an expression looks at."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import SupportsIndex

from reconciler.address import Address

Note = Callable[[Address], None]
"""Called with an instance, or with a block for all of its instances."""


class Names(Mapping[str, object]):
    """An object whose attributes are looked up when they are asked for.

    *otherwise* is what every other attribute is; None: there is none.
    """

    def __init__(
        self, names: Iterable[str], lookup: Callable[[str], object], otherwise: object = None
    ) -> None:
        self._names = dict.fromkeys(names)
        self._lookup = lookup
        self._otherwise = otherwise

    def __getitem__(self, name: str) -> object:
        if name in self._names:
            return self._lookup(name)
        if self._otherwise is None:
            raise KeyError(name)
        return self._otherwise

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class InstanceList(list[object]):
    """The instances of a block with `count`; an index looks at one, anything else at all."""

    def __init__(self, items: Iterable[object], block: Address, note: Note) -> None:
        super().__init__(items)
        self._block = block
        self._note = note

    def __getitem__(self, index: SupportsIndex | slice) -> object:  # type: ignore[override]  # one signature serves both
        if isinstance(index, slice):
            self._note(self._block)
        else:
            position = int(index)
            self._note(self._block.instance(position + len(self) if position < 0 else position))
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[object]:
        self._note(self._block)
        return super().__iter__()


class InstanceMap(dict[str, object]):
    """The instances of a block with `for_each`; a key looks at one, the values at all."""

    def __init__(self, items: Mapping[str, object], block: Address, note: Note) -> None:
        super().__init__(items)
        self._block = block
        self._note = note

    def __getitem__(self, key: str) -> object:
        self._note(self._block.instance(key))
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[str]:
        # Overridden so that dict(x) and {**x} go through __getitem__ as well.
        return super().__iter__()

    def get(self, key: str, default: object = None) -> object:
        self._note(self._block.instance(key))
        return super().get(key, default)

    def values(self) -> ValuesView[object]:  # type: ignore[override]  # the view of an ordinary dict
        self._note(self._block)
        return dict(super().items()).values()

    def items(self) -> ItemsView[str, object]:  # type: ignore[override]  # the view of an ordinary dict
        self._note(self._block)
        return dict(super().items()).items()
