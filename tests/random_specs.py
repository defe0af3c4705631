"""Random specs: conversations that change a little from one apply to the next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

STYLES = ("blocks", "count", "for_each")
"""How the messages of a thread are written."""


@dataclass
class Thread:
    """A thread as it is wished for."""

    style: str
    texts: list[str]
    label: str = "one"
    on_reorder: str = "rewrite_tail"

    def text(self, name: str) -> str:
        """The blocks of the thread and its messages."""
        thread = (
            f'resource "openai_thread" "{name}" {{\n  metadata = {{ label = "{self.label}" }}\n'
            f'  on_reorder = "{self.on_reorder}"\n}}\n'
        )
        return thread + getattr(self, f"_{self.style}")(name)

    def _blocks(self, name: str) -> str:
        return "".join(
            f'resource "openai_message" "{name}_{text}" {{\n  thread_id = openai_thread.{name}.id\n'
            f'  role = "user"\n  content = "{text}"\n}}\n'
            for text in self.texts
        )

    def _count(self, name: str) -> str:
        texts = ", ".join(f'"{text}"' for text in self.texts)
        return (
            f'locals {{\n  {name} = [{texts}]\n}}\nresource "openai_message" "{name}" {{\n'
            f"  count = length(local.{name})\n  thread_id = openai_thread.{name}.id\n"
            f'  role = "user"\n  content = local.{name}[count.index]\n}}\n'
        )

    def _for_each(self, name: str) -> str:
        pairs = "".join(f'"{at:03}" = "{text}"\n' for at, text in enumerate(self.texts))
        return (
            f'resource "openai_message" "{name}" {{\n  for_each = {{\n{pairs}}}\n'
            f"  thread_id = openai_thread.{name}.id\n"
            f'  role = "user"\n  content = each.value\n}}\n'
        )


@dataclass
class Wishes:
    """Specs that change at random."""

    rng: Random
    threads: dict[str, Thread] = field(default_factory=dict)
    made: int = 0

    def text(self) -> str:
        """The specs without the provider block."""
        return "".join(thread.text(name) for name, thread in self.threads.items())

    def contents(self) -> Counter[tuple[str, ...]]:
        """What the server must have."""
        return Counter(tuple(each.texts) for each in self.threads.values())

    def change(self) -> None:
        """Change a few things."""
        for _ in range(self.rng.randint(1, 4)):
            self._change_one()

    def _change_one(self) -> None:
        rng = self.rng
        if not self.threads or (len(self.threads) < 6 and rng.random() < 0.4):
            texts = [self._new() for _ in range(rng.randint(0, 5))]
            how = rng.choice(("rewrite_tail", "rewrite_tail", "replace_thread"))
            self.threads[self._new()] = Thread(rng.choice(STYLES), texts, on_reorder=how)
            return
        name = rng.choice(list(self.threads))
        thread = self.threads[name]
        at = rng.randint(0, len(thread.texts))
        match rng.randrange(6):
            case 0:
                del self.threads[name]
            case 1:
                thread.label = "two" if thread.label == "one" else "one"
            case 2 if thread.texts:
                del thread.texts[min(at, len(thread.texts) - 1)]
            case 3 if thread.texts:
                thread.texts[min(at, len(thread.texts) - 1)] = self._new()
            case 4:
                thread.texts.insert(at, self._new())
            case _:
                thread.texts.append(self._new())

    def _new(self) -> str:
        self.made += 1
        return f"x{self.made}"
