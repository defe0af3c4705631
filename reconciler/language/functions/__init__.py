"""Functions: what expressions may call, one file per family, each loaded when first needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from reconciler.language.functions.function import Family, Function

FAMILIES: dict[str, tuple[str, ...]] = {
    "assumptions": (
        "assumeequal", "assumelistlength", "assumelistlengthmax", "assumelistlengthmin",
        "assumemaplength", "assumemaplengthmax", "assumemaplengthmin", "assumenotnull",
        "assumesetlength", "assumesetlengthmax", "assumesetlengthmin", "assumestringprefix",
    ),
    "dates": ("formatdate", "timeadd", "timecmp"),
    "network": ("cidrcontains", "cidrhost", "cidrnetmask", "cidrsubnet", "cidrsubnets"),
    "paths": ("basename", "dirname"),
    "conversion": (
        "can", "convert", "ephemeralasnull", "issensitive", "nonsensitive",
        "sensitive", "tobool", "tolist", "tomap", "tonumber", "toset", "tostring", "try",
    ),
    "encoding": (
        "base64decode", "base64encode", "base64gunzip", "base64gzip", "csvdecode", "jsondecode",
        "jsonencode", "jsonldecode", "textdecodebase64", "textencodebase64", "urldecode", "urlencode",
    ),
    "formatting": ("format", "formatlist"),
    "hashes": (
        "base64sha256", "base64sha512", "md5", "rsadecrypt", "sha1", "sha256", "sha512", "uuidv5",
    ),
    "lists": (
        "alltrue", "anytrue", "chunklist", "coalesce", "coalescelist", "concat", "contains",
        "distinct", "element", "flatten", "index", "length", "matchkeys", "one", "range", "reverse",
        "slice",
    ),
    "maps": ("keys", "lookup", "merge", "transpose", "values", "zipmap"),
    "sets": ("setintersection", "setproduct", "setsubtract", "setunion"),
    "arithmetic": (
        "abs", "ceil", "floor", "log", "max", "min", "parseint", "pow", "signum", "sum",
    ),
    "patterns": ("regex", "regexall"),
    "strings": (
        "chomp", "compact", "endswith", "indent", "join", "lower", "replace", "sort", "split",
        "startswith", "strcontains", "strrev", "substr", "title", "trim", "trimprefix", "trimspace",
        "trimsuffix", "upper",
    ),
}  # fmt: skip
"""Which file holds which functions, so that a call loads only the one it needs."""


class FunctionTable(Mapping[str, Function]):
    """Functions by name. A family's file is loaded when one of its functions is asked for."""

    __slots__ = ("_extra", "_found", "_homes")

    def __init__(self, extra: Mapping[str, Function]) -> None:
        self._extra = extra
        self._found: dict[str, Function] = {}
        self._homes = {name: family for family, names in FAMILIES.items() for name in names}

    def __getitem__(self, name: str) -> Function:
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._load(name)
        return found

    def _load(self, name: str) -> Function:
        if name in self._extra:
            return self._extra[name]
        module = import_module(f"{__name__}.{self._homes[name]}")
        family: Family = module.FUNCTIONS
        return family[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._homes
        yield from (name for name in self._extra if name not in self._homes)

    def __len__(self) -> int:
        return len(self._homes.keys() | self._extra.keys())


def standard_functions() -> Mapping[str, Function]:
    return FunctionTable({})
