"""Skeleton: lifting takes nothing away, and the quick way and the exact way take the same."""

from __future__ import annotations

import re

from fuzz import text_of
from reconciler.language.chunks import cut_chunks
from reconciler.language.exact import lift_exactly
from reconciler.language.scan import MARKS, has_marks, is_lifted, is_suspicious, lift


def check(data: bytes) -> None:
    """Lift *data* both ways and cut it."""
    text = text_of(data)
    exact = lift_exactly(text)
    exact_skeleton = exact.skeleton(len(text))
    assert _put_back(exact_skeleton, exact.slots) == text
    skeleton, slots = lift(text)
    if not has_marks(text):
        assert _put_back(skeleton, slots) == text
    if is_lifted(skeleton) and not is_suspicious(text) and not exact.mistakes:
        assert (skeleton, slots) == (exact_skeleton, exact.slots)
    at = 0
    for chunk in cut_chunks(text):
        assert at <= chunk.start < chunk.end
        at = chunk.end
    assert at <= len(text)


def _put_back(skeleton: str, slots: list[str]) -> str:
    rest = iter(slots)
    put = re.sub(f"[{MARKS}]", lambda _: next(rest), skeleton)
    assert next(rest, None) is None
    return put
