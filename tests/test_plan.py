"""Plan: one action per instance, for every reason there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from conversation_model import (
    CONVERSATIONS,
    PLACE,
    SCHEMAS,
    THREADS,
    Conversations,
    at,
    message,
    thread,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.address import Address
from reconciler.diagnostics import Diagnostic
from reconciler.errors import UsageError
from reconciler.expand import Instance
from reconciler.expand.model import PendingRead
from reconciler.frozen import replace
from reconciler.language.values import UNKNOWN, Unknown
from reconciler.plan.model import Action, Plan, PlanMode, Reason
from reconciler.plan.moves import Import, Moved, Removed
from reconciler.plan.options import PlanOptions, Policies
from reconciler.plan.planfile import encode
from reconciler.plan.planner import make_plan
from reconciler.plan.targets import check_named
from reconciler.provider.protocol import Capabilities, Carry
from reconciler.refresh import Listing, Observed
from reconciler.spec.model import Lifecycle
from reconciler.state.model import OutputValue, StateObject, Suspect, SuspectKind

T = Address("openai_thread", "t")
PROTECTED = Lifecycle(prevent_destroy=True)
UNPROTECTED = Lifecycle(prevent_destroy=False)


def applied(spec: Sequence[Instance], **how: object) -> Conversations:
    server = Conversations(**how)
    server.apply(spec)
    server.created = server.deleted = server.updated = 0
    return server


def actions(plan: Plan) -> dict[str, tuple[Action, Reason | None]]:
    return {
        str(each.address).removeprefix("openai_message."): (each.action, each.reason)
        for each in plan.changes
        if each.changes_something
    }


def summaries(found: Iterable[Diagnostic]) -> list[str]:
    return [each.summary for each in found]


# -- single objects


def test_what_is_new_is_created_with_what_the_api_chooses_unknown() -> None:
    plan = Conversations().plan([thread(), message("a", "A")])
    (created,) = [each for each in plan.changes if each.address == at("a")]
    assert (created.action, created.before) == (Action.CREATE, None)
    assert created.after["content"] == "A"
    assert created.after["thread_id"] == Unknown("string", True, "openai_thread.t.id")
    assert created.after["id"] == Unknown("string", True, "openai_message.a.id")
    assert created.after["metadata"] is None


def test_what_is_as_desired_needs_nothing() -> None:
    spec = [thread(), message("a", "A")]
    plan = applied(spec).plan(spec)
    assert not plan.has_changes
    assert {each.action for each in plan.changes} == {Action.NO_OP}


def test_metadata_is_updated_in_place() -> None:
    server = applied([thread(), message("a", "A", metadata={"k": "v", "x": "1"})])
    plan = server.plan([thread(), message("a", "A", metadata={"k": "w", "x": "1"})])
    assert actions(plan) == {"a": (Action.UPDATE, None)}
    (change,) = [each for each in plan.changes if each.changes_something]
    assert change.before["metadata"] == {"k": "v", "x": "1"}
    assert change.after["metadata"] == {"k": "w", "x": "1"}
    assert change.after["id"] == change.before["id"]
    assert not change.local


def test_metadata_and_content_together_are_one_replacement() -> None:
    server = applied([thread(), message("a", "A", metadata={"k": "v"})])
    spec = [thread(), message("a", "B", metadata={"k": "w"})]
    plan = server.apply(spec)
    (change,) = [each for each in plan.changes if each.changes_something]
    assert (change.action, change.reason) == (Action.REPLACE, Reason.CANNOT_UPDATE)
    assert change.replace_paths == (("content",),)
    assert change.after["metadata"] == {"k": "w"}
    assert not server.plan(spec).has_changes


def test_what_lives_in_state_only_costs_no_call() -> None:
    server = applied([thread(), message("a", "A")])
    plan = server.plan([thread(on_reorder="append"), message("a", "A", order=1)])
    assert [each.local for each in plan.changes] == [True, True]
    assert plan.calls == 0


def test_what_has_no_block_any_more_is_deleted() -> None:
    server = applied([thread(), message("a", "A"), message("b", "B")])
    assert actions(server.plan([thread(), message("a", "A")])) == {
        "b": (Action.DELETE, Reason.NO_BLOCK)
    }


@pytest.mark.parametrize(
    ("before", "after", "empty", "reason"),
    [
        (["m[0]", "m[1]"], ["m[0]"], [], Reason.COUNT_INDEX),
        (['m["a"]', 'm["b"]'], ['m["a"]'], [], Reason.EACH_KEY),
        (["m[1]"], ['m["a"]'], [], Reason.WRONG_REPETITION),
        (["m[0]"], [], ["m[0]"], Reason.COUNT_INDEX),
        (['m["a"]'], [], ['m["x"]'], Reason.EACH_KEY),
        (["m[0]"], [], [], Reason.NO_BLOCK),
        (["module.x.m"], [], [], Reason.NO_MODULE),
    ],
)
def test_why_something_is_deleted(
    before: list[str], after: list[str], empty: list[str], reason: Reason
) -> None:
    def full(name: str) -> str:
        head, dot, rest = name.rpartition(".")
        return f"{head}{dot}openai_message.{rest}"

    def spec(names: list[str]) -> list[Instance]:
        return [thread(), *(message(full(each), each) for each in names)]

    server = applied(spec(before))
    plan = server.plan(spec(after), empty_blocks=[Address.parse(full(each)) for each in empty])
    deleted = [each for each in plan.changes if each.action is Action.DELETE]
    assert {each.reason for each in deleted} == {reason}


def test_changes_are_sorted_and_deletions_come_last() -> None:
    server = applied([thread(), message("a", "A"), message("z", "Z")])
    plan = server.plan([thread(), message("z", "Z"), message("b", "B")])
    assert [str(each.address) for each in plan.changes] == [
        "openai_message.b",
        "openai_message.z",
        "openai_thread.t",
        "openai_message.a",
    ]


def test_what_is_tainted_is_replaced() -> None:
    spec = [thread(), message("a", "A")]
    server = applied(spec)
    tainted = replace(server.state.objects[at("a")], tainted=True)
    server.state = replace(server.state, objects={**server.state.objects, at("a"): tainted})
    assert actions(server.plan(spec)) == {"a": (Action.REPLACE, Reason.TAINTED)}


def test_a_deposed_object_is_deleted_and_is_no_unmanaged_message() -> None:
    spec = [thread(), message("a", "A")]
    server = applied(spec)
    id_ = server.say(server.only, "A", role="user")
    old = StateObject(at("a"), {"id": id_, "thread_id": server.only}, deposed="0123abcd")
    server.state = replace(server.state, deposed={(at("a"), "0123abcd"): old})
    plan = server.plan(spec)
    assert actions(plan) == {"a": (Action.DELETE, Reason.DEPOSED)}
    assert plan.sequences[0].unmanaged == 0


# -- gone


def test_a_lost_message_is_created_again_and_told_with_its_place() -> None:
    spec = [thread(), *(message(each, each) for each in "abcdefghi")]
    server = applied(spec)
    server.lose(server.only, 3)
    plan = server.plan(spec)
    assert actions(plan)["d"] == (Action.CREATE, Reason.GONE)
    (lost,) = plan.drift
    assert (str(lost.address), lost.after, lost.position) == ("openai_message.d", None, (4, 9))
    assert plan.refreshed[at("d")] is None


def test_a_lost_thread_is_created_again_with_its_messages_and_told_once() -> None:
    spec = [thread(), message("a", "A"), message("b", "B")]
    server = applied(spec)
    del server.metadata[server.only]
    server.threads.clear()
    plan = server.plan(spec)
    assert {each for _, each in actions(plan).values()} == {Reason.GONE}
    assert [each.address for each in plan.drift] == [T]
    server.carry_out(plan)
    assert server.contents() == ["A", "B"]


def test_what_is_gone_and_not_desired_just_leaves_state() -> None:
    server = applied([thread(), message("a", "A"), message("b", "B")])
    server.lose(server.only, 1)
    plan = server.plan([thread(), message("a", "A")])
    assert not plan.has_changes
    assert plan.refreshed == {at("b"): None}


def test_edited_metadata_is_drift_and_is_put_right() -> None:
    spec = [thread(metadata={"k": "v"}), message("a", "A")]
    server = applied(spec)
    server.metadata[server.only] = {**server.metadata[server.only], "metadata": {"k": "x"}}
    plan = server.plan(spec)
    assert [each.address for each in plan.drift] == [T]
    assert actions(plan) == {"openai_thread.t": (Action.UPDATE, None)}
    assert plan.refreshed[T].attributes["metadata"] == {"k": "x"}
    server.apply(spec)
    assert not server.plan(spec).has_changes


def test_refresh_only_plans_nothing_and_tells_all() -> None:
    spec = [thread(), message("a", "A")]
    server = applied(spec)
    server.lose(server.only, 0)
    plan = server.plan(spec, mode=PlanMode.REFRESH_ONLY)
    assert (plan.changes, len(plan.drift), plan.can_apply) == ((), 1, True)


def test_without_a_refresh_state_alone_is_believed() -> None:
    spec = [thread(), message("a", "A")]
    server = applied(spec)
    server.lose(server.only, 0)
    blind = PlanOptions(refresh=False)
    assert not server.plan(spec, observed=Observed(), options=blind).has_changes
    changed = [thread(), message("a", "B")]
    assert actions(server.plan(changed, observed=Observed(), options=blind)) == {
        "a": (Action.REPLACE, Reason.CANNOT_UPDATE)
    }


# -- neighbours


def test_members_of_a_replaced_thread_are_replaced() -> None:
    spec = [thread(), message("a", "A"), message("b", "B")]
    server = applied(spec)
    plan = server.apply(spec, options=PlanOptions(replace=("openai_thread.t",)))
    assert actions(plan) == {
        "openai_thread.t": (Action.REPLACE, Reason.REQUESTED),
        "a": (Action.REPLACE, Reason.PARENT_REPLACED),
        "b": (Action.REPLACE, Reason.PARENT_REPLACED),
    }
    (change,) = [each for each in plan.changes if each.address == at("a")]
    assert change.replace_paths == (("thread_id",),)
    assert isinstance(change.after["thread_id"], Unknown)
    assert server.contents() == ["A", "B"]


def test_a_requested_replacement_rewrites_what_follows() -> None:
    spec = [thread(), *(message(each, each) for each in "abc")]
    server = applied(spec)
    plan = server.apply(spec, options=PlanOptions(replace=("openai_message.b",)))
    assert actions(plan) == {
        "b": (Action.REPLACE, Reason.REQUESTED),
        "c": (Action.REPLACE, Reason.REWRITE),
    }
    assert server.contents() == list("abc")


def test_a_trigger_replaces_and_the_order_follows() -> None:
    def spec(value: str) -> list[Instance]:
        return [
            thread(metadata={"k": value}),
            message("a", "A", triggers=[T]),
            message("b", "B"),
        ]

    server = applied(spec("1"))
    assert actions(server.plan(spec("1"))) == {}
    assert actions(server.plan(spec("2"))) == {
        "openai_thread.t": (Action.UPDATE, None),
        "a": (Action.REPLACE, Reason.TRIGGERS),
        "b": (Action.REPLACE, Reason.REWRITE),
    }


def test_triggers_reach_across_threads_and_may_name_whole_blocks() -> None:
    other = Address("openai_thread", "u")

    def spec(text: str) -> list[Instance]:
        return [
            thread(),
            thread("u"),
            message("openai_message.a[0]", "x"),
            message("openai_message.a[1]", text),
            message("b", "B", parent=other, triggers=[at("a")]),
            message("c", "C", parent=other),
        ]

    server = applied(spec("y"))
    assert actions(server.plan(spec("z"))) == {
        "a[1]": (Action.REPLACE, Reason.CANNOT_UPDATE),
        "b": (Action.REPLACE, Reason.TRIGGERS),
        "c": (Action.REPLACE, Reason.REWRITE),
    }


def test_create_before_destroy_spreads_to_what_it_depends_on() -> None:
    first = Lifecycle(create_before_destroy=True)
    spec = [thread(), message("a", "A", lifecycle=first)]
    plan = applied(spec).plan(spec, options=PlanOptions(replace=("openai_thread.t",)))
    assert [each.create_before_destroy for each in plan.changes] == [True, True]


def test_ignored_content_is_sent_as_recorded_in_a_rewrite() -> None:
    frozen = Lifecycle(ignore_changes=(("content",),))
    server = applied([thread(), message("a", "A"), message("b", "B", lifecycle=frozen)])
    spec = [thread(), message("a", "X"), message("b", "other", lifecycle=frozen)]
    server.apply(spec)
    assert server.contents() == ["X", "B"]
    assert not server.plan(spec).has_changes


def test_a_message_that_goes_to_another_thread_is_replaced() -> None:
    other = Address("openai_thread", "u")
    server = applied([thread(), thread("u"), message("a", "A"), message("b", "B")])
    spec = [thread(), thread("u"), message("a", "A", parent=other), message("b", "B")]
    server.apply(spec)
    contents = sorted(map(server.contents, server.threads))
    assert contents == [["A"], ["B"]]
    assert not server.plan(spec).has_changes


# -- protection


def test_protection_is_kept_in_state_and_outlives_its_block() -> None:
    server = applied([thread(), message("a", "A", lifecycle=PROTECTED)])
    plan = server.plan([thread()])
    assert summaries(plan.errors) == ["Instance cannot be destroyed"]
    assert "removed" in plan.errors[0].detail
    assert not plan.can_apply


def test_protection_of_an_existing_object_is_a_change_of_state_only() -> None:
    server = applied([thread(), message("a", "A")])
    protected = [thread(), message("a", "A", lifecycle=PROTECTED)]
    plan = server.apply(protected)
    (change,) = [each for each in plan.changes if each.changes_something]
    assert (change.action, change.local, change.protected) == (Action.UPDATE, True, True)
    assert not server.plan(protected).has_changes
    assert not server.plan([thread(), message("a", "A")]).has_changes
    assert server.state.objects[at("a")].protected


def test_a_protected_object_is_not_replaced() -> None:
    server = applied([thread(), message("a", "A", lifecycle=PROTECTED)])
    plan = server.plan([thread(), message("a", "B")])
    assert summaries(plan.errors) == ["Instance cannot be destroyed"]
    assert "prevent_destroy = false" in plan.errors[0].detail


def test_prevent_destroy_false_ends_the_protection() -> None:
    server = applied([thread(), message("a", "A", lifecycle=PROTECTED)])
    server.apply([thread(), message("a", "B", lifecycle=UNPROTECTED)])
    assert server.contents() == ["B"]
    assert not server.state.objects[at("a")].protected


def test_a_protected_object_survives_destroy() -> None:
    spec = [thread(), message("a", "A", lifecycle=PROTECTED)]
    server = applied(spec)
    assert summaries(server.plan([], mode=PlanMode.DESTROY).errors) == [
        "Instance cannot be destroyed"
    ]
    ended = [thread(), message("a", "A", lifecycle=UNPROTECTED)]
    assert not server.plan(ended, mode=PlanMode.DESTROY).errors


def test_a_removed_block_lets_go_or_destroys() -> None:
    server = applied([thread(), message("a", "A", lifecycle=PROTECTED), message("b", "B")])
    plan = server.plan([thread()], removed=[Removed(at("a"), destroy=True), Removed(at("b"))])
    assert not plan.errors
    assert {name: action for name, (action, _) in actions(plan).items()} == {
        "a": Action.DELETE,
        "b": Action.FORGET,
    }
    server.carry_out(plan)
    assert server.contents() == ["B"]
    assert server.plan([thread()]).sequences[0].unmanaged == 1


# -- imports


def imported(server: Conversations, id_: str, to: str) -> dict[str, object]:
    (thread_id,) = server.threads
    found = next(each for each in server.threads[thread_id] if each.id == id_)
    seen = server.observe()
    return {
        "observed": replace(seen, objects={**seen.objects, at(to): found.attributes}),
        "imports": [Import(at(to), f"{thread_id}:{id_}", PLACE)],
    }


def test_an_imported_object_that_is_as_desired_is_only_recorded() -> None:
    server = applied([thread()])
    id_ = server.say(server.only, "hello", role="user")
    spec = [thread(), message("a", "hello")]
    plan = server.plan(spec, **imported(server, id_, "a"))
    (change,) = [each for each in plan.changes if each.changes_something]
    assert (change.action, change.import_id) == (Action.NO_OP, f"{server.only}:{id_}")
    assert plan.counts.import_ == 1
    assert plan.sequences[0].unmanaged == 0
    server.carry_out(plan)
    assert not server.plan(spec).has_changes


def test_an_imported_object_may_be_updated() -> None:
    server = applied([thread()])
    id_ = server.say(server.only, "hello", role="user")
    spec = [thread(), message("a", "hello", metadata={"k": "v"})]
    plan = server.plan(spec, **imported(server, id_, "a"))
    assert actions(plan) == {"a": (Action.UPDATE, None)}


def test_what_cannot_be_sent_again_is_remembered_as_such() -> None:
    server = applied([thread()])
    id_ = server.say(server.only, "hello", role="user")
    how = imported(server, id_, "a")
    (said,) = server.threads[server.only]
    foreign = Listing((replace(said, reproducible=False),), complete=True)
    seen = replace(how["observed"], listings={server.only: foreign})
    plan = server.plan([thread(), message("a", "hello")], **{**how, "observed": seen})
    assert [each.recorded.irreproducible for each in plan.changes if each.import_id] == [True]


def test_an_import_that_would_be_replaced_is_refused() -> None:
    server = applied([thread()])
    id_ = server.say(server.only, "hello", role="user")
    plan = server.plan([thread(), message("a", "other")], **imported(server, id_, "a"))
    assert summaries(plan.errors) == ["Import would replace the object"]
    assert "content" in plan.errors[0].detail


def test_imports_that_cannot_be_made_are_refused() -> None:
    server = applied([thread(), message("a", "hello")])
    seen = server.observe()
    (known,) = server.threads[server.only]
    seen = replace(seen, objects={**seen.objects, at("b"): None, at("c"): known.attributes})
    spec = [thread(), message("a", "hello"), message("b"), message("c")]
    wishes = [Import(at("b"), "x:y"), Import(at("c"), "x:z"), Import(at("d"), "x:w")]
    plan = server.plan(spec, observed=seen, imports=wishes)
    details = " ".join(each.detail for each in plan.errors)
    assert 'the API has no object with the id "x:y"' in details
    assert "openai_message.a manages the object already" in details
    assert "no block declares it" in details


def test_an_import_of_what_is_managed_already_is_inert() -> None:
    spec = [thread(), message("a", "hello")]
    server = applied(spec)
    assert not server.plan(spec, imports=[Import(at("a"), "x:y")]).has_changes


# -- targets


def test_a_target_pulls_in_what_it_depends_on_and_what_stands_before_it() -> None:
    spec = [thread(), *(message(each, each) for each in "abc"), thread("u")]
    plan = Conversations().plan(spec, options=PlanOptions(targets=("openai_message.b",)))
    assert set(actions(plan)) == {"openai_thread.t", "a", "b"}
    assert plan.targeted


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("openai_thread.*", {"openai_thread.t", "openai_thread.u"}),
        ("openai_message.m", {"openai_thread.t", "m[0]", "m[1]"}),
        ("openai_message.m[0]", {"openai_thread.t", "m[0]"}),
        ("*[*", {"openai_thread.t", "m[0]", "m[1]"}),
        ("module.x", {"openai_thread.t", "m[0]", "m[1]", "module.x.openai_message.m"}),
    ],
)
def test_what_a_target_names(target: str, names: set[str]) -> None:
    spec = [
        thread(),
        message("openai_message.m[0]"),
        message("openai_message.m[1]"),
        message("module.x.openai_message.m"),
        message("module.xy.openai_message.m"),
        thread("u"),
    ]
    plan = Conversations().plan(spec, options=PlanOptions(targets=(target,)))
    assert set(actions(plan)) == names


def test_a_target_leaves_everything_else_alone() -> None:
    server = applied([thread(), *(message(each, each) for each in "abc")])
    spec = [thread(), message("a", "A"), message("b", "b"), message("d", "d")]
    plan = server.plan(spec, options=PlanOptions(targets=("openai_message.a",)))
    assert set(actions(plan)) == {"a"}


def test_after_a_targeted_apply_a_whole_one_ends_in_order() -> None:
    server = applied([thread(), *(message(each, each) for each in "abc")])
    spec = [thread(), message("a", "A"), message("b", "b"), message("c", "c")]
    server.apply(spec, options=PlanOptions(targets=("openai_message.a",)))
    assert server.contents() == ["b", "c", "A"]
    server.apply(spec, options=PlanOptions(reorder=True))
    assert server.contents() == ["A", "b", "c"]


def test_a_targeted_destruction_takes_dependents_along() -> None:
    spec = [thread(), message("a"), thread("u"), message("b", parent=Address("openai_thread", "u"))]
    server = applied(spec)
    options = PlanOptions(targets=("openai_thread.t",))
    plan = server.plan(spec, mode=PlanMode.DESTROY, options=options)
    assert set(actions(plan)) == {"openai_thread.t", "a"}


def test_a_targeted_destruction_follows_what_state_remembers() -> None:
    spec = [thread(), thread("u", metadata={"k": "v"})]
    server = applied(spec)
    other = Address("openai_thread", "u")
    object_ = replace(server.state.objects[other], dependencies=("openai_thread.t",))
    server.state = replace(server.state, objects={**server.state.objects, other: object_})
    options = PlanOptions(targets=("openai_thread.t",))
    plan = server.plan([], mode=PlanMode.DESTROY, options=options)
    assert set(actions(plan)) == {"openai_thread.t", "openai_thread.u"}


def test_a_target_pulls_in_every_instance_of_a_block_it_depends_on() -> None:
    spec = [
        thread("u"),
        message("openai_message.m[0]", parent=Address("openai_thread", "u")),
        thread(),
        message("a", depends_on=[at("m")]),
    ]
    plan = Conversations().plan(spec, options=PlanOptions(targets=("openai_message.a",)))
    assert set(actions(plan)) == {"openai_thread.t", "openai_thread.u", "a", "m[0]"}


def test_objects_that_trade_addresses_are_targeted_together() -> None:
    def spec(*texts: str) -> list[Instance]:
        named = [message(f"openai_message.m[{i}]", text) for i, text in enumerate(texts)]
        return [thread(), *named]

    server = applied(spec("a", "b", "c"))
    options = PlanOptions(targets=("openai_message.m[1]",))
    server.apply(spec("a", "c"), options=options)
    assert not server.plan(spec("a", "c")).has_changes
    assert server.contents() == ["a", "c"]


@pytest.mark.parametrize("option", ["targets", "replace"])
def test_an_option_that_names_nothing_is_refused(option: str) -> None:
    with pytest.raises(UsageError, match="names nothing"):
        Conversations().plan([thread()], options=PlanOptions(**{option: ("openai_thread.x",)}))


@pytest.mark.parametrize(
    ("on_reorder", "said"), [("rewrite_tail", ["a", "b"]), ("append", ["b", "a"])]
)
def test_an_object_leaves_the_address_that_a_target_takes(on_reorder: str, said: list[str]) -> None:
    before, after = _counted(on_reorder, "b"), _counted(on_reorder, "a", "b")
    server = applied(before)
    server.apply(after, options=PlanOptions(targets=("openai_message.m[0]",)))
    assert server.contents() == said
    assert not server.state.deposed
    assert not server.plan(after).has_changes


def test_a_target_whose_address_cannot_be_left_is_refused() -> None:
    server = applied(_counted("error", "b"))
    options = PlanOptions(targets=("openai_message.m[0]",))
    plan = server.plan(_counted("error", "a", "b"), options=options)
    assert plan.is_forbidden


def _counted(on_reorder: str, *texts: str) -> list[Instance]:
    named = [message(f"openai_message.m[{i}]", text) for i, text in enumerate(texts)]
    return [thread(on_reorder=on_reorder), *named]


KNOWN = [
    "openai_thread.t",
    'module.a["x.y]"].module.b[3].openai_message.m["k]"]',
    "openai_message.m[2]",
]


@pytest.mark.parametrize(
    "pattern",
    [
        "openai_thread.t",
        "openai_thread.*",
        "*",
        "module.a",
        'module.a["other"].module.b',
        "module.a.module.b[*].openai_message.m",
        "module.*.openai_message.m",
        "openai_message.m[9]",
        "openai_message.m[1*]",
        '*["x"]',
        "openai_*[",
    ],
)
def test_what_may_name_an_instance_is_not_refused_early(pattern: str) -> None:
    check_named([pattern], KNOWN, option="-target")


@pytest.mark.parametrize(
    "pattern",
    [
        "openai_thread.x",
        "openai_thread",
        "data.openai_thread.t",
        "module.c",
        "module.ab",
        "module.a.openai_message.m",
        "openai_message.n[2]",
    ],
)
def test_what_names_no_block_is_refused_early(pattern: str) -> None:
    with pytest.raises(UsageError, match="names nothing"):
        check_named([pattern], KNOWN, option="-target")


# -- dialects


def test_what_the_dialect_keeps_in_state_only_is_warned_of_once() -> None:
    dialect = replace(CONVERSATIONS, carry={("openai_message", "metadata"): Carry.STATE_ONLY})
    server = Conversations(capabilities=dialect)
    spec = [thread(), *(message(each, each, metadata={"k": each}) for each in "abc")]
    plan = server.apply(spec)
    (warning,) = plan.warnings
    assert "metadata" in warning.detail
    assert "2 more like it" in warning.detail
    spec[1] = message("a", "a", metadata={"k": "x"})
    later = server.plan(spec)
    assert [each.local for each in later.changes if each.changes_something] == [True]
    assert later.calls == 0


def test_what_the_dialect_refuses_is_an_error_at_its_place() -> None:
    dialect = replace(CONVERSATIONS, carry={("openai_message", "file_ids"): Carry.REFUSED})
    plan = Conversations(capabilities=dialect).plan([thread(), message("a", file_ids=["f"])])
    (error,) = plan.errors
    assert error.summary == "Argument not supported here"
    assert error.subject is not None


def test_a_role_that_the_dialect_does_not_know_is_an_error() -> None:
    spec = [thread(), message("a", role="system")]
    assert summaries(Conversations().plan(spec).errors) == ["Role not supported here"]
    assert not Conversations(capabilities=CONVERSATIONS).plan(spec).errors


def test_a_dialect_that_cannot_delete_messages_refuses_it_in_the_plan() -> None:
    keeping = Capabilities("azure", ("user",), 32, 1, deletes_members=False)
    server = applied([thread(), message("a")], capabilities=keeping)
    assert summaries(server.plan([thread()]).errors) == ["Message cannot be deleted"]
    assert not server.plan([], mode=PlanMode.DESTROY).errors


def test_a_provider_configuration_that_is_gone_is_named() -> None:
    spec = [thread(), message("a")]
    server = applied(spec)
    moved = {
        address: replace(each, provider=f"{each.provider}.old")
        for address, each in server.state.objects.items()
    }
    server.state = replace(server.state, objects=moved)
    (error, *_) = server.plan([]).errors
    assert "openai.old" in error.detail


# -- calls


def thread_of(size: int) -> list[Instance]:
    return [thread(), *(message(f"m{index:04}", str(index)) for index in range(size))]


@pytest.mark.parametrize(
    ("capabilities", "size", "calls"),
    [
        (THREADS, 0, 2),
        (THREADS, 1, 2),
        (THREADS, 32, 2),
        (THREADS, 33, 4),
        (THREADS, 100, 71),
        (CONVERSATIONS, 20, 2),
        (CONVERSATIONS, 21, 4),
        (CONVERSATIONS, 100, 7),
    ],
)
def test_what_a_new_thread_costs(capabilities: Capabilities, size: int, calls: int) -> None:
    assert Conversations(capabilities=capabilities).plan(thread_of(size)).calls == calls


def test_threads_created_empty_cost_a_call_per_message() -> None:
    server = Conversations(policies=Policies(batch_create=False))
    assert server.plan(thread_of(3)).calls == 5


def test_what_a_destruction_costs() -> None:
    server = applied(thread_of(10))
    assert server.plan([], mode=PlanMode.DESTROY).calls == 1
    server.capabilities = CONVERSATIONS
    assert server.plan([], mode=PlanMode.DESTROY).calls == 11


def test_what_an_edit_costs_in_calls() -> None:
    server = applied(thread_of(3))
    changed = [*thread_of(3)]
    changed[2] = message("m0001", "other")
    # two appends, the listing that reads them back, two deletes, and the look that they are gone
    assert server.plan(changed).calls == 6


def test_how_long_it_takes_at_the_known_rate() -> None:
    server = Conversations(policies=Policies(requests_per_minute=300))
    assert server.plan(thread_of(100)).seconds == pytest.approx(71 / 5)


def test_a_message_that_cannot_ride_does_not_keep_the_others_from_it() -> None:
    spec = thread_of(4)
    spec[3] = message("m0002", UNKNOWN, depends_on=[at("m0000")])
    # the thread with two messages, their listing, two appends, and their listing
    assert Conversations().plan(spec).calls == 5


# -- suspects


def test_a_suspect_blocks_its_address_and_what_depends_on_it() -> None:
    other = Address("openai_thread", "u")
    spec = [thread(), message("a"), thread("u"), message("b", parent=other)]
    server = Conversations()
    suspect = Suspect(T, SuspectKind.CREATE, {}, "2026-01-01T00:00:00Z", "timeout")
    server.state = replace(server.state, suspects={T: suspect})
    plan = server.plan(spec)
    assert plan.suspects == (suspect,)
    blocked = {str(each.address): each.blocked_by for each in plan.changes if each.blocked_by}
    assert blocked == {"openai_thread.t": T, "openai_message.a": T}


def test_a_suspect_message_blocks_those_behind_it() -> None:
    server = applied([thread(), message("a")])
    suspect = Suspect(
        at("b"), SuspectKind.APPEND, {}, "2026-01-01T00:00:00Z", "reset", parent_id=server.only
    )
    server.state = replace(server.state, suspects={at("b"): suspect})
    plan = server.plan([thread(), message("a"), message("b"), message("c")])
    assert {each.address.name for each in plan.changes if each.blocked_by} == {"b", "c"}


# -- planning again over what is replaced


def expanded_again(server: Conversations, spec: Sequence[Instance], first: Plan) -> Plan:
    """The plan over a spec in which what *first* replaces is not known any more."""
    replaced = {each.address for each in first.changes if each.action is Action.REPLACE}
    ids = {server.state.objects[each].id for each in replaced}
    again: list[Instance] = []
    for rank, each in enumerate(spec):
        desired = {
            name: UNKNOWN if any(id_ in str(value) for id_ in ids) else value
            for name, value in each.desired.items()
        }
        if each.parent in replaced:
            desired["thread_id"] = Unknown("string", True, f"{each.parent}.id")
        elif isinstance(each.parent, Address):
            desired["thread_id"] = server.state.objects[each.parent].id
        again.append(replace(each, desired=desired, rank=rank))
    return make_plan(
        instances=again,
        recorded=server.state,
        observed=server.observe(),
        schemas=SCHEMAS,
        capabilities={"openai": THREADS},
        policies={"openai": server.policies},
        previous=first,
    )


@pytest.mark.parametrize("policy", ["rewrite_tail", "replace_thread"])
def test_a_plan_made_again_over_what_it_replaces_decides_the_same(policy: str) -> None:
    def spec(text: str, id_: str = "?") -> list[Instance]:
        return [
            thread(on_reorder=policy),
            message("a", text),
            message("b", f"see {id_}", depends_on=[T]),
            message("c", "c"),
        ]

    server = applied(spec("A"))
    server.apply(spec("A", server.only), options=PlanOptions(reorder=True))
    changed = spec("B", server.only)
    first = server.plan(changed)
    second = expanded_again(server, changed, first)
    third = expanded_again(server, changed, second)
    for plan in (second, third):
        assert actions(plan) == actions(first)
        assert plan.sequences == first.sequences
    refused = [thread(on_reorder="error"), *changed[1:]]
    assert server.plan(refused).errors


def test_a_refusal_is_not_forgotten_when_the_plan_is_made_again() -> None:
    def spec(text: str, id_: str = "?") -> list[Instance]:
        return [thread(on_reorder="replace_thread"), message("a", text), message("b", f"x {id_}")]

    server = applied(spec("A"))
    server.apply(spec("A", server.only))
    server.say(server.only, "an answer")
    changed = spec("B", server.only)
    first = server.plan(changed)
    second = expanded_again(server, changed, first)
    assert summaries(first.errors) == summaries(second.errors) == ["Order cannot be restored"]


# -- outputs, reads, what apply must look at


def test_outputs_are_compared_by_value_and_kind() -> None:
    server = applied([thread()])
    server.state = replace(
        server.state,
        outputs={"a": OutputValue(1, "number"), "b": OutputValue("x", "string")},
    )
    outputs = {"a": OutputValue(True, "bool"), "c": OutputValue(UNKNOWN, "string")}
    plan = server.plan([thread()], outputs=outputs)
    assert [(each.name, each.action) for each in plan.outputs] == [
        ("a", Action.UPDATE),
        ("b", Action.DELETE),
        ("c", Action.CREATE),
    ]
    assert plan.has_changes


def test_a_data_source_that_waits_is_read_during_apply() -> None:
    address = Address.parse("data.openai_thread.x")
    read = replace(thread(), address=address)
    plan = Conversations().plan([thread()], reads=[PendingRead(read, config_unknown=True)])
    (change,) = [each for each in plan.changes if each.address == address]
    assert (change.action, change.reason) == (Action.READ, Reason.CONFIG_UNKNOWN)


def test_a_listing_that_stops_early_must_be_read_to_its_end_before_a_rewrite() -> None:
    spec = [thread(), message("a"), message("b")]
    server = applied(spec)
    short = replace(
        server.observe(),
        listings={server.only: Listing(tuple(server.threads[server.only]), complete=False)},
    )
    assert not server.plan(spec, observed=short).unread
    appended = [*spec, message("c")]
    assert not server.plan(appended, observed=short).unread
    changed = [thread(), message("a", "A"), message("b")]
    assert server.plan(changed, observed=short).unread == {server.only}
    assert server.plan([], mode=PlanMode.DESTROY, observed=short).unread == {server.only}


def test_an_import_behind_the_end_of_a_listing_asks_for_the_rest() -> None:
    server = applied([thread(), message("a")])
    id_ = server.say(server.only, "hello", role="user")
    spec = [thread(), message("a"), message("b")]
    how = imported(server, id_, "b")
    first = tuple(server.threads[server.only][:1])
    short = replace(how["observed"], listings={server.only: Listing(first, complete=False)})
    assert server.plan(spec, **{**how, "observed": short}).unread == {server.only}
    assert server.plan(spec, **how).unread == frozenset()


def test_a_thread_named_by_its_id_is_the_one_that_is_managed() -> None:
    server = applied([thread(), message("a")])
    spec = [thread(), message("a", parent=server.only)]
    assert not server.plan(spec).has_changes
    moved = [Moved(T, Address("openai_thread", "n"))]
    renamed = [thread("n"), message("a", parent=server.only)]
    plan = server.plan(renamed, moved=moved)
    assert [str(each.parent) for each in plan.sequences] == ["openai_thread.n"]
    stale = replace(renamed[1], parent=T)
    assert server.plan([renamed[0], stale], moved=moved).sequences == plan.sequences


def test_a_plan_remembers_the_last_message_of_what_it_rewrites() -> None:
    spec = [thread(), message("a"), message("b")]
    server = applied(spec)
    last = server.threads[server.only][-1].id
    assert server.plan(spec).last_seen == {}
    assert server.plan([thread(), message("a", "A"), message("b")]).last_seen == {server.only: last}
    assert server.plan([], mode=PlanMode.DESTROY).last_seen == {server.only: last}


# -- properties


def spec_of(words: Sequence[tuple[str, str]]) -> list[Instance]:
    named = {name: message(name, text, metadata={"t": text[:1]}) for name, text in words}
    return [thread(), *named.values()]


words = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["x", "y", "z"])), max_size=6)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(words, words, st.sampled_from(["rewrite_tail", "replace_thread", "append"]))
def test_apply_then_plan_is_empty(
    before: list[tuple[str, str]], after: list[tuple[str, str]], policy: str
) -> None:
    server = Conversations(policies=Policies(on_reorder=policy))
    server.apply(spec_of(before))
    spec = spec_of(after)
    server.apply(spec, options=PlanOptions(reorder=True))
    if policy != "append":
        assert server.contents() == [each.desired["content"] for each in spec[1:]]
    again = server.plan(spec)
    assert not again.has_changes
    assert not again.drift


@settings(max_examples=60, deadline=None, derandomize=True)
@given(words, words, st.randoms(use_true_random=False))
def test_the_same_input_gives_the_same_bytes(before: list, after: list, random: object) -> None:
    server = applied(spec_of(before))
    spec = spec_of(after)
    first = server.plan(spec, options=PlanOptions(reorder=True))
    shuffled = list(server.state.objects.items())
    random.shuffle(shuffled)
    server.state = replace(server.state, objects=dict(shuffled))
    second = server.plan(spec, options=PlanOptions(reorder=True))
    rest = {
        "spec_sources": {},
        "given": {},
        "endpoints": {},
        "workspace": "",
        "tool_version": "1",
    }
    assert encode(first, **rest) == encode(second, **rest)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(words, words)
def test_an_edit_in_one_thread_never_changes_a_line_of_another(before: list, after: list) -> None:
    other = Address("openai_thread", "u")
    rest = [thread("u"), message("x", "X", parent=other), message("y", "Y", parent=other)]
    server = applied([*spec_of(before), *rest])
    plan = server.plan([*spec_of(after), *rest], options=PlanOptions(reorder=True))
    untouched = [each for each in plan.changes if each.address.name in ("u", "x", "y")]
    assert {each.action for each in untouched} == {Action.NO_OP}


def test_the_schemas_of_the_model_are_those_of_the_engine() -> None:
    from reconciler.provider.resources import SCHEMAS as REAL

    for type_, schema in SCHEMAS.items():
        real = REAL[type_]
        assert schema.sequence == real.sequence
        for name, attribute in schema.attributes.items():
            assert attribute.cost == real.attributes[name].cost, name
            assert attribute.is_argument == real.attributes[name].is_argument, name
