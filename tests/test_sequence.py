"""Sequences: order kept, with the least an append-only thread allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, permutations, product

import pytest
from conversation_model import (
    CONVERSATIONS,
    THREADS,
    Conversations,
    at,
    message,
    thread,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.address import Address
from reconciler.expand import Instance
from reconciler.frozen import replace
from reconciler.plan.model import Action, Reason
from reconciler.plan.options import OnReorder, PlanOptions, Policies
from reconciler.plan.places import Parent, Place
from reconciler.plan.sequence import plan_sequence
from reconciler.provider.protocol import Capabilities, Member
from reconciler.refresh import Listing, Observed
from reconciler.spec.model import Lifecycle
from reconciler.state.model import Suspect, SuspectKind

REORDER = PlanOptions(reorder=True)


def least_cost(standing: Sequence[object], desired: Sequence[object]) -> int:
    """The fewest deletes and creates, found by trying every set of members that might stay."""
    best = len(standing) + len(desired)
    for size in range(min(len(standing), len(desired)) + 1):
        for kept in combinations(range(len(standing)), size):
            if [standing[each] for each in kept] == list(desired[:size]):
                best = min(best, len(standing) + len(desired) - 2 * size)
    return best


def blocks(*names: str, **contents: str) -> list[Instance]:
    """A thread and one block per name, whose content is the name unless told."""
    return [thread(), *(message(each, contents.get(each, each)) for each in names)]


def counted(contents: Iterable[str], **metadata: str) -> list[Instance]:
    """A thread and one `count` block over *contents*."""
    return [
        thread(),
        *(
            message(f"openai_message.m[{index}]", content, metadata=metadata.get(content))
            for index, content in enumerate(contents)
        ),
    ]


def applied(spec: Sequence[Instance], **how: object) -> Conversations:
    """A server on which *spec* has been applied."""
    server = Conversations(**how)
    server.apply(spec)
    server.created = server.deleted = server.updated = 0
    return server


def notes(server: Conversations, spec: Sequence[Instance]) -> dict[str, str | None]:
    return {str(each.address): each.note for each in server.plan(spec).changes}


# -- against brute force


def edits_of_blocks() -> Iterable[tuple[tuple[str, bool], ...]]:
    names = "abcd"
    for size in range(5):
        for chosen in permutations("abcde", size):
            for edited in product((False, True), repeat=size):
                if sum(edited) <= 1 and all(
                    name in names or not edit for name, edit in zip(chosen, edited, strict=True)
                ):
                    yield tuple(zip(chosen, edited, strict=True))


def test_any_edit_of_four_blocks_costs_the_least_and_ends_in_order() -> None:
    for edit in edits_of_blocks():
        server = applied(blocks("a", "b", "c", "d"))
        spec = blocks(
            *(name for name, _ in edit), **{name: f"{name}2" for name, edited in edit if edited}
        )
        server.apply(spec, options=REORDER)
        wanted = [f"{name}2" if edited else name for name, edited in edit]
        assert server.contents() == wanted
        assert server.created + server.deleted == least_cost(list("abcd"), wanted), edit
        assert not server.plan(spec, options=REORDER).has_changes, edit


def test_any_edit_of_a_count_block_costs_the_least_and_ends_in_order() -> None:
    texts = [each for size in range(4) for each in product("ab", repeat=size)]
    texts += [*permutations("abc"), *map(tuple, ("abab", "abcab", "bcaab", "aabbc"))]
    for before, after in product(texts, repeat=2):
        server = applied(counted(before))
        server.apply(counted(after), options=PlanOptions(allow_destroy=("9",)))
        assert server.contents() == list(after)
        assert server.created + server.deleted == least_cost(before, after), (before, after)
        assert not server.plan(counted(after)).has_changes, (before, after)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from("abc"), max_size=9), st.lists(st.sampled_from("abc"), max_size=9))
def test_longer_count_blocks_cost_the_least(before: list[str], after: list[str]) -> None:
    server = applied(counted(before))
    server.apply(counted(after), options=PlanOptions(allow_destroy=("99",)))
    assert server.contents() == after
    assert server.created + server.deleted == least_cost(before, after)
    assert not server.plan(counted(after)).has_changes


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.data())
def test_lost_messages_are_restored_at_the_least_cost(data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=7))
    in_count = data.draw(st.booleans())
    spec = (
        counted(texts)
        if in_count
        else [thread(), *(message(f"m{i}", c) for i, c in enumerate(texts))]
    )
    server = applied(spec)
    for _ in range(data.draw(st.integers(1, len(texts)))):
        server.lose(server.only, data.draw(st.integers(0, len(server.contents()) - 1)))
    left = server.contents()
    server.apply(spec)
    assert server.contents() == texts
    if in_count or len(set(texts)) == len(texts):
        assert server.created + server.deleted == least_cost(left, texts)
    assert not server.plan(spec).has_changes


# -- single edits


@pytest.mark.parametrize(
    ("spec", "created", "deleted"),
    [
        pytest.param(blocks("a", "b", "c", "d", "e"), 1, 0, id="appending costs one create"),
        pytest.param(blocks("a", "b", "d"), 0, 1, id="deleting in the middle costs one delete"),
        pytest.param(blocks("a", "x", "b", "c", "d"), 4, 3, id="inserting rewrites what follows"),
        pytest.param(blocks("a", "b", "c", "d", d="D"), 1, 1, id="editing the last one"),
        pytest.param(blocks("a", "b", "c", "d", b="B"), 3, 3, id="editing in the middle"),
        pytest.param(blocks("a", "c", "d", "b"), 1, 1, id="moving one to the end"),
        pytest.param(blocks("d", "a", "b", "c"), 3, 3, id="moving the last one to the top"),
    ],
)
def test_what_an_edit_costs(spec: list[Instance], created: int, deleted: int) -> None:
    server = applied(blocks("a", "b", "c", "d"))
    server.apply(spec, options=REORDER)
    assert (server.created, server.deleted) == (created, deleted)


def test_a_deletion_inside_count_is_one_delete_and_moves_in_state() -> None:
    server = applied(counted("abcde"))
    plan = server.apply(counted("abde"))
    assert (server.created, server.deleted) == (0, 1)
    moves = {str(each.address): str(each.moved_from) for each in plan.changes if each.moved_from}
    assert moves == {
        "openai_message.m[2]": "openai_message.m[3]",
        "openai_message.m[3]": "openai_message.m[4]",
        "openai_message.m[4]": "openai_message.m[2]",
    }
    (deleted,) = [each for each in plan.changes if each.action is Action.DELETE]
    assert (str(deleted.address), deleted.before["content"]) == ("openai_message.m[4]", "c")
    assert deleted.reason is Reason.COUNT_INDEX


def test_a_renumbering_of_metadata_only_updates() -> None:
    def numbered(first: int) -> list[Instance]:
        return [
            thread(),
            *(
                message(f"openai_message.m[{at}]", "ok", metadata={"n": str(first + at)})
                for at in range(5)
            ),
        ]

    server = applied(numbered(0))
    server.apply(numbered(7))
    assert (server.created, server.deleted, server.updated) == (0, 0, 5)


def test_a_count_block_whose_content_is_ignored_does_not_trade() -> None:
    frozen = Lifecycle(ignore_changes=(("content",),))

    def spec(texts: str) -> list[Instance]:
        named = enumerate(texts)
        return [
            thread(),
            *(message(f"openai_message.m[{i}]", text, lifecycle=frozen) for i, text in named),
        ]

    server = applied(spec("abc"))
    server.apply(spec("bc"))
    assert server.contents() == ["a", "b"]


def test_an_instance_to_be_replaced_by_request_keeps_its_own_object() -> None:
    server = applied(counted("aab"))
    options = PlanOptions(replace=("openai_message.m[0]",))
    plan = server.plan(counted("aab"), options=options)
    assert not any(each.moved_from for each in plan.changes)
    assert [each.action for each in plan.changes][:3] == [Action.REPLACE] * 3


def test_messages_of_an_unmanaged_thread_may_leave() -> None:
    server = Conversations(threads={"thread_x": []})
    spec = [message("a", "a", parent="thread_x"), message("b", "b", parent="thread_x")]
    server.apply(spec)
    server.apply([])
    assert server.contents() == []


def test_a_lost_answer_keeps_unmanaged_messages_from_being_deleted() -> None:
    spec = [thread(unmanaged_messages="delete"), message("a", "a")]
    server = applied(spec)
    server.say(server.only, "an answer")
    lost = Suspect(at("b"), SuspectKind.APPEND, {}, "2026-01-01T00:00:00Z", "reset", server.only)
    server.state = replace(server.state, suspects={at("b"): lost})
    (sequence,) = server.plan(spec).sequences
    assert (sequence.deleted_unmanaged, sequence.unmanaged) == ((), 1)


def test_identical_messages_are_never_confused() -> None:
    spec = [thread(), message("a", "ok"), message("b", "ok"), message("c", "ok")]
    server = applied(spec)
    ids = {name: server.state.objects[at(name)].id for name in "abc"}
    server.lose(server.only, 1)
    plan = server.plan(spec)
    actions = {str(each.address.name): each.action for each in plan.changes}
    assert actions["a"] is Action.NO_OP
    assert actions["b"] is Action.CREATE
    assert actions["c"] is Action.REPLACE
    server.carry_out(plan)
    assert server.state.objects[at("a")].id == ids["a"]
    assert server.contents() == ["ok"] * 3


def test_keys_of_for_each_are_never_reassigned() -> None:
    def keyed(**contents: str) -> list[Instance]:
        return [
            thread(),
            *(message(f'openai_message.m["{key}"]', text) for key, text in contents.items()),
        ]

    server = applied(keyed(a="one", b="two"))
    plan = server.plan(keyed(b="one", c="two"))
    assert not any(each.moved_from for each in plan.changes)


def test_unknown_content_aligns_with_nothing() -> None:
    from reconciler.language.values import Unknown

    server = applied(counted("abc"))
    spec = counted(["a", Unknown("string"), "c"])
    plan = server.plan(spec)
    assert not any(each.moved_from for each in plan.changes)
    assert [each.action for each in plan.changes if each.address.key == 1] == [Action.REPLACE]


# -- what people are told


def test_the_plan_names_the_cost_of_an_edit() -> None:
    server = applied(blocks("a", "b", "c", "d", "e", "f", "g", "h"))
    spec = blocks("a", "b", "c", "d", "e", "f", "g", "h", b="B")
    assert notes(server, spec)["openai_message.b"] == (
        "replaces 1, rewrites 6 after it to keep the order"
    )


def test_the_plan_says_why_each_message_is_replaced() -> None:
    server = applied(blocks("a", "b", "c"))
    plan = server.plan(blocks("a", "b", "c", b="B"))
    reasons = {each.address.name: each.reason for each in plan.changes}
    assert reasons == {"a": None, "b": Reason.CANNOT_UPDATE, "c": Reason.REWRITE, "t": None}


@pytest.mark.parametrize(
    ("spec", "note"),
    [
        (blocks("x", "a", "b", "c"), "creates 1, rewrites 3 after it to keep the order"),
        (blocks("b", "a", "c"), "rewrites 2 to keep the order"),
        (
            blocks("a", "x", "b", "c", b="B"),
            "replaces 1, creates 1, rewrites 1 after it to keep the order",
        ),
    ],
)
def test_a_cost_in_words(spec: list[Instance], note: str) -> None:
    server = applied(blocks("a", "b", "c"))
    plan = server.plan(spec, options=REORDER)
    assert [each.note for each in plan.changes if each.note] == [note]


# -- policies


def with_policy(policy: str, *names: str, **contents: str) -> list[Instance]:
    return [thread(on_reorder=policy), *blocks(*names, **contents)[1:]]


def test_append_leaves_what_is_there_and_the_next_plan_is_empty() -> None:
    server = applied(with_policy("append", "a", "b", "c"))
    spec = with_policy("append", "a", "b", "c", b="B")
    server.apply(spec)
    assert server.contents() == ["a", "c", "B"]
    assert not server.plan(spec).has_changes


def test_append_never_rewrites_on_a_reorder() -> None:
    server = applied(with_policy("append", "a", "b", "c"))
    assert not server.plan(with_policy("append", "c", "a", "b")).has_changes


def test_equal_messages_of_a_thread_without_order_trade_nothing() -> None:
    def spec(texts: str) -> list[Instance]:
        return [thread(on_reorder="append"), *counted(texts)[1:]]

    server = applied(spec("x"))
    server.apply(spec("yxx"))
    assert server.contents() == ["x", "y", "x"]
    assert not server.plan(spec("yxx")).has_changes


def test_equal_messages_of_a_scrambled_thread_trade_nothing() -> None:
    server = applied(counted("xxy"))
    server.threads[server.only].reverse()
    server.state = replace(server.state, unordered=frozenset({server.only}))
    assert not server.plan(counted("xxy")).has_changes


def test_error_refuses_a_rewrite_and_names_the_choices() -> None:
    server = applied(with_policy("error", "a", "b", "c"))
    plan = server.plan(with_policy("error", "a", "b", "c", b="B"))
    (error,) = plan.errors
    assert not plan.can_apply
    assert 'on_reorder = "error" forbids it' in error.detail
    assert 'on_reorder = "append"' in error.detail
    assert error.subject is not None


def test_error_allows_what_needs_no_rewrite() -> None:
    server = applied(with_policy("error", "a", "b", "c"))
    server.apply(with_policy("error", "a", "c", "d"))
    assert server.contents() == ["a", "c", "d"]


def test_replace_thread_creates_the_thread_anew_before_the_old_one_goes() -> None:
    server = applied(with_policy("replace_thread", "a", "b", "c"))
    before = server.only
    spec = with_policy("replace_thread", "a", "b", "c", b="B")
    plan = server.apply(spec)
    by_name = {each.address.name: each for each in plan.changes}
    assert by_name["t"].action is Action.REPLACE
    assert by_name["t"].reason is Reason.REWRITE
    assert by_name["t"].create_before_destroy
    assert by_name["a"].reason is Reason.PARENT_REPLACED
    assert (server.only != before, server.contents()) == (True, ["a", "B", "c"])
    assert not server.plan(spec).has_changes


def test_replace_thread_does_not_replace_for_an_append() -> None:
    server = applied(with_policy("replace_thread", "a", "b"))
    before = server.only
    server.apply(with_policy("replace_thread", "a", "b", "c"))
    assert server.only == before


def test_the_policy_of_the_provider_holds_where_the_thread_says_nothing() -> None:
    server = applied(blocks("a", "b"), policies=Policies(on_reorder="append"))
    server.apply(blocks("x", "a", "b"))
    assert server.contents() == ["a", "b", "x"]


def test_an_unmanaged_thread_is_treated_with_restraint() -> None:
    server = Conversations(threads={"thread_x": []})
    spec = [message("a", "a", parent="thread_x"), message("b", "b", parent="thread_x")]
    server.apply(spec)
    server.say("thread_x", "hm")
    assert not server.plan(spec).has_changes
    (sequence,) = server.plan(spec).sequences
    assert sequence.unmanaged == 0
    changed = [message("a", "A", parent="thread_x"), spec[1]]
    (error,) = server.plan(changed).errors
    assert 'on_reorder = "error" forbids it' in error.detail


# -- what a rewrite must not reach


def refusal(server: Conversations, spec: Sequence[Instance], **how: object) -> str:
    return " ".join(each.detail for each in server.plan(spec, **how).errors)


def test_a_thread_is_not_replaced_where_that_would_lose_something() -> None:
    protected = Lifecycle(prevent_destroy=True)
    spec = [
        thread(on_reorder="replace_thread", lifecycle=protected),
        message("a", "a"),
        message("b", "b"),
    ]
    server = applied(spec)
    text = refusal(server, [spec[0], message("a", "A"), spec[2]])
    assert "it is protected" in text
    assert "would mean replacing the thread" in text


def test_a_thread_that_the_specs_do_not_manage_is_not_replaced() -> None:
    foreign = replace(parent("a", "b"), name="thread_x", on_reorder=OnReorder.REPLACE_THREAD)
    decision = plan_sequence(foreign, [place("a", held=False), place("b")])
    assert [each.reason for each in decision.refusals] == ["the specs do not manage it"]


def test_a_rewrite_must_not_reach_a_protected_message() -> None:
    spec = blocks("a", "b")
    spec[2] = message("b", "b", lifecycle=Lifecycle(prevent_destroy=True))
    server = applied(spec)
    assert "protected" in refusal(server, [thread(), message("a", "A"), spec[2]])


def test_a_rewrite_must_not_reach_what_cannot_be_sent_again() -> None:
    server = applied(blocks("a", "b"))
    object_ = replace(server.state.objects[at("b")], irreproducible=True)
    objects = {**server.state.objects, at("b"): object_}
    server.state = replace(server.state, objects=objects)
    assert "cannot be sent again" in refusal(server, blocks("a", "b", a="A"))


def test_a_rewrite_must_not_pass_unmanaged_messages() -> None:
    server = applied(blocks("a", "b"))
    server.say(server.only, "an answer")
    text = refusal(server, blocks("a", "b", a="A"))
    assert "1 unmanaged message would then stand before" in text
    assert 'unmanaged_messages = "delete"' in text


def test_unmanaged_messages_before_the_cut_are_no_obstacle() -> None:
    server = applied(blocks("a"))
    server.say(server.only, "an answer")
    server.apply(blocks("a", "b", "c"))
    server.apply(blocks("a", "b", "c", b="B"))
    assert server.contents() == ["a", "an answer", "B", "c"]


def test_a_rewrite_needs_a_dialect_that_deletes_messages() -> None:
    keeping = Capabilities("azure", ("user",), 32, 1, deletes_members=False)
    server = applied(blocks("a", "b"), capabilities=keeping)
    text = refusal(server, blocks("a", "b", a="A"))
    assert "cannot delete messages" in text
    assert 'on_reorder = "replace_thread"' in text


def test_replace_thread_helps_where_messages_cannot_be_deleted() -> None:
    keeping = Capabilities("azure", ("user",), 32, 1, deletes_members=False)
    server = applied(with_policy("replace_thread", "a", "b"), capabilities=keeping)
    server.apply(with_policy("replace_thread", "a"))
    assert server.contents() == ["a"]


def test_a_refused_rewrite_is_an_error_for_its_thread_only() -> None:
    other = Address("openai_thread", "u")
    spec = [*with_policy("error", "a", "b"), thread("u"), message("c", "c", parent=other)]
    server = applied(spec)
    changed = [*with_policy("error", "a", "b", a="A"), thread("u"), message("c", "C", parent=other)]
    plan = server.plan(changed)
    assert len(plan.errors) == 1
    assert {each.address.name for each in plan.changes if each.changes_something} >= {"c"}


# -- blocks that moved


def test_a_rewrite_for_moved_blocks_alone_needs_a_word() -> None:
    server = applied(blocks("a", "b", "c"))
    assert "--reorder allows it" in refusal(server, blocks("b", "a", "c"))
    assert not server.plan(blocks("b", "a", "c"), options=REORDER).errors


def test_an_order_argument_is_that_word() -> None:
    server = applied(blocks("a", "b"))
    spec = [thread(), message("b", "b", order=1), message("a", "a", order=2)]
    assert not server.plan(spec).errors


def test_a_new_dependency_is_that_word() -> None:
    server = applied(blocks("a", "b"))
    spec = [thread(), message("b", "b"), message("a", "a", depends_on=[at("b")])]
    assert not server.plan(spec).errors


def test_reordering_the_list_of_a_count_block_is_no_moved_block() -> None:
    server = applied(counted("abc"))
    assert not server.plan(counted("cab")).errors


# -- unmanaged messages


def test_unmanaged_messages_are_context_and_no_change() -> None:
    server = applied(blocks("a", "b"))
    server.say(server.only, "an answer")
    plan = server.plan(blocks("a", "b"))
    (sequence,) = plan.sequences
    assert (sequence.unmanaged, sequence.grown) == (1, 1)
    assert not plan.has_changes
    assert not plan.drift


def test_a_message_added_after_an_answer_is_simply_appended() -> None:
    server = applied(blocks("a"))
    server.say(server.only, "an answer")
    server.apply(blocks("a", "b"))
    assert server.contents() == ["a", "an answer", "b"]
    (sequence,) = server.plan(blocks("a", "b")).sequences
    assert (sequence.unmanaged, sequence.grown) == (1, 0)


def test_ignored_messages_are_not_mentioned() -> None:
    spec = [thread(unmanaged_messages="ignore"), message("a", "a")]
    server = applied(spec)
    server.say(server.only, "an answer")
    (sequence,) = server.plan(spec).sequences
    assert (sequence.unmanaged, sequence.grown) == (0, 0)


def test_unmanaged_messages_can_be_deleted_by_policy() -> None:
    spec = [thread(unmanaged_messages="delete"), message("a", "a")]
    server = applied(spec)
    server.say(server.only, "an answer")
    server.apply(spec)
    assert server.contents() == ["a"]


def test_replacing_the_last_message_says_what_it_moves_behind() -> None:
    server = applied(blocks("a", "b"))
    server.say(server.only, "an answer")
    assert notes(server, blocks("a", "b", b="B"))["openai_message.b"] == (
        "will stand behind 1 unmanaged message that it precedes now"
    )


# -- the rule itself


def place(name: str, *, held: bool = True) -> Place:
    return Place(at(name), name, held=held)


def parent(*ids: str, **how: object) -> Parent:
    members = tuple(Member(each, {"id": each}) for each in ids)
    return Parent(
        name=Address("openai_thread", "t"),
        member_type="openai_message",
        listing=Listing(members, True),
        capabilities=THREADS,
        managed=frozenset(each for each in ids if not each.startswith("?")),
        reorder=True,
        **how,
    )


def test_without_a_listing_the_members_are_taken_to_stand_as_written() -> None:
    blind = replace(parent(), listing=None)
    decision = plan_sequence(blind, [place("a"), place("b", held=False), place("c")])
    assert decision.plan.kept == (at("a"),)
    assert decision.plan.rewritten == (at("c"),)


BLIND = PlanOptions(refresh=False, reorder=True)


def test_without_a_refresh_the_order_of_the_last_apply_is_believed() -> None:
    server = applied(blocks("a", "b", "c"))
    server.apply(blocks("c", "a", "b"), observed=Observed(), options=BLIND)
    assert server.contents() == ["c", "a", "b"]


def test_without_a_refresh_a_deletion_inside_count_is_one_delete() -> None:
    server = applied(counted("abcd"))
    server.apply(counted("acd"), observed=Observed(), options=BLIND)
    assert (server.created, server.deleted, server.contents()) == (0, 1, list("acd"))


def test_a_server_that_scrambles_is_not_put_in_order_again() -> None:
    scrambled = parent("b", "a", unordered=True)
    decision = plan_sequence(scrambled, [place("a"), place("b")])
    assert decision.plan.kept == (at("a"), at("b"))


def test_a_scrambled_thread_is_ordered_when_its_sequence_changes() -> None:
    scrambled = parent("b", "a", unordered=True)
    decision = plan_sequence(scrambled, [place("a"), place("b"), place("c", held=False)])
    assert decision.plan.kept == (at("a"),)
    assert decision.plan.appended == (at("b"), at("c"))


def test_a_position_is_the_place_in_the_listing_never_the_id() -> None:
    decision = plan_sequence(parent("z", "a"), [place("z"), place("a")])
    assert decision.plan.kept == (at("z"), at("a"))


def test_the_last_id_is_that_of_the_whole_listing() -> None:
    assert plan_sequence(parent("a", "?x"), [place("a")]).plan.last_id == "?x"


def test_both_dialects_end_in_the_same_order() -> None:
    for capabilities in (THREADS, CONVERSATIONS):
        server = applied(blocks("a", "b", "c"), capabilities=capabilities)
        server.apply(blocks("a", "x", "c"), options=REORDER)
        assert server.contents() == ["a", "x", "c"]
