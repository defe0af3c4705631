"""Private: what is ours of an object, inside the field that Terraform keeps for providers."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64

from reconciler.schema import Value
from reconciler.state.fields import Fields
from reconciler.state.loader import BadDocument, load_json
from reconciler.state.model import StateObject
from reconciler.state.render import render, to_bytes

OUR_KEY = "reconciler"
"""Where our part stands beside what others keep there."""


def pack(recorded: StateObject, *, provider: str) -> str | None:
    """The private field of *recorded*: our part, joined with what another tool keeps there.

    Private data that is not a JSON object cannot be joined; ours then replaces it. *provider* is
    what the file says for the whole resource; only another one is remembered here.
    """
    theirs = recorded.foreign.get("private")
    kept = theirs if isinstance(theirs, str) else None
    ours = _ours(recorded, provider)
    if not ours:
        return kept
    joined = {**(_json_object(kept) or {}), OUR_KEY: ours}
    return b64encode(to_bytes(render(joined, indent=None))).decode("ascii")


def unpack(text: str | None) -> tuple[dict[str, Value], str | None]:
    """Our part of a private field, and the rest as it would stand there without ours.

    Raises:
        BadDocument: the field holds our key and cannot be read.
    """
    if text is None:
        return {}, None
    document = _json_object(text)
    if document is None or OUR_KEY not in document:
        return {}, text
    ours = Fields.of(document.pop(OUR_KEY), "private.reconciler")
    rest = b64encode(to_bytes(render(document, indent=None))).decode("ascii") if document else None
    return dict(ours.values), rest


def _ours(recorded: StateObject, provider: str) -> dict[str, Value]:
    ours: dict[str, Value] = {}
    if recorded.sent:
        ours["sent"] = dict(recorded.sent)
    if recorded.protected:
        ours["protected"] = True
    if recorded.irreproducible:
        ours["irreproducible"] = True
    if recorded.previous_id is not None:
        ours["previous_id"] = recorded.previous_id
    if recorded.behind is not None:
        ours["behind"] = recorded.behind
    if recorded.provider != provider:
        ours["provider"] = recorded.provider
    return ours


def _json_object(text: str | None) -> dict[str, Value] | None:
    if text is None:
        return None
    try:
        document = load_json(b64decode(text, validate=True))
    except (NotBase64, BadDocument):
        return None
    return document if isinstance(document, dict) else None
