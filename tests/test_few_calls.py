"""Few calls: what an apply, a refresh and a destroy cost, counted at the server."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import (
    APPEND,
    BATCH,
    Bench,
    assert_settled,
    changes,
    counted,
    make_bench,
    message,
    talk,
    thread,
)

from reconciler.emulator.faults import Action as Fault
from reconciler.emulator.faults import Rule
from reconciler.errors import UsageError
from reconciler.execute.events import Status


def many(threads: int, turns: int) -> str:
    """Threads with as many messages each, as one block of either."""
    return f"""
resource "openai_thread" "t" {{
  count    = {threads}
  metadata = {{ name = "t${{count.index}}" }}
}}

resource "openai_message" "m" {{
  count     = {threads * turns}
  thread_id = openai_thread.t[floor(count.index / {turns})].id
  role      = count.index % 2 == 0 ? "user" : "assistant"
  content   = "turn ${{count.index % {turns}}}"
}}
"""


def calls_of(bench: Bench) -> int:
    return sum(bench.calls.values())


def test_a_hundred_threads_of_ten_cost_two_calls_each(bench: Bench) -> None:
    bench.write(many(100, 10))

    bench.apply()
    assert bench.calls == {"create thread": 100, "list": 100}

    bench.server.record()
    assert not bench.plan().has_changes
    assert bench.calls == {"read thread": 100, "list": 100}

    bench.server.record()
    bench.apply()
    assert bench.calls == {}

    bench.server.record()
    bench.destroy()
    if bench.dialect == "threads":
        assert bench.calls == {"delete thread": 100}
    else:
        assert bench.calls == {"delete message": 1000, "delete thread": 100}
    assert bench.parents == []


def test_an_apply_without_changes_costs_the_refresh(bench: Bench) -> None:
    bench.write(many(20, 3))
    bench.apply()

    bench.server.record()
    bench.workspace.apply(approve=lambda plan: True)

    assert bench.calls == {"read thread": 20, "list": 20}


@pytest.mark.parametrize("size", [1, 19, 20, 21, 32, 33, 40, 41, 99, 100, 101, 133, 232])
def test_a_new_thread_costs_as_few_calls_as_its_length_allows(bench: Bench, size: int) -> None:
    bench.write(counted([f"turn {number}" for number in range(size)]))
    planned = bench.plan()

    report = bench.apply()

    batch, append = BATCH[bench.dialect], APPEND[bench.dialect]
    rest = max(size - batch, 0)
    appends, checks = -(-rest // append), -(-rest // 100)
    wanted = {"create thread": 1, "list": 1 + checks, "append": appends}
    assert bench.calls == {kind: number for kind, number in wanted.items() if number}
    assert planned.calls == report.calls == calls_of(bench)


@pytest.mark.parametrize("size", [100, 200, 300])
def test_reading_back_a_full_page_costs_no_other(bench: Bench, size: int) -> None:
    bench.write(talk(["first"]))
    bench.apply()
    texts = [f"turn {number}" for number in range(size)]
    bench.write(talk(["first"]) + "".join(message(f"n{n}", each) for n, each in enumerate(texts)))

    bench.apply()

    assert bench.calls["list"] == size // 100


# -- batches


def test_a_message_that_waits_does_not_keep_the_others_from_the_batch(bench: Bench) -> None:
    bench.write(
        thread()
        + thread("u")
        + message("x", "x", thread="u")
        + "".join(message(f"a{n}", f"a{n}") for n in range(5))
        + message("waits", "see ${openai_message.x.id}")
        + "".join(message(f"b{n}", f"b{n}") for n in range(5))
    )

    bench.apply()

    appends = 6 if bench.dialect == "threads" else 1
    assert bench.calls == {"create thread": 2, "list": 3, "append": appends}
    waits = f"see {bench.members('u')[0]['id']}"
    assert bench.texts("t") == [f"a{n}" for n in range(5)] + [waits] + [f"b{n}" for n in range(5)]
    assert_settled(bench)


def test_a_batch_never_makes_a_thread_wait(bench: Bench) -> None:
    """Two threads whose first messages need each other's thread: neither has to come first."""
    bench.write(
        thread("one")
        + thread("two")
        + message("a", "a", thread="one")
        + message("b", "=openai_thread.two.id", thread="one")
        + message("x", "x", thread="two")
        + message("y", "=openai_thread.one.id", thread="two")
    )

    bench.apply()

    assert bench.calls == {"create thread": 2, "list": 4, "append": 2}
    assert bench.texts("one") == ["a", bench.thread_id("two")]
    assert bench.texts("two") == ["x", bench.thread_id("one")]


