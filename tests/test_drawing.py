"""Drawing: what `reconciler graph` shows of the specs, and in which languages."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Project

SPEC = """
variable "key" { default = "k" }

variable "number" { type = number }

provider "openai" { api_key = var.key }

locals {
  text = openai_message.first.content
}

resource "openai_thread" "t" {
  for_each = toset(["x", "y"])
}

resource "openai_message" "ask" {
  for_each  = { a = "1", b = "2" }
  thread_id = openai_thread.t["x"].id
  role      = "user"
  content   = each.value
  order     = "${each.key}.1"
}

resource "openai_message" "say" {
  for_each  = { a = "1", b = "2" }
  thread_id = openai_thread.t["x"].id
  role      = "assistant"
  content   = each.value
  order     = "${each.key}.2"
}

resource "openai_message" "first" {
  thread_id = "thread_abc"
  role      = "user"
  content   = "Hi"
}

resource "openai_message" "second" {
  thread_id = "thread_abc"
  role      = "user"
  content   = local.text
}

resource "openai_message" "open" {
  count     = var.number
  thread_id = "thread_abc"
  role      = "user"
  content   = "?"
}

data "openai_thread" "d" {
  thread_id = openai_thread.t["y"].id
}

module "outer" {
  source = "./outer"
  thread = openai_thread.t["y"].id
}

output "id" { value = module.outer.id }
"""

OUTER = """
variable "thread" {}

module "inner" {
  source = "../inner"
  count  = 2
  thread = var.thread
}

output "id" { value = module.inner[0].id }
"""

INNER = """
variable "thread" {}

resource "openai_message" "größe-1" {
  thread_id = var.thread
  role      = "user"
  content   = "Hi"
}

