"""Views: what people and programs read, and that no text of others gets out raw."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.address import Address
from reconciler.diagnostics import Diagnostic, Severity, SourceFile, diagnostic
from reconciler.errors import OutcomeUnknown, RequestRejected, SpecError, UnsafePlan
from reconciler.execute.events import (
    ChangeFailed,
    ChangeFinished,
    ChangeStarted,
    Event,
    Outcome,
    Recovered,
    Refreshing,
    Report,
    Status,
    Waiting,
)
from reconciler.frozen import replace
from reconciler.language.values import Unknown
from reconciler.plan.model import Action, OutputChange, Plan, PlanMode, PlannedChange, Reason
from reconciler.state.model import OutputValue, State, StateObject, Suspect, SuspectKind
from reconciler.views import sanitise
from reconciler.views.console import Console
from reconciler.views.diagnostics_json import validation_document
from reconciler.views.diagnostics_text import DiagnosticsText
from reconciler.views.literal_text import literal_lines
from reconciler.views.masks import HIDDEN, mask_of, masked
from reconciler.views.plan_json import plan_document
from reconciler.views.plan_text import PlanText
from reconciler.views.progress import Progress
from reconciler.views.report import ReportText
from reconciler.views.snippet import highlight, snippet_lines
from reconciler.views.state_json import state_document
from reconciler.views.state_text import StateText
from reconciler.views.style import PALETTE, Style
from reconciler.views.ui_json import JsonStream

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "terraform" / "samples"
PLAIN = Style(enabled=False)
MESSAGE = Address("openai_message", "m")
THREAD = Address("openai_thread", "t")
SOURCE = SourceFile(
    "main.tf", 'resource "terraform_data" "x" {\n  input = var.nope\n\tnext  = "日本" + var.y\n}\n'
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def console(out: io.StringIO, err: io.StringIO, **environ: str) -> Console:
    return Console(out, err, environ={"TERM": "xterm", **environ})


def mistake(at: str, **given: object) -> Diagnostic:
    start = SOURCE.text.index(at)
    return diagnostic(
        Severity.ERROR,
        "Reference to undeclared input variable",
        "There is no such variable.",
        place=(SOURCE, start, start + len(at)),
        context='resource "terraform_data" "x"',
        **given,  # type: ignore[arg-type]
    )


# -- console -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "environ", "color"),
    [
        (Terminal, {}, True),
        (io.StringIO, {}, False),
        (Terminal, {"NO_COLOR": "1"}, False),
        (Terminal, {"NO_COLOR": ""}, True),
        (Terminal, {"TERM": "dumb"}, False),
        (io.StringIO, {"FORCE_COLOR": "1"}, True),
        (Terminal, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
    ids=["terminal", "pipe", "NO_COLOR", "empty NO_COLOR", "dumb", "FORCE_COLOR", "both"],
)
def test_colour_is_for_terminals_that_want_it(
    stream: type[io.StringIO], environ: dict[str, str], color: bool
) -> None:
    assert console(stream(), stream(), **environ).out_style.enabled is color


def test_no_color_wins_over_a_terminal() -> None:
    screen = console(Terminal(), Terminal())
    screen.without_color()
    assert not screen.out_style.enabled


def test_the_console_passes_our_colours_and_no_others() -> None:
    out = io.StringIO()
    console(out, io.StringIO()).out("\x1b[31mred\x1b[0m \x1b[2J\x1b]0;t\x07 \u202e")
    assert out.getvalue() == "\x1b[31mred\x1b[0m ␛[2J␛]0;t␇ \\u202e\n"


@pytest.mark.parametrize(
    ("columns", "width"), [("40", 40), ("", 78), ("0", 78), ("wide", 78), ("999999", 78)]
)
def test_the_width_is_what_the_environment_says_or_the_default(columns: str, width: int) -> None:
    assert console(io.StringIO(), io.StringIO(), COLUMNS=columns).width == width


def test_raw_output_is_exact_for_programs_and_safe_for_people() -> None:
    pipe, terminal = io.StringIO(), Terminal()
    console(pipe, io.StringIO()).raw("a\x1b[2J\n")
    console(terminal, io.StringIO()).raw("a\x1b[2J\n")
    assert pipe.getvalue() == "a\x1b[2J\n"
    assert terminal.getvalue() == "a␛[2J\n"


def test_a_reader_that_has_gone_stops_nothing_but_is_noticed_once() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    noticed: list[str] = []
    screen = console(Closed(), io.StringIO())
    screen.on_lost = lambda: noticed.append("lost")
    screen.out("x")
    screen.out("y")
    assert isinstance(screen.lost, BrokenPipeError)
    assert noticed == ["lost"]


def test_the_live_line_gives_way_to_what_is_printed() -> None:
    out, err = Terminal(), Terminal()
    screen = console(out, err, COLUMNS="20")
    screen.live("1/2 · a long note that does not fit")
    screen.out("done")
    screen.live(None)
    assert out.getvalue() == "done\n"
    assert err.getvalue().split("\r\x1b[2K") == [
        "",
        "1/2 · a long note t",
        "1/2 · a long note t",
        "",
    ]


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"TERM": ""}])
def test_there_is_no_live_line_where_it_cannot_be_overwritten(environ: dict[str, str]) -> None:
    err = Terminal()
    console(Terminal(), err, **environ).live("1/2")
    assert err.getvalue() == ""


# -- diagnostics -------------------------------------------------------------------------------


def test_a_diagnostic_shows_the_line_and_points_at_the_place() -> None:
    found = mistake("var.nope", values=(("var.nope", 'is "x"'),))
    assert "\n".join(DiagnosticsText(PLAIN).diagnostics([found])) == (
        "\n"
        "Error: Reference to undeclared input variable\n"
        "\n"
        '  on main.tf:2:11, in resource "terraform_data" "x":\n'
        "   2:   input = var.nope\n"
        "                ^^^^^^^^\n"
        "    ├────────────────\n"
        '    │ var.nope is "x"\n'
        "\n"
        "There is no such variable."
    )


def test_carets_stand_below_their_place_behind_tabs_and_wide_characters() -> None:
    lines = DiagnosticsText(PLAIN).diagnostics([mistake("var.y")])
    assert lines[4:6] == [
        '   3:     next  = "日本" + var.y',
        "                           ^^^^^",
    ]


def test_a_terminal_gets_a_box_and_an_underline() -> None:
    lines = DiagnosticsText(Style(enabled=True), 60).diagnostics([mistake("var.nope")])
    plain = [PALETTE.sub("", line) for line in lines]
    assert plain[0] == "╷"
    assert plain[-1] == "╵"
    assert all(line.startswith("│") for line in plain[1:-1])
    assert "\x1b[4mvar.nope\x1b[0m" in "\n".join(lines)


def test_a_place_of_several_lines_is_shown_whole() -> None:
    end = SOURCE.text.index("next")
    found = diagnostic(Severity.WARNING, "Odd block", place=(SOURCE, 0, end))
    lines = DiagnosticsText(PLAIN).diagnostics([found])
    assert [line[:6] for line in lines if re.match(r" +\d+: ", line)] == [
        "   1: ",
        "   2: ",
        "   3: ",
    ]


def test_a_diagnostic_without_a_place_names_its_address() -> None:
    found = diagnostic(Severity.WARNING, "Odd", address="openai_message.m")
    assert "  with openai_message.m:" in DiagnosticsText(PLAIN).diagnostics([found])


def test_compact_warnings_keep_only_summaries() -> None:
    lines = DiagnosticsText(PLAIN).compact([mistake("var.nope")])
    assert "- Reference to undeclared input variable" in lines
    assert not any("no such variable" in line for line in lines)


def test_an_error_ends_with_its_hint() -> None:
    error = UnsafePlan("12 of 30 objects would be lost", hint="--allow-destroy=12 allows it.")
    assert DiagnosticsText(PLAIN).error(error) == [
        "",
        "Error: 12 of 30 objects would be lost",
        "",
        "hint: --allow-destroy=12 allows it.",
    ]


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("nothing says where", "Nothing says where"),
        ("reconciler has no option", "reconciler has no option"),
        ("openai_thread.t is gone", "openai_thread.t is gone"),
        ("-target=x names nothing", "-target=x names nothing"),
        ("", ""),
    ],
)
def test_an_error_begins_with_a_capital_or_a_name(message: str, shown: str) -> None:
    assert DiagnosticsText(PLAIN).error(UnsafePlan(message)) == ["", f"Error: {shown}"]


def test_a_refusal_of_the_server_names_the_request() -> None:
    error = RequestRejected(
        "Invalid role", request="POST /threads", status=400, param="role", request_id="req_1"
    )
    text = "\n".join(DiagnosticsText(PLAIN).error(error))
    assert "  request: POST /threads\n  status: 400\n  param: role\n  request id: req_1" in text


def test_a_spec_error_is_all_of_its_diagnostics() -> None:
    error = SpecError((mistake("var.nope"), mistake("var.y")))
    assert "\n".join(DiagnosticsText(PLAIN).error(error)).count("Error: ") == 2


def test_the_validation_document_is_the_one_terraform_prints() -> None:
    assert validation_document([mistake("var.nope")]) == {
        "format_version": "1.0",
        "valid": False,
        "error_count": 1,
        "warning_count": 0,
        "diagnostics": [
            {
                "severity": "error",
                "summary": "Reference to undeclared input variable",
                "detail": "There is no such variable.",
                "range": {
                    "filename": "main.tf",
                    "start": {"line": 2, "column": 11, "byte": 42},
                    "end": {"line": 2, "column": 19, "byte": 50},
                },
                "snippet": {
                    "context": 'resource "terraform_data" "x"',
                    "code": "  input = var.nope",
                    "start_line": 2,
                    "highlight_start_offset": 10,
                    "highlight_end_offset": 18,
                    "values": [],
                },
            }
        ],
    }


def test_offsets_of_a_snippet_count_bytes() -> None:
    document = validation_document([mistake("var.y")])
    found = document["diagnostics"]
    assert isinstance(found, list)
    snippet = found[0]["snippet"]
    code = snippet["code"].encode()
    assert code[snippet["highlight_start_offset"] : snippet["highlight_end_offset"]] == b"var.y"


# -- state -------------------------------------------------------------------------------------

OBJECT = StateObject(
    Address("openai_message", "m", "k"),
    {"id": "msg_1", "content": "Hi", "metadata": {"key": "hunter2", "a": "b"}, "run_id": None},
    sensitive=(("metadata", "key"),),
    dependencies=("openai_thread.t",),
    protected=True,
)
STATE = State(
    "lineage",
    3,
    {OBJECT.address: OBJECT},
    outputs={
        "secret": OutputValue("hunter2", "string", sensitive=True),
        "id": OutputValue("msg_1", "string"),
    },
)


def test_an_object_is_shown_as_its_block() -> None:
    assert StateText(PLAIN).resource(OBJECT) == [
        '# openai_message.m["k"]: (protected)',
        'resource "openai_message" "m" {',
        '    content  = "Hi"',
        '    id       = "msg_1"',
        "    metadata = {",
        '        "a"   = "b"',
        '        "key" = (sensitive value)',
        "    }",
        "}",
    ]


def test_outputs_are_listed_and_sensitive_ones_hidden() -> None:
    assert StateText(PLAIN).outputs(STATE.outputs) == ['id = "msg_1"', "secret = <sensitive>"]


@pytest.mark.parametrize(
    ("value", "type_", "text"),
    [
        (["a"], ["list", "string"], 'tolist([\n  "a",\n])'),
        (["b"], ["set", "string"], 'toset([\n  "b",\n])'),
        ({"k": None}, ["object", {"k": "number"}], '{\n  "k" = tonumber(null)\n}'),
        (["a"], ["tuple", ["string"]], '[\n  "a",\n]'),
        (["a"], ["list"], '[\n  "a",\n]'),
        (["a"], ["object", {}, "x"], '[\n  "a",\n]'),
        ("a", ["list", "string"], '"a"'),
        (1.5, {"odd": 1}, "1.5"),
    ],
)
def test_an_output_shows_its_type_if_it_fits(value: object, type_: object, text: str) -> None:
    assert StateText(PLAIN).value(OutputValue(value, type_)) == text


def test_an_empty_state_says_so() -> None:
    assert StateText(PLAIN).state(State("l")) == ["The state is empty: nothing is managed yet."]


def test_a_value_is_written_as_it_could_stand_in_a_spec() -> None:
    value = {"list": [1, "a\nb\n", None], "empty": {}}
    assert literal_lines(value) == [
        "{",
        '  "empty" = {}',
        '  "list" = [',
        "    1,",
        "    <<-EOT",
        "    a",
        "    b",
        "    ",
        "    EOT,",
        "    null,",
        "  ]",
        "}",
    ]


def test_the_state_document_hides_and_marks_what_is_sensitive() -> None:
    assert state_document(STATE) == {
        "format_version": "1.0",
        "terraform_version": "1.11.4",
        "values": {
            "outputs": {
                "secret": {"sensitive": True, "type": "string", "value": "(sensitive value)"},
                "id": {"sensitive": False, "type": "string", "value": "msg_1"},
            },
            "root_module": {
                "resources": [
                    {
                        "address": 'openai_message.m["k"]',
                        "mode": "managed",
                        "type": "openai_message",
                        "name": "m",
                        "index": "k",
                        "provider_name": "registry.terraform.io/mkdev-me/openai",
                        "schema_version": 0,
                        "values": {
                            "id": "msg_1",
                            "content": "Hi",
                            "metadata": {"key": "(sensitive value)", "a": "b"},
                            "run_id": None,
                        },
                        "sensitive_values": {"metadata": {"key": True}},
                        "depends_on": ["openai_thread.t"],
                    }
                ]
            },
        },
    }


def test_a_module_is_a_child_of_the_module_that_calls_it() -> None:
    inner = StateObject(Address.parse('module.a["x"].module.b.openai_thread.t'), {"id": "t"})
    document = state_document(State("l", objects={inner.address: inner}))
    values = document["values"]
    assert isinstance(values, dict)
    child = values["root_module"]["child_modules"][0]
    assert child["address"] == 'module.a["x"]'
    assert child["child_modules"][0]["address"] == 'module.a["x"].module.b'


def test_no_state_is_only_a_version() -> None:
    assert state_document(State("l")) == {"format_version": "1.0"}


# -- plan documents ----------------------------------------------------------------------------


def planned(action: Action, before: object, after: object, **given: object) -> PlannedChange:
    return PlannedChange(MESSAGE, action, before, after, **given)  # type: ignore[arg-type]


def test_a_change_in_the_plan_document_is_the_one_terraform_prints() -> None:
    change = planned(
        Action.REPLACE,
        {"id": "msg_1", "content": "a", "metadata": {"k": "hunter2"}},
        {"id": Unknown("string"), "content": "b", "metadata": {"k": "hunter2"}},
        reason=Reason.CANNOT_UPDATE,
        replace_paths=(("content",),),
        before_sensitive=(("metadata", "k"),),
        after_sensitive=(("metadata", "k"),),
    )
    document = plan_document(Plan(PlanMode.NORMAL, (change,), timestamp="2026-11-23T00:00:00Z"))
    assert document["resource_changes"] == [
        {
            "address": "openai_message.m",
            "mode": "managed",
            "type": "openai_message",
            "name": "m",
            "provider_name": "registry.terraform.io/mkdev-me/openai",
            "change": {
                "actions": ["delete", "create"],
                "before": {
                    "id": "msg_1",
                    "content": "a",
                    "metadata": {"k": "(sensitive value)"},
                },
                "after": {"content": "b", "metadata": {"k": "(sensitive value)"}},
                "after_unknown": {"id": True, "metadata": {}},
                "before_sensitive": {"metadata": {"k": True}},
                "after_sensitive": {"metadata": {"k": True}},
                "replace_paths": [["content"]],
            },
            "action_reason": "replace_because_cannot_update",
        }
    ]
    assert document["applyable"] is True
    assert document["errored"] is False


def test_unknown_elements_of_a_list_keep_their_places() -> None:
    change = planned(Action.CREATE, None, {"content": ["a", Unknown("string")]})
    document = plan_document(Plan(PlanMode.NORMAL, (change,)))
    changes = document["resource_changes"]
    assert isinstance(changes, list)
    assert changes[0]["change"]["after"] == {"content": ["a", None]}
    assert changes[0]["change"]["after_unknown"] == {"content": [False, True]}


def test_the_plan_document_has_the_keys_of_the_sample() -> None:
    if not SAMPLES.exists():
        pytest.skip("the samples are not here")
    sample = json.loads((SAMPLES / "constructed/openai.plan.json").read_text())
    document = plan_document(Plan(PlanMode.NORMAL, ()))
    assert sample.keys() <= document.keys()
    assert document["format_version"] == sample["format_version"]


def test_a_sensitive_output_is_hidden_in_the_plan_document() -> None:
    change = OutputChange("s", None, OutputValue("hunter2", "string", sensitive=True))
    assert "hunter2" not in json.dumps(plan_document(Plan(PlanMode.NORMAL, (), outputs=(change,))))


# -- the stream --------------------------------------------------------------------------------


def stream() -> tuple[JsonStream, list[dict[str, object]]]:
    lines: list[dict[str, object]] = []
    moment = datetime(2026, 11, 23, 1, 45, 49, 575254, tzinfo=UTC)
    return JsonStream(lambda line: lines.append(json.loads(line)), now=lambda: moment), lines


def test_the_stream_is_the_one_of_the_sample() -> None:
    if not SAMPLES.exists():
        pytest.skip("the samples are not here")
    text = (SAMPLES / "constructed/openai.apply.jsonlog").read_text()
    sample = [json.loads(line) for line in text.splitlines()]
    turn = Address("openai_message", "turn", "0003")
    writer, lines = stream()
    writer.version("0.1.0", "1.11.4")
    change = PlannedChange(turn, Action.CREATE, None, {})
    writer.plan(Plan(PlanMode.NORMAL, (change,)))
    writer.event(ChangeStarted(turn, Action.CREATE, None))
    writer.still(turn, Action.CREATE, None, 10.0)
    writer.event(ChangeFinished(turn, Action.CREATE, "msg_10", 11.2))
    outputs = {"thread_id": OutputValue("thread_abc123", "string")}
    writer.report(Report(outputs=outputs, added=1), operation="apply")
    assert [line["type"] for line in lines] == [line["type"] for line in sample]
    for line, expected in zip(lines[1:], sample[1:], strict=True):
        line.get("changes", {}).pop("forget", None)  # type: ignore[attr-defined]
        assert line == expected


def test_a_failed_change_is_an_event_and_a_diagnostic() -> None:
    writer, lines = stream()
    error = OutcomeUnknown("connection closed")
    writer.event(ChangeFailed(MESSAGE, Action.CREATE, error))
    outcome = Outcome(MESSAGE, Action.CREATE, Status.FAILED, error)
    writer.report(Report((outcome,)), operation="apply")
    assert lines[0]["type"] == "apply_errored"
    assert lines[1]["diagnostic"] == {
        "severity": "error",
        "summary": "connection closed",
        "detail": "",
        "address": "openai_message.m",
    }


# -- progress and report -----------------------------------------------------------------------


class Clock:
    """A hand clock."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def watched(events: Iterable[Event]) -> list[str]:
    out = io.StringIO()
    progress = Progress(console(out, io.StringIO()), clock=Clock())
    for event in events:
        progress.event(event)
    return out.getvalue().splitlines()


