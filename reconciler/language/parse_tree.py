"""Parse tree: the only door to python-hcl2 and the lark it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Token, Tree

    ParseTree = Tree[Token]


@dataclass(frozen=True, slots=True)
class Refused:
    """Where python-hcl2 stopped: an offset into its text, and the kinds of token it would take."""

    offset: int
    accepts: frozenset[str]


def parse_tree(rendered: str, cache_folder: str | None) -> ParseTree | Refused:
    """The tree python-hcl2 makes of *rendered*, or where it stopped.

    *cache_folder* is where the tables of the grammar are kept, so that they are not computed
    anew at every start where the package's own folder cannot be written.
    """
    import hcl2.parser
    from lark.exceptions import UnexpectedInput, UnexpectedToken

    if cache_folder is not None:
        hcl2.parser.PARSER_FILE = Path(cache_folder, "grammar.bin")
    try:
        return hcl2.parses_to_tree(rendered)
    except UnexpectedToken as refusal:
        accepts = frozenset(refusal.accepts or refusal.expected or ())
        offset = refusal.pos_in_stream if refusal.token.type != "$END" else len(rendered)
        return Refused(len(rendered) if offset is None else offset, accepts)
    except UnexpectedInput as refusal:
        offset = refusal.pos_in_stream
        return Refused(len(rendered) if offset is None else offset, frozenset())
