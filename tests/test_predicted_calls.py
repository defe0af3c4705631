"""Predicted calls: after random edits and losses, what a plan says it costs is what it costs."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bench import DIALECTS, Bench, make_bench, message, thread

OPTIONS = {
    "reorder": True,
    "allow_destroy": ("9999",),
    "accept_missing": "all",
}
POLICIES = ("rewrite_tail", "replace_thread", "append")
UNMANAGED = ("report", "ignore", "delete")


@dataclass
class Turn:
    name: str
    text: str
    after: str | None = None
    """The name of a message whose id stands in the text."""
    kind: int = 0
    behind: str | None = None
    """The block of several messages that it depends on as a whole."""


@dataclass
class Talk:
    on_reorder: str
    unmanaged: str
    turns: list[Turn] = field(default_factory=list)
    several: int = 0
    """How many messages the block at its beginning makes."""


class Editor:
    """Somebody who edits a spec at random."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._made = 0
        self.talks: dict[str, Talk] = {}

    def edit(self) -> None:
        edits = (
            self._new_talk,
            self._insert,
            self._insert,
            self._remove,
            self._rewrite,
            self._swap,
            self._tag,
            self._drop_talk,
            self._refer,
            self._repeat,
            self._depend,
        )
        self._chance.choice(edits)() if self.talks else self._new_talk()
        known = {turn.name for talk in self.talks.values() for turn in talk.turns}
        for talk in self.talks.values():
            for turn in talk.turns:
                turn.after = turn.after if turn.after in known else None
                turn.behind = turn.behind if turn.behind in self.talks else None

    def text(self) -> str:
        parts = []
        for name, talk in self.talks.items():
            policies = (
                f'on_reorder = "{talk.on_reorder}"\n  unmanaged_messages = "{talk.unmanaged}"'
            )
            parts.append(thread(name, arguments=policies))
            parts.append(
                message(
                    f"of_{name}",
                    "of ${count.index}",
                    thread=name,
                    arguments=f"count = {talk.several}\n  order = 0",
                )
            )
            for turn in talk.turns:
                after = f" ${{openai_message.{turn.after}.id}}" if turn.after else ""
                tag = f'metadata = {{ kind = "{turn.kind}" }}'
                behind = f"depends_on = [openai_message.of_{turn.behind}]" if turn.behind else ""
                parts.append(
                    message(
                        turn.name,
                        turn.text + after,
                        thread=name,
                        arguments=f"{tag}\n  {behind}",
                    )
                )
        return "".join(parts)

    def _new(self, text: str, after: str | None = None) -> Turn:
        self._made += 1
        return Turn(f"m{self._made}", text, after)

    def _talk(self) -> Talk:
        return self._chance.choice(list(self.talks.values()))

    def _new_talk(self) -> None:
        self._made += 1
        talk = Talk(self._chance.choice(POLICIES), self._chance.choice(UNMANAGED))
        size = self._chance.choice((0, 1, 3, 25, 40))
        talk.turns = [self._new(self._chance.choice("abc")) for _ in range(size)]
        self.talks[f"t{self._made}"] = talk

    def _insert(self) -> None:
        turns = self._talk().turns
        for _ in range(self._chance.choice((1, 2, 5))):
            place = self._chance.randint(0, len(turns))
            turns.insert(place, self._new(self._chance.choice("abcdef")))

    def _remove(self) -> None:
        if turns := self._talk().turns:
            turns.pop(self._chance.randrange(len(turns)))

    def _rewrite(self) -> None:
        if turns := self._talk().turns:
            self._chance.choice(turns).text = f"edited {self._chance.random()}"

    def _swap(self) -> None:
        turns = self._talk().turns
        if len(turns) > 1:
            one, other = self._chance.sample(range(len(turns)), 2)
            turns[one], turns[other] = turns[other], turns[one]

    def _tag(self) -> None:
        if turns := self._talk().turns:
            self._chance.choice(turns).kind = self._chance.randrange(10)

    def _drop_talk(self) -> None:
        if len(self.talks) > 1:
            del self.talks[self._chance.choice(list(self.talks))]

    def _repeat(self) -> None:
        self._talk().several = self._chance.choice((0, 1, 2, 5, 30))

    def _depend(self) -> None:
        """Let messages of a thread wait for the block of their own or of an earlier one."""
        names = list(self.talks)
        later = self._chance.randrange(len(names))
        for turn in self.talks[names[later]].turns:
            if self._chance.random() < 0.5:
                turn.behind = names[self._chance.randint(0, later)]

    def _refer(self) -> None:
        names = list(self.talks)
        later = self._chance.randrange(len(names))
        earlier = [turn for name in names[:later] for turn in self.talks[name].turns]
        if earlier:
            turn = self._new("as said in", self._chance.choice(earlier).name)
            self.talks[names[later]].turns.append(turn)


def disturb(bench: Bench, chance: random.Random) -> None:
    """Let others write to the threads, and lose messages."""
    for name in [str(each["metadata"]["name"]) for each in bench.parents]:  # type: ignore[index]
        if chance.random() < 0.3:
            bench.say("noise", name)
        if chance.random() < 0.15 and (texts := bench.texts(name)):
            bench.lose(chance.randrange(len(texts)), name)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_calls_that_a_plan_tells_are_those_that_it_takes(
    tmp_path: Path, dialect: str, seed: int
) -> None:
    chance = random.Random(seed)
    bench = make_bench(tmp_path, dialect, settings=chance.choice(("", "  batch_create = false")))
    editor = Editor(chance)
    for _ in range(6):
        for _ in range(chance.randint(1, 4)):
            editor.edit()
        bench.write(editor.text())
        plan = bench.plan(**OPTIONS)
        if plan.errors:
            return  # Others have written behind the cut: there is nothing to compare.

        report = bench.apply(**OPTIONS)

        assert not plan.at_least
        assert plan.calls == report.calls == sum(bench.calls.values())
        disturb(bench, chance)