def test_each_event_is_a_line() -> None:
    assert watched(
        [
            Refreshing(THREAD, "thread_1"),
            ChangeStarted(MESSAGE, Action.CREATE, None),
            ChangeFinished(MESSAGE, Action.CREATE, "msg_1", 1.2),
            ChangeStarted(MESSAGE, Action.UPDATE, "msg_1"),
            ChangeFinished(MESSAGE, Action.UPDATE, "msg_1", 0.2),
            ChangeStarted(MESSAGE, Action.DELETE, "msg_1"),
            ChangeFailed(MESSAGE, Action.DELETE, RequestRejected("no")),
            Waiting("429 from POST /threads", 12.0),
            Recovered(MESSAGE, "found on the server"),
        ]
    ) == [
        "openai_thread.t: Refreshing state... [id=thread_1]",
        "openai_message.m: Creating...",
        "openai_message.m: Creation complete after 1s [id=msg_1]",
        "openai_message.m: Modifying... [id=msg_1]",
        "openai_message.m: Modifications complete after 0s [id=msg_1]",
        "openai_message.m: Destroying... [id=msg_1]",
        "openai_message.m: Destruction failed",
        "Waiting 12 s: 429 from POST /threads",
        "openai_message.m: found on the server",
    ]


def test_a_change_that_takes_long_says_so_every_ten_seconds() -> None:
    out, clock = io.StringIO(), Clock()
    progress = Progress(console(out, io.StringIO()), clock=clock)
    progress.event(ChangeStarted(MESSAGE, Action.CREATE, None))
    for second in range(0, 31):
        clock.now = float(second)
        progress.tick()
    assert out.getvalue().splitlines()[1:] == [
        f"openai_message.m: Still creating... [{seconds}s elapsed]" for seconds in (10, 20, 30)
    ]


