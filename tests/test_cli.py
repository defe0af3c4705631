"""Command line: options, exit codes and output of every command."""

from __future__ import annotations

import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import Ended, Project, Run

from reconciler.cli.main import main
from reconciler.version import VERSION
from reconciler.views import sanitise

SPEC = """
variable "greeting" {
  default = "Hello"
}

resource "openai_thread" "t" {
}

resource "openai_message" "m" {
  thread_id = openai_thread.t.id
  role      = "user"
  content   = var.greeting
}

output "id" {
  value = openai_message.m.id
}

output "secret" {
  value     = "hunter2"
  sensitive = true
}
"""


@pytest.fixture
def talk(project: Project) -> Project:
    """A project with one thread and one message, not applied yet."""
    project.write(SPEC)
    return project


@pytest.fixture
def applied(talk: Project) -> Project:
    """The same, applied."""
    ended = talk.apply()
    assert ended.code == 0, ended.err
    return talk


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


# -- what there is -----------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["version", "-version", "--version", "-v"])
def test_every_way_to_ask_for_the_version_answers(run: Run, spelling: str) -> None:
    assert run(spelling) == Ended(0, f"reconciler {VERSION}\n", "")


def test_the_version_as_json_names_the_formats(run: Run) -> None:
    document = json.loads(run("version", "-json").out)
    assert document["reconciler_version"] == VERSION
    assert document["terraform_version"] == "1.11.4"


@pytest.mark.parametrize("arguments", [(), ("-help",), ("--help",), ("-h",)])
def test_the_overview_lists_the_commands(run: Run, arguments: tuple[str, ...]) -> None:
    ended = run(*arguments)
    assert ended.code == 0
    assert "Main commands:\n  validate" in ended.out
    assert "Global options" in ended.out


def test_places_count_the_bytes_of_the_file_and_the_characters_of_the_line(
    project: Project,
) -> None:
    project.write("")
    text = '\ufefflocals {\r\n  a = ["😀e\u0301", local.nope]\r\n}\r\n'
    path = project.folder / "specs" / "main.tf"
    path.write_bytes(text.encode())
    (found,) = json.loads(project("validate -json").out)["diagnostics"]
    start, end = found["range"]["start"], found["range"]["end"]
    assert path.read_bytes()[start["byte"] : end["byte"]] == b"local.nope"
    assert (start["line"], start["column"], end["column"]) == (2, 14, 24)
    code = found["snippet"]["code"].encode()
    offsets = slice(
        found["snippet"]["highlight_start_offset"], found["snippet"]["highlight_end_offset"]
    )
    assert code[offsets] == b"local.nope"


def test_help_is_also_a_word(run: Run) -> None:
    assert run("help").out == run("-help").out
    assert run("help", "state", "show").out == run("state", "show", "-help").out


def test_the_overview_imports_no_command() -> None:
    code = (
        "import sys; from reconciler.cli.main import main; main(['-help']);"
        "sys.exit(any(n in sys.modules for n in"
        " ('reconciler.cli.plan', 'reconciler.workflow', 'httpx', 'rich', 'asyncio', 'msgspec')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_the_version_needs_no_click() -> None:
    code = (
        "import sys; from reconciler.cli.main import main; main(['version']);"
        "sys.exit('click' in sys.modules)"
    )
    assert (
        subprocess.run(
            [sys.executable, "-S", "-c", code], env=_env(), capture_output=True
        ).returncode
        == 0
    )


@pytest.mark.long
def test_the_version_costs_little() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(5):
        subprocess.run([sys.executable, "-m", "reconciler", "version"], capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent / 5 <= 0.06


def test_python_m_is_the_same_command() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "reconciler", "version"], capture_output=True, text=True
    )
    assert ended.stdout == f"reconciler {VERSION}\n"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("reconciler pl", ["plan"]),
        ("reconciler graph --format ", ["dot", "mermaid", "json"]),
        ("reconciler graph -format m", ["mermaid"]),
        ("reconciler console --var a=1 --l", ["--lock-timeout"]),
        ("reconciler graph --bogus --val", ["--values"]),
    ],
)
def test_completion_knows_commands_options_and_their_values(words: str, found: list[str]) -> None:
    environ = {
        **os.environ,
        "_RECONCILER_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    ended = subprocess.run(
        [sys.executable, "-m", "reconciler"], capture_output=True, text=True, env=environ
    )
    assert ended.stdout.split() == [f"plain,{each}" for each in found]


