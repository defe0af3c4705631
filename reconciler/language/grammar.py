"""Grammar: the only door to python-hcl2 and the lark it stands on.

What is HCL and how it is nested is for the grammar of python-hcl2 to say. Its parse tables are
computed with it once, which takes a second, and kept in the user's cache; from then on they are
run as they are, and neither package is imported again while both stay what they are.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.language import cachefolder
from reconciler.language.tables import END, NAMES, TERMINALS, Rule, State, Tables

if TYPE_CHECKING:
    from lark import Lark

MAX_TABLES_BYTES = 16 * 1024 * 1024

FILE_NAME = "grammar.bin"


@cache
def grammar_tables(cache_folder: str | None) -> Tables:
    """The tables, from the cache folder if they are there and whole; otherwise they go there."""
    if cache_folder is None:
        return compute_tables()
    version = tables_version()
    path = os.path.join(cache_folder, FILE_NAME)
    payload = cachefolder.read_sealed(path, MAX_TABLES_BYTES, version)
    if payload is not None:
        with contextlib.suppress(ValueError, EOFError, TypeError):
            tables: Tables = marshal.loads(payload)
            return tables
    tables = compute_tables()
    cachefolder.write_sealed(path, marshal.dumps(tables), version)
    return tables


def compute_tables() -> Tables:
    """The tables, from python-hcl2."""
    parser = python_hcl2()
    data, memo = parser.memo_serialize(_memoized())
    table = data["parser"]["parser"]
    names: dict[int, str] = {number: sys.intern(name) for number, name in table["tokens"].items()}
    numbers: dict[int, int] = {}
    rules: list[Rule] = []
    ours = {*TERMINALS.values(), *NAMES.values(), "NAME", END}
    states: list[State] = [{} for _ in table["states"]]
    for state, actions in table["states"].items():
        for symbol, (is_reduction, target) in actions.items():
            name = names[symbol]
            if name.isupper() and name not in ours:
                continue
            if not is_reduction:
                states[state][name] = target
                continue
            place = target["@"]
            if place not in numbers:
                numbers[place] = len(rules)
                rules.append(_rule(memo[place]))
            states[state][name] = ~numbers[place]
    return states, rules, table["start_states"]["start"], table["end_states"]["start"]


def python_hcl2() -> Lark:
    """Its parser, but without the cache it keeps in its own folder, which is not ours to write."""
    import hcl2.parser
    from hcl2.postlexer import PostLexer
    from lark import Lark

    return Lark.open(
        "hcl2.lark", rel_to=hcl2.parser.__file__, parser="lalr", postlex=PostLexer(), cache=False
    )


def _memoized() -> list[type]:
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    return [TerminalDef, Rule]


def _rule(data: dict[str, Any]) -> Rule:
    options, expansion = data["options"], data["expansion"]
    origin = sys.intern(data["origin"]["name"])
    assert not any(options["empty_indices"]), "the grammar has no optional part in brackets"
    kept = []
    for index, symbol in enumerate(expansion):
        is_terminal = symbol["__type__"] == "Terminal"
        if options["keep_all_tokens"] or not (is_terminal and symbol["filter_out"]):
            kept.append((index, not is_terminal and symbol["name"].startswith("_")))
    is_plain = len(kept) == len(expansion) and not any(is_inlined for _, is_inlined in kept)
    return (
        origin,
        len(expansion),
        sys.intern(data["alias"] or origin),
        bool(options["expand1"] and not data["alias"]),
        origin.startswith("_"),
        None if is_plain else tuple(kept),
    )


def tables_version() -> str:
    """What the tables depend on: the grammar, the lark that computes them, and this code."""
    here = os.path.dirname(__file__)
    ours = [os.path.join(here, f"{name}.py") for name in ("grammar", "tables")]
    theirs = (os.path.join("hcl2", "hcl2.lark"), os.path.join("lark", "__init__.py"))
    contents = [cachefolder.read(path, 1024 * 1024) or b"" for path in ours]
    for name in theirs:
        found = (cachefolder.read(os.path.join(each, name), 1024 * 1024) for each in sys.path)
        contents.append(next((content for content in found if content is not None), b""))
    return cachefolder.digest(b"\0".join(contents)).hex()
