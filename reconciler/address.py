"""Address: the name shared by spec, graph, state and plan, `openai_message.turn["k"]`."""

from __future__ import annotations

import re
from enum import StrEnum

from reconciler.frozen import frozen

Key = int | str | None
"""Which instance of a block: an index (`count`), a string (`for_each`), or None (a plain block)."""


class Mode(StrEnum):
    """Whether an address names something we manage or something we only read."""

    MANAGED = "managed"
    DATA = "data"


@frozen
class ModuleStep:
    """One module call on the way to an address: `module.name["key"]`."""

    name: str
    key: Key = None

    def __str__(self) -> str:
        return f"module.{self.name}{key_text(self.key)}"


ModulePath = tuple[ModuleStep, ...]


@frozen
class Address:
    """The name of one instance of a resource or data block."""

    type: str
    name: str
    key: Key = None
    module: ModulePath = ()
    mode: Mode = Mode.MANAGED

    def __hash__(self) -> int:
        # Without the mode, whose hash is Python code: addresses are hashed by the hundred thousand.
        return hash((self.type, self.name, self.key, self.module))

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read an address as people write it.

        Raises:
            ValueError: the text is not an address; the message says where it stops being one.
        """
        steps, rest = _take_modules(text)
        mode = Mode.MANAGED
        if rest.startswith("data."):
            mode, rest = Mode.DATA, rest[len("data.") :]
        match = _RESOURCE.fullmatch(rest)
        if match is None:
            raise ValueError(
                f'"{text}" is not an address; write TYPE.NAME, TYPE.NAME[0] or TYPE.NAME["key"]'
            )
        return cls(match["type"], match["name"], _parse_key(match["key"]), steps, mode)

    @property
    def block(self) -> Address:
        """The same address without its instance key."""
        return Address(self.type, self.name, None, self.module, self.mode)

    def instance(self, key: Key) -> Address:
        """The address of one instance of this block."""
        return Address(self.type, self.name, key, self.module, self.mode)

    @property
    def sort_key(self) -> tuple[object, ...]:
        """Order as Terraform prints: module, mode, type, name, then no key < numbers < strings."""
        path = tuple((step.name, _key_rank(step.key)) for step in self.module)
        return (path, self.mode != Mode.MANAGED, self.type, self.name, _key_rank(self.key))

    def __str__(self) -> str:
        prefix = "".join(f"{step}." for step in self.module)
        data = "data." if self.mode is Mode.DATA else ""
        return f"{prefix}{data}{self.type}.{self.name}{key_text(self.key)}"


def key_text(key: Key) -> str:
    """Write an instance key as it stands behind an address; nothing for a plain block."""
    if key is None:
        return ""
    if isinstance(key, int):
        return f"[{key}]"
    return f"[{quote(key)}]"


def quote(text: str) -> str:
    """Write *text* as an HCL string literal on one line."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return '"' + escaped.replace("${", "$${").replace("%{", "%%{") + '"'


_IDENT = r"[^\W\d][\w-]*"
_KEY = r'(?:\[(?P<key>\d+|"(?:[^"\\]|\\.)*")\])?'
_RESOURCE = re.compile(rf"(?P<type>{_IDENT})\.(?P<name>{_IDENT}){_KEY}")
_MODULE = re.compile(rf"module\.(?P<name>{_IDENT}){_KEY}\.")
_ESCAPE = re.compile(r"\\(.)|\$\$(?=\{)|%%(?=\{)")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


def _take_modules(text: str) -> tuple[ModulePath, str]:
    steps: list[ModuleStep] = []
    start = 0
    while match := _MODULE.match(text, start):
        steps.append(ModuleStep(match["name"], _parse_key(match["key"])))
        start = match.end()
    return tuple(steps), text[start:]


def _parse_key(text: str | None) -> Key:
    if text is None:
        return None
    return _unquote(text) if text.startswith('"') else int(text)


def _unquote(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0][0]
        return _ESCAPED.get(match[1], match[1])

    return _ESCAPE.sub(plain, text[1:-1])


def _key_rank(key: Key) -> tuple[int, int, str]:
    if key is None:
        return (0, 0, "")
    if isinstance(key, int):
        return (1, key, "")
    return (2, 0, key)