# -- mistakes on the command line --------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pln",), 'reconciler has no command named "pln". Did you mean "plan"?'),
        (("state", "lst"), 'reconciler state has no command named "lst". Did you mean "list"?'),
        (
            ("plan", "-detailed-exitcod"),
            'has no option "-detailed-exitcod". Did you mean "--detailed-exitcode"?',
        ),
        (("plan", "--xyzzy"), 'reconciler plan has no option "--xyzzy".'),
        (("-xyzzy", "plan"), 'reconciler has no option "-xyzzy".'),
        (("plan", "-var"), "-var needs a value."),
        (("plan", "-refresh=maybe"), 'Invalid value "maybe" for -refresh: write true or false.'),
        (("plan", "-parallelism=0"), "Invalid value for --parallelism: 0 is not in the range"),
        (("plan", "-lock-timeout=soon"), '"soon" is not a time'),
        (("plan", "-det"), 'has no option "-det". Did you mean "--detailed-exitcode"?'),
        (("val",), 'reconciler has no command named "val". Did you mean "validate"?'),
        (("plan", "file"), 'reconciler plan takes no "file".'),
        (("state", "mv", "a.b", "c.d", "e f"), 'reconciler state mv takes no "e f".'),
        (("import", "openai_thread.t"), "reconciler import needs ID."),
        (("state", "rm"), "reconciler state rm needs ADDRESS..."),
        (("graph", "-format=svg"), 'Invalid value for --format: "svg" is not one of "dot", '),
        (("plan", "-destroy", "-refresh-only"), "exclude each other"),
        (("apply", "-destroy", "plan.json"), "A saved plan is applied as it is"),
        (("output", "-raw"), "--raw prints one output"),
        (("state", "show", "nonsense"), "is not an address"),
        (("-chdir=nowhere", "plan"), 'There is no folder "nowhere"'),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_named_and_ends_with_1(
    talk: Project,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(talk.folder)
    ended = run(*arguments)
    assert ended.code == 1
    assert message in ended.err
    assert ended.out == ""


def test_a_mistake_points_to_the_help_of_its_command(run: Run) -> None:
    assert 'hint: "reconciler plan --help" lists what there is.' in run("plan", "-xyzzy").err


def test_a_hostile_argument_is_shown_and_not_obeyed(run: Run) -> None:
    assert "\x1b" not in run("\x1b[2J").err
    assert sanitise.UNSAFE.search(run("plan", "--\x1b[2J\u202e").err.replace("\n", "")) is None


# -- validate, plan ----------------------------------------------------------------------------


def test_valid_specs_are_called_valid(talk: Project) -> None:
    assert talk("validate") == Ended(0, "Success! The specs are valid.\n", "")


def test_validate_prints_every_mistake_as_json(talk: Project) -> None:
    talk.write('resource "openai_thread" "a" {\n  metadata = { a = var.nope }\n}\n', "other.tf")
    ended = talk("validate -json")
    document = json.loads(ended.out)
    assert ended.code == 1
    assert document["valid"] is False
    assert document["error_count"] == 1
    assert document["diagnostics"][0]["range"]["start"]["line"] == 2


def test_mistakes_in_specs_go_to_stderr_with_their_place(talk: Project) -> None:
    talk.write('resource "openai_thread" "a" {\n  metadata = { a = var.nope }\n}\n', "other.tf")
    ended = talk("plan")
    assert ended.code == 1
    assert "other.tf:2:20" in ended.err
    assert "                   ^^^^^^^^" in ended.err


def test_a_plan_is_shown_and_changes_nothing(talk: Project) -> None:
    ended = talk("plan")
    assert ended.code == 0
    assert "  # openai_message.m will be created" in ended.out
    assert "Plan: 2 to add, 0 to change, 0 to destroy." in ended.out
    assert not (talk.folder / "state.json").exists()


@pytest.mark.parametrize(
    "spelling", ["-detailed-exitcode", "--detailed-exitcode", "-detailed-exitcode=true"]
)
def test_changes_pending_are_exit_code_2_on_demand(talk: Project, spelling: str) -> None:
    assert talk(f"plan {spelling}").code == 2
    assert talk("plan -detailed-exitcode=false").code == 0


def test_nothing_pending_is_exit_code_0(applied: Project) -> None:
    ended = applied("plan -detailed-exitcode")
    assert ended.code == 0
    assert "No changes. Your infrastructure matches the configuration." in ended.out


@pytest.mark.parametrize(
    "arguments", [("-var", "greeting=Bye"), ("-var=greeting=Bye",), ("--var", "greeting=Bye")]
)
def test_a_variable_may_be_spelled_in_every_way(talk: Project, arguments: tuple[str, ...]) -> None:
    assert '+ content      = "Bye"' in talk("plan", *arguments).out


@pytest.mark.parametrize(
    ("arguments", "content"),
    [
        (("-var", "greeting=a", "-var-file", "vars.tfvars"), "file"),
        (("-var-file=vars.tfvars", "-var", "greeting=a"), "a"),
    ],
    ids=["file last", "value last"],
)
def test_the_last_variable_counts_whatever_gives_it(
    talk: Project, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], content: str
) -> None:
    (talk.folder / "vars.tfvars").write_text('greeting = "file"\n')
    monkeypatch.chdir(talk.folder)
    assert f'+ content      = "{content}"' in talk("plan", *arguments).out