@pytest.mark.parametrize(
    ("finished", "seconds", "line"),
    [
        (0, 0.5, "0/1,100"),
        (0, 12, "0/1,100 · 12 s so far"),
        (412, 11, "412/1,100 · 37/s · 18 s left"),
        (10, 20, "10/1,100 · 30/min · 36 min left"),
    ],
)
def test_the_live_line_counts_and_estimates(finished: int, seconds: float, line: str) -> None:
    out, err, clock = Terminal(), Terminal(), Clock()
    progress = Progress(console(out, err), clock=clock)
    changes = tuple(
        PlannedChange(Address("openai_message", "m", key), Action.CREATE, None, {})
        for key in range(1100)
    )
    progress.begin(Plan(PlanMode.NORMAL, changes))
    for each in changes[:finished]:
        progress.track(ChangeFinished(each.address, Action.CREATE, "m", 0.1))
    clock.now = seconds
    progress.tick()
    progress.close()
    assert err.getvalue().split("\r\x1b[2K") == ["", line, ""]


def report(*outcomes: Outcome, **given: object) -> str:
    return "\n".join(ReportText(PLAIN, 78).render(Report(outcomes, **given)))  # type: ignore[arg-type]


def test_a_run_that_worked_ends_with_its_numbers_and_outputs() -> None:
    outcome = Outcome(MESSAGE, Action.CREATE, Status.APPLIED)
    text = report(outcome, added=1, imported=2, outputs={"id": OutputValue("m", "string")})
    assert text == (
        "\nApply complete! Resources: 2 imported, 1 added, 0 changed, 0 destroyed.\n"
        '\nOutputs:\n\nid = "m"'
    )


