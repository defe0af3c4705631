"""Dialect: what the dialects have in common, as one implementation of `Provider`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar

from reconciler.errors import NotServed, ObjectNotFound, OutcomeUnknown, ServiceUnavailable
from reconciler.frozen import frozen
from reconciler.provider.answers import STRANGE
from reconciler.provider.dialects import data_sources
from reconciler.provider.protocol import UNPROVEN, Capabilities, Member
from reconciler.provider.request import Kind, Request, checked_id, is_id
from reconciler.provider.resources import DATA_SCHEMAS, SCHEMAS, message, thread
from reconciler.provider.session import Session
from reconciler.schema import Attributes, Schema, Value

MAX_PAGES = 20_000
"""A listing that is longer than this is a server that makes up ids."""


@frozen
class Page:
    """One page of a listing as the server sent it."""

    entries: tuple[Mapping[str, object], ...]
    ids: tuple[str, ...]
    has_more: bool | None


class Dialect(ABC):
    """One wire API. Subclasses say which requests to send and how to read what comes back."""

    HEADERS: ClassVar[dict[str, str]] = {}
    """Headers that this API asks for."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def schemas(self) -> Mapping[str, Schema]:
        """Resource types by name."""
        return SCHEMAS

    @property
    def data_schemas(self) -> Mapping[str, Schema]:
        """Data sources by name."""
        return DATA_SCHEMAS

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What this dialect can carry."""

    @property
    def calls(self) -> int:
        """How many requests were sent so far."""
        return self.session.calls

    @abstractmethod
    async def create(
        self, type_: str, desired: Attributes, members: Sequence[Attributes] = ()
    ) -> Attributes:
        """Create an object, with its first members in the same call."""

    @abstractmethod
    async def append(
        self, type_: str, parent_id: str, members: Sequence[Attributes]
    ) -> tuple[Attributes, ...]:
        """Append members in order; one call."""

    @abstractmethod
    async def read(self, type_: str, object_: Attributes) -> Attributes:
        """Read an object."""

    @abstractmethod
    async def update(self, type_: str, object_: Attributes, desired: Attributes) -> Attributes:
        """Bring the in-place arguments of an object to *desired*."""

    @abstractmethod
    async def delete(self, type_: str, object_: Attributes) -> None:
        """Delete an object."""

    async def list_members(
        self, type_: str, parent_id: str, *, after: str | None = None
    ) -> AsyncIterator[tuple[Member, ...]]:
        """List the members of a parent in server order, oldest first, a page at a time.

        A page without a new id is the end; `has_more = false` on a full page is not. The listing
        is complete when the iterator ends by itself.
        """
        parent_id = checked_id(parent_id)
        async for page in self._pages(self._members_path(parent_id), parent_id, after):
            yield tuple(
                self._member(entry, id_, parent_id)
                for entry, id_ in zip(page.entries, page.ids, strict=True)
            )

    async def last_member(self, type_: str, parent_id: str) -> str | None:
        """The id of the member that stands last."""
        parent_id = checked_id(parent_id)
        path, query = self._members_path(parent_id), (("limit", "1"), ("order", "desc"))
        request = Request("GET", path, Kind.READ, query, names=(parent_id,))
        ids = self._read_page(request, await self.session.call(request)).ids
        return ids[0] if ids else None

    async def list_parents(
        self, type_: str, *, after: str | None = None
    ) -> AsyncIterator[tuple[Attributes, ...]]:
        """List all parents that the key can see; where `capabilities.lists_parents` only."""
        async for page in self._pages(f"/{self._COLLECTION}", None, after):
            yield tuple(
                self._parent(entry, id_) for entry, id_ in zip(page.entries, page.ids, strict=True)
            )

    async def read_data(self, type_: str, arguments: Attributes) -> Attributes:
        """Read a data source: its arguments, and everything computed from them."""
        return await data_sources.read(self, type_, arguments)

    async def aclose(self) -> None:
        """Close every connection."""
        await self.session.aclose()

    _COLLECTION: ClassVar[str]

    @abstractmethod
    def _members_path(self, parent_id: str) -> str: ...

    @abstractmethod
    def _member(self, entry: Mapping[str, object], id_: str, parent_id: str) -> Member: ...

    @abstractmethod
    def _parent(self, entry: Mapping[str, object], id_: str) -> dict[str, Value]: ...

    def _page_query(self) -> tuple[tuple[str, str], ...]:
        return ()

    async def _pages(
        self, path: str, parent_id: str | None, after: str | None
    ) -> AsyncIterator[Page]:
        seen: set[str] = set()
        names = () if parent_id is None else (parent_id,)
        for _ in range(MAX_PAGES):
            page = await self._page(path, names, after)
            fresh = [place for place, id_ in enumerate(page.ids) if id_ not in seen]
            if not fresh:
                self._check_end(path, page)
                return
            seen.update(page.ids)
            yield Page(
                tuple(page.entries[place] for place in fresh),
                tuple(page.ids[place] for place in fresh),
                page.has_more,
            )
            if len(page.ids) < self.capabilities.page_limit and page.has_more is False:
                return
            after = page.ids[-1]
        raise self.session.strange(
            Request("GET", path, Kind.READ), "", f"it has more than {MAX_PAGES} pages"
        )

    def _check_end(self, path: str, page: Page) -> None:
        """A full page that repeats although there is more: the rest cannot be reached."""
        if page.has_more and len(page.ids) >= self.capabilities.page_limit:
            reason = "the listing repeats its page, so what follows it cannot be seen"
            raise self.session.strange(Request("GET", path, Kind.READ), page.ids[:2], reason)

    async def _page(self, path: str, names: tuple[str, ...], after: str | None) -> Page:
        query = [("limit", str(self.capabilities.page_limit)), ("order", "asc")]
        if after is not None:
            query.append(("after", checked_id(after)))
            names = (*names, after)
        query.extend(self._page_query())
        request = Request("GET", path, Kind.READ, tuple(query), names=names)
        try:
            value = await self.session.call(request)
        except ObjectNotFound as error:
            if after is not None and _is_about(error, after):
                # Deleted meanwhile, or not visible yet; that says nothing of the parent.
                raise ServiceUnavailable(
                    f"{request} cannot go on: the server does not show {after}, or not yet",
                    request=str(request),
                    hint="try again",
                ) from error
            raise
        return self._read_page(request, value)

    def _read_page(self, request: Request, value: object) -> Page:
        """Read one page, be it a list in an envelope or a bare one."""
        envelope = value if isinstance(value, dict) else {}
        data = envelope.get("data", value)
        if not isinstance(data, list):
            raise self.session.strange(request, value, "the answer is not a list")
        ids = [each.get("id") if isinstance(each, dict) else None for each in data]
        for each, id_ in zip(data, ids, strict=True):
            if not is_id(id_):
                raise self.session.strange(request, each, "an entry of the list has no usable id")
            if request.kind is Kind.READ and (name := message.misshapen(each)) is not None:
                raise self.session.strange(request, each, f"the {name} of an entry is no {name}")
        has_more = envelope.get("has_more")
        return Page(
            tuple(data),
            tuple(str(each) for each in ids),
            has_more if isinstance(has_more, bool) else None,
        )

    async def _object(self, request: Request) -> tuple[Mapping[str, object], str]:
        """Send *request*; return the object that was answered, and its id."""
        value = await self.session.call(request)
        if not isinstance(value, dict):
            raise self.session.strange(request, value, "the answer is not an object")
        id_ = value.get("id")
        if not isinstance(id_, str) or not is_id(id_):
            raise self.session.strange(request, value, "the answer has no usable id")
        # What was made is known by its id; the rest is read back.
        if request.kind in (Kind.READ, Kind.UPDATE):
            name = message.misshapen(value)
            if name is not None:
                raise self.session.strange(request, value, f"its {name} is no {name}")
        return value, id_

    async def _named(self, request: Request, id_: str) -> Mapping[str, object]:
        """Send a request about one object; refuse the answer of another."""
        value, answered = await self._object(request)
        if answered != id_:
            raise self.session.strange(request, value, f"the answer is about {answered}, not {id_}")
        return value

    async def _set(
        self, path: str, names: tuple[str, ...], body: Mapping[str, object]
    ) -> Mapping[str, object]:
        """Send an update. Where the answer is a success without the object, that is read."""
        request = Request("POST", path, Kind.UPDATE, body=body, names=names)
        try:
            return await self._named(request, names[-1])
        except NotServed as error:
            if error.code not in (UNPROVEN, STRANGE) or error.status not in (None, 200):
                raise
            value = await self._named(Request("GET", path, Kind.READ, names=names), names[-1])
            if thread.metadata(value.get("metadata")) != thread.metadata(body.get("metadata")):
                raise
            return value

    async def _delete(self, path: str, names: tuple[str, ...]) -> None:
        request = Request("DELETE", path, Kind.DELETE, names=names)
        value = await self.session.call(request)
        if isinstance(value, dict) and value.get("deleted") is False:
            raise OutcomeUnknown(
                f"{request} was answered, but with deleted = false", request=str(request)
            )


def _is_about(error: ObjectNotFound, after: str) -> bool:
    return error.param == "after" or after in error.message.partition("answered")[2]
