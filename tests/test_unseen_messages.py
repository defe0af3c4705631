"""Unseen messages: none goes with its thread unasked, whoever looked or did not."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Bench, assert_settled, talk, thread

from reconciler.emulator.faults import Action as Fault
from reconciler.emulator.faults import Rule
from reconciler.errors import UnsafePlan
from reconciler.plan.model import Plan
from reconciler.plan.options import PlanOptions
from reconciler.plan.safety import require_consent

DELETED = thread("other")
"""A spec without the thread `t`."""


def lost(plan: Plan) -> dict[str, int]:
    return {str(each.address): each.count for each in plan.unmanaged_losses}


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_without_a_refresh_the_thread_that_goes_is_read_all_the_same(
    bench: Bench, how: str
) -> None:
    bench.write(DELETED + talk("abc"))
    bench.apply()
    bench.say("noise", "t")
    if how == "deleted":
        bench.write(DELETED)
    bench.server.record()

    plan = bench.plan(refresh=False, replace=("openai_thread.t",) if how == "replaced" else ())

    assert lost(plan) == {"openai_thread.t": 1}
    assert bench.calls == {"read thread": 1, "list": 1}
    with pytest.raises(UnsafePlan):
        require_consent(plan, allow_unmanaged=False)


def test_without_a_refresh_nothing_is_read_where_nothing_goes(bench: Bench) -> None:
    bench.write(talk("abc"))
    bench.apply()
    bench.write(talk("abcd"))
    bench.server.record()

    bench.plan(refresh=False)

    assert bench.calls == {}


def test_without_a_refresh_nothing_is_read_for_who_does_not_mind(bench: Bench) -> None:
    bench.write(talk("abc", 'unmanaged_messages = "ignore"'))
    bench.apply()
    bench.write(DELETED)
    bench.server.record()

    plan = bench.plan(refresh=False)

    assert bench.calls == {}
    assert lost(plan) == {}


def test_without_a_refresh_a_thread_that_is_gone_is_no_obstacle(bench: Bench) -> None:
    bench.write(DELETED + talk("abc"))
    bench.apply()
    bench.lose_thread("t")
    bench.write(DELETED)

    bench.apply(refresh=False)

    assert_settled(bench)


def test_what_was_said_in_a_thread_after_it_was_replaced_counts(bench: Bench) -> None:
    """The old thread is still there: a run ended before it could delete it."""
    bench.write(talk("abc"))
    bench.apply()
    old = bench.thread_id()
    bench.fail(Rule(do=Fault.REFUSE, method="DELETE", status=400))
    assert not bench.try_apply(replace=("openai_thread.t",)).ok
    bench.fail()
    assert bench.state.deposed
    _say_in(bench, old)

    plan = bench.plan()

    assert lost(plan) == {"openai_thread.t": 1}
    with pytest.raises(UnsafePlan):
        require_consent(plan, allow_unmanaged=False)
    bench.apply()
    assert [each["id"] for each in bench.parents] == [bench.thread_id()]
    assert_settled(bench)


def test_the_consent_given_with_a_saved_plan_holds_for_its_apply(bench: Bench) -> None:
    bench.write(DELETED + talk("abc"))
    bench.apply()
    bench.say("noise", "t")
    bench.write(DELETED)

    for allowed in (False, True):
        file = Path(bench.folder / f"plan-{allowed}")
        bench.workspace.plan(options=PlanOptions(allow_unmanaged=allowed), save_to=file)

        def approve(plan: Plan) -> bool:
            require_consent(plan, allow_unmanaged=False)
            return True

        if allowed:
            assert bench.workspace.apply(plan_file=file, approve=approve).ok
        else:
            with pytest.raises(UnsafePlan):
                bench.workspace.apply(plan_file=file, approve=approve)
    assert_settled(bench)


def _say_in(bench: Bench, id_: str) -> None:
    if bench.dialect == "threads":
        bench.server.append(id_, "noise", role="user")
        return
    part = {"type": "input_text", "text": "noise"}
    item = {"type": "message", "status": "completed", "role": "user", "content": [part]}
    bench.server.append_item(id_, item)