def test_what_the_thread_needs_anyway_may_ride(bench: Bench) -> None:
    bench.write(
        thread("first") + message("x", "x", thread="first") + 'resource "openai_thread" "t" {\n'
        '  metadata = { name = "t" }\n  depends_on = [openai_message.x]\n}\n'
        + message("a", "=openai_message.x.content")
        + message("b", "b", arguments="depends_on = [openai_thread.first, openai_message.x]")
    )

    bench.apply()

    assert bench.calls == {"create thread": 2, "list": 2}
    assert bench.texts("t") == ["x", "b"]


def test_threads_of_one_block_do_not_wait_for_each_other(bench: Bench) -> None:
    bench.write(many(8, 3) + message("last", "last", thread="t[0]", arguments="order = 1"))

    bench.apply()

    assert bench.calls == {"create thread": 8, "list": 8}


@pytest.mark.parametrize("refused", [0, 3, 7, 24])
def test_a_refusal_that_names_no_message_is_found_out_one_by_one(
    bench: Bench, refused: int
) -> None:
    """Nothing stands twice, the one that is refused has failed, and no server is blamed for it."""
    contents = [f"turn {number};" for number in range(30)]
    bench.write(counted(contents))
    bench.fail(
        Rule(
            do=Fault.REFUSE,
            method="POST",
            body=contents[refused],
            status=400,
            reply={"error": {"message": "No.", "type": "invalid_request_error", "param": None}},
        )
    )

    report = bench.try_apply()

    failed = [str(each.address) for each in report.outcomes if each.error is not None]
    assert failed == [f"openai_message.m[{refused}]"]
    assert sum(each.status is Status.SKIPPED for each in report.outcomes) == 29 - refused
    assert bench.texts() == contents[:refused]
    assert len(bench.parents) == 1
    assert not report.warnings
    bench.fail()
    bench.apply()
    assert bench.texts() == contents
    assert_settled(bench)


@pytest.mark.parametrize("nth", [1, 3, 6])
def test_a_refused_batch_names_the_message_and_keeps_those_before_it(
    bench: Bench, nth: int
) -> None:
    contents = [f"turn {number}" for number in range(8)]
    bench.write(talk({f"m{number}": text for number, text in enumerate(contents)}))
    place = "messages" if bench.dialect == "threads" else "items"
    bench.fail(
        Rule(
            do=Fault.REFUSE,
            method="POST",
            status=400,
            times=1,
            reply={
                "error": {
                    "message": "This text is not allowed.",
                    "type": "invalid_request_error",
                    "param": f"{place}[{nth}].content",
                    "code": "refused",
                }
            },
        )
    )

    report = bench.try_apply()

    failed = [str(each.address) for each in report.outcomes if each.error is not None]
    assert failed == [f"openai_message.m{nth}"]
    assert bench.texts() == contents[:nth]
    bench.fail()
    bench.apply()
    assert bench.texts() == contents
    assert_settled(bench)


@pytest.mark.parametrize("kept", [0, 1, 4, 7])
def test_what_an_answered_batch_lacks_is_appended(bench: Bench, kept: int) -> None:
    contents = [f"turn {number}" for number in range(8)]
    bench.write(talk({f"m{number}": text for number, text in enumerate(contents)}))
    lost: list[str] = []

    def lose(request: str) -> None:
        if not lost and bench.parents:
            lost.extend(bench.texts()[kept:])
            for _ in lost:
                bench.lose(-1)

    bench.before_each(lose)
    report = bench.apply()

    assert lost
    assert "sending these one by one" in "".join(report.warnings)
    assert bench.texts() == contents
    assert_settled(bench)


