"""Order: messages stand on the server in the order of the rule, however they come about."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from bench import (
    Bench,
    assert_settled,
    counted,
    make_bench,
    message,
    talk,
    thread,
)

from reconciler.emulator.faults import Action as Fault
from reconciler.emulator.faults import Rule
from reconciler.emulator.flavour import FLAVOURS, Flavour

EVERYTHING = """
module "early" {
  source = "./greeting"
  thread = openai_thread.t.id
  names  = ["ann", "bob"]
}

resource "openai_thread" "t" {
  metadata = { name = "t" }
}

resource "openai_message" "pinned" {
  thread_id = openai_thread.t.id
  role      = "user"
  content   = "pinned to the top"
  order     = 1
}

resource "openai_message" "late" {
  thread_id  = openai_thread.t.id
  role       = "user"
  content    = "after the keyed ones"
  depends_on = [openai_message.keyed]
}

resource "openai_message" "counted" {
  count     = 3
  thread_id = openai_thread.t.id
  role      = "user"
  content   = "counted ${count.index}"
}

resource "openai_message" "keyed" {
  for_each  = { turn10 = "ten", turn2 = "two", alpha = "first" }
  thread_id = openai_thread.t.id
  role      = "assistant"
  content   = "${each.key} is ${each.value}"
}

resource "openai_message" "refers" {
  thread_id = openai_thread.t.id
  role      = "user"
  content   = "see ${openai_message.late.id}"
}

resource "openai_message" "lettered" {
  thread_id = openai_thread.t.id
  role      = "user"
  content   = "letters come after numbers"
  order     = "a"
}
"""

GREETING = """
variable "thread" { type = string }
variable "names" { type = list(string) }

resource "openai_message" "hello" {
  count     = length(var.names)
  thread_id = var.thread
  role      = "user"
  content   = "hello ${var.names[count.index]}"
}