def test_global_options_may_stand_before_the_command(talk: Project, run: Run) -> None:
    folder = talk.folder
    ended = run(
        f"-chdir={folder}",
        "--specs",
        "specs",
        "-state=s.json",
        "-emulator=e.db",
        "plan",
        "-no-color",
    )
    assert ended.code == 0
    assert "Plan: 2 to add" in ended.out
    assert Path.cwd() != folder


def test_a_plan_as_json_is_a_stream(applied: Project) -> None:
    lines = [
        json.loads(line) for line in applied("plan -json", "-var=greeting=Bye").out.splitlines()
    ]
    assert lines[0]["type"] == "version"
    kinds = [line["type"] for line in lines]
    assert kinds.count("refresh_start") == kinds.count("refresh_complete") == 2
    assert [line["change"]["action"] for line in lines if line["type"] == "planned_change"] == [
        "replace"
    ]
    assert lines[-1]["type"] == "outputs"


def test_errors_are_part_of_the_stream(talk: Project) -> None:
    talk.write("resource {", "broken.tf")
    ended = talk("plan -json")
    assert ended.code == 1
    assert ended.err == ""
    assert json.loads(ended.out.splitlines()[-1])["type"] == "diagnostic"


# -- apply, destroy ----------------------------------------------------------------------------


def test_yes_is_a_yes(talk: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "yes\n")
    ended = talk("apply")
    assert ended.code == 0, ended.err
    assert (
        "\nDo you want to perform these actions?\n"
        "  reconciler will perform the actions described above.\n"
        "  Only 'yes' will be accepted to approve.\n"
        "\n"
        "  Enter a value: "
    ) in ended.out
    assert "Apply complete! Resources: 2 added, 0 changed, 0 destroyed.\n" in ended.out
    assert "\nOutputs:\n\nid = " in ended.out
    assert "secret = <sensitive>" in ended.out
    assert "hunter2" not in ended.out + ended.err