def test_what_stands_behind_a_gap_in_a_batch_is_replaced(bench: Bench) -> None:
    contents = [f"turn {number}" for number in range(8)]
    bench.write(talk({f"m{number}": text for number, text in enumerate(contents)}))
    lost: list[str] = []

    def lose(request: str) -> None:
        if not lost and bench.parents:
            lost.append(bench.texts()[3])
            bench.lose(3)

    bench.before_each(lose)
    bench.apply()

    assert bench.texts() == contents
    assert_settled(bench)


def test_appends_share_calls_where_the_wire_lets_them(tmp_path: Path) -> None:
    """Each message names the one before: the second cannot be written before the first is there."""
    bench = make_bench(tmp_path, "conversations")
    bench.write(thread())
    bench.apply()
    chain = [message("m0", "start")]
    chain += [message(f"m{n}", f"=openai_message.m{n - 1}.id") for n in range(1, 4)]
    bench.write(thread() + "".join(chain) + "".join(message(f"z{n}", f"z{n}") for n in range(6)))
    planned = bench.plan().calls

    report = bench.apply()

    assert bench.calls == {"append": 4, "list": 1}
    assert planned == report.calls == 5
    assert_settled(bench)


def test_messages_that_wait_for_the_same_thing_share_a_call(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, "conversations")
    bench.write(
        thread("u")
        + message("x", "x", thread="u")
        + thread()
        + "".join(message(f"m{n}", f"{n} ${{openai_message.x.id}}") for n in range(30))
    )
    planned = bench.plan().calls

    report = bench.apply()

    assert bench.calls == {"create thread": 2, "append": 2, "list": 2}
    assert planned == report.calls


# -- a live thread


def test_an_opener_in_a_live_thread_of_ten_thousand_costs_one_page(bench: Bench) -> None:
    bench.write(talk("abc"))
    bench.apply()
    for number in range(10_000):
        bench.say(f"live {number}")

    bench.server.record()
    plan = bench.plan()

    assert not plan.has_changes
    assert bench.calls == {"read thread": 1, "list": 1}
    assert "limit=100" in next(each.path for each in bench.server.requests if "?" in each.path)


def test_a_message_at_the_end_of_a_long_thread_costs_a_look_at_its_end(bench: Bench) -> None:
    bench.write(talk("abc"))
    bench.apply()
    for number in range(1_000):
        bench.say(f"live {number}")
    bench.write(talk("abcd"))
    planned = bench.plan().calls

    report = bench.apply()

    assert bench.calls == {"append": 1, "list": 2}
    assert planned == report.calls
    assert bench.texts()[-1] == "d"
    assert_settled(bench)


def test_without_a_refresh_an_append_looks_at_the_end_first(bench: Bench) -> None:
    bench.write(talk("ab"))
    bench.apply()
    bench.say("context")
    bench.write(talk("abc"))

    bench.apply(refresh=False)

    assert bench.calls == {"append": 1, "list": 2}
    assert bench.texts() == ["a", "b", "context", "c"]
    assert_settled(bench)


def test_a_plan_without_a_refresh_asks_nothing(bench: Bench) -> None:
    bench.write(talk("abc"))
    bench.apply()
    bench.server.record()

    assert not bench.plan(refresh=False).has_changes

    assert bench.calls == {}


# -- what the plan says it will cost


