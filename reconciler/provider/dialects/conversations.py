"""Conversations: OpenAI's `/v1/conversations`, where a thread is a conversation of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.provider.dialects import items
from reconciler.provider.dialects.capabilities import CONVERSATIONS
from reconciler.provider.dialects.dialect import Dialect, Page
from reconciler.provider.protocol import Capabilities, Member
from reconciler.provider.request import Kind, Request, checked_id
from reconciler.provider.resources import message, thread
from reconciler.schema import Attributes, Value

_IMAGES = (("include[]", "message.input_image.image_url"),)
"""Asks for the addresses of images, which are left out otherwise."""


class Conversations(Dialect):
    """Conversations and their items over `/conversations`.

    Ids of items are never sent: the id of a foreign item would bring that item's content along.
    """

    _COLLECTION = "conversations"
    _wants_images = False

    @property
    def capabilities(self) -> Capabilities:
        """What this dialect can carry."""
        return CONVERSATIONS

    async def create(
        self, type_: str, desired: Attributes, members: Sequence[Attributes] = ()
    ) -> Attributes:
        """Create a conversation with its first items, or a message at the end of one."""
        if type_ == message.TYPE:
            assert not members, "a message has no members"
            return (await self.append(type_, str(desired["thread_id"]), [desired]))[0]
        body: dict[str, object] = {}
        if desired.get("metadata"):
            body["metadata"] = desired["metadata"]
        if members:
            body["items"] = [items.encode(each) for each in members]
        value, id_ = await self._object(Request("POST", "/conversations", Kind.CREATE, body=body))
        return self._parent(value, id_)

    async def append(
        self, type_: str, parent_id: str, members: Sequence[Attributes]
    ) -> tuple[Attributes, ...]:
        """Append messages in order; their ids are in the answer."""
        path, names = self._members_path(checked_id(parent_id)), (parent_id,)
        body = {"items": [items.encode(each) for each in members]}
        request = Request("POST", path, Kind.APPEND, self._page_query(), body, names)
        value = await self.session.call(request)
        page = self._read_page(request, value)
        if len(page.ids) != len(members):
            reason = f"the answer has {len(page.ids)} items for {len(members)} that were sent"
            raise self.session.strange(request, value, reason)
        if len(set(page.ids)) != len(page.ids):
            raise self.session.strange(request, value, "the answer names an item twice")
        return tuple(
            items.decode(entry, id_, parent_id)
            for entry, id_ in zip(page.entries, page.ids, strict=True)
        )

    async def read(self, type_: str, object_: Attributes) -> Attributes:
        """Read one conversation or one of its messages."""
        id_ = checked_id(object_["id"])
        if type_ == thread.TYPE:
            path = f"/conversations/{id_}"
            return self._parent(
                await self._named(Request("GET", path, Kind.READ, names=(id_,)), id_), id_
            )
        parent_id = checked_id(object_["thread_id"])
        path, names = f"{self._members_path(parent_id)}/{id_}", (parent_id, id_)
        request = Request("GET", path, Kind.READ, self._page_query(), names=names)
        item = await self._named(request, id_)
        if items.lacks_an_image(item) and not self._wants_images:
            self._wants_images = True
            item = await self._named(Request("GET", path, Kind.READ, _IMAGES, names=names), id_)
        if not items.is_message(item):
            raise self.session.strange(request, item, "the answer is an item that is no message")
        return items.decode(item, id_, parent_id)

    async def update(self, type_: str, object_: Attributes, desired: Attributes) -> Attributes:
        """Bring a conversation's metadata to *desired*.

        Nothing of a message can change in place here: what the spec changes lives in state, and
        no request is made.
        """
        id_ = checked_id(object_["id"])
        if type_ == message.TYPE:
            return {**object_, "metadata": desired.get("metadata") or {}}
        body = {"metadata": desired.get("metadata") or {}}
        return self._parent(await self._set(f"/conversations/{id_}", (id_,), body), id_)

    async def delete(self, type_: str, object_: Attributes) -> None:
        """Delete a conversation, whose items live on, or one item."""
        id_ = checked_id(object_["id"])
        if type_ == thread.TYPE:
            await self._delete(f"/conversations/{id_}", (id_,))
            return
        parent_id = checked_id(object_["thread_id"])
        await self._delete(f"{self._members_path(parent_id)}/{id_}", (parent_id, id_))

    async def _page(self, path: str, names: tuple[str, ...], after: str | None) -> Page:
        page = await super()._page(path, names, after)
        if not self._wants_images and any(items.lacks_an_image(each) for each in page.entries):
            self._wants_images = True
            page = await super()._page(path, names, after)
        return page

    def _page_query(self) -> tuple[tuple[str, str], ...]:
        return _IMAGES if self._wants_images else ()

    def _members_path(self, parent_id: str) -> str:
        return f"/conversations/{parent_id}/items"

    def _member(self, entry: Mapping[str, object], id_: str, parent_id: str) -> Member:
        if not items.is_message(entry):
            return Member(id_, {"id": id_}, is_message=False, reproducible=False)
        attributes = items.decode(entry, id_, parent_id)
        return Member(id_, attributes, reproducible=message.is_reproducible(attributes))

    def _parent(self, entry: Mapping[str, object], id_: str) -> dict[str, Value]:
        attributes = thread.decode(entry, id_)
        del attributes["tool_resources"]
        return attributes