@pytest.mark.parametrize("text", ["no\n", "YES\n", "y\n", "\n"])
def test_anything_else_is_a_no(talk: Project, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    answer(monkeypatch, text)
    ended = talk("apply")
    assert ended.code == 1
    assert ended.out.endswith("\nApply cancelled.\n")
    assert not (talk.folder / "state.json").exists()


@pytest.mark.parametrize("arguments", [("-input=false",), ()], ids=["forbidden", "end of input"])
def test_without_an_answer_nothing_happens(
    talk: Project, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    answer(monkeypatch, "")
    ended = talk("apply", *arguments)
    assert ended.code == 1
    assert "Approval is required" in ended.err
    assert not (talk.folder / "state.json").exists()


def test_json_needs_an_approval_given_beforehand(talk: Project) -> None:
    ended = talk("apply -json")
    assert ended.code == 1
    last = json.loads(ended.out.splitlines()[-1])
    assert last["diagnostic"]["summary"] == "Plan file or auto-approve required"


def test_an_apply_as_json_ends_with_its_numbers_and_outputs(talk: Project) -> None:
    lines = [json.loads(line) for line in talk("apply -json -auto-approve").out.splitlines()]
    kinds = [line["type"] for line in lines]
    assert kinds.count("apply_complete") == 2
    assert lines[-2]["changes"]["add"] == 2
    assert lines[-2]["changes"]["operation"] == "apply"
    assert lines[-1]["outputs"]["secret"]["value"] == "(sensitive value)"


def test_a_saved_plan_is_applied_without_a_question(talk: Project) -> None:
    plan = talk.folder / "p.json"
    shown = talk("plan", f"-out={plan}")
    assert f"Saved the plan to: {plan}\n" in shown.out
    ended = talk("apply", str(plan))
    assert ended.code == 0, ended.err
    assert "Enter a value" not in ended.out
    assert "Apply complete! Resources: 2 added" in ended.out


def test_a_saved_plan_can_be_shown(talk: Project) -> None:
    plan = talk.folder / "p.json"
    talk("plan", f"-out={plan}")
    assert "Plan: 2 to add, 0 to change, 0 to destroy." in talk("show", str(plan)).out
    document = json.loads(talk("show -json", str(plan)).out)
    assert document["format_version"] == "1.2"
    assert len(document["resource_changes"]) == 2
    assert "hunter2" not in json.dumps(document)


def test_a_destruction_asks_its_own_question(
    applied: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "yes\n")
    ended = applied("destroy")
    assert ended.code == 0, ended.err
    assert "Do you really want to destroy all resources?\n" in ended.out
    assert "There is no undo. Only 'yes' will be accepted to confirm.\n" in ended.out
    assert "Destroy complete! Resources: 2 destroyed.\n" in ended.out
    assert applied("state list").out == ""


def test_a_cancelled_destruction_destroys_nothing(
    applied: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "no\n")
    ended = applied("destroy")
    assert ended.code == 1
    assert "Destroy cancelled." in ended.out
    assert applied("plan -detailed-exitcode").code == 0


def test_messages_that_no_spec_declares_need_a_consent_of_their_own(
    applied: Project, run: Run
) -> None:
    thread = json.loads(applied("show -json").out)["values"]["root_module"]["resources"][1]
    other = applied.folder / "other"
    (other / "specs").mkdir(parents=True)
    (other / "specs" / "main.tf").write_text('resource "openai_thread" "t" {\n}\n')
    where = ("--specs", other / "specs", "--state", other / "state.json")
    emulator = ("--emulator", applied.folder / "emulator.db")
    assert run("import", *where, *emulator, "openai_thread.t", thread["values"]["id"]).code == 0
    refused = run("destroy", "-auto-approve", *where, *emulator)
    assert refused.code == 1
    assert "  openai_thread.t: holds 1 unmanaged message, which goes with it\n" in refused.out
    assert "--allow-unmanaged allows it" in refused.err
    replaced = ("apply", "-auto-approve", "-replace=openai_thread.t", *where, *emulator)
    refused = run(*replaced)
    assert refused.code == 1
    assert "  openai_thread.t: holds 1 unmanaged message, which goes with it\n" in refused.out
    assert "--allow-unmanaged allows it" in refused.err
    assert run(*replaced, "-allow-unmanaged").code == 0
    allowed = run("destroy", "-auto-approve", "-allow-unmanaged", *where, *emulator)
    assert allowed.code == 0, allowed.err


# -- state, show, output, import ---------------------------------------------------------------


def test_the_state_lists_its_addresses(applied: Project) -> None:
    assert applied("state list").out == "openai_message.m\nopenai_thread.t\n"
    assert applied("state list openai_thread.t").out == "openai_thread.t\n"
    assert applied("state list -id=nothing").out == ""


def test_a_list_of_what_is_not_there_says_so(applied: Project) -> None:
    ended = applied("state list openai_thread.tt openai_thread.t")
    assert (ended.code, ended.out) == (1, "")
    assert 'no object at openai_thread.tt. Did you mean "openai_thread.t"?' in ended.err


def test_an_empty_state_says_so_where_it_is_no_data(talk: Project) -> None:
    ended = talk("state list")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "The state is empty: nothing is managed yet.\n"


def test_one_object_of_the_state_is_shown(applied: Project) -> None:
    ended = applied("state show openai_message.m")
    assert ended.out.startswith('# openai_message.m:\nresource "openai_message" "m" {\n')
    assert re.search(r'^    content +  *= "Hello"$', ended.out, re.MULTILINE)


def test_an_address_that_is_not_there_has_a_neighbour(applied: Project) -> None:
    ended = applied("state show openai_mesage.m")
    assert ended.code == 1
    assert 'Did you mean "openai_message.m"?' in ended.err


def test_the_state_is_shown_whole(applied: Project) -> None:
    assert "secret = <sensitive>" in applied("show").out
    document = json.loads(applied("show -json").out)
    assert len(document["values"]["root_module"]["resources"]) == 2
    assert "hunter2" not in json.dumps(document)


def test_outputs_are_shown_and_given_to_programs(applied: Project) -> None:
    assert "secret = <sensitive>\n" in applied("output").out
    assert json.loads(applied("output -json").out)["secret"] == {
        "sensitive": True,
        "type": "string",
        "value": "hunter2",
    }
    assert applied("output -raw secret").out == "hunter2"
    assert applied("output secret").out == "<sensitive>\n"
    raw = applied("output -raw id").out
    assert applied("output id").out == f'"{raw}"\n'


def test_an_output_that_is_not_there_is_an_error(applied: Project) -> None:
    ended = applied("output nope")
    assert ended.code == 1
    assert 'Error: Output "nope" not found' in ended.err


def test_an_existing_message_is_imported(applied: Project, run: Run) -> None:
    state = json.loads(applied("show -json").out)
    message, thread = state["values"]["root_module"]["resources"]
    other = ("--specs", applied.folder / "specs", "--state", applied.folder / "other.json")
    emulator = ("--emulator", applied.folder / "emulator.db")
    id_ = f"{thread['values']['id']}:{message['values']['id']}"
    ended = run("import", *other, *emulator, "openai_message.m", id_)
    assert ended.code == 0, ended.err
    assert f'openai_message.m: Importing from ID "{id_}"...\n' in ended.out
    assert "Import successful!\n" in ended.out
    assert run("state", "list", *other, *emulator).out == "openai_message.m\n"


# -- the process -------------------------------------------------------------------------------


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}


ASCII = {"PYTHONIOENCODING": "ascii"}


def start(
    project: Project, *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "reconciler",
            *arguments,
            "--specs",
            str(project.folder / "specs"),
            "--state",
            str(project.folder / "state.json"),
            "--emulator",
            str(project.folder / "emulator.db"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environ or {})},
    )


