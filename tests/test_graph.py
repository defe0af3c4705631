"""Graph: what waits for what, in what order, and what to say where there is none."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
from pathlib import Path

import pytest
from spec_writing import Loaded, load_specs

from reconciler.address import Key
from reconciler.diagnostics import Diagnostics, Place, SourceFile
from reconciler.graph import Graph, Node, NodeKind, build, sequence_order
from reconciler.networkx_core import Core, plain_core, quick_core
from reconciler.spec.order import free_key, natural_key, order_key, source_path

THREAD_AND_MESSAGES = """
    resource "openai_message" "second" {
      thread_id  = openai_thread.a.id
      role       = "user"
      content    = "2"
      depends_on = [openai_message.first]
    }
    resource "openai_message" "first" {
      thread_id = openai_thread.a.id
      role      = "user"
      content   = "1"
    }
    resource "openai_thread" "a" {}
"""


def build_from(loaded: Loaded) -> tuple[Graph, list[str]]:
    assert loaded.told == []
    diagnostics = Diagnostics()
    return build(loaded.spec, diagnostics), [each.detail for each in diagnostics]


def names(nodes: tuple[Node, ...]) -> list[str]:
    return [str(node) for node in nodes]


def node(graph: Graph, name: str) -> Node:
    return next(each for each in graph.nodes if str(each) == name)


# Blocks


def test_what_is_referred_to_comes_first(tmp_path: Path) -> None:
    graph, _ = build_from(load_specs(tmp_path, THREAD_AND_MESSAGES))
    assert names(graph.order()) == [
        "openai_thread.a",
        "openai_message.first",
        "openai_message.second",
    ]


def test_without_references_the_source_decides(tmp_path: Path) -> None:
    files = {
        "turn10.tf": 'resource "openai_thread" "a" {}\n',
        "turn2.tf": 'resource "openai_thread" "z" {}\nlocals {\n  b = 1\n  a = 2\n}\n',
    }
    graph, _ = build_from(load_specs(tmp_path, files))
    assert names(graph.order()) == ["openai_thread.z", "local.b", "local.a", "openai_thread.a"]


def test_an_edge_knows_its_place(tmp_path: Path) -> None:
    graph, _ = build_from(load_specs(tmp_path, THREAD_AND_MESSAGES))
    shown = [str(edge).replace(f"{tmp_path}/", "") for edge in graph.edges]
    assert shown == [
        "openai_message.second -> openai_message.first at main.tf:5:17",
        "openai_message.second -> openai_thread.a at main.tf:2:16",
        "openai_message.first -> openai_thread.a at main.tf:8:15",
    ]


def test_neighbours_near_and_far(tmp_path: Path) -> None:
    graph, _ = build_from(load_specs(tmp_path, THREAD_AND_MESSAGES))
    thread, second = node(graph, "openai_thread.a"), node(graph, "openai_message.second")
    assert names(graph.descendants(thread)) == ["openai_message.second", "openai_message.first"]
    assert names(graph.ancestors(second)) == ["openai_message.first", "openai_thread.a"]
    assert names(graph.dependencies(second)) == ["openai_message.first", "openai_thread.a"]
    assert names(graph.dependents(thread)) == ["openai_message.second", "openai_message.first"]


MODULE = {
    "main.tf": """
        module "talk" {
          source = "./talk"
          text   = local.text
        }
        locals {
          text = "hi"
        }
        output "id" {
          value = module.talk.id
        }
        resource "openai_thread" "after" {
          depends_on = [module.talk]
        }
    """,
    "talk/main.tf": """
        variable "text" {}
        resource "openai_thread" "t" {
          metadata = { text = var.text }
        }
        resource "openai_thread" "u" {}
        output "id" {
          value = openai_thread.t.id
        }
    """,
}


def test_a_module_is_walked_through_not_around(tmp_path: Path) -> None:
    graph, _ = build_from(load_specs(tmp_path, MODULE))
    after = node(graph, "openai_thread.after")
    assert "module.talk.openai_thread.u" in names(graph.ancestors(after))
    output = node(graph, "output.id")
    assert names(graph.ancestors(output)) == [
        "module.talk",
        "module.talk.var.text",
        "module.talk.openai_thread.t",
        "module.talk.output.id",
        "local.text",
    ]


def test_a_module_as_a_whole_is_all_its_outputs(tmp_path: Path) -> None:
    main = MODULE["main.tf"].replace("module.talk.id", "module.talk")
    graph, _ = build_from(load_specs(tmp_path, {**MODULE, "main.tf": main}))
    output = node(graph, "output.id")
    assert names(graph.dependencies(output)) == ["module.talk", "module.talk.output.id"]


def test_a_validation_waits_for_all_it_looks_at(tmp_path: Path) -> None:
    text = """
        variable "x" {
          default = 1
          validation {
            condition     = var.x > local.least
            error_message = "Too small."
          }
        }
        locals {
          least = var.y
        }
        variable "y" {
          default = 0
        }
    """
    graph, _ = build_from(load_specs(tmp_path, text))
    validation = node(graph, "var.x (validation)")
    assert names(graph.ancestors(validation)) == ["var.x", "local.least", "var.y"]


def test_what_is_inside_a_module_waits_for_what_the_call_waits_for(tmp_path: Path) -> None:
    files = {
        "main.tf": """
            module "m" {
              source     = "./m"
              depends_on = [openai_thread.first]
            }
            resource "openai_thread" "first" {}
        """,
        "m/main.tf": 'resource "openai_thread" "inside" {}',
    }
    graph, _ = build_from(load_specs(tmp_path, files))
    assert names(graph.order()) == [
        "openai_thread.first",
        "module.m",
        "module.m.openai_thread.inside",
        "module.m (end)",
    ]


def test_the_first_message_of_a_module_does_not_wait_for_its_last(tmp_path: Path) -> None:
    files = {
        "main.tf": 'module "a" {\n  source = "./m"\n}\nmodule "b" {\n  source = "./m"\n}\n',
        "m/main.tf": 'resource "openai_thread" "t" {}',
    }
    graph, _ = build_from(load_specs(tmp_path, files))
    inside = [each.module for each in graph.order() if each.kind is NodeKind.RESOURCE]
    assert inside == [("a",), ("b",)]


# Cycles


def test_a_cycle_names_each_edge_with_its_place(tmp_path: Path) -> None:
    text = """
        resource "openai_thread" "a" {
          metadata = { x = openai_thread.b.id }
        }
        resource "openai_thread" "b" {
          metadata = { x = local.c }
        }
        locals {
          c = openai_thread.a.id
        }
    """
    loaded = load_specs(tmp_path, text)
    diagnostics = Diagnostics()
    build(loaded.spec, diagnostics)
    (only,) = diagnostics
    assert only.summary == "Dependency cycle"
    assert only.subject is not None
    assert (only.subject.start.line, only.subject.start.column) == (2, 20)
    shown = only.detail.replace(f"{tmp_path}/", "")
    assert "openai_thread.a -> openai_thread.b at main.tf:2:20\n" in shown
    assert "openai_thread.b -> local.c at main.tf:5:20\n" in shown
    assert "local.c -> openai_thread.a at main.tf:8:7\n" in shown


def test_every_cycle_is_told_once(tmp_path: Path) -> None:
    text = """
        locals {
          a = local.b
          b = "${local.a}${local.c}"
          c = local.b
          d = local.e
          e = local.d
        }
    """
    diagnostics = Diagnostics()
    graph = build(load_specs(tmp_path, text).spec, diagnostics)
    assert graph.has_cycles
    assert [each.summary for each in diagnostics] == ["Dependency cycle"] * 3


def test_a_local_value_made_of_itself_is_a_cycle(tmp_path: Path) -> None:
    diagnostics = Diagnostics()
    build(load_specs(tmp_path, "locals {\n  a = local.a + 1\n}\n").spec, diagnostics)
    assert "local.a -> local.a at" in next(iter(diagnostics)).detail


def test_a_cycle_through_a_module(tmp_path: Path) -> None:
    files = {
        "main.tf": """
            module "m" {
              source = "./m"
              in     = openai_thread.a.id
            }
            resource "openai_thread" "a" {
              metadata = { x = module.m.out }
            }
        """,
        "m/main.tf": 'variable "in" {}\noutput "out" {\n  value = var.in\n}\n',
    }
    diagnostics = Diagnostics()
    build(load_specs(tmp_path, files).spec, diagnostics)
    detail = next(iter(diagnostics)).detail.replace(f"{tmp_path}/", "")
    assert "module.m.var.in -> openai_thread.a at main.tf:3:12" in detail
    assert "openai_thread.a -> module.m.output.out at main.tf:6:20" in detail
    assert "module.m.output.out -> module.m.var.in at m/main.tf:3:11" in detail


def test_a_thread_that_depends_on_its_own_message_is_a_cycle(tmp_path: Path) -> None:
    text = """
        resource "openai_thread" "t" {
          depends_on = [openai_message.m]
        }
        resource "openai_message" "m" {
          thread_id = openai_thread.t.id
          role      = "user"
          content   = "x"
        }
    """
    diagnostics = Diagnostics()
    build(load_specs(tmp_path, text).spec, diagnostics)
    assert [each.summary for each in diagnostics] == ["Dependency cycle"]


def test_a_provider_cannot_depend_on_a_resource(tmp_path: Path) -> None:
    text = """
        provider "openai" {
          base_url = local.url
        }
        locals {
          url = openai_thread.a.id
        }
        resource "openai_thread" "a" {
          provider = openai
        }
    """
    loaded = load_specs(tmp_path, text.replace("provider = openai\n", ""))
    diagnostics = Diagnostics()
    build(loaded.spec, diagnostics)
    assert any("cycle" in each.summary for each in diagnostics)


def test_a_provider_of_other_resources_cannot_depend_on_a_resource(tmp_path: Path) -> None:
    text = """
        provider "openai" {}
        provider "openai" {
          alias    = "second"
          base_url = openai_thread.a.id
        }
        resource "openai_thread" "a" {}
    """
    loaded = load_specs(tmp_path, text)
    diagnostics = Diagnostics()
    build(loaded.spec, diagnostics)
    assert [each.summary for each in diagnostics] == ["Invalid provider configuration"]


# Instances


def brute_force(count: int, edges: list[tuple[int, int]], keys: list[int]) -> list[int]:
    """The smallest by key of all permutations that keep the edges."""

    def keeps(order: tuple[int, ...]) -> bool:
        return all(order.index(a) < order.index(b) for a, b in edges)

    orders = (order for order in itertools.permutations(range(count)) if keeps(order))
    return list(min(orders, key=lambda order: [keys[each] for each in order]))


@pytest.mark.parametrize("seed", range(40))
def test_the_order_is_the_lexicographically_first(seed: int) -> None:
    chance = random.Random(seed)
    count = chance.randint(1, 6)
    keys = chance.sample(range(count), count)
    pairs = [(a, b) for a in range(count) for b in range(a + 1, count)]
    edges = [pair for pair in pairs if chance.random() < 0.3]
    assert sequence_order(range(count), edges, keys.__getitem__) == brute_force(count, edges, keys)


def test_a_group_stands_for_all_its_members() -> None:
    groups = {"g": ["b", "d"]}
    found = sequence_order("abcd", [("g", "a"), ("c", "g")], str, groups)
    assert found == ["c", "b", "d", "a"]


def test_an_empty_group_still_passes_the_order_on() -> None:
    assert sequence_order("ab", [("b", "g"), ("g", "a")], str, {"g": []}) == ["b", "a"]


def test_a_group_is_through_as_soon_as_its_last_member_is() -> None:
    edges = [("g", "x")]
    assert sequence_order("axz", edges, str, {"g": ["a"]}) == ["a", "x", "z"]


def test_order_among_11000_instances_is_that_of_their_keys() -> None:
    threads = [("t", n) for n in range(1_000)]
    messages = [("m", n) for n in range(10_000)]
    edges = [(("t", n % 1_000), ("m", n)) for n in range(10_000)]
    found = sequence_order(threads + messages, edges, lambda each: (each[0] == "m", each[1]))
    assert [each for each in found if each[0] == "m"] == messages


# Keys


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, 2),
        (2, 10),
        (1.5, 2),
        (99, "1"),
        ("turn2", "turn10"),
        ("turn02", "turn2"),
        ("2", "10"),
        ("a.1", "a.2"),
        ("a.2", "a.10"),
        ("a.10", "b.1"),
        ("A", "a"),
        ("turn-1", "turn1"),
        ("turn", "turn1"),
        ("z", "é"),
        ("x", None),
        (5, None),
    ],
)
def test_keys_compare_as_people_count(first: float | str, second: float | str | None) -> None:
    assert natural_key(first) < natural_key(second)


def test_what_has_an_order_comes_before_what_has_none() -> None:
    early, late = source_path([]), source_path([])
    assert order_key("z", late) < order_key(None, early)


def test_what_is_no_member_never_holds_a_member_back() -> None:
    assert free_key(source_path([])) < order_key(0, source_path([]))


def place(name: str, start: int) -> Place:
    return (SourceFile(name, " " * 100), start, start + 1)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([(place("s/turn2.tf", 50), None)], [(place("s/turn10.tf", 0), None)]),
        ([(place("m.tf", 0), None)], [(place("m.tf", 50), None)]),
        ([(place("m.tf", 0), 2)], [(place("m.tf", 0), 10)]),
        ([(place("m.tf", 0), "k2")], [(place("m.tf", 0), "k10")]),
        ([(place("m.tf", 0), None), (place("z/x.tf", 9), 1)], [(place("m.tf", 20), None)]),
        (
            [(place("m.tf", 0), "a"), (place("z/x.tf", 9), 1)],
            [(place("m.tf", 0), "b"), (place("z/x.tf", 0), 0)],
        ),
    ],
)
def test_a_source_position_is_a_path(
    first: list[tuple[Place, Key]], second: list[tuple[Place, Key]]
) -> None:
    assert order_key(None, source_path(first)) < order_key(None, source_path(second))


# The import of networkx


def graph_of(core: Core) -> tuple[object, ...]:
    graph = core.new_graph()
    graph.add_nodes_from(range(6))
    graph.add_edges_from([(5, 0), (5, 2), (2, 3), (3, 1), (4, 1)])
    order = list(core.sort(graph))
    before, after = core.ancestors(graph, 1), core.descendants(graph, 5)
    graph.add_edge(1, 3)
    return order, before, after, sorted(map(sorted, core.components(graph)))


def test_both_ways_of_importing_networkx_give_the_same() -> None:
    assert graph_of(quick_core()) == graph_of(plain_core())


def run_python(text: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_the_quick_way_is_the_one_taken_and_leaves_nothing_behind() -> None:
    text = (
        "import sys; from reconciler.networkx_core import core; core();"
        "print([name for name in sys.modules if name.split('.')[0] == 'networkx'])"
    )
    assert run_python(text) == "[]"


def test_networkx_is_whole_for_others_afterwards() -> None:
    text = (
        "from reconciler.networkx_core import core; core();"
        "import networkx;"
        "print(networkx.is_tree(networkx.path_graph(3)), networkx.utils.backends is not None)"
    )
    assert run_python(text) == "True True"


def test_a_networkx_already_there_is_used_as_it_is() -> None:
    text = (
        "import networkx; from reconciler.networkx_core import core;"
        "print(core().new_graph is networkx.DiGraph)"
    )
    assert run_python(text) == "True"


def test_an_unexpected_networkx_is_imported_the_plain_way() -> None:
    text = (
        "import reconciler.networkx_core as ours\n"
        "def fails(): raise ImportError('laid out differently')\n"
        "ours.quick_core = fails\n"
        "import sys\n"
        "ours.core()\n"
        "print('networkx.drawing' in sys.modules)"
    )
    assert run_python(text) == "True"
