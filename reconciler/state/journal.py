"""Journal: the lines of the file beside a state, and what a run wrote into them.

A line is the checksum of its JSON and the JSON: first the head, then one line per batch. A batch
is what one sync made durable; it counts whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import field
from zlib import crc32

from reconciler.frozen import frozen
from reconciler.schema import Value
from reconciler.state.entries import (
    AddSuspect,
    Drop,
    DropSuspect,
    Entry,
    Intend,
    Intent,
    IntentKind,
    MarkUnordered,
    Put,
    Resolve,
    SetCheckResults,
    SetEndpoint,
    SetOutputs,
)
from reconciler.state.entryjson import entry_from_json, entry_to_json
from reconciler.state.facts import Facts, facts_from_json, facts_to_json
from reconciler.state.fields import Fields
from reconciler.state.fold import fold
from reconciler.state.loader import BadDocument, check_depth, load_json
from reconciler.state.render import render, to_bytes

__all__ = [
    "AddSuspect",
    "Drop",
    "DropSuspect",
    "Entry",
    "Head",
    "Intend",
    "Intent",
    "IntentKind",
    "Journal",
    "MarkUnordered",
    "Put",
    "Resolve",
    "SetCheckResults",
    "SetEndpoint",
    "SetOutputs",
    "fold",
    "read_journal",
]

FORMAT_VERSION = 1
"""The journal format that is read and written."""


@frozen
class Head:
    """Which state a journal belongs to, and the facts that Terraform would drop from it."""

    lineage: str
    serial: int
    epoch: int
    open: bool
    """Whether a run writes to it, or died while it did."""
    existed: bool = True
    """Whether there was a state file when the run began."""
    holds: int = 0
    """How many objects and suspects the state held, so that its loss is noticed."""
    facts: Facts = field(default_factory=Facts)
    operation: str = ""
    at: str = ""


@frozen
class Journal:
    """A journal as found: *length* is where its last whole line ends."""

    head: Head
    batches: tuple[tuple[Entry, ...], ...] = ()
    checkpoints: tuple[tuple[int, int], ...] = ()
    """Serial of a state written while it was open, and how many batches that state had in it."""
    length: int = 0

    def entries(self, *, since: int = 0) -> list[Entry]:
        """The entries of all batches from number *since* on."""
        return [entry for batch in self.batches[since:] for entry in batch]

    def folded_by(self, serial: int) -> int:
        """How many batches a state of *serial* has in it, by the notes in the journal."""
        return max((folded for written, folded in self.checkpoints if written <= serial), default=0)


def head_line(head: Head) -> bytes:
    """The first line of a journal."""
    return _line(
        _text(
            {
                "journal": FORMAT_VERSION,
                "lineage": head.lineage,
                "serial": head.serial,
                "epoch": head.epoch,
                "open": head.open,
                "existed": head.existed,
                "holds": head.holds,
                "operation": head.operation,
                "at": head.at,
                "facts": facts_to_json(head.facts),
            }
        )
    )


def entry_text(entry: Entry) -> str:
    """One entry as it stands in a line.

    Raises:
        ValueError: a number in it is infinite, or it is nested deeper than could be read again.
    """
    return _text(entry_to_json(entry))


def batch_line(texts: Iterable[str]) -> bytes:
    """One batch of entries that `entry_text` wrote."""
    return _line(f"[{','.join(texts)}]")


def checkpoint_line(serial: int, folded: int) -> bytes:
    """A note that the state of *serial*, on disk, has the first *folded* batches in it."""
    return _line(_text({"checkpoint": {"serial": serial, "folded": folded}}))


def read_journal(data: bytes) -> Journal:
    """Read a journal as a crash may have left it: what the last write left unfinished is dropped.

    Raises:
        BadDocument: it is damaged elsewhere, or from a newer version.
    """
    *lines, _ = _without_room(data).split(b"\n")
    payloads = [_payload(each) for each in lines]
    whole = _count_whole(payloads)
    if not whole:
        raise BadDocument("its first line is damaged")
    batches: list[tuple[Entry, ...]] = []
    checkpoints: list[tuple[int, int]] = []
    for number, payload in enumerate(payloads[1:whole], start=2):
        document = load_json(payload or b"")
        if isinstance(document, list):
            batches.append(_read_batch(document, f"line {number}"))
        else:
            checkpoints.append(_read_checkpoint(Fields.of(document, f"line {number}")))
    length = sum(len(each) + 1 for each in lines[:whole])
    return Journal(_read_head(payloads[0] or b""), tuple(batches), tuple(checkpoints), length)


def _text(document: Value) -> str:
    try:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except TypeError:
        text = render(document, indent=None, keep_order=True)
    check_depth(text.encode("utf-8", "replace"))
    return text


def _line(text: str) -> bytes:
    payload = to_bytes(text)
    return b"%08x %b\n" % (crc32(payload), payload)


def _without_room(data: bytes) -> bytes:
    """Leave out the zeros that a run reserved and did not come to use."""
    room = data.find(b"\0")
    return data if room < 0 or b"\n" in data[room:] else data[:room]


def _payload(line: bytes) -> bytes | None:
    checksum, space, payload = line[:8], line[8:9], line[9:]
    if space != b" " or checksum != b"%08x" % crc32(payload):
        return None
    return payload


def _count_whole(payloads: list[bytes | None]) -> int:
    """How many lines stand before the first damaged one.

    A write that a crash cut short damages the end. Each sync ended before the next write began,
    so a whole line behind a damaged one means that something else damaged it.
    """
    if None not in payloads:
        return len(payloads)
    damaged = payloads.index(None)
    if any(each is not None for each in payloads[damaged:]):
        raise BadDocument(f"its line {damaged + 1} is damaged")
    return damaged


def _read_head(payload: bytes) -> Head:
    fields = Fields.of(load_json(payload), "line 1")
    version = fields.count("journal")
    if version > FORMAT_VERSION:
        raise BadDocument(f"a newer version of this program wrote it (journal {version})")
    return Head(
        lineage=fields.text("lineage"),
        serial=fields.count("serial"),
        epoch=fields.count("epoch"),
        open=fields.flag("open"),
        existed=fields.flag("existed"),
        holds=fields.count("holds"),
        facts=facts_from_json(Fields(fields.mapping("facts"), fields.at("facts"))),
        operation=fields.text("operation", ""),
        at=fields.text("at", ""),
    )


def _read_batch(document: list[Value], place: str) -> tuple[Entry, ...]:
    return tuple(entry_from_json(Fields.of(each, place)) for each in document)


def _read_checkpoint(fields: Fields) -> tuple[int, int]:
    note = Fields(fields.mapping("checkpoint"), fields.at("checkpoint"))
    return note.count("serial"), note.count("folded")
