"""Scenarios: what a run is doing when it is killed, on each dialect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.frozen import replace

Threads = dict[str, tuple[str, ...]]
"""The texts of each thread, by its name in the specs."""


@dataclass(frozen=True)
class Scenario:
    """A world before, a command, and the world it is to lead to."""

    name: str
    before: Threads
    after: Threads
    command: str = "apply"
    dialect: str = "threads"
    label_before: str = "one"
    label_after: str = "one"
    """A metadata value of every thread and message."""
    arguments: str = ""
    """Arguments of every thread."""
    settings: str = ""
    """Arguments of the provider block."""
    unmanaged: tuple[str, ...] = ()
    """Texts that somebody else has appended to the thread `a`, which the run imports."""
    written: tuple[str, str] | None = None
    """The specs before and after, where they are not made of blocks."""
    let_go: tuple[int, int] = (0, 0)
    """How many threads, and messages of other threads, are left to nobody."""

    def __str__(self) -> str:
        return f"{self.name}-{self.dialect}"

    def specs_before(self, provider: str) -> str:
        """The specs of the first apply."""
        if self.written is not None:
            return provider + self.written[0]
        return specs(provider, self.before, self.label_before, self.arguments)

    def specs_after(self, provider: str) -> str:
        """The specs of the run that is killed."""
        if self.written is not None:
            return provider + self.written[1]
        return specs(provider, self.after, self.label_after, self.arguments)


def specs(provider: str, threads: Threads, label: str, arguments: str = "") -> str:
    """Threads and their messages as blocks; a message is named after its text."""
    blocks = [provider]
    for thread, texts in threads.items():
        blocks.append(
            f'resource "openai_thread" "{thread}" {{\n  metadata = {{ label = "{label}" }}\n'
            f"  {arguments}\n}}\n"
        )
        blocks.extend(
            f'resource "openai_message" "{thread}_{name_of(text)}" {{\n'
            f"  thread_id = openai_thread.{thread}.id\n"
            f'  role      = "{"assistant" if number % 2 else "user"}"\n'
            f'  content   = "{text}"\n'
            f'  metadata  = {{ label = "{label}" }}\n}}\n'
            for number, text in enumerate(texts)
        )
    return "\n".join(blocks)


def name_of(text: str) -> str:
    """The block name of a message: what stands before a `!` in its text."""
    return text.partition("!")[0]


def numbered(count: int) -> tuple[str, ...]:
    """So many texts, all different."""
    return tuple(f"m{number}" for number in range(count))


FOUR = ("m0", "m1", "m2", "m3")


def scenarios(dialect: str) -> Sequence[Scenario]:
    """Every scenario on one dialect."""
    beyond = numbered(34 if dialect == "threads" else 22)
    found = [
        Scenario("create", {}, {"a": FOUR, "b": FOUR[:2], "c": ()}),
        Scenario("create-beyond-the-batch", {}, {"a": beyond}),
        Scenario("append", {"a": FOUR[:2]}, {"a": (*FOUR, "m4"), "b": FOUR[:1]}),
        Scenario(
            "update",
            {"a": FOUR[:2], "b": FOUR[:1]},
            {"a": FOUR[:2], "b": FOUR[:1]},
            label_after="two",
        ),
        Scenario("delete", {"a": FOUR, "b": FOUR[:2]}, {"a": ("m0", "m2")}),
        Scenario("replace-in-the-middle", {"a": FOUR}, {"a": ("m0", "m1!", "m2", "m3")}),
        Scenario("rewrite-the-tail", {"a": FOUR}, {"a": ("m0", "new", "m1", "m2", "m3")}),
        Scenario(
            "replace-the-thread",
            {"a": FOUR[:3]},
            {"a": ("m0", "new", "m1", "m2")},
            arguments='on_reorder = "replace_thread"',
        ),
        Scenario("import", {"a": FOUR[:2]}, {"a": (*FOUR[:2], "x")}, "import", unmanaged=("x",)),
        Scenario("destroy", {"a": FOUR[:3], "b": FOUR[:2]}, {}, "destroy"),
        Scenario("destroy-many", {f"t{n}": ("m0",) for n in range(6)}, {}, "destroy"),
    ]
    return [replace(each, dialect=dialect) for each in found]


def counted(*texts: str) -> str:
    """A thread whose messages are one block with `count`."""
    quoted = ", ".join(f'"{each}"' for each in texts)
    return (
        f'locals {{\n  texts = [{quoted}]\n}}\nresource "openai_thread" "a" {{}}\n'
        'resource "openai_message" "m" {\n  count = length(local.texts)\n'
        '  thread_id = openai_thread.a.id\n  role = "user"\n'
        "  content = local.texts[count.index]\n}\n"
    )


def named(*texts: str, more: str = "") -> str:
    """A thread whose messages are blocks called after their texts, and more."""
    blocks = (
        f'resource "openai_message" "{each}" {{\n  thread_id = openai_thread.a.id\n'
        f'  role = "user"\n  content = "{each}"\n}}\n'
        for each in texts
    )
    return 'resource "openai_thread" "a" {}\n' + "".join(blocks) + more


RENAMED = (
    'resource "openai_message" "other" {\n  thread_id = openai_thread.a.id\n'
    '  role = "user"\n  content = "m1"\n}\n'
    "moved {\n  from = openai_message.m1\n  to = openai_message.other\n}\n"
)

GONE = "removed {\n  from = openai_message.m1\n  lifecycle {\n    destroy = true\n  }\n}\n"

READ = (
    'data "openai_messages" "all" {\n  thread_id = openai_thread.a.id\n'
    "  depends_on = [openai_message.m1]\n}\n"
    'resource "openai_thread" "b" {}\n'
    'resource "openai_message" "said" {\n  thread_id = openai_thread.b.id\n  role = "user"\n'
    '  content = "n${length(data.openai_messages.all.messages)}"\n}\n'
    'output "b" {\n  value = openai_thread.b.id\n}\n'
)


def written(dialect: str) -> Sequence[Scenario]:
    """What blocks of plain messages do not show: identity that moves, reads, other commands."""
    found = [
        Scenario(
            "count-shrinks",
            {},
            {"a": ("m0", "m2", "m3")},
            written=(counted(*FOUR), counted("m0", "m2", "m3")),
        ),
        Scenario(
            "count-grows-inside",
            {},
            {"a": ("m0", "new", "m1", "m2")},
            written=(counted(*FOUR[:3]), counted("m0", "new", "m1", "m2")),
        ),
        Scenario(
            "moved",
            {},
            {"a": ("m0", "m1", "m2")},
            written=(named("m0", "m1"), named("m0", more=RENAMED) + _appended("m2")),
        ),
        Scenario(
            "removed", {}, {"a": ("m0",)}, written=(named("m0", "m1"), named("m0", more=GONE))
        ),
        Scenario(
            "read-in-between",
            {},
            {"a": ("m0", "m1"), "b": ("n2",)},
            written=(named("m0"), named("m0", "m1", more=READ)),
        ),
        Scenario("saved", {"a": FOUR[:2]}, {"a": ("m0", "new", "m1"), "b": FOUR[:1]}, "saved"),
        *(
            Scenario(f"recover-{how}", {}, {"a": FOUR[:2]}, f"recover {how}")
            for how in ("adopt", "retry", "forget")
        ),
    ]
    return [replace(each, dialect=dialect) for each in (*found, *edits())]


def edits() -> Sequence[Scenario]:
    """What changes the state alone, and the first apply at a server that the state has moved to."""
    two = named("m0", "m1")
    renamed = two.replace('"openai_message" "m1"', '"openai_message" "other"')
    more = named("m0", "m1", "m2")
    kept = {"a": ("m0", "m1")}
    found = (
        ("mv openai_message.m1 openai_message.other", renamed, (0, 0)),
        ("rm openai_message.m1", named("m0"), (0, 1)),
        ("protect openai_thread.a openai_message.m1", two, (0, 0)),
        ("unprotect openai_thread.a", two, (0, 0)),
    )
    return [
        *(
            Scenario(
                f"state-{command.split()[0]}",
                {},
                kept,
                f"state {command}",
                written=(two, after),
                let_go=let_go,
            )
            for command, after, let_go in found
        ),
        Scenario("rehome", {}, kept, "rehome", written=(two, two), let_go=(1, 0)),
        Scenario("rehome-same", {}, kept, "rehome --same-objects", written=(two, two)),
        Scenario("rehomed", {}, {"a": ("m0", "m1", "m2")}, written=(two, more), let_go=(1, 0)),
    ]


def _appended(text: str) -> str:
    return (
        f'resource "openai_message" "{text}" {{\n  thread_id = openai_thread.a.id\n'
        f'  role = "user"\n  content = "{text}"\n}}\n'
    )


def variants(dialect: str) -> Sequence[Scenario]:
    """The scenarios in which creating differs, with other settings."""
    some = [each for each in scenarios(dialect) if each.name in ("create", "append")]
    settings = {
        "without-batches": "batch_create = false",
        "one-at-a-time": "max_concurrency = 1\n  thread_create_concurrency = 1",
    }
    return [
        replace(each, name=f"{each.name}-{name}", settings=text)
        for each in some
        for name, text in settings.items()
    ]
