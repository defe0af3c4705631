"""Apart: what leaves its server, its provider, or the management altogether."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Bench, assert_settled, make_bench, message, thread

from reconciler.emulator.control import Emulator, first_text
from reconciler.emulator.faults import Action as Fault
from reconciler.emulator.faults import Rule
from reconciler.errors import SpecError
from reconciler.workflow import Workspace

DIALECTS = [("threads", "conversations"), ("conversations", "threads"), ("threads", "threads")]


class Two:
    """A project with a provider configuration for each of two servers."""

    def __init__(self, folder: Path, dialects: tuple[str, str]) -> None:
        self.folder = folder
        self.servers = [folder / "one.db", folder / "two.db"]
        one, two = (
            f'  base_url = "emulator:{path}"\n  dialect = "{dialect}"\n  settle_s = 0\n'
            for path, dialect in zip(self.servers, dialects, strict=True)
        )
        (folder / "specs").mkdir()
        (folder / "specs" / "provider.tf").write_text(
            f'provider "openai" {{\n{one}}}\nprovider "openai" {{\n  alias = "two"\n{two}}}\n'
        )

    def write(self, provider: str, *contents: str, of_thread: str = "") -> None:
        text = f'resource "openai_thread" "t" {{\n  provider = {of_thread or provider}\n}}\n'
        for number, content in enumerate(contents):
            text += message(f"m{number}", content, arguments=f"provider = {provider}")
        (self.folder / "specs" / "main.tf").write_text(text)

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.folder / "specs", state=self.folder / "s.json", environ={})

    def said(self, server: int) -> list[list[str]]:
        """What the threads on a server say."""
        emulator = Emulator.open(self.servers[server])
        parents = (*emulator.threads(), *emulator.conversations())
        said = [[first_text(m) for m in emulator.messages(str(each["id"]))] for each in parents]
        emulator.close()
        return said


@pytest.mark.parametrize("dialects", DIALECTS, ids=" to ".join)
@pytest.mark.parametrize("after", ["ab", "abc", "Xb", ""])
def test_a_thread_whose_provider_changes_is_made_anew_at_the_other_server(
    tmp_path: Path, dialects: tuple[str, str], after: str
) -> None:
    two = Two(tmp_path, dialects)
    two.write("openai", "a", "b")
    two.workspace.apply(approve=lambda plan: True)
    two.write("openai.two", *after)

    planned = two.workspace.plan()
    report = two.workspace.apply(approve=lambda plan: True)

    assert report.ok
    assert planned.calls == report.calls
    assert two.said(0) == []
    assert two.said(1) == [list(after)]
    assert not two.workspace.plan().has_changes


def test_a_message_is_not_created_at_another_server_than_its_thread(tmp_path: Path) -> None:
    two = Two(tmp_path, DIALECTS[0])
    two.write("openai.two", "a", of_thread="openai")

    with pytest.raises(SpecError, match="Provider of another server"):
        two.workspace.apply(approve=lambda plan: True)


def test_what_waits_to_be_deleted_cannot_be_imported(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, "threads")
    bench.write(thread() + message("a", "a"))
    bench.apply()
    (old,) = bench.members()
    bench.write(thread() + message("a", "A"))
    bench.fail(Rule(do=Fault.REFUSE, method="DELETE", status=400))
    assert not bench.try_apply().ok
    bench.fail()
    block = f'import {{\n  to = openai_message.x\n  id = "{bench.thread_id()}:{old["id"]}"\n}}\n'
    bench.write(thread() + message("a", "A") + message("x", "a") + block)

    (error,) = bench.plan().errors

    assert "waits to be deleted" in error.detail


def test_what_is_forgotten_is_not_deleted_as_unmanaged_in_the_same_run(bench: Bench) -> None:
    policy = 'unmanaged_messages = "delete"'
    spec = thread(arguments=policy) + message("a", "a")
    bench.write(spec + message("b", "b"))
    bench.apply()
    removed = "removed {\n  from = openai_message.b\n  lifecycle {\n    destroy = false\n  }\n}\n"
    bench.write(spec + removed)

    bench.apply()

    assert bench.texts() == ["a", "b"]
    bench.apply()
    assert bench.texts() == ["a"]
    assert_settled(bench)