resource "openai_message" "bye" {
  thread_id = var.thread
  role      = "assistant"
  content   = "bye all"
}
"""


@pytest.mark.parametrize("parallelism", [1, 2, 8, 32])
def test_any_mix_of_blocks_stands_in_the_order_of_the_rule(
    tmp_path: Path, dialect: str, parallelism: int
) -> None:
    bench = make_bench(tmp_path, dialect, parallelism=parallelism)
    bench.write(EVERYTHING)
    bench.write(GREETING, "greeting/main.tf")

    bench.apply()

    late = next(each for each in bench.members() if "after the keyed" in str(each["content"]))
    assert bench.texts() == [
        "pinned to the top",
        "letters come after numbers",
        "hello ann",
        "hello bob",
        "bye all",
        "counted 0",
        "counted 1",
        "counted 2",
        "alpha is first",
        "turn2 is two",
        "turn10 is ten",
        "after the keyed ones",
        f"see {late['id']}",
    ]
    assert_settled(bench)


@pytest.mark.parametrize("parallelism", [1, 32])
@pytest.mark.parametrize("size", [33, 100, 101, 500])
def test_a_long_thread_is_in_order(
    tmp_path: Path, dialect: str, size: int, parallelism: int
) -> None:
    bench = make_bench(tmp_path, dialect, parallelism=parallelism)
    texts = [f"turn {number}" for number in range(size)]
    bench.write(counted(texts))

    bench.apply()

    assert bench.texts() == texts
    assert_settled(bench)


def test_threads_in_parallel_each_keep_their_order(bench: Bench) -> None:
    names = [f"t{number}" for number in range(12)]
    blocks = [
        message(f"{name}_{turn}", f"{name} {turn}", thread=name)
        for turn in range(40)
        for name in names
    ]
    bench.write("".join(map(thread, names)) + "".join(blocks))

    bench.apply()

    for name in names:
        assert bench.texts(name) == [f"{name} {turn}" for turn in range(40)]
    assert_settled(bench)


# -- content that is not known yet


def test_a_message_can_name_another_message(bench: Bench) -> None:
    bench.write(
        thread()
        + message("a", "a")
        + message("b", "see ${openai_message.a.id}")
        + message("c", "c")
        + message("d", "after ${openai_message.b.content}")
        + message("e", "e")
    )

    bench.apply()

    first = bench.members()[0]["id"]
    assert bench.texts() == ["a", f"see {first}", "c", f"after see {first}", "e"]
    assert_settled(bench)


def test_a_message_can_name_its_own_thread(bench: Bench) -> None:
    bench.write(
        thread()
        + message("a", "a")
        + message("b", "this is ${openai_thread.t.id}")
        + message("c", "c")
    )

    bench.apply()

    assert bench.texts() == ["a", f"this is {bench.thread_id()}", "c"]
    assert_settled(bench)


def test_a_message_can_name_a_message_of_another_thread(bench: Bench) -> None:
    bench.write(
        thread("one")
        + thread("two")
        + message("a", "a", thread="one")
        + message("x", "x", thread="two")
        + message("b", "b knows ${openai_message.x.id}", thread="one")
        + message("c", "c", thread="one")
        + message("y", "y knows ${openai_message.a.id}", thread="two")
    )

    bench.apply()

    first, other = bench.members("one")[0]["id"], bench.members("two")[0]["id"]
    assert bench.texts("one") == ["a", f"b knows {other}", "c"]
    assert bench.texts("two") == ["x", f"y knows {first}"]
    assert_settled(bench)


def test_a_message_waits_for_its_turn_in_the_whole_file(bench: Bench) -> None:
    """The first message that can stand does: `b` needs `x`, which comes after `c` in the file."""
    bench.write(
        thread("one")
        + thread("two")
        + message("a", "a", thread="one")
        + message("b", "=openai_message.x.content", thread="one")
        + message("c", "c", thread="one")
        + message("x", "x", thread="two", arguments='metadata = { n = "1" }')
    )

    bench.apply()

    assert bench.texts("one") == ["a", "c", "x"]
    assert_settled(bench)


def test_two_threads_that_name_each_other_turn_by_turn_are_no_cycle(bench: Bench) -> None:
    blocks = [thread("one"), thread("two"), message("one_0", "start", thread="one")]
    for turn in range(1, 8):
        blocks.append(
            message(f"two_{turn}", f"=openai_message.one_{turn - 1}.id", thread="two")
            + message(f"one_{turn}", f"=openai_message.two_{turn}.id", thread="one")
        )
    bench.write("".join(reversed(blocks)))

    bench.apply()

    one = [str(each["id"]) for each in bench.members("one")]
    two = [str(each["id"]) for each in bench.members("two")]
    assert bench.texts("two") == one[:-1]
    assert bench.texts("one") == ["start", *two]
    assert_settled(bench)


def test_a_new_id_is_followed_through_a_rewrite(bench: Bench) -> None:
    def spec(first: str) -> str:
        return talk({"a": first, "b": "see ${openai_message.a.id}", "c": "c"})

    bench.write(spec("a"))
    bench.apply()
    bench.write(spec("A"))

    bench.apply()

    assert bench.texts() == ["A", f"see {bench.members()[0]['id']}", "c"]
    assert_settled(bench)


# -- the order does not depend on anything else


@pytest.mark.parametrize("seed", range(6))
def test_random_blocks_stand_in_the_order_of_the_rule(
    tmp_path: Path, dialect: str, seed: int
) -> None:
    """Edges only lead backwards in the file here, so the rule is `order`, then the file."""
    dice = random.Random(seed)
    bench = make_bench(tmp_path, dialect, parallelism=dice.choice([1, 3, 32]))
    wanted: list[tuple[float, int, int, str]] = []
    blocks: list[str] = [thread()]
    for number in range(dice.randint(5, 40)):
        order = dice.choice([None, None, None, -2, 0, 1.5, 7])
        arguments = "" if order is None else f"order = {order}"
        rank = (0.0, order) if order is not None else (1.0, 0)
        if dice.random() < 0.3:
            count = dice.randint(0, 4)
            arguments += f"\n  count = {count}"
            content = f"m{number} ${{count.index}}"
            wanted += [(*rank, number, index, f"m{number} {index}") for index in range(count)]
        else:
            content = f"m{number}"
            wanted.append((*rank, number, 0, content))
        blocks.append(message(f"m{number}", content, arguments=arguments))
    bench.write("".join(blocks))

    bench.apply()

    assert bench.texts() == [each[-1] for each in sorted(wanted)]
    assert_settled(bench)


def test_an_edge_wins_over_order_and_place(bench: Bench) -> None:
    bench.write(
        thread()
        + message("first", "first", arguments="order = 1\n  depends_on = [openai_message.last]")
        + message("middle", "middle", arguments="order = 2")
        + message("last", "last", arguments="order = 3")
    )

    bench.apply()

    assert bench.texts() == ["middle", "last", "first"]
    assert_settled(bench)


def test_a_path_through_another_thread_counts(bench: Bench) -> None:
    bench.write(
        thread("one")
        + thread("two")
        + message("a", "a", thread="one", arguments="depends_on = [openai_message.x]")
        + message("b", "b", thread="one")
        + message("x", "x", thread="two", arguments="depends_on = [openai_message.b]")
    )

    bench.apply()

    assert bench.texts("one") == ["b", "a"]
    assert_settled(bench)


def test_keys_are_ordered_by_the_number_in_them(bench: Bench) -> None:
    keys = ["10", "9", "1", "turn2", "turn10", "turn1", "a"]
    listed = ", ".join(f'"{each}"' for each in keys)
    bench.write(thread() + message("m", "=each.key", arguments=f"for_each = toset([{listed}])"))

    bench.apply()

    assert bench.texts() == ["1", "9", "10", "a", "turn1", "turn2", "turn10"]


# -- servers that cannot be believed


@pytest.mark.parametrize("flavour", ["scrambled", "by-second"])
@pytest.mark.parametrize("size", [6, 45, 130])
def test_a_server_that_reorders_is_named_once_and_not_put_in_order(
    tmp_path: Path, dialect: str, flavour: str, size: int
) -> None:
    bench = make_bench(tmp_path, dialect, flavour=FLAVOURS[flavour])
    bench.write(counted([f"turn {number}" for number in range(size)]))

    report = bench.apply()

    assert sum("does not keep the order" in each for each in report.warnings) == 1
    assert len(bench.texts()) == size
    for _ in range(2):
        assert_settled(bench)
        bench.apply()
    assert sorted(bench.texts()) == sorted(f"turn {number}" for number in range(size))


@pytest.mark.parametrize("flavour", ["scrambled", "by-second"])
def test_an_edit_on_a_server_that_reorders_ends(tmp_path: Path, dialect: str, flavour: str) -> None:
    bench = make_bench(tmp_path, dialect, flavour=FLAVOURS[flavour])
    bench.write(talk("abcd"))
    bench.apply()
    for edit in ("abxcd", "abcd", "dcba", "axyz"):
        bench.write(talk(edit))
        report = bench.apply(reorder=True)
        assert not any(each.error for each in report.outcomes)
        assert sorted(bench.texts()) == sorted(edit)
        assert_settled(bench)


def test_a_gap_between_appends_keeps_the_order_on_a_server_that_sorts_by_seconds(
    tmp_path: Path, dialect: str
) -> None:
    ticks = iter(range(1_700_000_000, 1_800_000_000))
    bench = make_bench(
        tmp_path,
        dialect,
        flavour=FLAVOURS["by-second"],
        settings="  sequence_gap_s = 0.001",
        clock=lambda: float(next(ticks)),
    )
    bench.write(talk("abcdefg"))

    report = bench.apply()

    assert report.warnings == ()
    assert bench.texts() == list("abcdefg")
    assert_settled(bench)


LISTING = r"/(messages|items)\?"


@pytest.mark.parametrize("how", ["reverse", "shuffle", "drop", "duplicate", "change"])
@pytest.mark.parametrize("size", [4, 45])
def test_a_listing_that_lies_never_starts_an_endless_rewriting(
    bench: Bench, how: str, size: int
) -> None:
    bench.write(counted([f"turn {number}" for number in range(size)]))
    bench.fail(Rule(do=Fault.SCRAMBLE, method="GET", path=LISTING, how=how))

    first = bench.try_apply()

    if how != "duplicate":
        assert first.warnings
    plan = bench.plan()
    assert not plan.has_changes
    assert not plan.errors
    bench.try_apply()
    assert bench.cost == (0, 0)


@pytest.mark.parametrize("how", ["reverse", "shuffle", "drop", "duplicate", "change"])
@pytest.mark.parametrize("nth", [1, 2])
def test_one_listing_that_lies_does_no_harm(bench: Bench, how: str, nth: int) -> None:
    texts = [f"turn {number}" for number in range(45)]
    bench.write(counted(texts))
    bench.fail(Rule(do=Fault.SCRAMBLE, method="GET", path=LISTING, how=how, nth=nth))

    bench.try_apply()

    bench.fail()
    bench.try_apply()
    assert bench.texts() == texts
    assert_settled(bench)


def test_a_message_that_the_server_lost_is_named_and_sent_again(bench: Bench) -> None:
    bench.write(talk("ab"))
    bench.apply()
    bench.write(talk("abcde"))
    lost: list[str] = []

    def lose(request: str) -> None:
        if not lost and len(bench.texts()) == 5:
            lost.append(bench.texts()[2])
            bench.lose(2)

    bench.before_each(lose)
    report = bench.try_apply()
    bench.before_each(None)

    assert lost == ["c"]
    named = [each for each in report.outcomes if each.error is not None]
    assert [str(each.address) for each in named] == ["openai_message.c"]
    assert "a complete listing does not have it" in str(named[0].error)
    bench.apply()
    assert bench.texts() == list("abcde")
    assert_settled(bench)


@pytest.mark.parametrize("flavour", ["forgetful", "merging", "endless", "terse"])
def test_what_a_server_makes_of_texts_and_metadata_is_no_change(
    tmp_path: Path, dialect: str, flavour: str
) -> None:
    bench = make_bench(tmp_path, dialect, flavour=FLAVOURS[flavour])
    texts = [f"  turn {number} " for number in range(45)]
    bench.write(counted(texts, arguments='metadata = { n = "1" }'))

    bench.apply()

    assert [each.strip() for each in bench.texts()] == [each.strip() for each in texts]
    assert_settled(bench)


def test_short_pages_are_read_to_their_end(tmp_path: Path, dialect: str) -> None:
    bench = make_bench(tmp_path, dialect, flavour=Flavour(page_limit=7))
    texts = [f"turn {number}" for number in range(45)]
    bench.write(counted(texts))

    bench.apply()

    assert bench.texts() == texts
    assert_settled(bench)
