"""Sequence machine: random specs, drift and settings, applied to the emulator through the workflow.

After every apply the server is what a model of a conversation says it must be, the second plan is
empty, and the calls are the fewest that an append-only sequence allows. The model knows state and
server, and nothing of how plans are made.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from bench import APPEND, BATCH, Bench, assert_settled, changes, kind_of, make_bench, thread
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from reconciler.address import Address
from reconciler.emulator.control import first_text
from reconciler.errors import SpecError
from reconciler.plan.model import Plan
from reconciler.plan.options import PlanOptions

NAMES = ("t", "u")
TEXTS = st.sampled_from(["x", "y", "z"])
ON_REORDER = ("rewrite_tail", "replace_thread", "append", "error")
UNMANAGED = ("report", "ignore", "delete")
OPTIONS: dict[str, Any] = {"reorder": True, "allow_destroy": ("999",), "accept_missing": "all"}

MODULE = """
variable "thread" { type = string }
variable "turns" { type = list(string) }
variable "value" { type = string }

resource "openai_message" "line" {
  count     = length(var.turns)
  thread_id = var.thread
  role      = "user"
  content   = var.turns[count.index]
  metadata  = { n = var.value }
}
"""


@dataclass(frozen=True)
class Block:
    """Part of a thread: a plain message, a `count`, a `for_each`, a module with a `count` inside,
    or a message that names the id of another one (`target`)."""

    name: str
    kind: str
    texts: tuple[tuple[str, str], ...]
    """Key and text; the keys of `for_each` are in order."""
    metadata: str = "1"
    ignored: bool = False
    target: str = ""

    def write(self, above: str) -> str:
        """The block in the language."""
        listed = ", ".join(f'"{text}"' for _, text in self.texts)
        if self.kind == "module":
            return (
                f'module "{self.name}" {{\n  source = "./lines"\n'
                f"  thread = openai_thread.{above}.id\n  turns = [{listed}]\n"
                f'  value = "{self.metadata}"\n}}\n'
            )
        keyed = ", ".join(f'"{key}" = "{text}"' for key, text in self.texts)
        repetition, content = {
            "plain": ("", f'"{self.texts[0][1]}"'),
            "count": (f"count = {len(self.texts)}", f"[{listed}][count.index]"),
            "each": (f"for_each = {{ {keyed} }}", "each.value"),
            "names": ("", f'"see ${{openai_message.{self.target}.id}}"'),
        }[self.kind]
        lifecycle = "lifecycle {\n    ignore_changes = [content]\n  }" if self.ignored else ""
        return (
            f'resource "openai_message" "{self.name}" {{\n  {repetition}\n'
            f'  thread_id = openai_thread.{above}.id\n  role = "user"\n  content = {content}\n'
            f'  metadata = {{ n = "{self.metadata}" }}\n  {lifecycle}\n}}\n'
        )

    def wishes(self) -> Iterator[Wish]:
        """What is wanted, message by message."""
        for index, (key, text) in enumerate(self.texts):
            head = f"module.{self.name}." if self.kind == "module" else ""
            name = "line" if self.kind == "module" else self.name
            suffix = {"each": f'["{key}"]', "count": f"[{index}]", "module": f"[{index}]"}
            address = f"{head}openai_message.{name}{suffix.get(self.kind, '')}"
            trades = self.kind in ("count", "module") and not self.ignored
            block = address.rpartition("[")[0] if trades else ""
            yield Wish(address, text, self.metadata, block, self.ignored, self.target)


@dataclass(frozen=True)
class Wish:
    """One message as the spec wants it; with a *block*, any object of that block may be it."""

    address: str
    text: str
    metadata: str
    block: str = ""
    ignored: bool = False
    target: str = ""


@dataclass(frozen=True)
class Object:
    """One message that state knows and the server has, and where it stands."""

    address: str
    id: str
    text: str
    metadata: object
    place: int


@dataclass
class Outlook:
    """What an apply must make of one thread, and at what cost."""

    texts: list[str]
    """What its managed messages say, in order."""
    unmanaged: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    refused: bool = False


def written(wish: Wish) -> str:
    """What is sent for a wish; a reference by the address of what it names, its id to come."""
    return f"openai_message.{wish.target}" if wish.target else wish.text


def in_order(blocks: Sequence[Block]) -> list[Wish]:
    """The order of the rule: as written, but nothing before what it names."""
    waiting = [wish for block in blocks for wish in block.wishes()]
    found: list[Wish] = []
    names: set[str] = set()
    while waiting:
        free = next(each for each in waiting if not each.target or each.target in names)
        waiting.remove(free)
        found.append(free)
        names.add(free.address.removeprefix("openai_message."))
    return found


class Model:
    """What must become of one thread, from its spec, its state and its server alone."""

    def __init__(
        self,
        bench: Bench,
        name: str,
        wishes: list[Wish],
        policy: tuple[str, str],
        replaced: str | None,
    ) -> None:
        self.dialect = bench.dialect
        self.on_reorder, self.unmanaged_messages = policy
        self.replaced = replaced
        state = bench.state
        recorded = state.objects.get(Address("openai_thread", name))
        ids = {str(each["id"]) for each in bench.parents}
        self.id = recorded.id if recorded is not None and recorded.id in ids else None
        members = bench.server.messages(self.id) if self.id is not None else ()
        self.said = [(str(each["id"]), first_text(each)) for each in members]
        places = {id_: place for place, (id_, _) in enumerate(self.said)}
        metadata = {str(each["id"]): each.get("metadata") for each in members}
        self.objects = [
            Object(
                str(address),
                each.id,
                str(each.arguments["content"]),
                metadata[each.id] if self.dialect == "threads" else each.attributes["metadata"],
                places[each.id],
            )
            for address, each in state.objects.items()
            if each.id in places
        ]
        owned = {each.id for each in state.objects.values()}
        self.unmanaged = [place for id_, place in places.items() if id_ not in owned]
        self.wishes = [self._effective(each) for each in wishes]

    def _effective(self, wish: Wish) -> Wish:
        own = next((each for each in self.objects if each.address == wish.address), None)
        return replace(wish, text=own.text) if wish.ignored and own is not None else wish

    def outlook(self, *, said_to_be_refused: bool) -> Outlook:
        """Decide for the whole thread; the plan's word counts where the model cannot tell."""
        if self.id is None:
            return self._new(Counter())
        kept = self._kept()
        rest = [each for each in self.wishes if each.address not in kept]
        held = self._held_among(rest, kept)
        if held and self.on_reorder == "replace_thread":
            lost = self.unmanaged and self.unmanaged_messages == "report"
            return self._unchanged(kept) if lost else self._new(self._departure())
        if held and self.on_reorder == "error":
            return self._unchanged(kept)
        passed = held and self._would_be_passed(rest, kept)
        if passed is None:
            passed = said_to_be_refused
        return self._unchanged(kept) if passed else self._edited(kept, rest)

    def _kept(self) -> dict[str, Object]:
        """The longest beginning of what is wanted that stands in increasing places."""
        if self.on_reorder == "append":
            return self._all_held()
        kept: dict[str, Object] = {}
        last = -1
        for wish in self.wishes:
            fitting = [each for each in self._fitting(wish, kept) if each.place > last]
            if not fitting:
                break
            kept[wish.address] = min(fitting, key=lambda each: each.place)
            last = kept[wish.address].place
        return kept

    def _all_held(self) -> dict[str, Object]:
        kept: dict[str, Object] = {}
        for wish in self.wishes:
            taken = {each.id for each in kept.values()}
            fitting = [each for each in self._fitting(wish, kept) if each.id not in taken]
            if fitting:
                kept[wish.address] = fitting[0]
        return kept

    def _fitting(self, wish: Wish, kept: dict[str, Object]) -> list[Object]:
        """The objects that *wish* may be."""
        if wish.address == self.replaced:
            return []
        text = wish.text
        if wish.target:
            named = kept.get(f"openai_message.{wish.target}")
            if named is None:
                return []
            text = f"see {named.id}"
        return [
            each
            for each in self.objects
            if each.text == text
            and (
                each.address.rpartition("[")[0] == wish.block
                if wish.block
                else each.address == wish.address
            )
        ]

    def _held_among(self, rest: list[Wish], kept: dict[str, Object]) -> bool:
        """Whether anything is there that only stands in the wrong place."""
        taken = {each.id for each in kept.values()}
        return any(each.id not in taken for wish in rest for each in self._fitting(wish, kept))

    def _would_be_passed(self, rest: list[Wish], kept: dict[str, Object]) -> bool | None:
        """Whether an unmanaged message stands behind the first one that is sent again.

        None where that depends on which of several equal objects goes and which is replaced.
        """
        if self.unmanaged_messages == "delete" or not self.unmanaged:
            return False
        taken = {each.id for each in kept.values()}
        own = {each.address for each in rest if not each.block}
        certain = [each.place for each in self.objects if each.address in own]
        possible = list(certain)
        for block in {each.block for each in rest if each.block}:
            left = [
                each.place
                for each in self.objects
                if each.address.rpartition("[")[0] == block and each.id not in taken
            ]
            possible += left
            if len(left) <= sum(each.block == block for each in rest):
                certain += left
        last = max(self.unmanaged)
        surely = any(place < last for place in certain)
        return surely if surely or not any(place < last for place in possible) else None

    def _groups(self, wishes: list[Wish]) -> int:
        """How many calls append *wishes*."""
        groups: list[set[str]] = []
        for wish in wishes:
            name = wish.address.removeprefix("openai_message.")
            waits = bool(groups) and wish.target in groups[-1]
            if not groups or waits or len(groups[-1]) == APPEND[self.dialect]:
                groups.append(set())
            groups[-1].add(name)
        return len(groups)

    def _new(self, calls: Counter[str]) -> Outlook:
        riding = next((at for at, each in enumerate(self.wishes) if each.target), len(self.wishes))
        riding = min(riding, BATCH[self.dialect])
        rest = self.wishes[riding:]
        calls += Counter({"create thread": 1, "list": bool(riding) + bool(rest)})
        calls["append"] += self._groups(rest)
        # One that is created alone is read by its id: no listing shows that it is there.
        calls["read thread"] += not self.wishes
        return Outlook([written(each) for each in self.wishes], calls=calls)

    def _departure(self) -> Counter[str]:
        deleted = len(self.objects) if self.dialect == "conversations" else 0
        return Counter({"delete thread": 1, "delete message": deleted})

    def _updates(self, kept: dict[str, Object]) -> Counter[str]:
        if self.dialect == "conversations":
            return Counter()
        wanted = {each.address: {"n": each.metadata} for each in self.wishes}
        changed = sum(each.metadata != wanted[address] for address, each in kept.items())
        return Counter({"update message": changed})

    def _unchanged(self, kept: dict[str, Object]) -> Outlook:
        there = sorted(self.objects, key=lambda each: each.place)
        texts = [each.text for each in there]
        return Outlook(texts, self._answers(), self._updates(kept), refused=True)

    def _edited(self, kept: dict[str, Object], rest: list[Wish]) -> Outlook:
        calls = self._updates(kept)
        calls += Counter({"append": self._groups(rest), "list": bool(rest)})
        calls["delete message"] += len(self.objects) - len(kept)
        answers = self._answers()
        if self.unmanaged_messages == "delete":
            calls["delete message"] += len(answers)
            answers = []
        # What was deleted one by one is looked for once more.
        calls["list"] += bool(calls["delete message"])
        left = sorted(kept.values(), key=lambda each: each.place)
        return Outlook([*(each.text for each in left), *map(written, rest)], answers, calls)

    def _answers(self) -> list[str]:
        return [self.said[place][1] for place in self.unmanaged]


