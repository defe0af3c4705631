"""Console: what expressions answer on stdin and on a terminal, and what they may not touch."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Ended, Project, Run

from reconciler.cli.history import MAX_ENTRIES, History
from reconciler.language.entry import Entry
from reconciler.language.values import Sensitive, SetValue, TypedList, TypedMap, TypedNull, Unknown
from reconciler.views.literal_text import literal_lines, type_lines

SPEC = """
variable "names" { type = list(string) }

variable "key" {
  default   = "hunter2"
  sensitive = true
}

variable "shape" {
  type    = object({ a = string, b = optional(number) })
  default = { a = "x" }
}

locals {
  label = "<${openai_thread.t.id}>"
  each  = [for m in openai_message.turn : m.content]
}

resource "openai_thread" "t" {
  metadata = { by = "me", key = var.key }
}

resource "openai_message" "turn" {
  for_each  = { one = "Hi", two = "Ho" }
  thread_id = openai_thread.t.id
  role      = "user"
  content   = each.value
}

resource "openai_message" "more" {
  count     = 2
  thread_id = openai_thread.t.id
  role      = "assistant"
  content   = "n${count.index}"
}

data "openai_messages" "all" {
  thread_id = openai_thread.t.id
}

resource "openai_thread" "later" {
  for_each = toset(data.openai_messages.all.messages[*].id)
}

module "inner" {
  source = "./inner"
  text   = local.label
}
"""

INNER = """
variable "text" {}

output "text" { value = "in ${var.text}" }

output "hidden" {
  value     = "hunter2"
  sensitive = true
}
"""


@pytest.fixture
def talk(project: Project) -> Project:
    """A project that is not applied yet."""
    project.write(SPEC)
    project.write(INNER, "inner/main.tf")
    return project


@pytest.fixture
def ask(talk: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The same, with the data source and what depends on it left out, and applied."""
    talk.write(SPEC[: SPEC.index('data "openai_messages"')] + SPEC[SPEC.index('module "inner"') :])
    ended = talk.apply("-var", 'names=["a"]')
    assert ended.code == 0, ended.err
    return talk


def console(project: Project, monkeypatch: pytest.MonkeyPatch, text: str, *arguments: str) -> Ended:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    return project("console", *arguments)


# -- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("a\tb", ['"a\\tb"']),
        ("a\nb", ["<<EOT", "a", "b", "EOT"]),
        ("a\n", ["<<EOT", "a", "", "EOT"]),
        (["a\n\nb"], ["[", "  <<-EOT", "  a", "  ", "  b", "  EOT,", "]"]),
        ({"k": "a\nb"}, ["{", '  "k" = <<-EOT', "  a", "  b", "  EOT", "}"]),
        (TypedList([], "string"), ["tolist([])"]),
        (TypedList([1], "number"), ["tolist([", "  1,", "])"]),
        (SetValue(["a"], "string"), ["toset([", '  "a",', "])"]),
        (TypedMap({}, "string"), ["tomap({})"]),
        (TypedMap({"a": 1}, "number"), ["tomap({", '  "a" = 1', "})"]),
        ([TypedList([1], "number")], ["[", "  tolist([", "    1,", "  ]),", "]"]),
        (None, ["null"]),
        (TypedNull("string"), ["tostring(null)"]),
        (TypedNull(["list", "string"]), ["tolist(null) /* of string */"]),
        (TypedNull(["map", ["object", {}]]), ["tomap(null) /* of object */"]),
        (TypedNull(["object", {}]), ["null /* object */"]),
        (TypedNull(["tuple", []]), ["null /* tuple */"]),
        ([Unknown(), Sensitive("s")], ["[", "  (known after apply),", "  (sensitive value),", "]"]),
    ],
)
def test_a_value_is_written_as_terraforms_console_writes_it(
    value: object, lines: list[str]
) -> None:
    assert literal_lines(value) == lines