EDITS = {
    "append": "abcdefg",
    "delete the first": "bcdef",
    "delete the last": "abcde",
    "delete some": "acf",
    "insert": "abxcdef",
    "change the first": "Xbcdef",
    "swap": "bacdef",
    "turn round": "fedcba",
    "replace all": "uvwxyz",
    "delete all": "",
    "nothing": "abcdef",
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("policy", ["rewrite_tail", "replace_thread", "append"])
def test_the_plan_tells_the_number_of_calls(bench: Bench, edit: str, policy: str) -> None:
    arguments = f'on_reorder = "{policy}"'
    bench.write(talk("abcdef", arguments))
    bench.apply()
    bench.write(talk(EDITS[edit], arguments))
    options = {"reorder": True, "allow_destroy": ("99",)}
    planned = bench.plan(**options)

    report = bench.apply(**options)

    assert planned.calls == report.calls == calls_of(bench)
    assert_settled(bench, **options)


def test_the_plan_tells_the_calls_of_updates_and_policies(bench: Bench) -> None:
    def spec(kind: str, unmanaged: str) -> str:
        return thread(arguments=f'unmanaged_messages = "{unmanaged}"') + "".join(
            message(each, each, arguments=f'metadata = {{ kind = "{kind}" }}') for each in "abc"
        )

    bench.write(spec("1", "report"))
    bench.apply()
    bench.say("noise")
    bench.say("noise")
    bench.write(spec("2", "delete"))
    planned = bench.plan()

    report = bench.apply()

    updates = 3 if bench.dialect == "threads" else 0
    assert planned.calls == report.calls == calls_of(bench) == updates + 3
    assert bench.texts() == list("abc")


def test_the_plan_tells_the_calls_of_a_destroy(bench: Bench) -> None:
    bench.write(many(5, 4))
    bench.apply()

    report = bench.destroy()

    assert bench.planned.calls == report.calls == calls_of(bench)


def test_the_plan_tells_the_calls_after_losses(bench: Bench) -> None:
    bench.write(many(4, 6))
    bench.apply()
    bench.lose(2, "t0")
    bench.lose_thread("t1")
    bench.lose(5, "t2")
    planned = bench.plan(allow_destroy=("99",))

    report = bench.apply(allow_destroy=("99",))

    assert planned.calls == report.calls == calls_of(bench)
    assert_settled(bench)


def test_the_time_is_told_at_the_known_rate(tmp_path: Path, dialect: str) -> None:
    bench = make_bench(tmp_path, dialect, settings="  requests_per_minute = 120")
    bench.write(many(30, 5))

    plan = bench.plan()

    assert (plan.calls, plan.seconds) == (60, 30.0)
    assert plan.rate == "120 requests a minute"


def test_without_a_setting_the_time_is_told_at_what_the_api_is_known_to_allow(
    bench: Bench,
) -> None:
    bench.write(many(30, 5))

    plan = bench.plan()

    assert (plan.calls, plan.seconds, plan.rate) == (60, 6.0, "300 writes a minute")


def test_deletions_have_a_limit_of_their_own(bench: Bench) -> None:
    bench.write(talk("abcdefghij"))
    bench.apply()
    bench.write(talk("a"))

    plan = bench.plan(allow_destroy=("99",))

    assert (plan.calls, plan.seconds, plan.rate) == (10, 1.8, "300 deletes a minute")


def test_a_data_source_that_is_read_during_the_apply_makes_the_number_a_least_one(
    bench: Bench,
) -> None:
    bench.write(
        talk("ab")
        + 'data "openai_messages" "all" {\n  thread_id = openai_thread.t.id\n'
        + "  depends_on = [openai_message.b]\n}\n"
        + 'output "n" { value = length(data.openai_messages.all.messages) }\n'
    )

    plan = bench.plan()

    assert plan.at_least
    assert bench.apply().calls >= plan.calls == 3


def test_unmanaged_messages_are_deleted_by_policy_though_nothing_else_changes(
    bench: Bench,
) -> None:
    bench.write(talk("abc", 'unmanaged_messages = "delete"'))
    bench.apply()
    bench.say("noise")
    bench.say("noise")
    plan = bench.plan()

    report = bench.apply()

    assert plan.has_changes
    assert plan.calls == report.calls == calls_of(bench) == 3
    assert bench.texts() == list("abc")
    assert not bench.plan().has_changes


@pytest.mark.parametrize("batch_create", ["true", "false"])
def test_creating_threads_empty_costs_a_call_per_message(
    tmp_path: Path, dialect: str, batch_create: str
) -> None:
    bench = make_bench(tmp_path, dialect, settings=f"  batch_create = {batch_create}")
    bench.write(talk("abcd"))
    planned = bench.plan().calls

    report = bench.apply()

    assert planned == report.calls == calls_of(bench)
    assert bench.texts() == list("abcd")
    assert not changes(bench.plan())


@pytest.mark.parametrize("option", ["targets", "replace"])
@pytest.mark.parametrize("typo", ["openai_mesage.m[0]", "module.m", "openai_thread.x*"])
def test_a_misspelt_target_costs_no_call(bench: Bench, option: str, typo: str) -> None:
    bench.write(many(10, 2))
    bench.apply()
    bench.server.record()

    with pytest.raises(UsageError, match="names nothing"):
        bench.plan(**{option: (typo,)})

    assert bench.calls == {}
