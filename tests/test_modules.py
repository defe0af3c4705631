"""Modules: folders called from specs, what goes in, what comes out, and what cannot be called."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec_writing import Loaded, load_specs

from reconciler.diagnostics import Diagnostics
from reconciler.graph import build
from reconciler.spec.load import MAX_CALLED_BLOCKS, MAX_MODULE_DEPTH

TALK = """
    variable "topic" {}
    variable "tone" {
      default = "kind"
    }
    resource "openai_thread" "t" {
      metadata = { topic = var.topic, tone = var.tone }
    }
    output "id" {
      value = openai_thread.t.id
    }
"""


def call(arguments: str = "", *, name: str = "talk", source: str = "./talk") -> str:
    """A module call; its arguments begin on line 3, column 3."""
    lines = [f"  {line.strip()}" for line in arguments.splitlines() if line.strip()]
    return "\n".join([f'module "{name}" {{', f'  source = "{source}"', *lines, "}", ""])


def load_talk(folder: Path, text: str) -> Loaded:
    return load_specs(folder, {"main.tf": text, "talk/main.tf": TALK})


def test_a_module_is_read_with_its_own_blocks(tmp_path: Path) -> None:
    loaded = load_talk(tmp_path, call('topic = "bread"'))
    assert loaded.told == []
    module = loaded.spec.module(["talk"])
    assert module.path == "talk"
    assert [str(address) for address in module.resources] == ["openai_thread.t"]
    assert list(module.variables) == ["topic", "tone"]


def test_a_call_keeps_what_it_hands_over_apart_from_what_it_means_itself(tmp_path: Path) -> None:
    arguments = "topic = each.key\nfor_each = { a = 1 }\ndepends_on = [openai_thread.first]"
    text = call(arguments) + 'resource "openai_thread" "first" {}\n'
    loaded = load_talk(tmp_path, text)
    assert loaded.told == []
    made = loaded.spec.root.calls["talk"]
    assert list(made.arguments) == ["topic"]
    assert made.for_each is not None
    assert [each.text for each in made.depends_on] == ["openai_thread.first"]


def test_one_folder_called_twice_is_read_once(tmp_path: Path) -> None:
    text = call('topic = "a"', name="a") + call('topic = "b"', name="b")
    calls = load_talk(tmp_path, text).spec.root.calls
    assert calls["a"].module is calls["b"].module


def test_modules_call_modules(tmp_path: Path) -> None:
    files = {
        "main.tf": call(source="./outer", name="outer"),
        "outer/main.tf": call('topic = "x"', source="../talk"),
        "talk/main.tf": TALK,
    }
    loaded = load_specs(tmp_path, files)
    assert loaded.told == []
    assert loaded.spec.module(["outer", "talk"]).path == "talk"


def test_a_module_may_lie_above_the_specs(tmp_path: Path) -> None:
    load_specs(tmp_path / "shared", {"main.tf": TALK})
    loaded = load_specs(tmp_path / "specs", call('topic = "x"', source="../shared"))
    assert loaded.told == []
    assert loaded.spec.module(["talk"]).path == "../shared"


def test_mistakes_in_a_module_are_told_once_with_its_file(tmp_path: Path) -> None:
    files = {
        "main.tf": call(name="a", source="./m") + call(name="b", source="./m"),
        "m/main.tf": 'output "o" {\n  value = var.nope\n}\n',
    }
    loaded = load_specs(tmp_path, files)
    assert loaded.told == ["error main.tf:2:11 Reference to undeclared input variable"]
    assert 'in the module "m"' in loaded.details


MISTAKES = {
    "an input that is required": (
        call(),
        "error main.tf:1:1 Missing required argument",
        '"topic" is required',
    ),
    "an input that does not exist": (
        call('topic = "x"\ntne = "y"'),
        "error main.tf:4:3 Unsupported argument",
        'Did you mean "tone"?',
    ),
    "no source": (
        'module "talk" {\n}\n',
        "error main.tf:1:1 Missing required argument",
        '"source" is required',
    ),
    "a source that is calculated": (
        'variable "x" {}\nmodule "talk" {\n  source = var.x\n}\n',
        "error main.tf:3:12 Variables not allowed",
        "before anything is evaluated",
    ),
    "a source from a registry": (
        call(source="acme/talk/openai"),
        "error main.tf:2:12 Unsupported module source",
        '"./openai"',
    ),
    "a source from the web": (
        call(source="git::https://example.com/x.git"),
        "error main.tf:2:12 Unsupported module source",
        "local folders only",
    ),
    "a folder that is not there": (
        call(source="./nope"),
        "error main.tf:2:12 Unreadable folder",
        "no such file or directory",
    ),
    "a folder without specs": (
        call(source="./empty"),
        "error main.tf:2:12 No specs found",
        "it is no module",
    ),
    "a version": (
        call('topic = "x"\nversion = "1.0"'),
        "error main.tf:4:3 Unsupported argument",
        "no versions",
    ),
    "a block inside a call": (
        'module "talk" {\n  source = "./talk"\n  topic = "x"\n  lifecycle {\n  }\n}\n',
        "error main.tf:4:3 Unsupported block type",
        "not expected here",
    ),
    "two calls of one name": (
        call('topic = "x"') * 2,
        'error main.tf:5:1 Duplicate module "talk"',
        "main.tf:1:1 already",
    ),
    "count and for_each": (
        call('topic = "x"\ncount = 1\nfor_each = {}'),
        'error main.tf:5:3 Invalid combination of "count" and "for_each"',
        "Remove one of them.",
    ),
    "an output that does not exist": (
        call('topic = "x"') + 'output "o" {\n  value = module.talk.idd\n}\n',
        "error main.tf:6:11 Unsupported attribute",
        'Did you mean "id"?',
    ),
    "a call misspelt": (
        call('topic = "x"') + 'output "o" {\n  value = module.tlak.id\n}\n',
        "error main.tf:6:11 Reference to undeclared module",
        'Did you mean "talk"?',
    ),
    "a key where there is one instance": (
        call('topic = "x"') + 'output "o" {\n  value = module.talk[0].id\n}\n',
        "error main.tf:6:11 Unexpected resource instance key",
        "without the brackets",
    ),
    "no key where there are several": (
        call('topic = "x"\ncount = 2') + 'output "o" {\n  value = module.talk.id\n}\n',
        "error main.tf:7:11 Missing resource instance key",
        "module.talk[count.index]",
    ),
    "each without for_each": (
        call("topic = each.key"),
        'error main.tf:3:11 Reference to "each" in context without for_each',
        "with for_each",
    ),
    "providers that are no list of configurations": (
        call('topic = "x"\nproviders = openai'),
        "error main.tf:4:15 Invalid providers argument",
        "openai = openai.alias",
    ),
    "a configuration under a calculated name": (
        call('topic = "x"\nproviders = { (upper("openai")) = openai }'),
        "error main.tf:4:18 Functions not allowed",
        "before anything is evaluated",
    ),
    "a configuration that is not there": (
        call('topic = "x"\nproviders = { openai = openai.eu }'),
        "error main.tf:1:1 Provider configuration not present",
        'alias = "eu"',
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_told_at_its_place(case: str, tmp_path: Path) -> None:
    text, expected, says = MISTAKES[case]
    (tmp_path / "empty").mkdir()
    loaded = load_talk(tmp_path, text)
    assert loaded.told == [expected]
    assert says in loaded.details


def test_what_a_broken_call_would_give_is_not_told_as_well(tmp_path: Path) -> None:
    text = call(source="./nope") + 'output "o" {\n  value = module.talk.id\n}\n'
    assert len(load_talk(tmp_path, text).told) == 1


@pytest.mark.parametrize(
    "files",
    [
        {"main.tf": call(source=".")},
        {"main.tf": call(source="./a"), "a/main.tf": call(source="../a")},
        {
            "main.tf": call(source="./a"),
            "a/main.tf": call(source="../b"),
            "b/main.tf": call(source="../a"),
        },
    ],
)
def test_a_module_that_calls_itself_is_told(files: dict[str, str], tmp_path: Path) -> None:
    loaded = load_specs(tmp_path, files)
    (only,) = loaded.told
    assert only.endswith("Module cycle")
    assert " -> " in loaded.details


def test_a_link_back_into_the_specs_is_a_cycle(tmp_path: Path) -> None:
    (tmp_path / "again").symlink_to(tmp_path)
    loaded = load_specs(tmp_path, call(source="./again"))
    assert [line.split(" ", 2)[2] for line in loaded.told] == ["Module cycle"]


def test_calls_may_be_nested_only_so_deep(tmp_path: Path) -> None:
    depth = MAX_MODULE_DEPTH + 5
    files = {f"m{n}/main.tf": call(source=f"../m{n + 1}") for n in range(depth)}
    loaded = load_specs(tmp_path, {"main.tf": call(source="./m0"), **files})
    assert [line.split(" ", 2)[2] for line in loaded.told] == ["Modules nested too deep"]


def test_calls_that_multiply_are_counted_without_making_them(tmp_path: Path) -> None:
    files = {
        f"m{n}/main.tf": "".join(call(name=f"c{k}", source=f"../m{n + 1}") for k in range(10))
        for n in range(8)
    }
    files["m8/main.tf"] = "locals {}\n"
    loaded = load_specs(tmp_path, {"main.tf": call(source="./m0"), **files})
    assert loaded.told == ["error Too many module calls"]
    assert f"{MAX_CALLED_BLOCKS:,}" in loaded.details
    assert loaded.spec.root.calls == {}


def test_imports_belong_into_the_specs_folder(tmp_path: Path) -> None:
    files = {
        "main.tf": call(source="./m"),
        "m/main.tf": 'resource "openai_thread" "a" {}\n'
        'import {\n  to = openai_thread.a\n  id = "t"\n}\n',
    }
    assert load_specs(tmp_path, files).told == ["error main.tf:2:1 Invalid import configuration"]


def test_an_import_may_reach_into_a_module(tmp_path: Path) -> None:
    text = call('topic = "x"') + 'import {\n  to = module.talk.openai_thread.t\n  id = "t"\n}\n'
    assert load_talk(tmp_path, text).told == []


def test_a_whole_module_may_move_and_be_removed(tmp_path: Path) -> None:
    text = (
        call('topic = "x"')
        + "moved {\n  from = module.old\n  to   = module.talk\n}\n"
        + "removed {\n  from = module.gone\n  lifecycle {\n    destroy = false\n  }\n}\n"
    )
    loaded = load_talk(tmp_path, text)
    assert loaded.told == []
    (moved,) = loaded.spec.root.moved_modules
    (removed,) = loaded.spec.root.removed_modules
    assert [str(step) for step in (*moved.from_, *moved.to)] == ["module.old", "module.talk"]
    assert (str(removed.from_[0]), removed.destroy) == ("module.gone", False)


def test_a_module_uses_the_configuration_handed_to_it(tmp_path: Path) -> None:
    files = {
        "main.tf": 'provider "openai" {\n  alias = "eu"\n}\n'
        + call('providers = { "openai.here" = openai.eu }', source="./m"),
        "m/main.tf": 'resource "openai_thread" "t" {\n  provider = openai.here\n}\n',
    }
    loaded = load_specs(tmp_path, files)
    assert loaded.told == []
    assert loaded.spec.root.calls["talk"].providers == {"here": "eu"}
    graph = build(loaded.spec, Diagnostics())
    thread = next(each for each in graph.nodes if each.name == "openai_thread.t")
    assert "provider.openai.eu" in [str(each) for each in graph.dependencies(thread)]


def test_a_module_must_be_handed_the_configurations_it_names(tmp_path: Path) -> None:
    files = {
        "main.tf": call(source="./m"),
        "m/main.tf": 'resource "openai_thread" "t" {\n  provider = openai.here\n}\n',
    }
    loaded = load_specs(tmp_path, files)
    assert loaded.told == ["error main.tf:1:1 Provider configuration not present"]
    assert "providers = { openai.here = openai }" in loaded.details
