"""Plan machine: random edits, losses, answers and dying runs, and after each apply all is well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from conversation_model import Conversations, at, message, thread
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reconciler.address import Address
from reconciler.expand import Instance
from reconciler.frozen import replace
from reconciler.plan.model import Action, Plan, PlanMode
from reconciler.plan.options import PlanOptions, Policies
from reconciler.plan.planfile import decode, encode

THREADS = ("t", "u")
NAMES = tuple("abcd")
TEXTS = st.sampled_from(["x", "y", "z"])
OPTIONS = PlanOptions(reorder=True, allow_destroy=("999",), accept_missing="all")


@dataclass(frozen=True)
class Block:
    """One block of a thread: plain, over a list (`count`), or over a map (`for_each`)."""

    name: str
    kind: str
    texts: tuple[tuple[str, str], ...]
    """Key and content, in order; the key of a `count` instance is not used."""
    metadata: str = "1"

    def instances(self, parent: Address) -> Iterator[Instance]:
        for index, (key, text) in enumerate(self.texts):
            suffix = {"plain": "", "count": f"[{index}]", "each": f'["{key}"]'}[self.kind]
            address = f"openai_message.{parent.name}_{self.name}{suffix}"
            yield message(address, text, parent=parent, metadata={"n": self.metadata})


class Edits(RuleBasedStateMachine):
    """What people and servers do between two applies."""

    def __init__(self) -> None:
        super().__init__()
        self.server = Conversations()
        self.spec: dict[str, list[Block]] = {}
        self.moved = False
        """Whether blocks were put elsewhere since the last apply that ended."""

    @initialize(policy=st.sampled_from(["rewrite_tail", "replace_thread", "append"]))
    def begin(self, policy: str) -> None:
        self.server.policies = Policies(on_reorder=policy)
        self.spec = {name: [] for name in THREADS}

    # -- edits of the spec

    @rule(
        where=st.sampled_from(THREADS),
        name=st.sampled_from(NAMES),
        kind=st.sampled_from(["plain", "count", "each"]),
        texts=st.lists(TEXTS, min_size=1, max_size=4),
        place=st.integers(0, 4),
    )
    def write_block(self, where: str, name: str, kind: str, texts: list[str], place: int) -> None:
        blocks = [each for each in self.spec.setdefault(where, []) if each.name != name]
        self.moved = self.moved or len(blocks) < len(self.spec[where])
        keyed = tuple((f"k{index}", text) for index, text in enumerate(texts))
        blocks.insert(place, Block(name, kind, keyed[:1] if kind == "plain" else keyed))
        self.spec[where] = blocks

    @rule(where=st.sampled_from(THREADS), data=st.data())
    def edit_block(self, where: str, data: st.DataObject) -> None:
        blocks = self.spec.get(where, [])
        if not blocks:
            return
        place = data.draw(st.integers(0, len(blocks) - 1))
        texts = list(blocks[place].texts)
        at_ = data.draw(st.integers(0, len(texts) - 1))
        text = data.draw(TEXTS)
        edit = data.draw(st.sampled_from(["change", "insert", "delete", "swap", "metadata"]))
        if edit == "metadata":
            blocks[place] = replace(blocks[place], metadata=text)
            return
        if edit == "change" or blocks[place].kind == "plain":
            texts[at_] = (texts[at_][0], text)
        elif edit == "insert":
            texts.insert(at_, (f"n{self.server.new_id('k')}", text))
        elif edit == "delete" and len(texts) > 1:
            del texts[at_]
        else:
            texts[at_], texts[-1] = texts[-1], texts[at_]
        blocks[place] = replace(blocks[place], texts=tuple(texts))

    @rule(where=st.sampled_from(THREADS), data=st.data())
    def move_block(self, where: str, data: st.DataObject) -> None:
        if where in self.spec:
            self.spec[where] = data.draw(st.permutations(self.spec[where]))
            self.moved = True

    @rule(where=st.sampled_from(THREADS), data=st.data())
    def delete_block(self, where: str, data: st.DataObject) -> None:
        if self.spec.get(where):
            del self.spec[where][data.draw(st.integers(0, len(self.spec[where]) - 1))]

    @rule(where=st.sampled_from(THREADS))
    def delete_thread(self, where: str) -> None:
        self.spec.pop(where, None)

    # -- what the world does

    @precondition(lambda self: self.server.threads)
    @rule(data=st.data())
    def lose_a_message(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.server.threads)))
        if self.server.threads[id_]:
            place = data.draw(st.integers(0, len(self.server.threads[id_]) - 1))
            self.server.lose(id_, place)

    @precondition(lambda self: self.server.threads)
    @rule(data=st.data())
    def lose_a_thread(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.server.threads)))
        del self.server.threads[id_], self.server.metadata[id_]

    @precondition(lambda self: self.server.state.objects)
    @rule(data=st.data())
    def taint(self, data: st.DataObject) -> None:
        objects = dict(self.server.state.objects)
        address = data.draw(st.sampled_from(sorted(objects, key=str)))
        objects[address] = replace(objects[address], tainted=True)
        self.server.state = replace(self.server.state, objects=objects)

    # -- plan and apply

    def instances(self) -> list[Instance]:
        found: list[Instance] = []
        for name, blocks in self.spec.items():
            parent = Address("openai_thread", name)
            found.append(thread(name, metadata={"n": str(len(blocks))}))
            for block in blocks:
                found.extend(block.instances(parent))
        return found

    def plan(self) -> Plan:
        options = replace(OPTIONS, reorder=self.moved)
        plan = self.server.plan(self.instances(), options=options)
        assert not plan.errors, plan.errors
        assert not plan.unread & self.server.threads.keys()
        assert_is_whole(plan)
        return plan

    @rule(calls=st.integers(0, 6))
    def die_while_applying(self, calls: int) -> None:
        self.server.carry_out(self.plan(), calls=calls)
        assert_nothing_is_leaked(self.server)

    @rule()
    def apply(self) -> None:
        self.server.carry_out(self.plan())
        self.moved = False
        again = self.plan()
        assert not again.has_changes, [
            (str(each.address), each.action, each.reason, each.note)
            for each in again.changes
            if each.changes_something
        ]
        assert not again.drift
        assert not self.server.state.deposed
        self.compare()

    @rule()
    def destroy(self) -> None:
        plan = self.server.plan([], mode=PlanMode.DESTROY, options=OPTIONS)
        self.server.carry_out(plan)
        assert not self.server.state.objects
        assert not self.server.threads

    def compare(self) -> None:
        """The server is what the spec says, in order."""
        for name, blocks in self.spec.items():
            parent = Address("openai_thread", name)
            desired = [each for block in blocks for each in block.instances(parent)]
            id_ = self.server.state.objects[parent].id
            said = [each.attributes["content"] for each in self.server.threads[id_]]
            wanted = [each.desired["content"] for each in desired]
            if self.server.policies.on_reorder == "append":
                assert sorted(said) == sorted(wanted)
            else:
                assert said == wanted
        assert len(self.server.threads) == len(self.spec)

    @invariant()
    def nothing_is_managed_twice(self) -> None:
        ids = [each.id for each in self.server.state.objects.values()]
        assert len(set(ids)) == len(ids)


def assert_is_whole(plan: Plan) -> None:
    """Every instance is in the plan once, and every member once in its sequence."""
    own = [each.address for each in plan.changes if each.deposed is None]
    assert len(set(own)) == len(own)
    actions = {each.address: each.action for each in plan.changes if each.deposed is None}
    for sequence in plan.sequences:
        assert sorted(map(str, (*sequence.kept, *sequence.appended))) == sorted(
            map(str, sequence.order)
        )
        assert set(sequence.rewritten) <= set(sequence.appended)
        assert {actions[each] for each in sequence.kept} <= {Action.NO_OP, Action.UPDATE}
        assert {actions[each] for each in sequence.appended} <= {Action.CREATE, Action.REPLACE}
        assert {actions[each] for each in sequence.deleted} <= {Action.DELETE}
    saved = encode(plan, spec_sources={}, given={}, endpoints={}, workspace="", tool_version="1")
    assert decode(saved, "plan").plan == plan


def assert_nothing_is_leaked(server: Conversations) -> None:
    """Whatever stands on the server is known to state."""
    known = {each.id for each in server.state.objects.values()}
    known |= {each.id for each in server.state.deposed.values()}
    for id_, members in server.threads.items():
        assert id_ in known
        assert {each.id for each in members} <= known


EXAMPLES = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
Edits.TestCase.settings = EXAMPLES
TestEdits = Edits.TestCase


@pytest.mark.long
@pytest.mark.parametrize("block", range(10))
def test_many_more_edits(block: int) -> None:
    class Seeded(Edits):
        pass

    run_state_machine_as_test(
        seed(block)(Seeded),
        settings=settings(EXAMPLES, max_examples=300, stateful_step_count=40),
    )


def test_a_dying_rewrite_leaves_too_much_and_never_too_little() -> None:
    spec = [thread(), *(message(each, each) for each in "abcd")]
    changed = [thread(), message("a", "A"), *spec[2:]]
    for calls in range(9):
        server = Conversations()
        server.apply(spec)
        server.carry_out(server.plan(changed), calls=calls)
        said = [str(each).lower() for each in server.contents()]
        assert {*"abcd"} <= {*said}
        server.apply(changed)
        assert server.contents() == ["A", "b", "c", "d"]
        assert not server.plan(changed).has_changes
        assert not server.state.deposed


def test_a_dying_rewrite_never_deletes_what_it_does_not_replace() -> None:
    spec = [thread(on_reorder="append"), message("a", "a")]
    server = Conversations()
    server.apply(spec)
    server.carry_out(server.plan([spec[0], message("a", "A")]), calls=1)
    assert server.contents() == ["a", "A"]
    assert [address for address, _ in server.state.deposed] == [at("a")]
