"""Control: the hand behind the server, for what happens there without being asked over the wire."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.emulator.answer import Json
from reconciler.emulator.content import text_part
from reconciler.emulator.conversations import append_items, drop_conversation, drop_item
from reconciler.emulator.flavour import Flavour
from reconciler.emulator.ids import Ids, NewId
from reconciler.emulator.messages import active_run, append_messages, make_message
from reconciler.emulator.service import CONVERSATIONS, FILES, THREADS, Service
from reconciler.emulator.store import Store
from reconciler.emulator.threads import drop_thread

RECORDS = "records requests"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request that came in; status 0 is one that got no answer."""

    method: str
    path: str
    """With its query."""
    status: int
    body: str


class Emulator:
    """One emulator's data, seen and changed from behind.

    Works on the file of a server that runs, from this process or another; what it does is what
    the next request finds. Ids that do not exist raise KeyError.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        clock: Callable[[], float] = time.time,
        new_id: NewId | None = None,
        flavour: Flavour | None = None,
    ) -> Emulator:
        """Take hold of the file of an emulator, making it where there is none."""
        form = (flavour or Flavour()).id_form
        return cls(Service(Store(Path(path)), clock, Ids(form, new_id), flavour or Flavour()))

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    @property
    def identity(self) -> str:
        """The id that the file carries."""
        return self._store.fact("identity") or ""

    def threads(self) -> tuple[Json, ...]:
        """List all threads, oldest first."""
        return tuple(self._store.members(THREADS))

    def messages(self, thread_id: str) -> tuple[Json, ...]:
        """List the messages of a thread in order."""
        return tuple(self._store.members(thread_id))

    def texts(self, parent_id: str) -> tuple[str, ...]:
        """List the first text of each message of a thread or conversation, in order."""
        return tuple(first_text(member) for member in self._store.members(parent_id))

    def conversations(self) -> tuple[Json, ...]:
        """List all conversations, oldest first."""
        return tuple(self._store.members(CONVERSATIONS))

    def items(self, conversation_id: str) -> tuple[Json, ...]:
        """List the items of a conversation in order."""
        return tuple(self._store.members(conversation_id))

    def files(self) -> tuple[Json, ...]:
        """List all files, oldest first."""
        return tuple(self._store.members(FILES))

    def start_run(self, thread_id: str, *, assistant_id: str = "asst_emulator") -> str:
        """Let a run hold a thread: no message can be added until it is finished."""
        self._require("thread", thread_id)
        run_id = self._service.ids.new("run_")
        run = {"id": f"active:{thread_id}", "run_id": run_id, "assistant_id": assistant_id}
        with self._store.write():
            self._store.put("run", run)
        return run_id

    def finish_run(self, thread_id: str) -> None:
        """Let the run that holds a thread end."""
        with self._store.write():
            self._store.drop(f"active:{thread_id}")

    def append_as_run(
        self, thread_id: str, text: str, *, assistant_id: str = "asst_emulator"
    ) -> Json:
        """Append the answer of a run: of the one that holds the thread, or of one just over."""
        run_id = active_run(self._service, thread_id) or self._service.ids.new("run_")
        return self._append(thread_id, "assistant", text, assistant_id=assistant_id, run_id=run_id)

    def append(
        self,
        thread_id: str,
        text: str,
        *,
        role: str = "user",
        metadata: Mapping[str, str] | None = None,
    ) -> Json:
        """Append a message as somebody else would."""
        return self._append(thread_id, role, text, metadata=dict(metadata or {}))

    def _append(self, thread_id: str, role: str, text: str, **rest: object) -> Json:
        thread = self._require("thread", thread_id)
        message = make_message(
            self._service, thread_id, role=role, content=[text_part(text)]
        ) | dict(rest)
        with self._store.write():
            append_messages(self._service, thread, [message])
        return message

    def append_item(self, conversation_id: str, item: Json) -> Json:
        """Append an item to a conversation as it is, whatever its type; it gets an id if it has
        none.
        """
        self._require("conversation", conversation_id)
        kept = {"id": self._service.ids.new("item_"), **item}
        with self._store.write():
            append_items(self._service, conversation_id, [kept])
        return kept

    def edit(self, object_id: str, **attributes: object) -> None:
        """Change attributes of a thread, message, conversation or item behind everybody's back."""
        for kind in ("thread", "message", "conversation", "item", "file"):
            object_ = self._store.get(kind, object_id)
            if object_ is not None:
                with self._store.write():
                    self._store.put(kind, object_ | attributes)
                return
        raise KeyError(object_id)

    def edit_metadata(self, object_id: str, metadata: Mapping[str, str]) -> None:
        """Give a thread, message or conversation other metadata."""
        self.edit(object_id, metadata=dict(metadata))

    def edit_text(self, message_id: str, text: str) -> None:
        """Give a message another text, which the API itself never does."""
        self.edit(message_id, content=[text_part(text)])

    def reorder(self, parent_id: str, object_ids: Sequence[str]) -> None:
        """Let the members of a thread or conversation stand in another order."""
        labels = {member["id"]: member.get("run_id") for member in self._store.members(parent_id)}
        with self._store.write():
            for object_id in object_ids:
                self._store.remove(parent_id, object_id)
                self._store.append(parent_id, object_id, label=labels[object_id])

    def delete_message(self, message_id: str) -> None:
        """Delete a message."""
        self._require("message", message_id)
        with self._store.write():
            self._store.drop(message_id)

    def delete_thread(self, thread_id: str) -> None:
        """Delete a thread with its messages."""
        self._require("thread", thread_id)
        with self._store.write():
            drop_thread(self._service, thread_id)

    def delete_item(self, conversation_id: str, item_id: str) -> None:
        """Delete an item of a conversation."""
        self._require("item", item_id)
        with self._store.write():
            drop_item(self._service, conversation_id, item_id)

    def delete_conversation(self, conversation_id: str) -> None:
        """Delete a conversation, and leave its items without a place."""
        self._require("conversation", conversation_id)
        with self._store.write():
            drop_conversation(self._service, conversation_id)

    def record(self, *, on: bool = True) -> None:
        """Begin to record requests, from nothing, or stop."""
        with self._store.write():
            self._store.forget_requests()
            self._store.set_fact(RECORDS, "yes" if on else "no")

    @property
    def requests(self) -> tuple[Recorded, ...]:
        """What was asked over the wire since recording began, in the order of the answers."""
        return tuple(Recorded(*row) for row in self._store.requests())

    def _require(self, kind: str, id_: str) -> Json:
        object_ = self._store.get(kind, id_)
        if object_ is None:
            raise KeyError(id_)
        return object_


def first_text(member: Json) -> str:
    """Read the first text of a message or item, however it is written; empty where none is."""
    for part in member.get("content", ()):
        match part:
            case {"text": {"value": str() as text}} | {"text": str() as text}:
                return text
    return ""
