"""Fields: typed access to decoded JSON; every complaint names the place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.frozen import frozen
from reconciler.schema import Value
from reconciler.state.loader import BadDocument


@frozen
class Fields:
    """One JSON object and where it stands in its document."""

    values: Mapping[str, Value]
    place: str = ""

    @classmethod
    def of(cls, value: Value, place: str) -> Fields:
        """Take *value* for an object.

        Raises:
            BadDocument: it is something else.
        """
        if not isinstance(value, dict):
            raise BadDocument(f"{place} is not an object")
        return cls(value, place)

    def text(self, key: str, default: str | None = None) -> str:
        """A string; *default* stands in for an absent one."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise BadDocument(f"{self.at(key)} is not a string")
        return value

    def optional_text(self, key: str) -> str | None:
        """A string, or None where it is null or absent."""
        return None if self.values.get(key) is None else self.text(key)

    def count(self, key: str, default: int | None = None) -> int:
        """A whole number from 0; *default* stands in for an absent one."""
        value = self.values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise BadDocument(f"{self.at(key)} is not a whole number from 0")
        return value

    def flag(self, key: str) -> bool:
        """True or false; absent or null is false."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise BadDocument(f"{self.at(key)} is not true or false")
        return bool(value)

    def mapping(self, key: str) -> dict[str, Value]:
        """An object; empty where it is null or absent."""
        value = self.values.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise BadDocument(f"{self.at(key)} is not an object")
        return value

    def items(self, key: str) -> list[Value]:
        """A list; empty where it is null or absent."""
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise BadDocument(f"{self.at(key)} is not a list")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty where it is null or absent."""
        found = self.items(key)
        for each in found:
            if not isinstance(each, str):
                raise BadDocument(f"{self.at(key)} is not a list of strings")
        return tuple(str(each) for each in found)

    def counts(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers from 0; empty where it is null or absent."""
        found = self.items(key)
        for each in found:
            if not isinstance(each, int) or isinstance(each, bool) or each < 0:
                raise BadDocument(f"{self.at(key)} is not a list of whole numbers from 0")
        return tuple(each for each in found if isinstance(each, int))

    def objects(self, key: str) -> Iterator[Fields]:
        """The objects of a list; none where it is null or absent."""
        for index, each in enumerate(self.items(key)):
            yield Fields.of(each, f"{self.at(key)}[{index}]")

    def at(self, key: str) -> str:
        """The place of *key*, for messages."""
        return f"{self.place}.{key}" if self.place else key
