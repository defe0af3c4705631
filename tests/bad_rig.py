"""Rig: a specs folder with its state before a bad server, and the engine between them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bad_server import BadServer
from hand_loop import HandLoop

from reconciler import Workspace
from reconciler.cli.applying import exit_code
from reconciler.errors import ReconcilerError
from reconciler.plan.model import Action, Plan
from reconciler.plan.options import PlanOptions


@dataclass
class Rig:
    """A folder with specs and state before a bad server."""

    folder: Path
    dialect: str
    server: BadServer
    said: str = ""
    """What the last apply had to say about what went wrong."""
    _refused: object = ()

    def write(self, *texts: str, name: str = "a", kind: str = "k") -> None:
        """A thread with a message block for each text; without any, nothing at all."""
        blocks = []
        if texts:
            metadata = f'{{ name = "{name}" }}'
            blocks.append(f'resource "openai_thread" "t" {{\n  metadata = {metadata}\n}}\n')
        blocks += [
            f'resource "openai_message" "{each}" {{\n  thread_id = openai_thread.t.id\n'
            f'  role = "user"\n  content = "{each}"\n  metadata = {{ kind = "{kind}" }}\n}}\n'
            for each in texts
        ]
        self.write_text("".join(blocks))

    def write_text(self, text: str, **arguments: str) -> None:
        """Any spec, and *arguments* of the provider block in place of the usual ones."""
        arguments = {
            "dialect": self.dialect,
            "base_url": "http://127.0.0.1:9/v1",
            "timeout_s": "5",
            "settle_s": "1",
            **arguments,
        }
        lines = "".join(f'  {name} = "{each}"\n' for name, each in arguments.items())
        (self.folder / "specs").mkdir(exist_ok=True)
        (self.folder / "specs" / "main.tf").write_text(f'provider "openai" {{\n{lines}}}\n{text}')

    @property
    def workspace(self) -> Workspace:
        """The real engine and HTTP client; only the network and its time are made up."""
        return Workspace(
            self.folder / "specs",
            state=self.folder / "state.json",
            environ={"OPENAI_API_KEY": "key-of-the-rig"},
            transport=self.server.transport(),
            loop_factory=HandLoop,
        )

    def apply(self, **options: object) -> int:
        """Apply, and return the exit code of the command line."""
        self.said = ""
        try:
            report = self.workspace.apply(
                approve=self._approve,
                options=PlanOptions(**options),  # type: ignore[arg-type]
            )
        except ReconcilerError as error:
            self.said = f"{error.message} hint: {error.hint}"
            return 1
        self.said += "".join(str(each.error) for each in report.outcomes if each.error)
        return exit_code(report) or int(bool(self._refused))

    def _approve(self, plan: Plan) -> bool:
        self._refused = plan.errors
        self.said = "".join(each.detail for each in plan.errors)
        return not plan.errors

    def assert_settled(self, texts: list[list[str]]) -> None:
        """The server says *texts*, the state knows just that, and there is nothing to do."""
        assert self.server.texts() == texts
        on_server = {*self.server.threads}
        on_server |= {each["id"] for one in self.server.members.values() for each in one}
        state = self.workspace.state()
        assert {each.id for each in state.objects.values()} == on_server
        assert not state.suspects
        assert not state.deposed
        plan = self.workspace.plan()
        assert not plan.errors
        assert not [each for each in plan.changes if each.action is not Action.NO_OP]
