"""Plan text: a plan looks as Terraform users expect, and says what ours adds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.address import Address
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.language.values import Unknown
from reconciler.plan.model import (
    Action,
    Drift,
    OutputChange,
    Plan,
    PlanMode,
    PlannedChange,
    Reason,
    SequencePlan,
    UnmanagedLoss,
)
from reconciler.provider.resources import SCHEMAS
from reconciler.state.model import OutputValue, Suspect, SuspectKind
from reconciler.views.change_text import ChangeText
from reconciler.views.plan_text import PlanText, duration
from reconciler.views.style import PALETTE, Style
from reconciler.views.value_text import Whole

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "terraform" / "samples"
PLAIN = Style(enabled=False)
COLOR = Style(enabled=True)
UNKNOWN = Unknown("string")


def address(text: str) -> Address:
    return Address.parse(text)


def message(**given: object) -> dict[str, object]:
    """A message as the server has it."""
    return {
        "id": "msg_1",
        "object": "thread.message",
        "thread_id": "thread_abc123",
        "role": "user",
        "content": "Hello",
        "metadata": {},
        "attachments": None,
        "assistant_id": None,
        "created_at": 1732300001,
        **given,
    }


def change(action: Action, before: object, after: object, **given: object) -> PlannedChange:
    return PlannedChange(address("openai_message.m"), action, before, after, **given)  # type: ignore[arg-type]


def block(planned: PlannedChange, style: Style = PLAIN) -> str:
    return "\n".join(ChangeText(style, SCHEMAS).change(planned))


def render(plan: Plan, *, width: int = 78, style: Style = PLAIN) -> str:
    return "\n".join(PlanText(style, width, SCHEMAS).render(plan))


def updated(before: object, after: object, attribute: str = "content") -> str:
    """The lines that say how one attribute changes."""
    text = block(
        change(Action.UPDATE, message(**{attribute: before}), message(**{attribute: after}))
    )
    lines = text.split("\n")
    start = next(
        i for i, line in enumerate(lines) if line.startswith("      ") and line[6] in "~+-"
    )
    end = next(
        i
        for i, line in enumerate(lines)
        if i > start and re.match(r" {6}[~+-] | {8}\w+ += | {8}# \(| {4}}", line)
    )
    return "\n".join(lines[start:end])


def test_a_create_shows_what_is_known_and_what_is_not() -> None:
    desired = message(id=UNKNOWN, created_at=UNKNOWN, content="One\n\nTwo\n", metadata={"a": "b"})
    assert block(change(Action.CREATE, None, desired)) == (
        "  # openai_message.m will be created\n"
        '  + resource "openai_message" "m" {\n'
        "      + content    = <<-EOT\n"
        "            One\n"
        "\n"
        "            Two\n"
        "        EOT\n"
        "      + created_at = (known after apply)\n"
        "      + id         = (known after apply)\n"
        "      + metadata   = {\n"
        '          + "a" = "b"\n'
        "        }\n"
        '      + object     = "thread.message"\n'
        '      + role       = "user"\n'
        '      + thread_id  = "thread_abc123"\n'
        "    }"
    )


def test_a_replacement_names_the_attribute_that_forces_it() -> None:
    planned = change(
        Action.REPLACE,
        message(),
        message(content="Hello there", id=UNKNOWN),
        replace_paths=(("content",),),
        reason=Reason.CANNOT_UPDATE,
        note="replaces 1, rewrites 6 after it to keep the order",
    )
    assert block(planned) == (
        "  # openai_message.m must be replaced\n"
        "  # (replaces 1, rewrites 6 after it to keep the order)\n"
        '-/+ resource "openai_message" "m" {\n'
        '      ~ content    = "Hello" -> "Hello there" # forces replacement\n'
        '      ~ id         = "msg_1" -> (known after apply)\n'
        "        # (5 unchanged attributes hidden)\n"
        "    }"
    )


def test_an_update_shows_the_changed_element_of_a_map() -> None:
    assert updated({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}, "metadata") == (
        "      ~ metadata   = {\n"
        '          ~ "b" = "2" -> "3"\n'
        '          + "c" = "4"\n'
        "            # (1 unchanged element hidden)\n"
        "        }"
    )


def test_an_element_that_leaves_a_map_becomes_null() -> None:
    assert '          - "a" = "1" -> null\n' in updated({"a": "1"}, {"b": "1"}, "metadata")


@pytest.mark.parametrize(
    ("action", "given", "headline"),
    [
        (Action.CREATE, {}, "# openai_message.m will be created"),
        (Action.UPDATE, {}, "# openai_message.m will be updated in-place"),
        (Action.DELETE, {}, "# openai_message.m will be destroyed"),
        (Action.REPLACE, {}, "# openai_message.m must be replaced"),
        (
            Action.REPLACE,
            {"reason": Reason.REQUESTED},
            "# openai_message.m will be replaced, as requested",
        ),
        (
            Action.REPLACE,
            {"reason": Reason.TAINTED},
            "# openai_message.m is tainted, so it must be replaced",
        ),
        (
            Action.REPLACE,
            {"reason": Reason.TRIGGERS},
            "# openai_message.m will be replaced due to changes in replace_triggered_by",
        ),
        (Action.READ, {}, "# openai_message.m will be read during apply"),
        (
            Action.FORGET,
            {},
            "# openai_message.m will no longer be managed by reconciler, but will not be destroyed",
        ),
        (Action.NO_OP, {"import_id": "t:m"}, "# openai_message.m will be imported"),
        (
            Action.NO_OP,
            {"moved_from": Address("openai_message", "old")},
            "# openai_message.old has moved to openai_message.m",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_each_action_has_its_headline(
    action: Action, given: dict[str, object], headline: str
) -> None:
    before = None if action in (Action.CREATE, Action.READ) else message()
    after = None if action in (Action.DELETE, Action.FORGET) else message(content="x")
    assert block(change(action, before, after, **given)).split("\n")[0] == f"  {headline}"


@pytest.mark.parametrize(
    ("text", "reason", "why"),
    [
        ("openai_message.m", Reason.NO_BLOCK, "because openai_message.m is not in configuration"),
        (
            'openai_message.m["k"]',
            Reason.EACH_KEY,
            'because key ["k"] is not in for_each map',
        ),
        ("openai_message.m[3]", Reason.COUNT_INDEX, "because index [3] is out of range for count"),
        ("module.a.openai_message.m", Reason.NO_MODULE, "because module.a is not in configuration"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_deletion_says_why(text: str, reason: Reason, why: str) -> None:
    planned = PlannedChange(address(text), Action.DELETE, message(), None, reason=reason)
    assert block(planned).split("\n")[1] == f"  # ({why})"


def test_a_no_op_is_not_shown() -> None:
    assert block(change(Action.NO_OP, message(), message())) == ""


def test_create_before_destroy_has_its_own_symbol() -> None:
    planned = change(Action.REPLACE, message(), message(content="x"), create_before_destroy=True)
    assert block(planned).split("\n")[1].startswith("+/- resource")


def test_a_sensitive_value_is_never_shown() -> None:
    planned = change(
        Action.UPDATE,
        message(metadata={"key": "hunter2", "a": "b"}),
        message(metadata={"key": "hunter3", "a": "c"}),
        before_sensitive=(("metadata", "key"),),
        after_sensitive=(("metadata", "key"),),
    )
    text = block(planned)
    assert "hunter" not in text
    assert '~ "key" = (sensitive value)' in text


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("Hello", "Bye", '      ~ content    = "Hello" -> "Bye"'),
        (
            "one\ntwo\nthree",
            "one\n2\nthree",
            "      ~ content    = <<-EOT\n"
            "            one\n"
            "          - two\n"
            "          + 2\n"
            "            three\n"
            "        EOT",
        ),
        (
            '{"a": [1, 2], "b": null}',
            '{"a": [1, 3], "b": null}',
            "      ~ content    = jsonencode(\n"
            "          ~ {\n"
            "              ~ a = [\n"
            "                    1,\n"
            "                  - 2,\n"
            "                  + 3,\n"
            "                ]\n"
            "            }\n"
            "        )",
        ),
        (
            '{"a":1}',
            '{ "a": 1 }',
            "      ~ content    = jsonencode( # whitespace changes\n"
            "            {\n"
            "                a = 1\n"
            "            }\n"
            "        )",
        ),
        (
            "a\nb\n",
            "a\nb",
            "      ~ content    = <<-EOT # line break at the end removed\n"
            "            a\n"
            "            b\n"
            "        EOT",
        ),
        (
            '{"a":1,"a":2}',
            '{"a":2}',
            '      ~ content    = "{\\"a\\":1,\\"a\\":2}" -> jsonencode(\n'
            "            {\n"
            "              + a = 2\n"
            "            }\n"
            "        )",
        ),
    ],
    ids=["line", "lines", "json", "whitespace", "last line break", "a key twice"],
)
def test_a_changed_text_is_shown_by_its_structure(before: str, after: str, expected: str) -> None:
    assert updated(before, after) == expected


def test_a_long_text_shows_three_lines_around_a_change_and_counts_the_rest() -> None:
    before = [f"line {number}" for number in range(100)]
    after = [*before[:50], "new", *before[51:]]
    assert updated("\n".join(before), "\n".join(after)) == (
        "      ~ content    = <<-EOT\n"
        "            # (47 unchanged lines hidden)\n"
        "            line 47\n"
        "            line 48\n"
        "            line 49\n"
        "          - line 50\n"
        "          + new\n"
        "            line 51\n"
        "            line 52\n"
        "            line 53\n"
        "            # (46 unchanged lines hidden)\n"
        "        EOT"
    )


def test_a_text_of_many_changed_lines_takes_no_time_to_speak_of() -> None:
    before = "\n".join(f"{number % 7}" for number in range(3000))
    after = "\n".join(f"{number % 5}" for number in range(3000))
    assert "EOT" in updated(before, after)


def test_a_list_keeps_one_neighbour_and_counts_the_rest() -> None:
    parts = [{"type": "text", "text": str(number)} for number in range(6)]
    text = updated(parts, [*parts[:5], {"type": "text", "text": "six"}])
    assert "# (4 unchanged elements hidden)" in text
    assert '~ text = "5" -> "six"' in text


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    text = block(change(Action.CREATE, None, message(content="a\n\x1b[2Jb\u202e", role="\x1b[31m")))
    assert "            ␛[2Jb\\u202e\n" in text
    assert 'role       = "\\u001b[31m"' in text
    assert "\x1b" not in text


def test_what_an_object_type_names_and_is_null_is_left_out() -> None:
    type_ = ["list", ["object", {"file_id": "string", "tools": "string"}]]
    lines = Whole("+", PLAIN).value([{"file_id": "f", "tools": None}], False, type_, 6)
    assert lines == [
        "[",
        "          + {",
        '              + file_id = "f"',
        "            },",
        "        ]",
    ]


def plan(*changes: PlannedChange, **given: object) -> Plan:
    return Plan(PlanMode.NORMAL, changes, **given)  # type: ignore[arg-type]


def test_the_legend_holds_only_the_symbols_that_occur() -> None:
    text = render(plan(change(Action.CREATE, None, message())))
    assert "symbols:\n  + create\n\nreconciler will perform" in text
    assert "destroy\n" not in text


def test_the_summary_counts_a_replacement_twice() -> None:
    text = render(
        plan(change(Action.REPLACE, message(), message(content="x")), calls=2, seconds=0.1)
    )
    assert "\nPlan: 1 to add, 0 to change, 1 to destroy.\nThis takes 2 API calls." in text


def test_imports_and_forgotten_ones_are_counted_only_if_there_are_any() -> None:
    imported = change(Action.NO_OP, message(), message(), import_id="t:m")
    forgotten = change(Action.FORGET, message(), None)
    text = render(plan(imported, forgotten))
    assert "Plan: 1 to import, 0 to add, 0 to change, 0 to destroy, 1 to forget." in text


def test_the_time_is_told_where_it_matters() -> None:
    text = render(
        plan(
            change(Action.CREATE, None, message()),
            calls=1200,
            seconds=240.0,
            rate="300 writes a minute",
        )
    )
    assert "This takes 1,200 API calls, about 4 min at 300 writes a minute." in text


def test_calls_that_a_reading_decides_are_told_as_at_least() -> None:
    text = render(plan(change(Action.CREATE, None, message()), calls=1, at_least=True))
    assert "This takes at least 1 API call." in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.4, "3 s"), (89, "89 s"), (240, "4 min"), (7200, "2.0 h")]
)
def test_a_duration_is_written_as_people_say_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_nothing_to_do_says_so() -> None:
    text = render(plan(change(Action.NO_OP, message(), message())))
    assert text.startswith("No changes. Your infrastructure matches the configuration.\n\n")


def test_a_plan_to_destroy_nothing_says_so() -> None:
    assert render(Plan(PlanMode.DESTROY, ())).startswith("No changes. No objects need")


def test_drift_comes_first_under_a_note_of_its_own() -> None:
    drift = Drift(address("openai_message.m"), message(), None, position=(4, 9))
    text = render(plan(change(Action.CREATE, None, message(), reason=Reason.GONE), drift=(drift,)))
    assert text.startswith("Note: Objects have changed outside of reconciler\n")
    assert "  # openai_message.m has been deleted\n  # (it was position 4 of 9)\n" in text
    assert text.index("─────") < text.index("will be created again")


def test_a_refresh_only_plan_shows_drift_and_no_actions() -> None:
    drift = Drift(address("openai_message.m"), message(), message(content="edited"))
    text = render(Plan(PlanMode.REFRESH_ONLY, (), drift=(drift,)))
    assert '~ content    = "Hello" -> "edited"' in text
    assert "This is a refresh-only plan" in text
    assert "Plan:" not in text


def test_outputs_are_aligned_and_sensitive_ones_hidden() -> None:
    outputs = (
        OutputChange("id", OutputValue("a", "string"), OutputValue(UNKNOWN, "string")),
        OutputChange("secret", None, OutputValue("hunter2", "string", sensitive=True)),
        OutputChange("gone", OutputValue("x", "string"), None),
        OutputChange("same", OutputValue("x", "string"), OutputValue("x", "string")),
    )
    text = render(plan(outputs=outputs))
    assert (
        "Changes to Outputs:\n"
        '  - gone   = "x" -> null\n'
        '  ~ id     = "a" -> (known after apply)\n'
        "  + secret = (sensitive value)\n"
    ) in text
    assert "same" not in text
    assert "You can apply this plan to save these new output values" in text


def test_suspects_come_before_everything_else() -> None:
    suspect = Suspect(
        address("openai_thread.t"), SuspectKind.CREATE, {}, "2026-11-23T00:00:00Z", "no answer"
    )
    text = render(plan(change(Action.CREATE, None, message()), suspects=(suspect,)))
    assert text.startswith("Unresolved from an earlier run\n")
    assert "  ! openai_thread.t\n      create, sent at 2026-11-23T00:00:00Z" in text


def test_a_rewrite_and_unmanaged_messages_are_told_per_thread() -> None:
    sequence = SequencePlan(
        address("openai_thread.t"),
        "openai_message",
        order=(),
        kept=(address("openai_message.a"),) * 4,
        appended=(),
        rewritten=(address("openai_message.b"),) * 6,
        unmanaged=3,
        grown=1,
    )
    text = render(plan(change(Action.CREATE, None, message()), sequences=(sequence,)))
    assert (
        "Threads:\n  openai_thread.t: rewrites 6 messages to keep the order, keeps 4; "
        "holds 3 unmanaged messages, 1 of them new\n"
    ) in text


@pytest.mark.parametrize(
    ("unmanaged", "grown", "told"),
    [
        (1, 0, "holds 1 unmanaged message"),
        (1, 1, "holds 1 new unmanaged message"),
        (2, 1, "holds 2 unmanaged messages, 1 of them new"),
        (2, 2, "holds 2 new unmanaged messages"),
    ],
)
def test_new_unmanaged_messages_are_told_apart(unmanaged: int, grown: int, told: str) -> None:
    sequence = SequencePlan(
        address("openai_thread.t"), "openai_message", (), (), (), unmanaged=unmanaged, grown=grown
    )
    assert f"  openai_thread.t: {told}\n" in render(plan(sequences=(sequence,)))


def test_a_thread_replaced_for_the_order_of_its_messages_has_no_thread_of_its_own() -> None:
    text = block(change(Action.REPLACE, message(), message(), reason=Reason.REWRITE))
    assert "must be replaced\n" in text
    assert "  # (written again to keep the messages in order)\n" in text


def test_what_goes_along_unmanaged_is_named_before_the_summary() -> None:
    loss = UnmanagedLoss(address("openai_thread.t"), 2)
    text = render(plan(change(Action.DELETE, message(), None), unmanaged_losses=(loss,)))
    assert "  openai_thread.t: holds 2 unmanaged messages, which go with it\n\nPlan: " in text


def test_a_plan_with_errors_is_shown_as_far_as_it_goes() -> None:
    error = Diagnostic(Severity.ERROR, "Protected")
    text = render(plan(change(Action.DELETE, message(), None), errors=(error,)))
    assert "planned the following actions, but then encountered a problem:" in text


def test_a_change_that_waits_for_a_suspect_says_so() -> None:
    planned = change(Action.CREATE, None, message(), blocked_by=address("openai_thread.t"))
    assert "  # (not before openai_thread.t is resolved by reconciler recover)" in block(planned)


def test_colour_changes_no_letter() -> None:
    changes = (
        change(Action.REPLACE, message(), message(content="x\ny"), replace_paths=(("content",),)),
        change(Action.CREATE, None, message()),
        change(Action.DELETE, message(), None),
    )
    colored = render(plan(*changes), style=COLOR)
    assert "\x1b[" in colored
    assert PALETTE.sub("", colored) == render(plan(*changes))


def test_a_narrow_terminal_wraps_our_prose_and_no_text_of_others() -> None:
    content = "word " * 40
    text = render(plan(change(Action.CREATE, None, message(content=content))), width=40)
    prose = [line for line in text.split("\n") if line and not line.startswith(" ")]
    assert max(map(len, prose)) <= 50
    assert content in text


def test_the_same_plan_gives_the_same_text() -> None:
    one = plan(change(Action.CREATE, None, message(metadata={"b": "1", "a": "2"})))
    other = plan(
        change(Action.CREATE, None, dict(reversed(message(metadata={"a": "2", "b": "1"}).items())))
    )
    assert render(one) == render(other)


# -- Terraform's own plans, where they are at hand ---------------------------------------------

_ACTIONS = {
    ("no-op",): Action.NO_OP,
    ("create",): Action.CREATE,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("read",): Action.READ,
    ("forget",): Action.FORGET,
}

_SAME = [
    ("real-terraform-1.11.4/01-plan-create.plan.json", "real-terraform-1.11.4/01-plan-create.txt"),
    ("constructed/openai.plan.json", "constructed/openai.plan.txt"),
    *(
        (f"human-plan/{name}/plan.json", f"human-plan/{name}/plan.txt")
        for name in (
            "basic_json_string_update",
            "basic_list_update",
            "basic_map_update",
            "basic_multiline_string_update",
            "data_read",
            "drift_simple",
            "local_provider_basic",
            "local_provider_delete",
            "moved_simple",
            "moved_with_update",
            "null_provider_delete",
            "simple_object_replace",
        )
    ),
]

_DIFFERENT = {
    # The sample's document and its text hold different contents, or name the tool.
    '  # openai_message.turn["0003"] will be created',
    "  # openai_message.kept_remotely will be removed from the OpenTofu state but will not be "
    "destroyed",
    '  # openai_message.turn["0002"] has changed',
    # Written with Terraform's knowledge that the value is an object.
    "  # terraform_data.thread will be created",
}


@pytest.mark.parametrize(("document", "text"), _SAME, ids=[each[0] for each in _SAME])
def test_a_block_is_drawn_as_terraform_draws_it(document: str, text: str) -> None:
    if not SAMPLES.exists():
        pytest.skip("the samples are not here")
    changes = json.loads((SAMPLES / document).read_text())["resource_changes"]
    drawn = dict(_block(ChangeText(PLAIN).change(_change(each))) for each in changes)
    expected = dict(_blocks((SAMPLES / text).read_text()))
    compared = expected.keys() - _DIFFERENT
    assert compared
    assert {key: drawn.get(key) for key in compared} == {key: expected[key] for key in compared}


def _block(lines: list[str]) -> tuple[str, list[str]]:
    return (lines[0], lines[1:]) if lines else ("", [])


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    headline: str | None = None
    lines: list[str] = []
    for line in text.splitlines():
        if headline is None and re.match(r" ? # \S.* (will|must|has|is)\b", line):
            headline, lines = line, []
        elif headline is not None:
            lines.append(line)
            if line == "    }":
                yield headline, lines
                headline = None


def _change(document: dict[str, object]) -> PlannedChange:
    told = document["change"]
    assert isinstance(told, dict)
    after = told["after"]
    previous = document.get("previous_address")
    reasons = {str(each): each for each in Reason}
    return PlannedChange(
        address(str(document["address"])),
        _ACTIONS[tuple(told["actions"])],
        told["before"],
        _merged(after, told["after_unknown"]) if after is not None else None,  # type: ignore[arg-type]
        reason=reasons.get(str(document.get("action_reason"))),
        replace_paths=tuple(tuple(each) for each in told.get("replace_paths", ())),
        before_sensitive=tuple(_paths(told["before_sensitive"])),
        after_sensitive=tuple(_paths(told["after_sensitive"])),
        moved_from=address(str(previous)) if previous else None,
        import_id=(told.get("importing") or {}).get("id"),
    )


def _merged(after: object, unknown: object) -> object:
    if unknown is True:
        return UNKNOWN
    if isinstance(unknown, dict) and isinstance(after, dict):
        return {**after, **{name: _merged(after.get(name), unknown[name]) for name in unknown}}
    if isinstance(unknown, list) and isinstance(after, list):
        return [_merged(one, other) for one, other in zip(after, unknown, strict=True)]
    return after


def _paths(tree: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if tree is True:
        yield path
    elif isinstance(tree, dict):
        for name, each in tree.items():
            yield from _paths(each, (*path, name))
    elif isinstance(tree, list):
        for index, each in enumerate(tree):
            yield from _paths(each, (*path, index))
