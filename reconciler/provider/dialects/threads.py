"""Threads: the OpenAI Threads v2 wire, which defines what a spec means."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import ClassVar

from reconciler.errors import RequestRejected
from reconciler.provider.dialects.capabilities import THREADS
from reconciler.provider.dialects.dialect import Dialect
from reconciler.provider.protocol import Capabilities, Member
from reconciler.provider.request import Kind, Request, checked_id
from reconciler.provider.resources import message, thread
from reconciler.schema import Attributes, Value


class Threads(Dialect):
    """Threads and their messages over `/threads`."""

    HEADERS: ClassVar[dict[str, str]] = {"OpenAI-Beta": "assistants=v2"}
    _COLLECTION = "threads"

    @property
    def capabilities(self) -> Capabilities:
        """What this dialect can carry."""
        return THREADS

    async def create(
        self, type_: str, desired: Attributes, members: Sequence[Attributes] = ()
    ) -> Attributes:
        """Create a thread with its first messages, or a message at the end of its thread."""
        if type_ == message.TYPE:
            assert not members, "a message has no members"
            return (await self.append(type_, str(desired["thread_id"]), [desired]))[0]
        body = thread.encode(desired)
        if members:
            body["messages"] = [message.encode(each) for each in members]
        value, id_ = await self._object(Request("POST", "/threads", Kind.CREATE, body=body))
        return thread.decode(value, id_)

    async def append(
        self, type_: str, parent_id: str, members: Sequence[Attributes]
    ) -> tuple[Attributes, ...]:
        """Append one message; this wire takes no more in one call."""
        assert len(members) == 1, "one message per call"
        path, names = self._members_path(checked_id(parent_id)), (parent_id,)
        body = message.encode(members[0])
        request = Request("POST", path, Kind.APPEND, body=body, names=names)
        value, id_ = await self._object(request)
        if value.get("thread_id") not in (None, parent_id):
            raise self.session.strange(request, value, "the answer is about another thread")
        return (message.decode(value, id_, parent_id),)

    async def read(self, type_: str, object_: Attributes) -> Attributes:
        """Read one thread or one message."""
        path, names = self._path(type_, object_)
        value = await self._named(Request("GET", path, Kind.READ, names=names), names[-1])
        return self._decoded(type_, value, names)

    async def update(self, type_: str, object_: Attributes, desired: Attributes) -> Attributes:
        """Bring metadata, and what else a thread can change in place, to *desired*.

        Servers that merge metadata are asked again to remove what is left over, key by key; what
        they keep even then is in what is returned.
        """
        path, names = self._path(type_, object_)
        encode = thread.encode_update if type_ == thread.TYPE else _encode_metadata
        body = encode(desired)
        value = await self._set(path, names, body)
        wanted = body["metadata"]
        left_over = set(thread.metadata(value.get("metadata"))) - set(_keys(wanted))
        if left_over:
            removed = {**_mapping(wanted), **dict.fromkeys(sorted(left_over))}
            # A server that neither replaces nor removes is reported with what it holds.
            with contextlib.suppress(RequestRejected):
                value = await self._set(path, names, {"metadata": removed})
        return self._decoded(type_, value, names)

    async def delete(self, type_: str, object_: Attributes) -> None:
        """Delete a thread with all its messages, or one message."""
        await self._delete(*self._path(type_, object_))

    def _path(self, type_: str, object_: Attributes) -> tuple[str, tuple[str, ...]]:
        """The path of one object, and the ids in it, its own last."""
        id_ = checked_id(object_["id"])
        if type_ == thread.TYPE:
            return f"/threads/{id_}", (id_,)
        thread_id = checked_id(object_["thread_id"])
        return f"{self._members_path(thread_id)}/{id_}", (thread_id, id_)

    def _decoded(
        self, type_: str, value: Mapping[str, object], names: tuple[str, ...]
    ) -> dict[str, Value]:
        if type_ == thread.TYPE:
            return thread.decode(value, names[-1])
        return message.decode(value, names[-1], names[0])

    def _members_path(self, parent_id: str) -> str:
        return f"/threads/{parent_id}/messages"

    def _member(self, entry: Mapping[str, object], id_: str, parent_id: str) -> Member:
        attributes = message.decode(entry, id_, parent_id)
        return Member(id_, attributes, reproducible=message.is_reproducible(attributes))

    def _parent(self, entry: Mapping[str, object], id_: str) -> dict[str, Value]:
        return thread.decode(entry, id_)


def _encode_metadata(desired: Attributes) -> dict[str, object]:
    return {"metadata": desired.get("metadata") or {}}


def _mapping(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, dict) else {}


def _keys(value: object) -> list[str]:
    return list(_mapping(value))
