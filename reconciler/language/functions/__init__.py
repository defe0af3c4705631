"""Functions: what expressions may call, one file per family, each loaded when first needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from reconciler.language.functions.function import Function

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

FAMILIES: dict[str, tuple[str, ...]] = {
    "arithmetic": (
        "abs", "ceil", "floor", "log", "max", "min", "parseint", "pow", "signum", "sum",
    ),
    "assumptions": (
        "assumeequal", "assumelistlength", "assumelistlengthmax", "assumelistlengthmin",
        "assumemaplength", "assumemaplengthmax", "assumemaplengthmin", "assumenotnull",
        "assumesetlength", "assumesetlengthmax", "assumesetlengthmin", "assumestringprefix",
    ),
    "choices": (
        "alltrue", "anytrue", "coalesce", "coalescelist", "contains", "distinct", "index",
        "matchkeys", "one",
    ),
    "conversion": (
        "can", "convert", "ephemeralasnull", "issensitive", "nonsensitive", "sensitive", "tobool",
        "tolist", "tomap", "tonumber", "toset", "tostring", "try",
    ),
    "dates": ("formatdate", "timeadd", "timecmp"),
    "encoding": (
        "base64decode", "base64encode", "base64gunzip", "base64gzip", "csvdecode", "jsondecode",
        "jsonencode", "jsonldecode", "textdecodebase64", "textencodebase64", "urldecode",
        "urlencode",
    ),
    "formatting": ("format", "formatlist"),
    "hashes": (
        "base64sha256", "base64sha512", "md5", "rsadecrypt", "sha1", "sha256", "sha512", "uuidv5",
    ),
    "lists": ("chunklist", "concat", "element", "flatten", "length", "range", "reverse", "slice"),
    "maps": ("keys", "lookup", "merge", "transpose", "values", "zipmap"),
    "network": ("cidrcontains", "cidrhost", "cidrnetmask", "cidrsubnet", "cidrsubnets"),
    "paths": ("basename", "dirname"),
    "patterns": ("regex", "regexall"),
    "sets": ("setintersection", "setproduct", "setsubtract", "setunion"),
    "strings": (
        "chomp", "compact", "endswith", "indent", "join", "lower", "replace", "sort", "split",
        "startswith", "strcontains", "strrev", "substr", "title", "trim", "trimprefix", "trimspace",
        "trimsuffix", "upper",
    ),
    "templates": ("templatestring",),
    "yaml": ("yamldecode", "yamlencode"),
}  # fmt: skip
"""Which file holds which functions, so that a call loads only the one it needs."""

FILE_FUNCTIONS = (
    "abspath", "file", "filebase64", "filebase64sha256", "filebase64sha512", "fileexists",
    "filemd5", "fileset", "filesha1", "filesha256", "filesha512", "pathexpand", "templatefile",
)  # fmt: skip
"""The functions that need a folder to read from."""

IMPURE_FUNCTIONS = ("bcrypt", "plantimestamp", "timestamp", "uuid")
"""The functions whose results differ from call to call."""

_HOMES = {name: family for family, names in FAMILIES.items() for name in names}


class FunctionTable(Mapping[str, Function]):
    """Functions by name. A family's file is loaded when one of its functions is asked for."""

    def __init__(
        self, base_dir: Path | None, planned_at: datetime | None, *, is_applying: bool
    ) -> None:
        self._base_dir = base_dir
        self._planned_at = planned_at
        self._is_applying = is_applying
        self._found: dict[str, Function] = {}
        files = () if base_dir is None else FILE_FUNCTIONS
        self._names = (*_HOMES, *files, *IMPURE_FUNCTIONS)

    def __getitem__(self, name: str) -> Function:
        if name not in self._found:
            self._found.update(self._family_of(name))
        return self._found[name]

    def _family_of(self, name: str) -> Mapping[str, Function]:
        if name in _HOMES:
            module = import_module(f"{__name__}.{_HOMES[name]}")
            found: Mapping[str, Function] = module.FUNCTIONS
            return found
        if name in FILE_FUNCTIONS and self._base_dir is not None:
            from reconciler.language.functions.files import file_functions

            return file_functions(self._base_dir)
        if name in IMPURE_FUNCTIONS:
            from reconciler.language.functions.impure import impure_functions

            return impure_functions(planned_at=self._planned_at, is_applying=self._is_applying)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def standard_functions(
    base_dir: Path | None = None,
    *,
    planned_at: datetime | None = None,
    is_applying: bool = False,
) -> Mapping[str, Function]:
    """All functions of the language.

    Those that read files need *base_dir*, which nothing outside of can be read. `timestamp`,
    `uuid` and `bcrypt` are unknown unless *is_applying*; `plantimestamp` is *planned_at*.
    """
    return FunctionTable(base_dir, planned_at, is_applying=is_applying)