output "id" { value = openai_message.größe-1.id }
"""

INSIDE = "module.outer.module.inner.openai_message.größe-1"


@pytest.fixture
def talk(project: Project) -> Project:
    """Specs with two threads, one that they do not manage, and modules in modules."""
    project.write(SPEC)
    project.write(OUTER, "outer/main.tf")
    project.write(INNER, "inner/main.tf")
    return project


def document(talk: Project, *arguments: str) -> dict[str, object]:
    ended = talk("graph -format=json", *arguments)
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert isinstance(found, dict)
    return found


def edges(found: dict[str, object], kind: str) -> list[str]:
    listed = found["edges"]
    assert isinstance(listed, list)
    return [f"{each['from']} > {each['to']}" for each in listed if each["kind"] == kind]


def test_messages_come_in_the_order_of_their_thread(talk: Project) -> None:
    assert document(talk)["sequences"] == [
        {
            "thread": 'openai_thread.t["x"]',
            "messages": [
                f'openai_message.{name}["{key}"]' for key in ("a", "b") for name in ("ask", "say")
            ],
        },
        {"thread": "thread_abc", "messages": ["openai_message.first", "openai_message.second"]},
        {
            "thread": 'openai_thread.t["y"]',
            "messages": [
                f"module.outer.module.inner[{index}].openai_message.größe-1" for index in (0, 1)
            ],
        },
    ]


def test_an_order_edge_leads_to_the_block_before(talk: Project) -> None:
    assert edges(document(talk), "order") == [
        "openai_message.say > openai_message.ask",
        "openai_message.ask > openai_message.say",
        "openai_message.second > openai_message.first",
    ]


def test_dependencies_are_followed_through_values_and_modules(talk: Project) -> None:
    assert edges(document(talk), "dependency") == [
        "openai_message.ask > openai_thread.t",
        "openai_message.say > openai_thread.t",
        "openai_message.second > openai_message.first",
        "data.openai_thread.d > openai_thread.t",
        f"{INSIDE} > openai_thread.t",
    ]


def test_values_are_drawn_on_demand(talk: Project) -> None:
    found = edges(document(talk, "-values"), "dependency")
    assert "openai_message.second > local.text" in found
    assert "local.text > openai_message.first" in found
    assert "openai_message.open > var.number" in found
    assert "output.id > module.outer.output.id" in found
    assert not [each for each in found if each.endswith("> var.key")]


def test_a_node_says_what_and_where_it_is(talk: Project) -> None:
    nodes = document(talk)["nodes"]
    assert isinstance(nodes, list)
    (inside,) = (each for each in nodes if each["id"] == INSIDE)
    assert Path(inside.pop("file")).name == "main.tf"
    assert inside == {
        "id": INSIDE,
        "kind": "resource",
        "type": "openai_message",
        "module": "module.outer.module.inner",
        "name": "openai_message.größe-1",
        "repetition": None,
        "line": 4,
    }
    assert [each["repetition"] for each in nodes[:3]] == ["for_each"] * 3


def test_an_order_that_the_specs_do_not_tell_is_not_claimed(project: Project) -> None:
    project.write(
        'variable "o" {}\nresource "openai_message" "m" {\n  for_each = toset(["a", "b"])\n'
        '  thread_id = "thread_a"\n  role = "user"\n  content = "x"\n  order = var.o\n}\n'
    )
    assert document(project)["sequences"] == []
    assert document(project, "-var", "o=1")["sequences"] != []


def test_dot_nests_modules_and_dashes_the_order(talk: Project) -> None:
    lines = talk("graph").out.splitlines()
    assert lines[:3] == [
        "digraph G {",
        '  rankdir = "RL";',
        '  node [shape = rect, fontname = "sans-serif"];',
    ]
    assert '  "openai_message.ask" [label = "openai_message.ask (for_each)"];' in lines
    at = lines.index('  subgraph "cluster_outer" { label = "module.outer";')
    assert lines[at : at + 5] == [
        '  subgraph "cluster_outer" { label = "module.outer";',
        '    subgraph "cluster_outer.inner" { label = "module.inner";',
        f'      "{INSIDE}" [label = "openai_message.größe-1"];',
        "    }",
        "  }",
    ]
    order = '  "openai_message.say" -> "openai_message.ask" [style = dashed, label = "after"];'
    assert order in lines
    assert talk("graph", "-format=dot").out.splitlines() == lines


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not here")
def test_graphviz_reads_it(talk: Project) -> None:
    text = talk("graph", "-values").out
    done = subprocess.run(["dot", "-Tplain"], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_mermaid_names_its_nodes_and_closes_what_it_opens(talk: Project) -> None:
    lines = talk("graph", "-format=mermaid", "-values").out.splitlines()
    assert lines[0] == "flowchart RL"
    opened = [line for line in lines if line.strip().startswith("subgraph")]
    assert len(opened) == 2 == sum(line.strip() == "end" for line in lines)
    defined = re.findall(r"^ +(n\d+)\W", "\n".join(lines), re.MULTILINE)
    used = {name for line in lines for name in re.findall(r"\bn\d+\b", line.partition('"')[0])}
    assert used <= set(defined)
    assert any(" -. after .-> " in line for line in lines)


def test_it_is_the_same_every_time_and_needs_nothing_but_the_specs(talk: Project) -> None:
    first = talk("graph", "-values").out
    (talk.folder / "specs" / "main.tf").touch()
    assert talk("graph", "-values").out == first
    assert {each.name for each in talk.folder.iterdir()} == {"specs"}


def test_no_library_of_the_network_is_loaded(talk: Project) -> None:
    code = (
        "import sys; from reconciler.cli.main import main;"
        f"main(['graph', '--specs', '{talk.folder / 'specs'}']);"
        "print([n for n in ('httpx', 'asyncio', 'sqlite3') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.endswith("}\n[]\n")


def test_a_cycle_is_told_by_its_edges(project: Project) -> None:
    project.write("locals {\n  a = local.b\n  b = local.a\n}\n")
    ended = project("graph")
    assert (ended.code, ended.out) == (1, "")
    assert "local.a -> local.b at" in ended.err
    assert "local.b -> local.a at" in ended.err
