"""Other server: the two wires as servers that are not our emulator speak them, one habit at a time.

Written from what those servers are known to do, with nothing of the emulator in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from reconciler.emulator.control import Recorded


@dataclass
class Habits:
    """In what a server differs."""

    ids: str = "{kind}_{number}"
    """How ids look; `{number}` counts everything that was ever made."""
    counts_in_threads: bool = False
    """Whether the ids of messages count within their thread, so that every thread has the same."""
    status: int = 200
    milliseconds: bool = False
    has_more: bool = True
    envelope: bool = True
    """Whether a listing is an object with `data`."""
    orders: bool = True
    """Whether `order` means anything; without it the newest comes first."""
    ascends: bool = False
    """Without `order`, whether the oldest comes first."""
    pages: bool = True
    """Whether `after` means anything."""
    inclusive: bool = False
    """Whether a page begins with the one that was named as `after`."""
    lags: bool = False
    """Whether the first listing after each write does not show its last message yet."""
    lag_s: float = 0.0
    """For how long a listing does not show what was written, by `OtherServer.clock_s`."""
    lags_reads: bool = False
    """Whether a message that a listing does not show yet cannot be read either."""
    lags_parents: bool = False
    """Whether no thread can be read until `OtherServer.clock_s` is 1."""
    leaves_out: int | None = None
    """The place of a message that listings leave out until `OtherServer.clock_s` is so much."""
    leaves_out_s: float = 1.0
    wrong_ids: Callable[[int, str], str] | None = None
    """What the answer to an append calls a message, by its place in the call and its real id."""
    wrong_parent_id: str = ""
    """What the answer to a creation calls the thread instead."""
    doubles: bool = False
    """Whether a listing names every message twice."""
    limit: int = 100
    extra: dict[str, object] = field(default_factory=dict)
    """What every object has beside what it should."""
    extra_list: dict[str, object] = field(default_factory=dict)
    """What every listing says instead."""
    merges: bool = False
    """Whether an update adds to the metadata, and null removes a key."""
    keeps_metadata: bool = True
    trims: bool = False
    shouts: bool = False
    """Whether texts are kept in capitals."""
    batches: str = "takes"
    """Initial messages: `takes`, `refuses`, `ignores`, `reverses`, or `loses the first`."""
    deletes_messages: bool = True
    updates_messages: bool = True
    reads_messages: bool = True
    roles: tuple[str, ...] = ("user", "assistant", "system", "developer")
    names_the_place: bool = False
    """Whether a refusal of one item among several names it."""
    most_items: int = 20
    gone: str = "{kind} '{id}' not found"
    """What a 404 says."""


Json = dict[str, Any]


class OtherServer:
    """An ASGI application, and the hand behind it, as the bench wants them."""

    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self.parents: dict[str, Json] = {}
        self.members: dict[str, list[Json]] = {}
        self.requests: list[Recorded] = []
        self.faults = None
        self.clock_s = 0.0
        self._late: dict[str, bool] = {}
        self._shown_at: dict[str, float] = {}
        self._number = 0
        self._counts: dict[str, int] = {}
        self._now = 1_700_000_000

    # -- the hand

    @property
    def emulator(self) -> OtherServer:
        """The bench asks for it by this name."""
        return self

    def record(self) -> None:
        """Forget the requests so far."""
        self.requests.clear()

    def threads(self) -> list[Json]:
        """Every thread."""
        return list(self.parents.values())

    conversations = threads

    def messages(self, parent_id: str) -> list[Json]:
        """The messages of a thread in the order in which the server keeps them."""
        return self.members[parent_id]

    # -- the wire

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if not event.get("more_body"):
                break
        query = scope["query_string"].decode()
        status, answer = self._answer(
            scope["method"],
            scope["path"].removeprefix("/v1").strip("/").split("/"),
            {name: values[-1] for name, values in parse_qs(query).items()},
            json.loads(body) if body else {},
        )
        path = scope["path"] + (f"?{query}" if query else "")
        self.requests.append(Recorded(scope["method"], path, status, body.decode()))
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _answer(self, method: str, path: list[str], query: Json, body: Json) -> tuple[int, Any]:
        match method, path:
            case "POST", ["threads" | "conversations" as wire]:
                return self._create(wire, body)
            case _, [_, id_, *_] if id_ not in self.parents:
                return self._gone("thread", id_)
            case "GET", [_, id_]:
                if self.habits.lags_parents and self.clock_s < 1:
                    return self._gone("thread", id_)
                return 200, self._shown(self.parents[id_])
            case "POST", [_, id_]:
                self._update(self.parents[id_], body)
                return 200, self._shown(self.parents[id_])
            case "DELETE", [_, id_]:
                del self.parents[id_]
                del self.members[id_]
                return 200, {"id": id_, "object": "thread.deleted", "deleted": True}
            case "GET", [_, id_, "messages" | "items"]:
                after = query.get("after")
                hidden = [e["id"] for e in self.members[id_] if not self._is_visible(e)]
                if after in hidden:
                    return self._gone("message", after)
                return 200, self._list(id_, query)
            case "POST", [_, id_, "messages"]:
                return self._append(id_, [body], "threads")
            case "POST", [_, id_, "items"]:
                return self._append(id_, body["items"], "conversations")
            case _, [wire, id_, _, member_id]:
                return self._member(method, wire, id_, member_id, body)
        return 404, {"error": {"message": f"Invalid URL ({method} /{'/'.join(path)})"}}

    def _create(self, wire: str, body: Json) -> tuple[int, Any]:
        batch = body.get("messages") or body.get("items") or []
        name = "messages" if wire == "threads" else "items"
        if batch and self.habits.batches == "refuses":
            return self._refuse(f"Unknown parameter: '{name}'.", name)
        for at, each in enumerate(batch):
            if each["role"] not in self.habits.roles:
                return self._refuse(f"Invalid role '{each['role']}'.", f"{name}[{at}].role")
        kind = "thread" if wire == "threads" else "conversation"
        made = self._made(kind, {"object": kind})
        self._update(made, body)
        self.parents[made["id"]], self.members[made["id"]] = made, []
        if self.habits.batches == "loses the first":
            batch = batch[1:]
        if self.habits.batches == "reverses":
            batch = batch[::-1]
        if batch and self.habits.batches != "ignores":
            status, _ = self._append(made["id"], batch, wire)
            assert status < 300, "what is not refused is taken"
        shown = self._shown(made)
        if self.habits.wrong_parent_id:
            shown["id"] = self.habits.wrong_parent_id
        return self.habits.status, shown

    def _append(self, parent_id: str, batch: list[Json], wire: str) -> tuple[int, Any]:
        if wire == "conversations" and len(batch) > self.habits.most_items:
            return self._refuse(f"At most {self.habits.most_items} items.", "items")
        for at, each in enumerate(batch):
            if each["role"] not in self.habits.roles:
                place = f"items[{at}].role" if self.habits.names_the_place else "role"
                return self._refuse(f"Invalid role '{each['role']}'.", place)
        made = [self._new_member(parent_id, each, wire) for each in batch]
        if self.habits.counts_in_threads:
            for each in made:
                self._counts[parent_id] = self._counts.get(parent_id, 0) + 1
                each["id"] = f"msg_{self._counts[parent_id]}"
        self._late[parent_id] = True
        self.members[parent_id].extend(made)
        self._shown_at.update({each["id"]: self.clock_s + self.habits.lag_s for each in made})
        shown = [self._shown(each) for each in made]
        if self.habits.wrong_ids:
            answered = self.habits.wrong_ids
            shown = [{**each, "id": answered(at, each["id"])} for at, each in enumerate(shown)]
        return self.habits.status, shown[0] if wire == "threads" and shown else self._listed(shown)

    def _new_member(self, parent_id: str, sent: Json, wire: str) -> Json:
        parts = sent["content"]
        if isinstance(parts, str):
            parts = [{"type": "text", "text": parts}]
        texts = [each["text"].strip() if self.habits.trims else each["text"] for each in parts]
        if self.habits.shouts:
            texts = [each.upper() for each in texts]
        if wire == "conversations":
            kind = "output_text" if sent["role"] == "assistant" else "input_text"
            content: list[Json] = [{"type": kind, "text": each} for each in texts]
            fields: Json = {"type": "message", "role": sent["role"], "content": content}
            return self._made("msg", fields, dated=False)
        content = [{"type": "text", "text": {"value": each, "annotations": []}} for each in texts]
        fields = {"object": "thread.message", "thread_id": parent_id, "role": sent["role"]}
        made = self._made("msg", {**fields, "content": content})
        self._update(made, sent)
        return made

    def _member(
        self, method: str, wire: str, parent_id: str, id_: str, body: Json
    ) -> tuple[int, Any]:
        able = {
            "GET": self.habits.reads_messages,
            "POST": self.habits.updates_messages and wire == "threads",
            "DELETE": self.habits.deletes_messages,
        }
        if not able.get(method):
            return 405, {"detail": "Method Not Allowed"}
        found = next((each for each in self.members[parent_id] if each["id"] == id_), None)
        if found is not None and self.habits.lags_reads and not self._is_visible(found):
            found = None
        if found is None:
            return self._gone("message", id_)
        if method == "DELETE":
            self.members[parent_id].remove(found)
            return 200, {"id": id_, "object": "thread.message.deleted", "deleted": True}
        if method == "POST":
            self._update(found, body)
        return 200, self._shown(found)

    # -- habits

    def _made(self, kind: str, fields: Json, *, dated: bool = True) -> Json:
        self._number += 1
        id_ = self.habits.ids.format(kind=kind, number=self._number)
        made = {"id": id_, **fields}
        if dated:
            made["created_at"] = self._now * (1000 if self.habits.milliseconds else 1)
        return made

    def _update(self, target: Json, body: Json) -> None:
        if "metadata" not in body and "metadata" in target:
            return
        given = body.get("metadata") or {}
        if not self.habits.keeps_metadata:
            given = {}
        if self.habits.merges:
            merged = {**target.get("metadata", {}), **given}
            given = {name: value for name, value in merged.items() if value is not None}
        target["metadata"] = given

    def _shown(self, entry: Json) -> Json:
        return {**entry, **self.habits.extra}

    def _is_visible(self, member: Json) -> bool:
        return self._shown_at[member["id"]] <= self.clock_s

    def _list(self, parent_id: str, query: Json) -> Any:
        visible = [each for each in self.members[parent_id] if self._is_visible(each)]
        members = [self._shown(each) for each in visible]
        if (
            self.habits.leaves_out is not None
            and members
            and self.clock_s < self.habits.leaves_out_s
        ):
            del members[self.habits.leaves_out]
        if self.habits.lags and self._late.pop(parent_id, False):
            members = members[:-1]
        asked = query.get("order", "desc") == "asc" if self.habits.orders else self.habits.ascends
        if not asked:
            members.reverse()
        after = query.get("after")
        if after is not None and self.habits.pages:
            ids = [each["id"] for each in members]
            start = ids.index(after) + (not self.habits.inclusive) if after in ids else len(ids)
            members = members[start:]
        if self.habits.doubles:
            members = [each for each in members for _ in range(2)]
        limit = min(int(query.get("limit", 20)), self.habits.limit)
        return self._listed(members[:limit], more=len(members) > limit)

    def _listed(self, entries: list[Json], *, more: bool = False) -> Any:
        if not self.habits.envelope:
            return entries
        listed: Json = {"object": "list", "data": entries}
        if self.habits.has_more:
            listed["has_more"] = more
        return {**listed, **self.habits.extra_list}

    def _refuse(self, message: str, param: str) -> tuple[int, Any]:
        error = {"message": message, "type": "invalid_request_error", "param": param, "code": None}
        return 400, {"error": error}

    def _gone(self, kind: str, id_: str) -> tuple[int, Any]:
        return 404, {"detail": self.habits.gone.format(kind=kind, id=id_)}
