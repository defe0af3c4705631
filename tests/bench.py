"""Bench: one specs folder against an emulator in this process, through the Python API.

Both dialects look the same from here: threads are told apart by the `name` in their metadata, and
every call is counted at the server.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler import Workspace
from reconciler.address import Address
from reconciler.emulator.app import App, create_app
from reconciler.emulator.control import Emulator, Recorded, first_text
from reconciler.emulator.faults import Faults, Rule
from reconciler.emulator.flavour import Flavour
from reconciler.execute.events import Report
from reconciler.plan.model import Action, Plan, PlanMode, PlannedChange
from reconciler.plan.options import PlanOptions
from reconciler.provider.client import asgi_transport
from reconciler.state.model import State

DIALECTS = ("threads", "conversations")

BATCH = {"threads": 32, "conversations": 20}
"""Messages in the call that creates a thread."""
APPEND = {"threads": 1, "conversations": 20}
"""Messages in one later call."""

_KINDS = (
    (r"POST /(threads|conversations)$", "create thread"),
    (r"POST /(threads|conversations)/[^/]+$", "update thread"),
    (r"POST /(threads|conversations)/[^/]+/(messages|items)$", "append"),
    (r"POST /threads/[^/]+/messages/[^/]+$", "update message"),
    (r"GET /(threads|conversations)/[^/]+$", "read thread"),
    (r"GET /(threads|conversations)/[^/]+/(messages|items)$", "list"),
    (r"GET /(threads|conversations)/[^/]+/(messages|items)/[^/]+$", "read message"),
    (r"DELETE /(threads|conversations)/[^/]+$", "delete thread"),
    (r"DELETE /(threads|conversations)/[^/]+/(messages|items)/[^/]+$", "delete message"),
)


@dataclass
class Bench:
    """A folder with specs and state, and the server they are about."""

    folder: Path
    dialect: str
    app: App
    settings: str = ""
    """More arguments of the provider block."""
    parallelism: int = 32
    _look: Callable[[str], None] | None = None

    # -- specs

    def write(self, text: str, name: str = "main.tf") -> None:
        """Write a spec file; what is not told otherwise talks to the bench's server."""
        path = self.folder / "specs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        provider = path.with_name("provider.tf") if path.parent.name == "specs" else None
        if provider is not None and not provider.exists():
            provider.write_text(
                f'provider "openai" {{\n  dialect  = "{self.dialect}"\n'
                f'  base_url = "https://server.test/v1"\n  settle_s = 0\n{self.settings}\n}}\n'
            )

    # -- the engine

    @property
    def workspace(self) -> Workspace:
        """The specs with their state, as a program would use them."""
        return Workspace(
            self.folder / "specs",
            state=self.folder / "state.json",
            environ={"OPENAI_API_KEY": "key-of-the-bench"},
            parallelism=self.parallelism,
            transport=asgi_transport(self._serve),
        )

    def plan(self, *, refresh: bool = True, **options: object) -> Plan:
        """Plan; errors are in the plan."""
        return self.workspace.plan(refresh=refresh, options=PlanOptions(**options))  # type: ignore[arg-type]

    def apply(self, *, refresh: bool = True, **options: object) -> Report:
        """Plan and carry out; a refused plan and a failure fail the test."""
        report = self.try_apply(refresh=refresh, **options)
        assert report.ok, [each for each in report.outcomes if each.error is not None]
        return report

    def try_apply(self, *, refresh: bool = True, **options: object) -> Report:
        """Plan and carry out; a refused plan fails the test, a failure does not."""
        self.app.emulator.record()
        planned: list[Plan] = []

        def approve(plan: Plan) -> bool:
            assert not plan.errors, plan.errors
            planned.append(plan)
            self.app.emulator.record()
            return True

        report = self.workspace.apply(
            refresh=refresh,
            options=PlanOptions(**options),  # type: ignore[arg-type]
            approve=approve,
        )
        self.planned = planned[-1]
        return report

    def destroy(self) -> Report:
        """Delete everything; only the calls after the refresh are counted."""

        def approve(plan: Plan) -> bool:
            assert not plan.errors, plan.errors
            self.planned = plan
            self.app.emulator.record()
            return True

        return self.workspace.apply(mode=PlanMode.DESTROY, approve=approve)

    @property
    def state(self) -> State:
        """What is recorded."""
        return self.workspace.state()

    def fail(self, *rules: Rule, seed: int = 0) -> None:
        """Let the server fail from now on; without *rules* it is well again."""
        self.app.faults = Faults(rules, seed=seed) if rules else None

    def before_each(self, look: Callable[[str], None] | None) -> None:
        """Call *look* with `GET /v1/threads` before that is served; None: no longer."""
        self._look = look

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        if self._look is not None:
            self._look(f"{scope['method']} {scope['path']}")
        await self.app(scope, receive, send)

    # -- the server

    @property
    def server(self) -> Emulator:
        """The hand behind the server."""
        return self.app.emulator

    @property
    def parents(self) -> list[dict[str, object]]:
        """Every thread, oldest first."""
        found = self.server.threads() if self.dialect == "threads" else self.server.conversations()
        return [dict(each) for each in found]

    def thread_id(self, name: str | None = None) -> str:
        """The id of the thread with that name in its metadata, or of the only one."""
        named = [
            str(each["id"])
            for each in self.parents
            if name is None or each["metadata"] == {"name": name}
        ]
        assert len(named) == 1, f"{len(named)} threads are called {name}"
        return named[0]

    def members(self, name: str | None = None) -> list[dict[str, object]]:
        """The messages of a thread as the server keeps them."""
        return [dict(each) for each in self.server.messages(self.thread_id(name))]

    def texts(self, name: str | None = None) -> list[str]:
        """What a thread says, in order."""
        return [first_text(each) for each in self.members(name)]

    def say(self, text: str, name: str | None = None, *, role: str = "user") -> str:
        """Append a message that no spec declares."""
        id_ = self.thread_id(name)
        if self.dialect == "threads":
            return str(self.server.append(id_, text, role=role)["id"])
        part = "output_text" if role == "assistant" else "input_text"
        item = {
            "type": "message",
            "status": "completed",
            "role": role,
            "content": [{"type": part, "text": text}],
        }
        return str(self.server.append_item(id_, item)["id"])

    def lose(self, position: int, name: str | None = None) -> None:
        """Delete a message behind everyone's back."""
        id_ = str(self.members(name)[position]["id"])
        if self.dialect == "threads":
            self.server.delete_message(id_)
        else:
            self.server.delete_item(self.thread_id(name), id_)

    def lose_thread(self, name: str | None = None) -> None:
        """Delete a thread behind everyone's back."""
        if self.dialect == "threads":
            self.server.delete_thread(self.thread_id(name))
        else:
            self.server.delete_conversation(self.thread_id(name))

    # -- calls

    @property
    def calls(self) -> Counter[str]:
        """What was asked since recording began, by kind."""
        return Counter(kind_of(each) for each in self.server.requests)

    @property
    def cost(self) -> tuple[int, int]:
        """How many messages were created and deleted one by one since recording began."""
        sent = sum(members_in(each) for each in self.server.requests if each.method == "POST")
        return sent, self.calls["delete message"]