def test_a_destruction_counts_what_is_gone() -> None:
    lines = ReportText(PLAIN, 78).render(Report(destroyed=4), destroyed=True)
    assert lines == ["", "Destroy complete! Resources: 4 destroyed."]


def test_a_run_that_failed_says_what_became_of_every_change() -> None:
    text = report(
        Outcome(Address("openai_thread", "a"), Action.CREATE, Status.APPLIED),
        Outcome(THREAD, Action.CREATE, Status.FAILED, RequestRejected("no such file\nmore")),
        Outcome(MESSAGE, Action.CREATE, Status.SKIPPED, blocked_by=THREAD),
        added=1,
    )
    assert text == (
        "\nWhat became of the plan:\n"
        "\n"
        "      1 done\n"
        "      1 failed\n"
        "        openai_thread.t: no such file\n"
        "      1 not attempted\n"
        "        openai_message.m (waits for openai_thread.t)\n"
        "\nApply incomplete. Resources: 1 added, 0 changed, 0 destroyed.\n"
        'What is done is recorded; "reconciler apply" does the rest.'
    )


UNANSWERED = Report(
    (
        Outcome(THREAD, Action.CREATE, Status.UNKNOWN),
        Outcome(MESSAGE, Action.CREATE, Status.SKIPPED),
    ),
    interrupted=True,
)