def gone_threads(bench: Bench, spec: dict[str, list[Block]]) -> Counter[str]:
    """What it costs to delete the threads that no spec declares."""
    calls: Counter[str] = Counter()
    state = bench.state
    ids = {str(each["id"]) for each in bench.parents}
    for address, recorded in state.objects.items():
        if address.type != "openai_thread" or address.name in spec or recorded.id not in ids:
            continue
        calls["delete thread"] += 1
        if bench.dialect == "conversations":
            there = {str(each["id"]) for each in bench.server.messages(recorded.id)}
            calls["delete message"] += sum(each.id in there for each in state.objects.values())
    return calls


class Machine(RuleBasedStateMachine):
    """What people, runs and servers do between two applies."""

    dialect = "threads"

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.spec: dict[str, list[Block]] = {name: [] for name in NAMES}
        self.policies: dict[str, tuple[str, str]] = {}
        self.made = 0

    def teardown(self) -> None:
        self.folder.cleanup()

    @initialize(
        data=st.data(),
        on_reorder=st.sampled_from(ON_REORDER),
        unmanaged=st.sampled_from(UNMANAGED),
        parallelism=st.sampled_from([1, 3, 32]),
    )
    def begin(self, data: st.DataObject, on_reorder: str, unmanaged: str, parallelism: int) -> None:
        self.default = (on_reorder, unmanaged)
        self.bench = make_bench(
            Path(self.folder.name),
            self.dialect,
            settings=f'  on_reorder = "{on_reorder}"\n  unmanaged_messages = "{unmanaged}"',
            parallelism=parallelism,
        )
        self.bench.write(MODULE, "lines/main.tf")
        for _ in range(data.draw(st.integers(2, 6))):
            self._write_block(data, data.draw(st.sampled_from(["t", "t", "u"])))
        self._apply(None)

    # -- what happens before an apply

    @rule(data=st.data(), times=st.integers(1, 3))
    def edit_and_apply(self, data: st.DataObject, times: int) -> None:
        for _ in range(times):
            where = data.draw(st.sampled_from(["t", "t", "u"]))
            data.draw(st.sampled_from(self._edits))(self, data, where)
        self._apply(None)

    @rule(data=st.data(), times=st.integers(1, 3), edited=st.booleans())
    def drift_and_apply(self, data: st.DataObject, times: int, edited: bool) -> None:
        for _ in range(times):
            where = data.draw(st.sampled_from(["t", "t", "u"]))
            if self._stands(where):
                data.draw(st.sampled_from(self._drifts))(self, data, where)
        if edited:
            data.draw(st.sampled_from(self._edits))(self, data, "t")
        self._apply(None)

    @rule(data=st.data())
    def replace_and_apply(self, data: st.DataObject) -> None:
        names = [each.address for found in self._wishes().values() for each in found]
        self._apply(data.draw(st.sampled_from(names)) if names else None)

    @rule(data=st.data())
    def edit_and_apply_a_target(self, data: st.DataObject) -> None:
        """What stands before the target comes along, and the next whole apply ends in order."""
        data.draw(st.sampled_from(self._edits))(self, data, "t")
        names = [each.address for found in self._wishes().values() for each in found]
        if names:
            self._write()
            target = data.draw(st.sampled_from(names))
            plan, _ = self._carry_out({**OPTIONS, "targets": (target,)})
            assert target in {str(each.address) for each in plan.changes}
        self._apply(None)

    @rule(chance=st.integers(0, 2))
    def destroy(self, chance: int) -> None:
        if chance == 0:
            self._write()
            self.bench.destroy()
            assert self.bench.parents == []
            assert not self.bench.state.objects
        self._apply(None)

    # -- edits of the spec

    def _write_block(self, data: st.DataObject, where: str) -> None:
        kind = data.draw(st.sampled_from(["plain", "plain", "count", "count", "each", "module"]))
        texts = data.draw(st.lists(TEXTS, min_size=1, max_size=4))
        keyed = tuple((f"k{index}", text) for index, text in enumerate(texts))
        block = Block(self._name(where), kind, keyed[:1] if kind == "plain" else keyed)
        if kind != "module":
            block = replace(block, ignored=data.draw(st.sampled_from([False, False, False, True])))
        self.spec.setdefault(where, []).insert(data.draw(st.integers(0, 6)), block)

    def _write_reference(self, data: st.DataObject, where: str) -> None:
        plain = [each.name for each in self.spec.get(where, []) if each.kind == "plain"]
        if plain:
            target = data.draw(st.sampled_from(plain))
            block = Block(self._name(where), "names", (("", ""),), target=target)
            self.spec[where].insert(data.draw(st.integers(0, 6)), block)

    def _edit_block(self, data: st.DataObject, where: str) -> None:
        blocks = self.spec.get(where, [])
        if not blocks:
            return
        at = data.draw(st.integers(0, len(blocks) - 1))
        block = blocks[at]
        texts = list(block.texts)
        place = data.draw(st.integers(0, len(texts) - 1))
        text = data.draw(TEXTS)
        edit = data.draw(st.sampled_from(["change", "insert", "delete", "swap", "metadata"]))
        if edit == "metadata" or block.kind == "names":
            blocks[at] = replace(block, metadata=text)
            return
        if edit == "change" or block.kind == "plain":
            texts[place] = (texts[place][0], text)
        elif edit == "insert":
            self.made += 1
            texts.insert(place, (f"n{self.made}", text))
        elif edit == "delete" and len(texts) > 1:
            del texts[place]
        else:
            texts[place], texts[-1] = texts[-1], texts[place]
        if block.kind == "each":
            # The order of a map is that of its keys.
            texts.sort(key=lambda each: (each[0][0], int(each[0][1:])))
        blocks[at] = replace(block, texts=tuple(texts))

    def _move_blocks(self, data: st.DataObject, where: str) -> None:
        if self.spec.get(where):
            self.spec[where] = list(data.draw(st.permutations(self.spec[where])))

    def _delete_block(self, data: st.DataObject, where: str) -> None:
        blocks = self.spec.get(where)
        if blocks:
            gone = data.draw(st.sampled_from(blocks)).name
            self.spec[where] = [each for each in blocks if gone not in (each.name, each.target)]

    def _delete_thread(self, data: st.DataObject, where: str) -> None:
        if where == "u":
            self.spec.pop(where, None)

    def _set_policy(self, data: st.DataObject, where: str) -> None:
        on_reorder = data.draw(st.sampled_from(["", *ON_REORDER]))
        self.policies[where] = (on_reorder, data.draw(st.sampled_from(["", *UNMANAGED])))

    _edits = (
        _write_block,
        _write_reference,
        _edit_block,
        _edit_block,
        _edit_block,
        _move_blocks,
        _delete_block,
        _delete_thread,
        _set_policy,
    )

    # -- what others do

    def _say(self, data: st.DataObject, where: str) -> None:
        self.made += 1
        self.bench.say(f"answer {self.made}", where)

    def _lose_message(self, data: st.DataObject, where: str) -> None:
        members = self.bench.members(where)
        if members:
            self.bench.lose(data.draw(st.integers(0, len(members) - 1)), where)

    def _edit_metadata(self, data: st.DataObject, where: str) -> None:
        members = self.bench.members(where)
        if members and self.dialect == "threads":
            member = data.draw(st.sampled_from(members))
            self.bench.server.edit_metadata(str(member["id"]), {"n": "other"})

    def _lose_thread(self, data: st.DataObject, where: str) -> None:
        if data.draw(st.integers(0, 2)) == 0:
            self.bench.lose_thread(where)

    _drifts = (_say, _say, _lose_message, _lose_message, _edit_metadata, _lose_thread)

    # -- runs

    def _wishes(self) -> dict[str, list[Wish]]:
        return {name: in_order(blocks) for name, blocks in self.spec.items()}

    def _apply(self, replaced: str | None) -> None:
        """Apply, and compare what happened with the model."""
        self._write()
        wishes = self._wishes()
        models = {
            name: Model(self.bench, name, found, self._policy(name), replaced)
            for name, found in wishes.items()
        }
        leaving = gone_threads(self.bench, self.spec)
        options = {**OPTIONS, "replace": (replaced,) if replaced else ()}
        plan, calls = self._carry_out(options)

        said = " ".join(each.detail for each in plan.errors)
        outlooks = {
            name: each.outlook(said_to_be_refused=f"order of openai_thread.{name} " in said)
            for name, each in models.items()
        }
        refused = [name for name, each in outlooks.items() if each.refused]
        assert bool(plan.errors) == bool(refused), (plan.errors, refused)
        expected = sum((each.calls for each in outlooks.values()), leaving)
        assert +calls == +expected, (+calls, outlooks, changes(plan))
        self._compare(outlooks)
        if not refused:
            assert_settled(self.bench, **OPTIONS)

    def _carry_out(self, options: dict[str, Any]) -> tuple[Plan, Counter[str]]:
        plans: list[Plan] = []
        server = self.bench.server

        def approve(plan: Plan) -> bool:
            plans.append(plan)
            server.record()
            return True

        try:
            report = self.bench.workspace.apply(options=PlanOptions(**options), approve=approve)
            assert not [each for each in report.outcomes if each.error is not None]
            assert not report.warnings
        except SpecError:
            assert plans[-1].is_forbidden
        calls = Counter(kind_of(each) for each in server.requests) if plans else Counter()
        return plans[-1], calls

    def _compare(self, outlooks: dict[str, Outlook]) -> None:
        ids = {str(address): each.id for address, each in self.bench.state.objects.items()}
        for name, outlook in outlooks.items():
            if outlook.refused and not self._stands(name):
                continue
            named = [f"see {ids[each]}" if each in ids else each for each in outlook.texts]
            members = self.bench.members(name)
            managed = [first_text(each) for each in members if each["id"] in ids.values()]
            others = [first_text(each) for each in members if each["id"] not in ids.values()]
            if self._policy(name)[0] == "append":
                named, managed = sorted(named), sorted(managed)
            assert (managed, others) == (named, outlook.unmanaged)
        alive = {each["metadata"]["name"] for each in self.bench.parents}  # type: ignore[index]
        assert alive <= set(self.spec)

    def _policy(self, name: str) -> tuple[str, str]:
        own = self.policies.get(name, ("", ""))
        return own[0] or self.default[0], own[1] or self.default[1]

    def _write(self) -> None:
        text = ""
        for name, blocks in self.spec.items():
            on_reorder, unmanaged = self.policies.get(name, ("", ""))
            arguments = f'on_reorder = "{on_reorder}"\n  ' if on_reorder else ""
            arguments += f'unmanaged_messages = "{unmanaged}"' if unmanaged else ""
            text += thread(name, arguments) + "".join(each.write(name) for each in blocks)
        self.bench.write(text)

    def _stands(self, name: str) -> bool:
        return any(each["metadata"] == {"name": name} for each in self.bench.parents)

    def _name(self, where: str) -> str:
        self.made += 1
        return f"{where}{self.made}"


class OnConversations(Machine):
    """The same on the other wire."""

    dialect = "conversations"


SMALL = settings(
    max_examples=8,
    stateful_step_count=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
Machine.TestCase.settings = SMALL
OnConversations.TestCase.settings = SMALL
TestOnThreads = Machine.TestCase
TestOnConversations = OnConversations.TestCase


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
@pytest.mark.parametrize("machine", [Machine, OnConversations])
def test_many_more_specs(machine: type[Machine], block: int) -> None:
    class Seeded(machine):  # type: ignore[misc, valid-type]
        pass

    run_state_machine_as_test(
        seed(block)(Seeded),
        settings=settings(SMALL, max_examples=25, stateful_step_count=30),
    )