def until(process: subprocess.Popen[str], text: str) -> str:
    """Read stdout up to *text*."""
    assert process.stdout is not None
    seen = ""
    limit = time.monotonic() + 20
    while text not in seen and time.monotonic() < limit:
        piece = process.stdout.read(1)
        if not piece:
            break
        seen += piece
    assert text in seen, seen
    return seen


def finish(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What else the process prints, once it is over."""
    texts = []
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        texts.append("" if stream.closed else stream.read())
        stream.close()
    if process.stdin is not None:
        process.stdin.close()
    process.wait(timeout=20)
    return texts[0], texts[1]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "term"]
)
def test_a_signal_at_the_question_is_a_no(talk: Project, number: signal.Signals, code: int) -> None:
    process = start(talk, "apply")
    until(process, "Enter a value: ")
    process.send_signal(number)
    out, err = finish(process)
    assert process.returncode == code
    assert "Apply cancelled." in out
    assert "Traceback" not in err
    assert not (talk.folder / "state.json").exists()


def test_an_encoding_without_our_signs_gets_plain_ones(talk: Project) -> None:
    talk.write('output "word" {\n  value = "caf\u00e9 \u2502"\n}\n', "word.tf")
    process = start(talk, "plan", "-out", str(talk.folder / "p"), environ=ASCII)
    out, err = finish(process)
    assert process.returncode == 0, err
    assert "\n" + "-" * 40 in out
    assert '+ word   = "caf\\xe9 |"' in out
    assert "\\u25" not in out


def test_a_reader_that_goes_away_leaves_no_traceback(talk: Project) -> None:
    process = start(talk, "plan")
    assert process.stdout is not None
    process.stdout.close()
    _, err = finish(process)
    assert process.returncode == 0
    assert err == ""


def test_serve_says_where_it_answers_and_ends_with_ctrl_c(talk: Project) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "serve", "-port=0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(process, "OPENAI_BASE_URL=http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    _, err = finish(process)
    assert process.returncode == 0
    assert err == ""


def test_main_reads_the_arguments_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["reconciler", "version"])
    assert main() == 0
    assert capsys.readouterr().out == f"reconciler {VERSION}\n"
