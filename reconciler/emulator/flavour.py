"""Flavour: how a server that speaks the same wire differs from the original."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ListOrder(StrEnum):
    """In which order a server lists what was appended."""

    KEPT = "kept"
    BY_SECOND = "by second"
    """By whole seconds, ties by id: what a server does that sorts by `created_at`."""
    SHUFFLED = "shuffled"


class IdForm(StrEnum):
    """How ids are made."""

    OPENAI = "openai"
    UUID = "uuid"
    PREFIXED_UUID = "prefixed uuid"


class NotFound(StrEnum):
    """What a server says about an object that is not there."""

    ENVELOPE = "envelope"
    EMPTY = "empty"
    """404 without a body."""
    NULL = "null"
    """200 with `null`."""
    DETAIL = "detail"
    """404 with `{"detail": ...}`, as FastAPI servers send it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavour:
    """One way of serving the wire; the defaults are the original's."""

    base_path: str = "/v1"
    serves_threads: bool = True
    serves_conversations: bool = True
    needs_beta_header: bool = True
    needs_api_version: bool = False
    created_status: int = 200
    id_form: IdForm = IdForm.OPENAI
    milliseconds: bool = False
    """`created_at` counts milliseconds."""
    merges_metadata: bool = False
    """An update adds to the metadata; null removes a key."""
    drops_metadata: bool = False
    trims_text: bool = False
    omits: frozenset[str] = frozenset()
    """Keys of threads and messages that are not sent."""
    adds: Mapping[str, object] = field(default_factory=dict)
    """Keys that are sent beside the known ones."""
    always_has_more: bool = False
    ignores_after: bool = False
    page_limit: int = 100
    """Pages are cut to this whatever was asked for."""
    list_order: ListOrder = ListOrder.KEPT
    not_found: NotFound = NotFound.ENVELOPE
    deletes_messages: bool = True
    lists_threads: bool = False
    checks_files: bool = False
    """Refuse ids of files that were not uploaded here."""


OPTIONAL_KEYS = frozenset(
    {"status", "incomplete_details", "completed_at", "incomplete_at", "attachments"}
)
"""What the vendor's own examples of a message leave out."""

FLAVOURS: Mapping[str, Flavour] = {
    "openai": Flavour(),
    "threads-off": Flavour(serves_threads=False),
    "azure-agents": Flavour(
        base_path="/api/projects/demo",
        serves_conversations=False,
        needs_beta_header=False,
        needs_api_version=True,
        lists_threads=True,
    ),
    "azure-agents-v1": Flavour(
        base_path="/api/projects/demo",
        serves_conversations=False,
        needs_beta_header=False,
        needs_api_version=True,
        lists_threads=True,
        deletes_messages=False,
    ),
    "merging": Flavour(merges_metadata=True),
    "forgetful": Flavour(drops_metadata=True, trims_text=True),
    "terse": Flavour(omits=OPTIONAL_KEYS, needs_beta_header=False),
    "created": Flavour(created_status=201, id_form=IdForm.UUID, not_found=NotFound.EMPTY),
    "endless": Flavour(always_has_more=True, ignores_after=True),
    "scrambled": Flavour(list_order=ListOrder.SHUFFLED),
    "by-second": Flavour(list_order=ListOrder.BY_SECOND),
    "fastapi": Flavour(
        id_form=IdForm.PREFIXED_UUID, not_found=NotFound.DETAIL, needs_beta_header=False
    ),
    "dashscope": Flavour(
        id_form=IdForm.PREFIXED_UUID,
        milliseconds=True,
        needs_beta_header=False,
        deletes_messages=False,
        adds={"from": "", "name": "", "plugin_call": {}, "tool_calls": [], "request_id": "r"},
    ),
}
"""Flavours by name, as `reconciler serve --flavour` knows them."""