def test_a_run_that_was_cut_off_names_what_it_had_sent() -> None:
    assert ReportText(PLAIN, 78).render(UNANSWERED) == [
        "",
        "What became of the plan:",
        "",
        "      0 done",
        "      1 sent, outcome unknown: the next run looks for them",
        "        openai_thread.t",
        "      1 not attempted",
        "",
        "Apply interrupted. Resources: 0 added, 0 changed, 0 destroyed.",
        'What is done is recorded; "reconciler apply" does the rest.',
    ]


def test_the_stream_of_a_run_that_was_cut_off_names_what_it_had_sent() -> None:
    writer, lines = stream()
    writer.report(UNANSWERED, operation="apply")
    assert [each["diagnostic"] for each in lines if each["type"] == "diagnostic"] == [
        {
            "severity": "warning",
            "summary": "Sent, outcome unknown",
            "detail": "No answer to it is recorded. The next run looks for what was sent.",
            "address": "openai_thread.t",
        }
    ]


def test_the_stream_of_a_run_that_was_cut_off_does_not_say_complete() -> None:
    writer, lines = stream()
    done = Outcome(MESSAGE, Action.UPDATE, Status.APPLIED)
    cut_off = replace(UNANSWERED, outcomes=(*UNANSWERED.outcomes, done), changed=1)

    writer.report(cut_off, operation="apply")
    writer.report(replace(cut_off, interrupted=False), operation="destroy")

    summaries = [each for each in lines if each["type"] == "change_summary"]
    assert [each["@message"] for each in summaries] == [
        f"{how}. Resources: 0 added, 1 changed, 0 destroyed. "
        "Changes: 1 done, 0 failed, 1 unknown, 1 not attempted."
        for how in ("Apply interrupted", "Destroy incomplete")
    ]
    assert summaries[0]["changes"]["change"] == 1
    assert summaries[0]["ended"] == "interrupted"
    assert summaries[0]["ends"] == {"done": 1, "failed": 0, "unknown": 1, "not_attempted": 1}


