"""Expression: any text has a value or is refused with a place in it, and values stay values.

What an expression gives can be handed in again as a variable, and comes out unchanged.
"""

from __future__ import annotations

from fuzz import text_of
from reconciler.errors import SpecError
from reconciler.language import Unknown, evaluate
from reconciler.language.values import Sensitive

NAMES = {
    "var": {"text": "ünï", "list": ["a", "b"], "map": {"k": 1}, "none": None, "n": 2.5},
    "local": {"secret": Sensitive("s3cret"), "later": Unknown("string")},
    "each": {"key": "k", "value": {"role": "user", "parts": [1, [2], {"x": True}]}},
}


def check(data: bytes) -> None:
    """Evaluate *data*."""
    text = text_of(data)
    try:
        value = evaluate(text, NAMES)
    except SpecError as error:
        assert error.diagnostics
        for each in error.diagnostics:
            assert each.summary
            assert each.subject is not None
            assert 1 <= each.subject.start.line <= text.count("\n") + 1
        return
    # A float of more than 15 digits comes back as what its digits say.
    once = evaluate("v", {"v": value})
    twice = evaluate("v", {"v": once})
    assert repr(twice) == repr(once)