def members_in(request: Recorded) -> int:
    """How many messages a request carries."""
    kind = kind_of(request)
    if kind not in ("create thread", "append"):
        return 0
    body = json.loads(request.body) if request.body else {}
    if kind == "append" and "role" in body:
        return 1
    return len(body.get("messages") or body.get("items") or ())


def kind_of(request: Recorded) -> str:
    """A request in two words."""
    line = f"{request.method} {request.path.partition('?')[0].removeprefix('/v1')}"
    return next((kind for pattern, kind in _KINDS if re.match(pattern, line)), line)


def make_bench(
    folder: Path,
    dialect: str,
    *,
    flavour: Flavour | None = None,
    settings: str = "",
    parallelism: int = 32,
    clock: Callable[[], float] = lambda: 1_700_000_000.0,
) -> Bench:
    """A bench with an empty server in memory, at which time stands still unless told."""
    app = create_app(None, flavour=flavour, clock=clock)
    return Bench(folder, dialect, app, settings, parallelism)


def thread(name: str = "t", arguments: str = "") -> str:
    """A thread block, its name in its metadata."""
    return (
        f'resource "openai_thread" "{name}" {{\n  metadata = {{ name = "{name}" }}\n'
        f"  {arguments}\n}}\n"
    )


def message(
    name: str,
    content: str,
    *,
    thread: str = "t",
    role: str = "user",
    arguments: str = "",
) -> str:
    """A message block; *content* is an expression where it begins with `=`."""
    expression = content[1:] if content.startswith("=") else f'"{content}"'
    return (
        f'resource "openai_message" "{name}" {{\n  thread_id = openai_thread.{thread}.id\n'
        f'  role = "{role}"\n  content = {expression}\n  {arguments}\n}}\n'
    )


def talk(contents: Mapping[str, str] | Iterable[str], arguments: str = "") -> str:
    """The thread `t` and a message block each, whose content is its name unless told; *arguments*
    are the thread's."""
    named = contents if isinstance(contents, Mapping) else {each: each for each in contents}
    return thread(arguments=arguments) + "".join(message(*each) for each in named.items())


def counted(contents: Sequence[str], arguments: str = "", thread_arguments: str = "") -> str:
    """The thread `t` and one `count` block over a list of texts."""
    listed = ", ".join(f'"{each}"' for each in contents)
    return (
        f"locals {{ turns = [{listed}] }}\n"
        + thread(arguments=thread_arguments)
        + message(
            "m",
            "=local.turns[count.index]",
            arguments=f"count = length(local.turns)\n  {arguments}",
        )
    )


def changes(plan: Plan) -> dict[str, Action]:
    """What a plan does, by address; no-ops left out."""
    return {
        str(each.address): each.action for each in plan.changes if each.action is not Action.NO_OP
    }


def change(plan: Plan, address: str) -> PlannedChange:
    """One line of a plan."""
    return next(each for each in plan.changes if each.address == Address.parse(address))


def assert_settled(bench: Bench, **options: object) -> None:
    """After an apply there is nothing left to do."""
    plan = bench.plan(**options)
    assert not plan.errors, plan.errors
    assert not plan.has_changes, changes(plan)
    assert not plan.drift, plan.drift
    assert not bench.state.deposed