# -- nothing hostile gets out ------------------------------------------------------------------

HOSTILE = st.text(
    st.one_of(
        st.characters(exclude_categories=()),
        st.sampled_from("\x00\x07\x1b\x7f\x85\x9b\r\t\n\u200b\u2028\u202e\u2066\ufeff\ud800[];m"),
    ),
    max_size=20,
)
VALUES = st.recursive(
    HOSTILE | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HOSTILE, inner, max_size=3),
    max_leaves=6,
)
ATTRIBUTES = st.fixed_dictionaries(
    {"id": HOSTILE, "content": VALUES, "metadata": st.dictionaries(HOSTILE, HOSTILE, max_size=3)}
)
ADDRESSES = st.builds(Address, st.just("openai_message"), st.just("m"), HOSTILE)
ACTIONS = st.sampled_from(sorted(Action))


def is_safe(text: str) -> bool:
    return sanitise.UNSAFE.search(PALETTE.sub("", text).replace("\n", "")) is None


@given(ADDRESSES, ACTIONS, ATTRIBUTES, ATTRIBUTES, HOSTILE, st.booleans())
@settings(max_examples=150, deadline=None)
def test_no_plan_drives_a_terminal(
    address: Address,
    action: Action,
    before: dict[str, object],
    after: dict[str, object],
    text: str,
    color: bool,
) -> None:
    change = PlannedChange(address, action, before, after, import_id=text, note=text)
    outputs = (OutputChange(text, None, OutputValue(after, "dynamic")),)
    suspect = Suspect(address, SuspectKind.APPEND, {}, text, text, parent_id=text)
    plan = Plan(PlanMode.NORMAL, (change,), outputs=outputs, suspects=(suspect,))
    assert is_safe("\n".join(PlanText(Style(enabled=color), 78).render(plan)))
    assert is_safe(sanitise.json_text(plan_document(plan)))