@pytest.mark.parametrize(
    ("type_", "lines"),
    [
        ("string", ["string"]),
        (["list", ["list", "string"]], ["list(list(string))"]),
        (["map", ["tuple", []]], ["map(", "    tuple([]),", ")"]),
        (
            ["list", ["list", ["object", {"a": "number"}]]],
            ["list(list(", "    object({", "        a: number,", "    }),", "))"],
        ),
        (
            ["object", {"b": ["tuple", ["number"]], "a": "dynamic"}],
            ["object({", "    a: dynamic,", "    b: tuple([", "        number,", "    ]),", "})"],
        ),
    ],
)
def test_a_type_is_written_as_terraforms_console_writes_it(type_: object, lines: list[str]) -> None:
    assert type_lines(type_) == lines


# -- on stdin ----------------------------------------------------------------------------------


def test_every_expression_is_answered_on_its_own(
    talk: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '1 + 1\n\n# nothing\n{\n  a = [\n    1]\n}\nupper(<<EOT\n}\nEOT\n)\n"${\n2}"\r\n/*\n*/ 3'
    ended = console(talk, monkeypatch, text)
    assert ended == Ended(0, '2\n{\n  "a" = [\n    1,\n  ]\n}\n<<EOT\n}\n\nEOT\n2\n3\n', "")


def test_the_first_mistake_ends_it(talk: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = console(talk, monkeypatch, "1\nnothing(\n)\n2\n")
    assert (ended.code, ended.out) == (1, "1\n")
    assert "Error: Call to unknown function" in ended.err
    assert "on <console-input>:1:1" in ended.err


@pytest.mark.parametrize("text", ["[1,\n", "<<EOT\nx\n", '"${', "/* \n1", "(((\n" * 80])
def test_an_expression_that_never_ends_is_a_mistake(
    talk: Project, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    ended = console(talk, monkeypatch, text)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("\nError: ")


@pytest.mark.parametrize("word", ["exit", " exit ", "quit"])
def test_a_word_ends_it_well(talk: Project, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    assert console(talk, monkeypatch, f"1\n{word}\nnothing()\n") == Ended(0, "1\n", "")


def test_help_says_what_can_be_typed(talk: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Ctrl-D" in console(talk, monkeypatch, "help\n").out


def test_a_type_is_asked_for_alone(talk: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert console(talk, monkeypatch, "type(var.names)\n").out == "list(string)\n"
    assert console(talk, monkeypatch, 'type(sensitive("s"))\n').out == "string\n"
    ended = console(talk, monkeypatch, "[type(1)]\n")
    assert 'Invalid use of "type"' in ended.err
    assert ended.code == 1


def test_text_of_others_cannot_drive_the_terminal(
    talk: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = console(talk, monkeypatch, '"\\u001b[31m\\u202e"\n["\\u001b\\n\\u0007"]\n').out
    assert out == '"\\u001b[31m\\u202e"\n[\n  <<-EOT\n  ␛\n  ␇\n  EOT,\n]\n'


def test_bytes_that_are_not_utf8_are_named(tmp_path: Path) -> None:
    ended = _piped(tmp_path, b'"ok"\n"\xff"\n')
    assert ended.stdout == b'"ok"\n'
    assert b"The byte 0xff here is not UTF-8." in ended.stderr
    assert ended.returncode == 1


def test_without_stdin_there_is_nothing_to_answer(tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m reconciler console --specs "{tmp_path}" <&-'
    ended = subprocess.run(["sh", "-c", command], capture_output=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


# -- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("var.names", "(known after apply)"),
        ("var.key", "(sensitive value)"),
        ('"${var.key}!"', "(sensitive value)"),
        ("var.shape.b", "tonumber(null)"),
        ("openai_thread.t.id", "(known after apply)"),
        ("local.label", "(known after apply)"),
        ("local.each[1]", '"Ho"'),
        ("openai_message.more[1].content", '"n1"'),
        ("length(openai_message.more)", "2"),
        ("data.openai_messages.all.messages", "(known after apply)"),
        ("openai_thread.later", "(known after apply)"),
        ("module.inner.text", "(known after apply)"),
        ("module.inner.hidden", "(sensitive value)"),
        ("path.module", '"."'),
        ("terraform.workspace", '"default"'),
    ],
)
def test_what_is_not_applied_is_what_the_specs_say(
    talk: Project, monkeypatch: pytest.MonkeyPatch, text: str, answer: str
) -> None:
    assert console(talk, monkeypatch, text) == Ended(0, f"{answer}\n", "")


def test_variables_are_given_as_everywhere(talk: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    out = console(talk, monkeypatch, 'join("-", var.names)', "-var", 'names=["a", "b"]').out
    assert out == '"a-b"\n'


def test_what_is_applied_is_what_the_state_has(
    ask: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = json.loads((ask.folder / "state.json").read_text())
    ids = [
        each["attributes"]["id"]
        for resource in state["resources"]
        if resource["name"] == "more"
        for each in resource["instances"]
    ]
    text = "openai_message.more[*].id\nopenai_thread.t.metadata\nmodule.inner.text"
    ended = console(ask, monkeypatch, text)
    assert ended.out.startswith("".join(["[\n", *(f'  "{each}",\n' for each in ids), "]\n"]))
    assert '"by" = "me"\n  "key" = (sensitive value)\n' in ended.out
    assert '"in <thread_' in ended.out


def test_an_edit_that_is_not_applied_changes_nothing(
    ask: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ask.folder / "specs" / "main.tf").read_text()
    ask.write(text.replace('"Hi"', '"Hello"').replace("= 2", "= 3"))
    asked = 'openai_message.turn["one"].content\nlocal.each[0]\nopenai_message.more[2].id\n'
    ended = console(ask, monkeypatch, asked)
    assert ended == Ended(0, '"Hi"\n"Hi"\n(known after apply)\n', "")


def test_what_moved_is_found_where_a_plan_would_find_it(
    ask: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = console(ask, monkeypatch, "openai_message.more[1].id").out
    text = (ask.folder / "specs" / "main.tf").read_text()
    moved = "moved {\n  from = openai_message.more\n  to   = openai_message.rest\n}\n"
    ask.write(text.replace('"more"', '"rest"').replace("message.more", "message.rest") + moved)
    assert console(ask, monkeypatch, "openai_message.rest[1].id").out == before
    assert before.startswith('"')


def test_nothing_is_written_and_nobody_is_asked(
    ask: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ask.folder / "emulator.db").unlink()
    before = {each.name: each.read_bytes() for each in ask.folder.iterdir() if each.is_file()}
    assert console(ask, monkeypatch, "openai_thread.t.id").code == 0
    after = {each.name: each.read_bytes() for each in ask.folder.iterdir() if each.is_file()}
    assert after == before


def test_no_library_of_the_network_is_loaded(ask: Project) -> None:
    code = (
        "import io, sys; from reconciler.cli.main import main; sys.stdin = io.StringIO('1');"
        f"main(['console', '--specs', '{ask.folder / 'specs'}']);"
        "print([n for n in ('httpx', 'asyncio', 'readline', 'sqlite3') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "1\n[]\n"


def test_a_state_that_is_being_written_is_waited_for(
    ask: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconciler.state.store import FileStateStore

    with FileStateStore(ask.folder / "state.json").locked("apply"):
        ended = console(ask, monkeypatch, "1")
    assert (ended.code, ended.out) == (1, "")
    assert "apply" in ended.err


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("var.nope", "Reference to undeclared input variable"),
        ("try(var.nope, 1)", "Reference to undeclared input variable"),
        ("openai_thread.nope.id", "Reference to undeclared resource"),
        ("openai_thread.t.nope", "Unsupported attribute"),
        ("openai_message.more[7].id", "Invalid index"),
        ("output.x", "Reference to undeclared resource"),
        ("each.key", 'Reference to "each" in context without for_each'),
        ("count.index", 'Reference to "count" in non-counted context'),
        ("self.id", 'Invalid "self" reference'),
        ("local", "Invalid reference"),
    ],
)
def test_a_name_that_means_nothing_is_a_mistake(
    ask: Project, monkeypatch: pytest.MonkeyPatch, text: str, summary: str
) -> None:
    ended = console(ask, monkeypatch, text)
    assert (ended.code, ended.out) == (1, "")
    assert f"Error: {summary}" in ended.err


def test_specs_with_mistakes_are_not_asked(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("locals { a = local.b }")
    ended = console(project, monkeypatch, "1")
    assert (ended.code, ended.out) == (1, "")
    assert "undeclared local value" in ended.err


def test_what_goes_wrong_in_a_value_does_not_stop_the_rest(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write('variable "n" { default = 0 }\nlocals {\n  a = [1][var.n + 7]\n  b = 2\n}')
    ended = console(project, monkeypatch, "local.b\nlocal.a")
    assert (ended.code, ended.out) == (0, "2\n(known after apply)\n")
    assert "Error: Invalid index" in ended.err
    assert "some values may be unknown" in ended.err


def test_a_folder_without_specs_will_do(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('upper("a")\n'))
    assert run("console", "--specs", tmp_path) == Ended(0, '"A"\n', "")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n"))
    ended = run("console", "--specs", tmp_path, "-var", "a=1")
    assert "Value for undeclared variable" in ended.err
    assert run("console", "--specs", tmp_path / "nowhere").code == 1


# -- entries -----------------------------------------------------------------------------------


def ends(text: str) -> list[bool]:
    entry = Entry()
    found = []
    for line in text.split("\n"):
        entry.add(line)
        found.append(entry.is_complete)
    return found


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("1 +", [True]),
        ('"a', [True]),
        ("]", [True]),
        ("[\n]", [False, True]),
        ('["[",\n"]"\n]', [False, False, True]),
        ("{ # }\n}", [False, True]),
        ("<<E\n[\n E\n", [False, False, True, True]),
        ("f(<<-E\n  E)\nE\n)", [False, False, False, True]),
        ("/* [\n*/ 1", [False, True]),
        ('"${[\n"]"]\n}"', [False, False, True]),
        ("<<E\n${\n1}\nE", [False, False, False, True]),
    ],
)
def test_an_entry_goes_on_while_something_is_open(text: str, complete: list[bool]) -> None:
    assert ends(text) == complete


def test_each_line_of_an_entry_is_looked_at_once() -> None:
    entry = Entry()
    for line in ["[", *["{ a = 1 },"] * 20_000, "<<E", *["{ ${1} }"] * 20_000, "E", "]"]:
        entry.add(line)
    assert entry.is_complete


# -- history -----------------------------------------------------------------------------------


def test_the_history_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    folder = str(tmp_path / "state" / "reconciler")
    first, second = History(folder), History(folder)
    assert first.add("1 +\n2")
    assert not first.add("1 +\n2")
    assert not first.add(' "secret"')
    assert not first.add("x" * 20_000)
    first.save()
    assert second.add("3")
    second.save()
    assert History(folder).entries == ["1 +\n2", "3"]
    (file,) = Path(folder).iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert Path(folder).stat().st_mode & 0o777 == 0o700


def test_the_history_is_bounded_and_survives_damage(tmp_path: Path) -> None:
    history = History(str(tmp_path))
    for number in range(MAX_ENTRIES + 5):
        history.add(str(number))
    history.save()
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"\xff\n[1]\n" + file.read_bytes())
    assert len(History(str(tmp_path)).entries) == MAX_ENTRIES
    assert History(str(tmp_path)).entries[-1] == str(MAX_ENTRIES + 4)
    assert History(None).entries == []


# -- on a terminal -----------------------------------------------------------------------------


PATIENCE_S = 5
"""A console that says nothing for so long has nothing to say."""


class Terminal:
    """A console on a pseudo-terminal."""

    def __init__(self, folder: Path) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            environ = {**os.environ, "TERM": "xterm", "XDG_STATE_HOME": str(folder / "xdg")}
            os.execve(
                sys.executable,
                [sys.executable, "-m", "reconciler", "console", "--specs", str(folder)],
                environ,
            )
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C, and wait for the prompt behind it."""
        self.type("\x03")
        # One that came just before the prompt could be interrupted is only noticed with the next.
        self.wait_for("> ", nudge="\x03")

    def wait_for(self, text: str, *, nudge: str = "") -> None:
        """Read until *text* has come after what was waited for before; type *nudge* in silence."""
        give_up = time.monotonic() + 60
        while text not in self.seen:
            assert time.monotonic() < give_up, self.seen
            ready, _, _ = select.select([self.fd], [], [], PATIENCE_S)
            if not ready:
                self.type(nudge)
            else:
                try:
                    self.seen += os.read(self.fd, 4096).decode(errors="replace")
                except OSError:
                    raise AssertionError(self.seen) from None
        self.seen = self.seen.partition(text)[2]

    def code(self, *, nudge: str = "") -> int:
        """Wait for the end; type *nudge* in silence."""
        with contextlib.suppress(OSError):
            while True:
                ready, _, _ = select.select([self.fd], [], [], PATIENCE_S)
                if not ready:
                    self.type(nudge)
                elif not os.read(self.fd, 4096):
                    break
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A console in an empty folder, at its first prompt."""
    made = Terminal(tmp_path)
    made.wait_for("> ")
    yield made
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(made.pid, signal.SIGKILL)
        os.waitpid(made.pid, 0)


def test_a_conversation_goes_on_after_a_mistake(terminal: Terminal, tmp_path: Path) -> None:
    terminal.type("nothing()\n")
    terminal.wait_for("Call to unknown function")
    terminal.wait_for("> ")
    terminal.type("[1,\n")
    terminal.wait_for(": ")
    terminal.type("2]\n")
    terminal.wait_for("  2,\r\n]")
    terminal.type("exit\n")
    assert terminal.code() == 0
    kept = History(str(tmp_path / "xdg" / "reconciler")).entries
    assert kept == ["nothing()", "[1,\n2]"]


def test_ctrl_c_drops_what_is_typed_and_then_leaves(terminal: Terminal) -> None:
    terminal.type("[1,\n")
    terminal.wait_for(": ")
    terminal.interrupt()
    terminal.type("11+")
    terminal.wait_for("11+")
    terminal.interrupt()
    terminal.type("1+1\n")
    terminal.wait_for("2\r\n")
    terminal.wait_for("> ")
    terminal.type("\x03")
    assert terminal.code(nudge="\x03") == 130


def test_ctrl_d_leaves_well(terminal: Terminal) -> None:
    terminal.type("\x04")
    assert terminal.code() == 0


def test_a_signal_leaves_with_its_code_and_the_history(terminal: Terminal, tmp_path: Path) -> None:
    terminal.type("1+1\n")
    terminal.wait_for("\n2\r\n")
    terminal.wait_for("> ")
    os.kill(terminal.pid, signal.SIGTERM)
    terminal.type("\n")  # a signal that came before the prompt could be interrupted waits for a key
    assert terminal.code() == 143
    assert History(str(tmp_path / "xdg" / "reconciler")).entries == ["1+1"]


def _piped(folder: Path, data: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "reconciler", "console", "--specs", str(folder)]
    return subprocess.run(command, input=data, capture_output=True)


# -- what specs may be given -------------------------------------------------------------------


@pytest.mark.parametrize("number", ["2", "2.0", "02", "0.2e1"])
def test_a_count_given_as_text_is_the_number_it_spells(
    project: Project, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    project.write('variable "n" {}\nresource "openai_thread" "t" { count = var.n }\n')
    given = ("-var", f"n={number}")
    assert console(project, monkeypatch, "length(openai_thread.t)", *given).out == "2\n"
    assert "Plan: 2 to add" in project("plan", *given).out


@pytest.mark.parametrize("number", ["1.5", "x", "-1", "true"])
def test_a_count_given_as_other_text_is_a_mistake(project: Project, number: str) -> None:
    project.write('variable "n" {}\nresource "openai_thread" "t" { count = var.n }\n')
    ended = project("plan", "-var", f"n={number}")
    assert ended.code == 1
    assert "Invalid count argument" in ended.err


def test_an_order_of_another_type_is_a_mistake(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(
        'variable "o" { default = [1] }\nresource "openai_message" "m" {\n'
        '  thread_id = "thread_a"\n  role = "user"\n  content = "x"\n  order = var.o\n}\n'
    )
    assert 'Invalid value for "order"' in project("plan").err
    assert console(project, monkeypatch, "openai_message.m.content").out == '"x"\n'
    assert project("graph").code == 0
