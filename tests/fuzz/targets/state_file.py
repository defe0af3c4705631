"""State file: any bytes are a state or are refused in words, and a state that was read is written
so that it reads back the same.
"""

from __future__ import annotations

from reconciler.errors import StateCorrupt
from reconciler.state.statefile import decode, encode


def check(data: bytes) -> None:
    """Read *data* as a state."""
    try:
        state = decode(data, path="state.json")
    except StateCorrupt as error:
        assert error.message.startswith("state.json")
        assert error.hint
        return
    written = encode(state)
    again = decode(written, path="state.json")
    assert encode(again) == written
