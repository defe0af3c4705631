"""Parse tree: the only door to python-hcl2 and the lark it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

    ParseTree = Tree[Token]


@dataclass(frozen=True, slots=True)
class Refused:
    """Where python-hcl2 stopped: an offset into its text, and the kinds of token it would take."""

    offset: int
    accepts: frozenset[str]


@cache
def _parser(cache_folder: str | None) -> Lark:
    """The parser of python-hcl2, which here need not compute the places of every tree."""
    import hcl2.parser
    from lark import Lark

    tables = hcl2.parser.PARSER_FILE if cache_folder is None else f"{cache_folder}/grammar.bin"
    return Lark.open(
        "hcl2.lark",
        rel_to=hcl2.parser.__file__,
        parser="lalr",
        postlex=hcl2.parser.PostLexer(),
        cache=str(tables),
        propagate_positions=False,
    )


def parse_tree(rendered: str, cache_folder: str | None) -> ParseTree | Refused:
    """The tree python-hcl2 makes of *rendered*, or where it stopped.

    *cache_folder* is where the tables of the grammar are kept, so that they are not computed
    anew at every start where the package's own folder cannot be written.
    """
    from lark.exceptions import UnexpectedInput, UnexpectedToken

    try:
        return _parser(cache_folder).parse(f"{rendered}\n")
    except UnexpectedToken as refusal:
        accepts = frozenset(refusal.accepts or refusal.expected or ())
        offset = refusal.pos_in_stream if refusal.token.type != "$END" else len(rendered)
        return Refused(len(rendered) if offset is None else offset, accepts)
    except UnexpectedInput as refusal:
        offset = refusal.pos_in_stream
        return Refused(len(rendered) if offset is None else offset, frozenset())
