"""Conversations: spec files of any size, as people write them and as they rarely do."""

from __future__ import annotations

import json
import random

THREAD_SIZE = 10
"""Messages in each thread."""

WORDS = """order refund invoice shipping password account please thanks could would the my is not
    when arrived broken reset update cancel subscription support question answer again still
    where""".split()  # noqa: SIM905


def plain(messages: int) -> str:
    """Blocks that differ in their names and texts alone, which is what most files are."""
    chance = random.Random(messages)
    blocks = []
    for number in range(messages):
        thread = number // THREAD_SIZE
        if number % THREAD_SIZE == 0:
            blocks.append(
                f'resource "openai_thread" "t{thread}" {{\n'
                f'  metadata = {{\n    name = "thread {thread}"\n    team = "support"\n  }}\n}}\n'
            )
        blocks.append(
            f'resource "openai_message" "t{thread}_m{number}" {{\n'
            f"  thread_id = openai_thread.t{thread}.id\n"
            f'  role      = "{_role(number)}"\n'
            f'  content   = "{_sentence(chance, 24)}"\n'
            f'  metadata  = {{\n    turn   = "{number}"\n    source = "benchmark"\n  }}\n'
            "}\n"
        )
    return "\n".join(blocks)


def mixed(messages: int) -> str:
    """Comments, heredocs, interpolations, and arguments in any order and number."""
    chance = random.Random(messages)
    blocks = ['locals {\n  name = "Ada"\n  tags = { team = "support" }\n}\n']
    for number in range(messages):
        thread = number // THREAD_SIZE
        if number % THREAD_SIZE == 0:
            blocks.append(_mixed_thread(chance, thread))
        blocks.append(_mixed_message(chance, thread, number))
    return "\n".join(blocks)


def _mixed_thread(chance: random.Random, thread: int) -> str:
    lines = [
        f'  metadata = merge(local.tags, {{ name = "${{local.name}} {thread}" }})',
        '  on_reorder = "append"',
        "  lifecycle {\n    ignore_changes = [metadata]\n  }",
        f"  # thread {thread}: {_sentence(chance, 4)}",
    ]
    kept = [each for each in lines if chance.random() < 0.6]
    return f'resource "openai_thread" "t{thread}" {{\n' + "".join(f"{x}\n" for x in kept) + "}\n"


def _mixed_message(chance: random.Random, thread: int, number: int) -> str:
    lines = [
        f"  thread_id = openai_thread.t{thread}.id" + chance.choice(("", "  # its thread")),
        f'  role = "{_role(number)}"',
        f"  content = {_content(chance, number)}",
    ]
    optional = [
        f"  order = {number % THREAD_SIZE}",
        f'  metadata = {{ turn = "{number}", "kind" : upper("text") }}',
        f"  metadata = {{\n    # {_sentence(chance, 3)}\n    turn = tostring({number} + 1)\n  }}",
        "  lifecycle {\n    prevent_destroy = false\n  }",
    ]
    if chance.random() < 0.5:
        lines.append(chance.choice(optional))
    if chance.random() < 0.02:
        chance.shuffle(lines)
    if chance.random() < 0.3:
        lines.insert(0, f"  # {_sentence(chance, 6)}")
    if chance.random() < 0.02:
        lines.insert(chance.randrange(len(lines)), f"  /* {_sentence(chance, 4)}\n  */")
    body = "".join(f"{each}\n" for each in lines)
    return f'resource "openai_message" "m{number}" {{\n{body}}}\n'


def _content(chance: random.Random, number: int) -> str:
    text = _sentence(chance, 16)
    match chance.randrange(6):
        case 0:
            return f"<<-EOT\n    {text}\n      ${{local.name}}, turn {number}\n  EOT"
        case 1:
            return f"<<EOT\n{text}\n\n{_sentence(chance, 8)}\nEOT"
        case 2:
            return f'"{text} ${{local.name}}"'
        case 3:
            return f'join(" ", ["{text}", format("%d of %s", {number}, local.name)])'
        case 4:
            return f'"caf\u00e9 \\"{text}\\"\\n"'
    return f'"{text}"'


def rows(count: int) -> str:
    """Turns as JSON lines."""
    chance = random.Random(count)
    lines = [
        json.dumps(
            {
                "thread": f"t{number // THREAD_SIZE}",
                "turn": number,
                "role": _role(number),
                "content": _sentence(chance, 24),
            }
        )
        for number in range(count)
    ]
    return "\n".join(lines) + "\n"


ROWS_SPEC = """
locals {
  rows = { for row in jsonldecode(file("rows.jsonl")) : row.turn => row }
}

resource "openai_thread" "thread" {
  for_each = toset([for row in local.rows : row.thread])
  metadata = { name = each.key }
}

resource "openai_message" "turn" {
  for_each  = local.rows
  thread_id = openai_thread.thread[each.value.thread].id
  role      = each.value.role
  content   = each.value.content
  metadata  = { turn = each.key }
}
"""
"""One block over the rows of a file for the messages, and one for their threads."""


def _role(number: int) -> str:
    return "assistant" if number % 2 else "user"


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(WORDS, k=words))
