"""Journal file: any bytes are a journal or are refused in words; cut off anywhere, a journal keeps
what is before the cut.
"""

from __future__ import annotations

from reconciler.errors import StateCorrupt
from reconciler.state.join import join
from reconciler.state.journal import read_journal
from reconciler.state.loader import BadDocument


def check(data: bytes) -> None:
    """Read *data* as a journal, whole and without its last bytes, and join it to no state."""
    try:
        journal = read_journal(data)
    except BadDocument as error:
        assert str(error)
        return
    assert 0 <= journal.length <= len(data)
    kept = read_journal(data[: journal.length])
    assert (kept.head, kept.batches) == (journal.head, journal.batches)
    try:
        join(None, journal, path="state.json")
    except StateCorrupt as error:
        assert error.message
