"""Paging: which part of a collection a listing asks for, and the envelope it comes in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from re import fullmatch

from reconciler.emulator.answer import Json, Refusal, bad_request
from reconciler.emulator.call import Call
from reconciler.emulator.checks import read_choice
from reconciler.emulator.flavour import ListOrder
from reconciler.emulator.service import Service

PAGE_DEFAULT = 20
PAGE_MAX = 100


@dataclass(frozen=True, slots=True)
class Page:
    """What a listing asks for."""

    limit: int
    backwards: bool
    """Newest first, which is what a listing that does not say gives."""
    after: str | None = None
    before: str | None = None
    label: str | None = None
    """Only members with it: the run of a message, the purpose of a file."""


def read_page(
    call: Call,
    *,
    default: int = PAGE_DEFAULT,
    most: int = PAGE_MAX,
    knows_before: bool = True,
    label: str = "",
) -> Page:
    """Read the query of a listing; parameters that it does not know mean nothing.

    *label* is the parameter that asks for one label.
    """
    order = read_choice(call.query.get("order", "desc"), "order", ("asc", "desc"))
    return Page(
        limit=_read_limit(call.query.get("limit"), default, most),
        backwards=order == "desc",
        after=call.query.get("after") or None,
        before=call.query.get("before") or None if knows_before else None,
        label=call.query.get(label) or None,
    )


def _read_limit(given: str | None, default: int, most: int) -> int:
    if given is None:
        return default
    try:
        limit = int(given)
    except ValueError:
        message = "Invalid type for 'limit': expected an integer, but got a string instead."
        raise bad_request(message, param="limit", code="invalid_type") from None
    if limit < 1:
        message = (
            "Invalid 'limit': integer below minimum value. "
            f"Expected a value >= 1, but got {limit} instead."
        )
        raise bad_request(message, param="limit", code="integer_below_min_value")
    if limit > most:
        message = (
            "Invalid 'limit': integer above maximum value. "
            f"Expected a value <= {most}, but got {limit} instead."
        )
        raise bad_request(message, param="limit", code="integer_above_max_value")
    return limit


def select(service: Service, parent_id: str, page: Page, *, what: str) -> tuple[list[Json], bool]:
    """Read a page of a collection; the flag says that there is more.

    A cursor that stands nowhere in the collection is refused by the name of *what* is listed.
    """
    flavour = service.flavour
    limit = min(page.limit, flavour.page_limit)
    after = None if flavour.ignores_after else page.after
    if flavour.list_order is ListOrder.KEPT:
        members, has_more = _read(service, parent_id, page, limit, after, what)
    else:
        members, has_more = _slice(_reordered(service, parent_id, page), limit, after, page.before)
    return members, has_more or flavour.always_has_more


def _read(
    service: Service, parent_id: str, page: Page, limit: int, after: str | None, what: str
) -> tuple[list[Json], bool]:
    bounds: dict[str, int] = {}
    if after is not None:
        side = "below" if page.backwards else "above"
        bounds[side] = _find(service, parent_id, after, page, "after", what)
    if page.before is not None:
        side = "above" if page.backwards else "below"
        bounds[side] = _find(service, parent_id, page.before, page, "before", what)
    # Before a cursor alone, the page is what stands nearest to it, still in listing order.
    towards_start = page.before is not None and after is None
    members = service.store.members(
        parent_id,
        **bounds,
        backwards=page.backwards != towards_start,
        limit=limit + 1,
        label=page.label,
    )
    has_more = len(members) > limit
    members = members[:limit]
    return (members[::-1] if towards_start else members), has_more


def _find(service: Service, parent_id: str, cursor: str, page: Page, param: str, what: str) -> int:
    position = service.store.position(parent_id, cursor, last=not page.backwards)
    if position is None:
        raise Refusal(404, f"No {what} found with id '{cursor}'", param=param)
    return position


def _reordered(service: Service, parent_id: str, page: Page) -> list[Json]:
    members = service.store.members(parent_id, label=page.label)
    if service.flavour.list_order is ListOrder.BY_SECOND:
        members.sort(key=lambda member: (_second(member), _hash(member["id"])))
    else:
        members.sort(key=lambda member: _hash(member["id"]))
    return members[::-1] if page.backwards else members


def _second(member: Json) -> int:
    """When it was created; an item does not say so, but its id does where it is the original's."""
    stamp = member["id"].rpartition("_")[2][:8]
    said = member.get("created_at", int(stamp, 16) if fullmatch(r"[0-9a-f]{8}", stamp) else 0)
    return int(said)


def _hash(id_: str) -> bytes:
    return hashlib.blake2b(id_.encode(), digest_size=8).digest()


def _slice(
    members: Sequence[Json], limit: int, after: str | None, before: str | None
) -> tuple[list[Json], bool]:
    ids = [member["id"] for member in members]
    start = ids.index(after) + 1 if after in ids else 0
    stop = ids.index(before) if before in ids else len(ids)
    return list(members[start : min(start + limit, stop)]), start + limit < stop


def envelope(data: Sequence[Json], *, has_more: bool) -> Json:
    """Wrap a page; of an empty one the first and last id are null, against the vendor's schema."""
    return {
        "object": "list",
        "data": list(data),
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": has_more,
    }
