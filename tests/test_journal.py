"""The journal: lines that a crash can only shorten, folded over the state they belong to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.address import Address, ModuleStep
from reconciler.errors import StateCorrupt
from reconciler.frozen import replace
from reconciler.state.entries import (
    AddSuspect,
    Drop,
    DropSuspect,
    Entry,
    Intend,
    Intent,
    IntentKind,
    MarkUnordered,
    Put,
    Resolve,
    SetCheckResults,
    SetEndpoint,
    SetOutputs,
)
from reconciler.state.facts import Facts
from reconciler.state.fold import Folding, fold
from reconciler.state.join import Joined, join
from reconciler.state.journal import (
    Head,
    Journal,
    batch_line,
    checkpoint_line,
    entry_text,
    head_line,
    read_journal,
)
from reconciler.state.loader import BadDocument
from reconciler.state.model import (
    Endpoint,
    OutputValue,
    State,
    StateObject,
    Suspect,
    SuspectKind,
)

A, B = Address("openai_message", "a"), Address("openai_message", "b", "k", (ModuleStep("m", 1),))
OBJECT = StateObject(
    A,
    {"id": "msg_1", "content": "é\u2028<\n"},
    sent={"order": Decimal("1.5")},
    sensitive=(("metadata", "k"), ("content", 0)),
    dependencies=("openai_thread.t",),
    protected=True,
    irreproducible=True,
    previous_id="msg_0",
    create_before_destroy=True,
    tainted=True,
    provider='provider["x/y/openai"]',
    foreign={"schema_version": 1},
)
INTENT = Intent(
    3,
    IntentKind.CREATE,
    A,
    "now",
    members=(A, B),
    parent_id="thread_1",
    after_id="msg_0",
    object_id="msg_1",
    sent=({"metadata": {}}, {"content": "x"}),
)
SUSPECT = Suspect(B, SuspectKind.CREATE, {"a": 1}, "now", "reset", "p", "q", (A,), (OBJECT,))
ENTRIES: list[Entry] = [
    Put(OBJECT),
    Put(replace(OBJECT, deposed="0000000a")),
    Drop(B),
    Drop(A, "0000000a"),
    SetOutputs({"o": OutputValue([1, Decimal("0.1")], ["list", "number"], sensitive=True)}),
    AddSuspect(SUSPECT),
    DropSuspect(B),
    Intend(INTENT),
    Intend(Intent(4, IntentKind.DELETE, B, "now")),
    Resolve(3, "refused"),
    MarkUnordered("thread_1", True),
    SetEndpoint("openai.eu", Endpoint("threads", "https://x", "org", "project")),
    SetCheckResults([{"status": "pass"}]),
]
HEAD = Head("l", 4, 7, open=True, holds=2, facts=Facts("../specs"), operation="apply", at="now")


def line(*entries: Entry) -> bytes:
    return batch_line(entry_text(each) for each in entries)


def objects(state: State | None) -> dict[str, str]:
    assert state is not None
    return {str(each.address): each.id for each in state.objects.values()}


def put(address: Address, object_id: str = "msg") -> Put:
    return Put(StateObject(address, {"id": object_id}))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda each: type(each).__name__)
def test_an_entry_is_read_as_it_was_written(entry: Entry) -> None:
    assert read_journal(head_line(HEAD) + line(entry)).batches == ((entry,),)


def test_a_head_is_read_as_it_was_written() -> None:
    assert read_journal(head_line(HEAD)).head == HEAD


def test_a_batch_is_one_line_whatever_its_texts_hold() -> None:
    assert line(*ENTRIES).count(b"\n") == 1


@pytest.mark.parametrize("room", [b"", bytes(100)], ids=["at the end", "before reserved room"])
def test_a_write_cut_short_anywhere_leaves_the_batches_before_it(room: bytes) -> None:
    whole = head_line(HEAD) + line(put(A))
    last = line(put(B), Drop(A))
    for length in range(len(last)):
        journal = read_journal(whole + last[:length] + room)
        assert (len(journal.batches), journal.length) == (1, len(whole))
    assert len(read_journal(whole + last + room).batches) == 2


def test_a_write_of_which_any_part_is_missing_leaves_the_batches_before_it() -> None:
    whole = head_line(HEAD) + line(put(A))
    last = line(put(B))
    for place in range(len(last)):
        torn = last[:place] + bytes(1) + last[place + 1 :]
        assert len(read_journal(whole + torn).batches) == 1


def test_damage_before_a_whole_line_is_not_taken_for_a_cut() -> None:
    data = head_line(HEAD) + line(put(A)).replace(b"msg", b"gsm") + line(put(B))
    with pytest.raises(BadDocument, match="line 2 is damaged"):
        read_journal(data)


@pytest.mark.parametrize("data", [b"", b"\n", b"00000000 {}\n", bytes(64), b"x"])
def test_a_journal_without_a_whole_head_is_refused(data: bytes) -> None:
    with pytest.raises(BadDocument, match="first line is damaged"):
        read_journal(data)


def sealed(text: str) -> bytes:
    return batch_line([text])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"other": {}}', "of a kind that this version does not know"),
        ('{"put": {}, "drop": {}}', "not one entry"),
        ("1", "is not an object"),
        ('{"drop": {"address": "a b"}}', "is not an address"),
        ('{"intend": {"kind": "wish", "seq": 1}}', 'is "wish"'),
        ('{"resolve": {"seq": -1, "outcome": ""}}', "whole number"),
        ('{"put": {"address": "a.b", "sensitive": [1]}}', "not a list of paths"),
        ('{"resolve": {"seq": 1, "seq": 2}}', "stands twice"),
    ],
)
def test_a_line_that_means_nothing_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadDocument, match=reason):
        read_journal(head_line(HEAD) + sealed(text))


def test_a_journal_of_a_newer_version_is_refused() -> None:
    from reconciler.state.journal import _line

    newer = _line('{"journal":2,"lineage":"l","serial":1,"epoch":1}')
    with pytest.raises(BadDocument, match="newer version"):
        read_journal(newer)


@pytest.mark.parametrize("value", [float("inf"), [[]]], ids=["infinite", "too deep"])
def test_what_could_not_be_read_again_is_not_written(value: object) -> None:
    if isinstance(value, list):
        for _ in range(500):
            value = [value]
    with pytest.raises(ValueError, match=r"Out of range|infinite|deeper"):
        entry_text(SetOutputs({"o": OutputValue(value, "dynamic")}))


# Folding


def test_folding_applies_each_kind_of_entry() -> None:
    state, intents = fold(State("l"), ENTRIES[:2] + ENTRIES[4:6] + ENTRIES[7:])
    assert objects(state) == {"openai_message.a": "msg_1"}
    assert list(state.deposed) == [(A, "0000000a")]
    assert state.outputs == {"o": OutputValue([1, Decimal("0.1")], ["list", "number"], True)}
    assert state.suspects == {B: SUSPECT}
    assert state.unordered == {"thread_1"}
    assert list(state.endpoints) == ["openai.eu"]
    assert state.check_results == [{"status": "pass"}]
    assert [each.seq for each in intents] == [4]


def test_what_was_put_is_dropped_and_what_was_marked_unmarked() -> None:
    before, _ = fold(State("l"), [put(A), AddSuspect(SUSPECT), MarkUnordered("t", True)])
    after, _ = fold(before, [Drop(A), DropSuspect(B), MarkUnordered("t", False)])
    assert after == State("l")


def test_folding_leaves_the_given_state_alone() -> None:
    state = State("l", objects={A: OBJECT})
    fold(state, [Drop(A)])
    assert objects(state) == {"openai_message.a": "msg_1"}


def test_folding_twice_is_folding_once() -> None:
    once, _ = fold(State("l"), ENTRIES)
    twice, _ = fold(once, ENTRIES)
    assert twice == once


@pytest.mark.parametrize(
    ("entry", "is_known"),
    [
        (Put(OBJECT), True),
        (Put(replace(OBJECT)), False),
        (Put(replace(OBJECT, deposed="1")), False),
        (Drop(A), False),
        (SetOutputs({}), True),
        (SetOutputs({"a": OutputValue(True, "bool")}), False),
        (SetCheckResults(None), True),
        (SetEndpoint("openai", Endpoint("threads", "x")), True),
        (SetEndpoint("openai", Endpoint("threads", "y")), False),
        (MarkUnordered("t", True), True),
        (MarkUnordered("t", False), False),
        (DropSuspect(B), True),
        (Intend(INTENT), False),
    ],
)
def test_an_entry_that_says_nothing_new_is_known(entry: Entry, is_known: bool) -> None:
    endpoints = {"openai": Endpoint("threads", "x")}
    state = State("l", objects={A: OBJECT}, endpoints=endpoints, unordered=frozenset({"t"}))
    assert Folding(state).changes_nothing(entry) == is_known


def test_true_is_not_taken_for_one() -> None:
    folding = Folding(State("l", outputs={"o": OutputValue(1, "number")}))
    assert not folding.changes_nothing(SetOutputs({"o": OutputValue(True, "bool")}))


# State and journal together


def journal(*batches: tuple[Entry, ...], **head: object) -> Journal:
    return Journal(replace(HEAD, **head), batches)


def state(**changes: object) -> State:
    """A state as it stands before the run of `HEAD`."""
    return replace(State("l", 4, {A: OBJECT}, epoch=6), **changes)


def joined(state: State | None, journal: Journal | None) -> Joined:
    return join(state, journal, path="x.json")


INTENDED = Intend(Intent(9, IntentKind.APPEND, B, "now"))


@pytest.mark.parametrize(
    ("before", "beside", "found", "continues"),
    [
        pytest.param(state(), None, "a", False, id="no journal"),
        pytest.param(state(), journal(open=False), "a", False, id="journal closed"),
        pytest.param(state(), journal(), "a", False, id="run began and did nothing"),
        pytest.param(
            state(epoch=7, folded=0), journal((put(B),)), "ab", True, id="run died, nothing folded"
        ),
        pytest.param(
            state(epoch=7, folded=1, serial=5),
            journal((Drop(A),), (put(B),)),
            "ab",
            True,
            id="run died after a checkpoint",
        ),
        pytest.param(
            state(epoch=7), journal((put(B),)), "a", False, id="died while closing the journal"
        ),
        pytest.param(state(), journal((put(B),)), "ab", True, id="backup of the start put back"),
        pytest.param(
            state(epoch=8), journal((put(B),)), "a", False, id="journal of an earlier run"
        ),
        pytest.param(
            state(), journal(open=False, lineage="m"), "a", False, id="journal of another state"
        ),
        pytest.param(
            state(epoch=0, serial=5), journal((put(B),)), "ab", True, id="rewritten after a death"
        ),
        pytest.param(
            state(epoch=7, folded=3), journal(open=False), "a", False, id="older copy put back"
        ),
    ],
)
def test_state_and_journal_say_together(
    before: State, beside: Journal | None, found: str, continues: bool
) -> None:
    result = joined(before, beside)
    assert "".join(sorted(each.name for each in result.state.objects)) == found
    assert result.continues == continues


@pytest.mark.parametrize(
    ("before", "beside", "reason"),
    [
        (state(epoch=7, folded=0), None, "that run's journal is missing"),
        (None, journal((put(B),), holds=0), "its journal x.json.journal says that it held"),
        (None, journal(open=False), "its journal x.json.journal says that it held"),
        (state(lineage="m"), journal((put(B),)), "belongs to another state (lineage l, here m)"),
        (state(lineage="m", folded=1), journal(open=False), "journal is missing"),
        (state(serial=3), journal((put(B),)), "serial 3, the journal continues serial 4"),
        (state(serial=3, epoch=0), journal((put(B),)), "serial 3, the journal continues"),
        (state(epoch=7, folded=2), journal((put(B),)), "not the one that the unfinished run"),
        (state(epoch=6, folded=1), journal((put(B),)), "not the one that the unfinished run"),
        (state(epoch=8, folded=1), journal((put(B),)), "not the one that the unfinished run"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(
    before: State | None, beside: Journal | None, reason: str
) -> None:
    with pytest.raises(StateCorrupt) as caught:
        joined(before, beside)
    assert reason in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("beside", [None, journal(holds=0), journal(holds=0, open=False)])
def test_no_state_and_a_journal_that_held_nothing_is_no_state(beside: Journal | None) -> None:
    assert joined(None, beside) == Joined(None)


def test_intents_stay_open_across_a_checkpoint_until_they_are_resolved() -> None:
    other = Intend(Intent(10, IntentKind.APPEND, A, "now"))
    beside = journal((INTENDED, other), (Resolve(10),), (put(B),))
    result = joined(state(epoch=7, folded=2), beside)
    assert [each.seq for each in result.open_intents] == [9]
    assert (result.folded, result.last_seq) == (2, 10)


def test_an_intent_that_the_state_knows_to_be_resolved_is_not_open() -> None:
    result = joined(state(epoch=7, folded=1, resolved=(9,)), journal((INTENDED,)))
    assert result.open_intents == ()
    assert result.continues


def test_facts_that_another_program_dropped_come_back_from_the_journal() -> None:
    facts = Facts("../specs", unordered=frozenset({"t"}))
    result = joined(state(epoch=0, serial=6), journal(open=False, facts=facts))
    assert result.state.specs_root == "../specs"
    assert (result.state.unordered, result.state.epoch) == ({"t"}, 7)
    assert "rewritten by another program" in result.warnings[0]


def test_facts_in_the_state_win_over_those_in_the_journal() -> None:
    result = joined(state(specs_root="mine"), journal(open=False))
    assert (result.state.specs_root, result.warnings) == ("mine", ())


def test_a_state_of_terraform_without_a_journal_of_ours_is_taken_as_it_is() -> None:
    before = state(epoch=0)
    assert joined(before, None).state is before


def test_after_a_rewrite_only_what_the_file_cannot_have_is_folded() -> None:
    batches = ((put(A, "msg_2"), MarkUnordered("t", True), INTENDED), (put(B),))
    beside = replace(journal(*batches), checkpoints=((5, 1),))
    result = joined(state(epoch=0, serial=6, objects={}), beside)
    assert objects(result.state) == {str(B): "msg"}
    assert result.state.unordered == {"t"}
    assert [each.seq for each in result.open_intents] == [9]
    assert result.warnings


def test_after_a_rewrite_an_object_that_was_moved_is_not_put_back() -> None:
    moved = Address("openai_message", "moved")
    before = state(epoch=0, serial=5, objects={moved: StateObject(moved, {"id": "msg"})})
    result = joined(before, journal((put(B),)))
    assert objects(result.state) == {"openai_message.moved": "msg"}


def test_a_state_older_than_its_closed_journal_is_told() -> None:
    result = joined(state(serial=2), journal(open=False))
    assert "its serial is 2, that was 4" in result.warnings[0]


def test_notes_of_checkpoints_tell_what_a_state_of_a_serial_has_in_it() -> None:
    data = head_line(HEAD) + line(put(A)) + checkpoint_line(5, 1) + line(put(B))
    found = read_journal(data)
    assert (len(found.batches), found.folded_by(4), found.folded_by(5)) == (2, 0, 1)
