"""Language: HCL text to values.

>>> from reconciler.language import evaluate
>>> evaluate("1 + 2 * 3")
7
>>> evaluate('"Hello, ${upper(name)}!"', {"name": "Ada"})
'Hello, ADA!'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.errors import SpecError
from reconciler.language.values import UNKNOWN, Sensitive, Unknown

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.language.emit import BlockText, Code, emit_block, emit_expression


def evaluate(
    text: str,
    variables: Mapping[str, object] | None = None,
    *,
    base_dir: Path | None = None,
) -> object:
    """Evaluate an expression and return its value as plain Python data.

    *variables* are the names that the expression may start from; an object among them is a dict:

    >>> evaluate("a + 1", {"a": 2})
    3
    >>> evaluate("[for m in var.messages : m.text if m.on]",
    ...          {"var": {"messages": [{"text": "hi", "on": True}]}})
    ['hi']

    The value is made of dict, list, str, int, float, bool and None; sets are lists in their order.
    What is not known yet is an `Unknown`, what must not be shown is a `Sensitive`; both may be
    given as well, anywhere in a variable, and are found again where they belong in the result:

    >>> evaluate('"${id}-1"', {"id": Unknown("string")}).type
    'string'
    >>> evaluate('{ key = key, n = 1 }', {"key": Sensitive("s3cret")})
    {'key': Sensitive(...), 'n': 1}

    Every function is there, except that those which read files need *base_dir*: they read below
    that folder and nowhere else. Results of `timestamp`, `plantimestamp`, `uuid` and `bcrypt` are
    unknown.

    Raises:
        SpecError: *text* is not an expression, or it has no value; its diagnostics say where and
            why.
        TypeError: *text* is no str, or a variable is not data of the language.
    """
    from reconciler.language.alone import evaluate_alone

    return evaluate_alone(text, variables or {}, base_dir)


def __getattr__(name: str) -> object:
    """What writes HCL, loaded when it is first asked for."""
    if name in ("BlockText", "Code", "emit_block", "emit_expression"):
        from reconciler.language import emit

        return getattr(emit, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "UNKNOWN",
    "BlockText",
    "Code",
    "Sensitive",
    "SpecError",
    "Unknown",
    "emit_block",
    "emit_expression",
    "evaluate",
]