@given(HOSTILE, HOSTILE, st.booleans())
@settings(max_examples=100, deadline=None)
def test_no_problem_drives_a_terminal(text: str, other: str, color: bool) -> None:
    source = SourceFile(text, f"a {other} b\n")
    found = diagnostic(
        Severity.ERROR,
        text,
        other,
        place=(source, 2, 2 + len(other)),
        context=text,
        values=((text, other),),
        address=text,
    )
    writer = DiagnosticsText(Style(enabled=color), 40 if color else None)
    error = RequestRejected(text, hint=other, request=text, code=other, request_id=text)
    assert is_safe("\n".join([*writer.diagnostics([found]), *writer.compact([found])]))
    assert is_safe("\n".join(writer.error(error)))
    assert is_safe(sanitise.json_text(validation_document([found])))


@given(ADDRESSES, ATTRIBUTES, HOSTILE)
@settings(max_examples=100, deadline=None)
def test_no_state_event_or_report_drives_a_terminal(
    address: Address, attributes: dict[str, object], text: str
) -> None:
    state = State(
        "l",
        objects={address: StateObject(address, attributes)},
        outputs={text: OutputValue(attributes, "dynamic")},
    )
    error = RequestRejected(text)
    events: list[Event] = [
        Refreshing(address, text),
        ChangeStarted(address, Action.CREATE, text),
        ChangeFailed(address, Action.CREATE, error),
        Waiting(text, 3.0),
        Recovered(address, text),
    ]
    outcome = Outcome(address, Action.CREATE, Status.FAILED, error)
    writer, lines = stream()
    for event in events:
        writer.event(event)
    assert lines
    assert is_safe("\n".join(StateText(PLAIN).state(state)))
    assert is_safe(sanitise.json_text(state_document(state)))
    assert is_safe("\n".join(watched(events)))
    assert is_safe("\n".join(ReportText(PLAIN, 78).render(Report((outcome,), warnings=(text,)))))


