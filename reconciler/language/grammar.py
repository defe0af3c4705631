"""Grammar: the only door to python-hcl2 and the lark it stands on."""

from __future__ import annotations

import contextlib
import os
from functools import cache
from typing import TYPE_CHECKING

from reconciler.language import cachefolder

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

    ParseTree = Tree[Token]


@cache
def _parser(cache_folder: str | None) -> Lark:
    """The parser of python-hcl2, which here need not compute the places of every tree."""
    import hcl2.parser
    from hcl2.postlexer import PostLexer
    from lark import Lark

    tables = str(hcl2.parser.PARSER_FILE)
    if cache_folder is not None:
        tables = os.path.join(cache_folder, "grammar.bin")
        _drop_if_damaged(tables)
    parser = Lark.open(
        "hcl2.lark",
        rel_to=hcl2.parser.__file__,
        parser="lalr",
        postlex=PostLexer(),
        cache=tables,
        propagate_positions=False,
    )
    if cache_folder is not None:
        _seal(tables)
    return parser


_MAX_TABLES_BYTES = 64 * 1024 * 1024


def _drop_if_damaged(tables: str) -> None:
    """Remove tables that are not what was written: lark would load them as they are."""
    content = cachefolder.read(tables, _MAX_TABLES_BYTES)
    known = cachefolder.read(f"{tables}.sum", cachefolder.DIGEST_BYTES)
    if content is not None and cachefolder.digest(content) != known:
        with contextlib.suppress(OSError):
            os.remove(tables)


def _seal(tables: str) -> None:
    content = cachefolder.read(tables, _MAX_TABLES_BYTES)
    if content is None:
        return
    found = cachefolder.digest(content)
    if found != cachefolder.read(f"{tables}.sum", cachefolder.DIGEST_BYTES):
        cachefolder.replace(f"{tables}.sum", found)


def parse_tree(rendered: str, cache_folder: str | None) -> ParseTree | int:
    """The tree python-hcl2 makes of *rendered*, or the offset in it where it stopped.

    *cache_folder* is where the tables of the grammar are kept, so that they are not computed
    anew at every start where the package's own folder cannot be written.
    """
    from lark.exceptions import UnexpectedInput, UnexpectedToken

    try:
        return _parser(cache_folder).parse(f"{rendered}\n")
    except UnexpectedInput as refusal:
        offset = refusal.pos_in_stream
        is_at_end = isinstance(refusal, UnexpectedToken) and refusal.token.type == "$END"
        return len(rendered) if offset is None or is_at_end else offset
