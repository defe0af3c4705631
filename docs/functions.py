"""Functions: writes the page of all functions, with the value of every example.

    python docs/functions.py

The suite fails while the page is not what this makes of the code.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from reconciler.language import Sensitive, Unknown, evaluate
from reconciler.language.functions import (
    FAMILIES,
    FILE_FUNCTIONS,
    IMPURE_FUNCTIONS,
    standard_functions,
)
from reconciler.language.functions.function import Function

PAGE = Path(__file__).parent / "reference" / "functions.md"

FILES = {
    "hello.txt": "Hello World\n",
    "greeting.tftpl": "Hello, ${name}!\n",
    "turns/first.jsonl": '{"role": "user", "content": "Hi"}\n',
}
"""What the examples read."""

TITLES = {
    "strings": "Text",
    "formatting": "Formatting",
    "patterns": "Regular expressions",
    "arithmetic": "Numbers",
    "lists": "Lists",
    "choices": "Looking and choosing",
    "maps": "Maps and objects",
    "sets": "Sets",
    "conversion": "Types, errors and sensitive values",
    "encoding": "Encodings",
    "yaml": "YAML",
    "hashes": "Digests and identifiers",
    "dates": "Dates and times",
    "network": "IP addresses",
    "paths": "Paths",
    "files": "Files",
    "templates": "Templates",
    "impure": "Time and chance",
    "assumptions": "Assumptions",
}

HEAD = """\
# Functions

Every function that an expression may call. They are Terraform's, with what OpenTofu adds to them
and `jsonldecode` for conversations that come as JSONL; a result is what Terraform 1.11 computes.
This page is made from the code by `docs/functions.py`, and the value after each arrow is what the
example evaluates to.

In a signature `...` marks an argument that may be given any number of times, and `any` one of any
type. Arguments are converted where that is possible: `upper(true)` is `"TRUE"`.

"""

NOTES = {
    "patterns": """\
Patterns are RE2's: there is no lookaround and no reference back to a group, and `\\d`, `\\w`, `\\s`
and `\\b` know ASCII only. A search that takes longer than a second is an error.

""",
    "files": """\
Files are read below the specs folder only: no absolute path, no `..`, no link that leads out of
it. A file may have 1 MiB; `.jsonl`, `.ndjson` and `.csv` may have 16. The examples read a folder
with `hello.txt` (`Hello World` and a line end), `greeting.tftpl` (`Hello, ${name}!`) and
`turns/first.jsonl`.

""",
    "impure": """\
Their results are known after apply, except that of `plantimestamp`, which is the same in all of a
plan. The console gives what they would be now.

""",
    "assumptions": """\
They hold a value against what is promised about it, and tell the plan what an unknown value will
be like.

""",
    "dates": """\
Times are written as in RFC 3339: `2018-01-02T23:12:01Z`.

""",
}


def page() -> str:
    """The page as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        for name, text in FILES.items():
            (base / name).parent.mkdir(exist_ok=True)
            (base / name).write_text(text)
        table = standard_functions(base)
        sections = [_section(title, table, base) for title in TITLES]
    return HEAD + _contents() + "\n".join(sections)


def _names(family: str) -> tuple[str, ...]:
    if family == "files":
        return tuple(name for name in FILE_FUNCTIONS if name != "templatefile")
    if family == "impure":
        return IMPURE_FUNCTIONS
    names = FAMILIES[family]
    return (*names, "templatefile") if family == "templates" else names


def _contents() -> str:
    links = [f"[{TITLES[family]}](#{_anchor(TITLES[family])})" for family in TITLES]
    lines = (" · ".join(links[at : at + 5]) for at in range(0, len(links), 5))
    return "".join(f"- {line}\n" for line in lines) + "\n"


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z -]", "", title.lower()).replace(" ", "-")


def _section(family: str, table: Mapping[str, Function], base: Path) -> str:
    entries = "\n".join(_entry(table[name], base) for name in sorted(_names(family)))
    return f"## {TITLES[family]}\n\n{NOTES.get(family, '')}{entries}"


def _entry(function: Function, base: Path) -> str:
    lines = [f"### {function.name}\n", f"`{function.signature}`\n", f"{function.description}\n"]
    if function.examples:
        lines.append("```hcl")
        lines.extend(_example(each, base) for each in function.examples)
        lines.append("```\n")
    return "\n".join(lines)


def _example(text: str, base: Path) -> str:
    shown = written(evaluate(text, base_dir=base))
    if len(text) + len(shown) < 110:
        return f"{text}  # -> {shown}"
    return f"{text}\n# -> {shown}"


def written(value: object) -> str:
    """A value as an expression."""
    match value:
        case Sensitive():
            return "(sensitive value)"
        case Unknown():
            return "(known after apply)"
        case list():
            return f"[{', '.join(map(written, value))}]"
        case dict():
            inner = ", ".join(f"{_key(name)} = {written(value[name])}" for name in sorted(value))
            return f"{{ {inner} }}" if inner else "{}"
        case str():
            quoted = json.dumps(value, ensure_ascii=False)
            return quoted.replace("${", "$${").replace("%{", "%%{")
    return json.dumps(value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][\w-]*", name) else json.dumps(name)


if __name__ == "__main__":
    PAGE.write_text(page())