@pytest.mark.parametrize("before", [0, 30, 5_000])
@pytest.mark.parametrize("letter", ["x", "é", "e\u0301", "😀"])
def test_of_a_very_long_line_only_what_is_around_the_place_is_shown(
    before: int, letter: str
) -> None:
    text = "a\n" + letter * before + "HERE" + letter * 5_000 + "\nb"
    start = text.index("HERE")
    found = diagnostic(Severity.ERROR, "Wrong", place=(SourceFile("f", text), start, start + 4))
    (line,) = found.lines
    assert len(line) <= 1_000
    first, last = highlight(found)
    assert line.encode()[first:last] == b"HERE"
    assert found.subject is not None
    assert found.subject.start.column == before + 1
    assert any("\x1b[4mHERE\x1b[0m" in each for each in snippet_lines(found, Style(enabled=True)))


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("secret", ("content", 0, "text")),
        ({"a": "secret"}, ("content", 0)),
        (["secret"], ("content", "text")),
        (["other", "secret"], ("content", 5)),
        ([["secret"]], ("content", 0, "text")),
    ],
)
def test_a_secret_that_took_another_shape_stays_hidden(value: Any, path: Any) -> None:
    """As a server does that gives back a text for a list of one part."""
    shown = masked({"content": value}, mask_of([path]))
    assert "secret" not in str(shown)
    assert HIDDEN in str(shown)
