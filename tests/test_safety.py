"""Safety: nobody loses much by accident."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from bench import Bench, talk
from conversation_model import Conversations, at, message, thread

from reconciler.address import Address
from reconciler.errors import UnsafePlan
from reconciler.expand import Instance
from reconciler.frozen import replace
from reconciler.plan.model import Action, Plan, PlanMode
from reconciler.plan.moves import Removed
from reconciler.plan.options import PlanOptions, Policies
from reconciler.plan.safety import (
    MAX_LOSS_SHARE,
    MIN_LOSSES,
    Loss,
    check_losses,
    require_consent,
    unmanaged_text,
)

T = Address("openai_thread", "t")


def thread_of(size: int, **contents: str) -> list[Instance]:
    named = [f"m{index:02}" for index in range(size)]
    return [thread(), *(message(each, contents.get(each, each)) for each in named)]


def applied(spec: Sequence[Instance], **how: object) -> Conversations:
    server = Conversations(**how)
    server.apply(spec)
    return server


def guard(plan: Plan) -> str | None:
    found = [each.detail for each in plan.errors if each.summary == "Too much would be lost"]
    return found[0] if found else None


def loses(number: int, unmanaged: int = 0) -> list[Loss]:
    return [Loss(at(f"m{index}")) for index in range(number)] + (
        [Loss(T, 0, unmanaged)] if unmanaged else []
    )


# -- the rule


@pytest.mark.parametrize(
    ("lost", "managed", "refused"),
    [
        (9, 9, False),
        (10, 33, True),
        (10, 34, False),
        (12, 40, False),
        (13, 40, True),
        (300, 1000, False),
        (301, 1000, True),
    ],
)
def test_over_30_percent_and_at_least_10(lost: int, managed: int, refused: bool) -> None:
    assert (check_losses(loses(lost), managed, ()) is not None) is refused


def test_the_numbers_are_named() -> None:
    refusal = check_losses(loses(12), 30, ())
    assert refusal is not None
    assert "12 of 30 (40 %)" in refusal.detail
    assert "--allow-destroy=12" in refusal.detail


def test_unmanaged_messages_count_and_are_named() -> None:
    refusal = check_losses(loses(2, unmanaged=8), 20, ())
    assert refusal is not None
    assert "2 of 20 (10 %) managed objects would lose their content" in refusal.detail
    assert "and 8 unmanaged messages would be lost" in refusal.detail
    assert "--allow-destroy=10" in refusal.detail


def test_no_more_than_all_of_what_is_managed_is_said_to_be_lost() -> None:
    refusal = check_losses(loses(0, unmanaged=300), 4, ())
    assert refusal is not None
    assert refusal.detail.startswith("0 of 4 (0 %) managed objects")
    assert "7500" not in refusal.detail


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [
        (("12",), False),
        (("11",), True),
        (("3", "12"), False),
        (("openai_message.m0",), True),
        (("openai_message.*",), False),
        (("openai_thread.t",), True),
        (("openai_message.m0", "openai_message.m1", "openai_message.m2"), False),
    ],
)
def test_what_allow_destroy_allows(allowed: tuple[str, ...], refused: bool) -> None:
    assert (check_losses(loses(12), 30, allowed) is not None) is refused


def test_allowing_a_thread_allows_the_messages_in_it() -> None:
    lost = [Loss(at(f"m{index}"), under=T) for index in range(12)]
    assert check_losses(lost, 12, ("openai_thread.t",)) is None


def test_the_limits_are_those_of_the_design() -> None:
    assert (MAX_LOSS_SHARE, MIN_LOSSES) == (0.30, 10)


# -- what counts


def test_deleting_most_of_a_thread_is_refused() -> None:
    plan = applied(thread_of(20)).plan(thread_of(5))
    assert "15 of 21 (71 %)" in str(guard(plan))
    assert not plan.can_apply


def test_allowed_losses_are_planned() -> None:
    server = applied(thread_of(20))
    server.apply(thread_of(5), options=PlanOptions(allow_destroy=("15",)))
    assert len(server.contents()) == 5


def test_a_rewrite_counts_only_what_it_changes() -> None:
    server = applied(thread_of(30))
    plan = server.plan(thread_of(30, m00="other"))
    assert sum(each.action is Action.REPLACE for each in plan.changes) == 30
    assert guard(plan) is None


def test_changing_many_messages_counts_each() -> None:
    server = applied(thread_of(12))
    changed = {f"m{index:02}": f"other {index}" for index in range(12)}
    assert "12 of 13 (92 %)" in str(guard(server.plan(thread_of(12, **changed))))


def test_what_is_sent_again_in_the_same_plan_is_not_lost() -> None:
    server = applied(thread_of(12))
    renamed = [thread(), *(message(f"n{index:02}", f"m{index:02}") for index in range(12))]
    assert guard(server.plan(renamed)) is None


def test_what_is_sent_again_once_saves_one() -> None:
    texts = ["same"] * 11
    server = applied([thread(), *(message(f"a{i}", text) for i, text in enumerate(texts))])
    assert "10 of 12" in str(guard(server.plan([thread(), message("b", "same")])))


def test_a_replaced_thread_loses_nothing_that_is_sent_again() -> None:
    server = applied(thread_of(20))
    assert (
        guard(server.plan(thread_of(20), options=PlanOptions(replace=("openai_thread.t",)))) is None
    )


def test_a_replaced_thread_loses_its_unmanaged_messages() -> None:
    server = applied(thread_of(9))
    for index in range(10):
        server.say(server.only, f"answer {index}")
    plan = server.plan(thread_of(9), options=PlanOptions(replace=("openai_thread.t",)))
    assert "0 of 10 (0 %)" in str(guard(plan))
    assert "and 10 unmanaged messages would be lost" in str(guard(plan))


def test_a_deleted_thread_counts_with_what_it_takes_along() -> None:
    server = applied([*thread_of(2), thread("u")])
    for index in range(9):
        server.say(server.state.objects[T].id, f"answer {index}")
    refusal = str(guard(server.plan([thread("u")])))
    assert "3 of 4 (75 %)" in refusal
    assert "and 9 unmanaged messages would be lost" in refusal


def test_deleting_unmanaged_messages_by_policy_counts() -> None:
    spec = [thread(unmanaged_messages="delete"), message("a")]
    server = applied(spec)
    for index in range(10):
        server.say(server.only, f"answer {index}")
    plan = server.plan(spec)
    assert "0 of 2 (0 %)" in str(guard(plan))
    assert "and 10 unmanaged messages would be lost" in str(guard(plan))


def test_what_is_gone_already_or_let_go_of_is_not_lost() -> None:
    server = applied(thread_of(24))
    for _ in range(12):
        server.lose(server.only, 0)
    removed = [Removed(at(f"m{index:02}")) for index in range(12, 24)]
    assert guard(server.plan(thread_of(0), removed=removed)) is None


# -- destroy


def test_destroy_is_the_wish_itself() -> None:
    plan = applied(thread_of(40)).plan([], mode=PlanMode.DESTROY)
    assert plan.can_apply
    require_consent(plan, allow_unmanaged=False)


def test_destroying_unmanaged_messages_needs_a_word() -> None:
    server = applied(thread_of(2))
    server.say(server.only, "an answer")
    plan = server.plan([], mode=PlanMode.DESTROY)
    assert unmanaged_text(plan) == "openai_thread.t (1)"
    with pytest.raises(UnsafePlan, match=r"openai_thread\.t \(1\)") as caught:
        require_consent(plan, allow_unmanaged=False)
    assert "--allow-unmanaged" in str(caught.value.hint)
    require_consent(plan, allow_unmanaged=True)


@pytest.mark.parametrize("policy", ["ignore", "delete"])
@pytest.mark.parametrize("where", ["thread", "provider"])
def test_a_policy_may_have_given_that_word(policy: str, where: str) -> None:
    if where == "thread":
        server = applied([thread(unmanaged_messages=policy)])
    else:
        server = applied([thread()], policies=Policies(unmanaged_messages=policy))
    server.say(server.only, "an answer")
    assert server.plan([], mode=PlanMode.DESTROY).unmanaged_losses == ()


# -- any other deletion of a thread


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("how", ["replaced", "triggered", "removed", "let go of"])
def test_whatever_deletes_a_thread_needs_that_word(bench: Bench, how: str, short: bool) -> None:
    told = "lifecycle {\n    replace_triggered_by = [openai_thread.u.metadata]\n  }"
    spec = talk("abcde", told if how == "triggered" else "")
    other = 'resource "openai_thread" "u" {\n  metadata = { a = "%s" }\n}\n'
    bench.write(spec + other % "b")
    bench.apply()
    answers = 3 if not short else 120
    for _ in range(answers):
        bench.say("an answer", "t")
    replaced: tuple[str, ...] = ()
    match how:
        case "replaced":
            replaced = ("openai_thread.t",)
        case "triggered":
            bench.write(spec + other % "c")
        case "removed":
            bench.write(other % "b")
        case _:
            kept = "lifecycle {\n    destroy = false\n  }"
            bench.write(f"removed {{\n  from = openai_message.e\n  {kept}\n}}\n" + other % "b")
            answers += 1

    plan = bench.plan(replace=replaced)

    assert unmanaged_text(plan) == f"openai_thread.t ({answers:,})"
    with pytest.raises(UnsafePlan, match="would be lost"):
        require_consent(plan, allow_unmanaged=False)


@pytest.mark.parametrize("policy", ["ignore", "delete"])
def test_a_policy_may_have_given_the_word_for_a_replacement(bench: Bench, policy: str) -> None:
    bench.write(talk("ab", f'unmanaged_messages = "{policy}"'))
    bench.apply()
    bench.say("an answer")
    plan = bench.plan(replace=("openai_thread.t",))
    assert plan.unmanaged_losses == ()


def test_what_is_refused_takes_nothing_along(bench: Bench) -> None:
    bench.write(talk("ab", 'on_reorder = "replace_thread"'))
    bench.apply()
    bench.say("an answer")
    bench.write(talk({"a": "A", "b": "b"}, 'on_reorder = "replace_thread"'))
    plan = bench.plan()
    assert [each.summary for each in plan.errors]
    assert plan.unmanaged_losses == ()


# -- mass disappearance


def threads_of(size: int) -> list[Instance]:
    return [thread(f"t{index:02}") for index in range(size)]


def without(server: Conversations, gone: int) -> Conversations:
    for address, object_ in list(server.state.objects.items())[:gone]:
        assert address.type == "openai_thread"
        del server.threads[object_.id], server.metadata[object_.id]
    return server


@pytest.mark.parametrize(
    ("threads", "gone", "believed"),
    [(3, 3, True), (4, 4, False), (15, 3, True), (20, 4, True), (20, 5, False), (100, 21, False)],
)
def test_more_than_three_and_a_fifth_gone_is_not_believed(
    threads: int, gone: int, believed: bool
) -> None:
    server = without(applied(threads_of(threads)), gone)
    if believed:
        server.plan(threads_of(threads))
        return
    with pytest.raises(UnsafePlan, match=f"{gone} of {threads} "):
        server.plan(threads_of(threads))


def test_a_gone_thread_counts_once_whatever_it_held() -> None:
    server = applied(thread_of(30))
    server.threads.clear()
    server.metadata.clear()
    plan = server.plan(thread_of(30))
    assert plan.counts.add == 31


def test_the_stop_asks_the_right_question() -> None:
    server = without(applied(threads_of(4)), 4)
    with pytest.raises(UnsafePlan, match="Is the key, the project or the endpoint") as caught:
        server.plan(threads_of(4))
    assert "--accept-missing" in str(caught.value.hint)


@pytest.mark.parametrize("mode", list(PlanMode))
def test_the_stop_holds_in_every_mode(mode: PlanMode) -> None:
    server = without(applied(threads_of(4)), 4)
    with pytest.raises(UnsafePlan):
        server.plan(threads_of(4), mode=mode)


@pytest.mark.parametrize("accepted", ["all", ("openai_thread.*",), ("openai_thread.t00",)])
def test_accept_missing_says_that_they_are_gone(accepted: object) -> None:
    server = without(applied(threads_of(4)), 4)
    plan = server.plan(threads_of(4), options=PlanOptions(accept_missing=accepted))
    assert plan.counts.add == 4


# -- a plan that is shown and never applied


def test_a_plan_with_errors_is_never_applied() -> None:
    plan = applied(thread_of(20)).plan([])
    assert plan.has_changes
    assert not plan.can_apply
    assert replace(plan, errors=()).can_apply
