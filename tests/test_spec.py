"""Spec: what is read from well-formed blocks, the way specs for Terraform are written."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from pathlib import Path

import pytest
from spec_writing import Loaded, load_specs

from reconciler.address import Address, Mode
from reconciler.collector import collector_paused
from reconciler.diagnostics import Diagnostics
from reconciler.errors import SpecError
from reconciler.graph import build
from reconciler.language.parse import parse_expression
from reconciler.language.values import Sensitive, SetValue, Unknown
from reconciler.spec.constants import NO_NAMES
from reconciler.spec.model import GivenValue, ResourceBlock
from reconciler.spec.trial import ANYTHING, TrialScope
from reconciler.spec.versions import meets


def load_well(folder: Path, files: dict[str, str] | str) -> Loaded:
    loaded = load_specs(folder, files)
    assert loaded.told == []
    return loaded


def message_block(folder: Path, arguments: str) -> ResourceBlock:
    """The one message of a spec, with some arguments more."""
    text = 'resource "openai_thread" "t" {}\nresource "openai_message" "m" {\n'
    text += '  thread_id = openai_thread.t.id\n  role = "user"\n  content = "c"\n'
    loaded = load_well(folder, f"{text}{arguments}\n}}\n")
    return loaded.spec.root.resources[Address("openai_message", "m")]


class Names:
    """A scope with a few names."""

    def __init__(self, **names: object) -> None:
        self.names = names

    def root(self, name: str) -> object:
        if name not in self.names:
            raise LookupError(name)
        return self.names[name]

    @property
    def functions(self) -> dict[str, object]:
        return {}


# A directory written for Terraform


TERRAFORM = {
    "versions.tf": """
        terraform {
          required_version = ">= 1.5, < 2.0"
          required_providers {
            ai = {
              source  = "mkdev-me/openai"
              version = "~> 1.2"
            }
          }
          backend "local" {
            path = "../state/talk.tfstate"
          }
        }
    """,
    "main.tf": """
        provider "ai" {
          api_key = var.key
        }
        variable "key" {
          type      = string
          sensitive = true
        }
        locals {
          turns = ["Hello", "How are you?"]
        }
        data "openai_messages" "before" {
          thread_id = "thread_1"
        }
        resource "openai_thread" "talk" {
          metadata = {
            topic = "bread"
          }
          lifecycle {
            prevent_destroy = true
            ignore_changes  = [metadata["seen"]]
          }
        }
        resource "openai_message" "turn" {
          count      = length(local.turns)
          provider   = ai
          thread_id  = openai_thread.talk.id
          role       = "user"
          content    = local.turns[count.index]
          depends_on = [data.openai_messages.before]
          lifecycle {
            create_before_destroy = true
            ignore_changes        = all
            replace_triggered_by  = [openai_thread.talk.metadata]
            precondition {
              condition     = count.index < 10
              error_message = "Too much."
            }
            postcondition {
              condition     = self.content != ""
              error_message = "Nothing said."
            }
          }
        }
        output "ids" {
          value       = openai_message.turn[*].id
          description = "Ids of the turns."
          sensitive   = true
        }
        moved {
          from = openai_message.first
          to   = openai_message.turn[0]
        }
        removed {
          from = openai_thread.gone
          lifecycle {
            destroy = false
          }
        }
        import {
          for_each = { a = 0 }
          to       = openai_message.turn[each.value]
          id       = "thread_1:msg_${each.key}"
        }
        check "opener" {
          data "openai_thread" "seen" {
          }
          assert {
            condition     = data.openai_thread.seen.id != ""
            error_message = "No thread."
          }
        }
    """,
}


def test_a_directory_written_for_terraform_loads_as_it_is(tmp_path: Path) -> None:
    loaded = load_well(tmp_path, TERRAFORM)
    root = loaded.spec.root
    assert [str(each) for each in root.resources] == [
        "data.openai_messages.before",
        "openai_thread.talk",
        "openai_message.turn",
    ]
    assert loaded.spec.backend_path == "../state/talk.tfstate"
    assert [each.name for each in root.providers] == ["openai"]
    assert list(root.providers[0].arguments) == ["api_key"]


def test_a_lifecycle_is_read_whole(tmp_path: Path) -> None:
    resources = load_well(tmp_path, TERRAFORM).spec.root.resources
    thread = resources[Address("openai_thread", "talk")].lifecycle
    turn = resources[Address("openai_message", "turn")].lifecycle
    assert (thread.prevent_destroy, thread.ignore_changes) == (True, (("metadata", "seen"),))
    assert (turn.prevent_destroy, turn.ignore_changes) == (None, "all")
    assert turn.create_before_destroy
    assert [each.text for each in turn.replace_triggered_by] == ["openai_thread.talk.metadata"]
    assert (len(turn.preconditions), len(turn.postconditions)) == (1, 1)


def test_the_arguments_of_a_block_are_without_those_that_every_block_has(tmp_path: Path) -> None:
    turn = load_well(tmp_path, TERRAFORM).spec.root.resources[Address("openai_message", "turn")]
    assert list(turn.body.arguments) == ["thread_id", "role", "content"]
    assert turn.body.blocks == ()
    assert turn.count is not None
    assert [each.text for each in turn.depends_on] == ["data.openai_messages.before"]
    assert turn.mode is Mode.MANAGED


def test_refactoring_blocks_are_read(tmp_path: Path) -> None:
    root = load_well(tmp_path, TERRAFORM).spec.root
    assert [(str(each.from_), str(each.to)) for each in root.moved] == [
        ("openai_message.first", "openai_message.turn[0]")
    ]
    assert [(str(each.from_), each.destroy) for each in root.removed] == [
        ("openai_thread.gone", False)
    ]
    (import_,) = root.imports
    assert import_.to_traversal.root == "openai_message"
    assert import_.for_each is not None


def test_a_check_has_its_own_data_source(tmp_path: Path) -> None:
    root = load_well(tmp_path, TERRAFORM).spec.root
    (check,) = root.checks
    assert check.data is not None
    assert check.data.address == Address("openai_thread", "seen", mode=Mode.DATA)
    assert check.data.address not in root.resources


def test_quoted_references_of_old_specs_are_references(tmp_path: Path) -> None:
    block = message_block(tmp_path, '  depends_on = ["openai_thread.t"]')
    (only,) = block.depends_on
    assert (only.root, only.steps, only.text) == ("openai_thread", ("t",), "openai_thread.t")


# Blocks that stand for arguments


def attachments(block: ResourceBlock, **names: object) -> object:
    return block.body.arguments["attachments"].expression.evaluate(Names(**names))


def test_blocks_stand_for_the_argument_of_their_name(tmp_path: Path) -> None:
    block = message_block(
        tmp_path,
        """
        attachments {
          file_id = "f1"
          tools {
            type = "file_search"
          }
          tools {
            type = "code_interpreter"
          }
        }
        attachments {
          file_id = openai_thread.t.id
          tools {
            type = "file_search"
          }
        }
        """,
    )
    assert attachments(block, openai_thread={"t": {"id": "f2"}}) == [
        {"file_id": "f1", "tools": [{"type": "file_search"}, {"type": "code_interpreter"}]},
        {"file_id": "f2", "tools": [{"type": "file_search"}]},
    ]
    references = block.body.arguments["attachments"].expression.references()
    assert [each.text for each in references] == ["openai_thread.t.id"]


DYNAMIC = """
    dynamic "attachments" {
      for_each = var.files
      %s
      content {
        file_id = %s
        tools {
          type = "file_search"
        }
      }
    }
}
variable "files" {
"""


@pytest.mark.parametrize(
    ("collection", "ids"),
    [
        (["a", "b"], ["0a", "1b"]),
        ({"y": "b", "x": "a"}, ["xa", "yb"]),
        ([], []),
    ],
)
def test_a_dynamic_block_is_repeated(collection: object, ids: list[str], tmp_path: Path) -> None:
    file_id = '"${attachments.key}${attachments.value}"'
    made = attachments(message_block(tmp_path, DYNAMIC % ("", file_id)), var={"files": collection})
    assert isinstance(made, list)
    assert [each["file_id"] for each in made] == ids


def test_the_name_of_an_element_can_be_chosen(tmp_path: Path) -> None:
    block = message_block(tmp_path, DYNAMIC % ("iterator = file", "file.value"))
    made = attachments(block, var={"files": ["a"]})
    assert made == [{"file_id": "a", "tools": [{"type": "file_search"}]}]


def test_a_dynamic_block_over_the_unknown_is_unknown(tmp_path: Path) -> None:
    block = message_block(tmp_path, DYNAMIC % ("", "attachments.value"))
    assert isinstance(attachments(block, var={"files": Unknown()}), Unknown)


def test_a_dynamic_block_over_a_secret_is_secret(tmp_path: Path) -> None:
    block = message_block(tmp_path, DYNAMIC % ("", "attachments.value"))
    made = attachments(block, var={"files": Sensitive(["a"])})
    assert made == Sensitive([{"file_id": "a", "tools": [{"type": "file_search"}]}])


def test_a_dynamic_block_over_an_unknown_secret_is_secret(tmp_path: Path) -> None:
    block = message_block(tmp_path, DYNAMIC % ("", "attachments.value"))
    made = attachments(block, var={"files": Sensitive(Unknown())})
    assert isinstance(made, Sensitive)


def test_a_dynamic_block_over_a_set_has_its_elements_as_keys_too(tmp_path: Path) -> None:
    block = message_block(tmp_path, DYNAMIC % ("", '"${attachments.key}${attachments.value}"'))
    made = attachments(block, var={"files": SetValue(["a", "b"], "string")})
    assert isinstance(made, list)
    assert [each["file_id"] for each in made] == ["aa", "bb"]


def test_a_dynamic_block_refers_to_what_is_outside_of_it(tmp_path: Path) -> None:
    block = message_block(tmp_path, DYNAMIC % ("", "attachments.value"))
    expression = block.body.arguments["attachments"].expression
    assert [each.text for each in expression.references()] == ["var.files"]
    assert not expression.is_constant
    assert expression.text == 'dynamic "attachments"'
    parts = (expression.items(), expression.pairs(), expression.traversal(), expression.call())
    assert parts == (None, None, None, None)


def test_one_block_stands_for_one_object(tmp_path: Path) -> None:
    text = """
        resource "openai_thread" "t" {
          tool_resources {
            code_interpreter {
              file_ids = ["f"]
            }
          }
        }
    """
    loaded = load_well(tmp_path, text)
    thread = loaded.spec.root.resources[Address("openai_thread", "t")]
    expression = thread.body.arguments["tool_resources"].expression
    assert expression.evaluate(Names()) == {"code_interpreter": {"file_ids": ["f"]}}
    assert expression.items() is None


# The whole of it


def test_everything_in_a_spec_has_its_place_in_the_graph(tmp_path: Path) -> None:
    diagnostics = Diagnostics()
    graph = build(load_well(tmp_path, TERRAFORM).spec, diagnostics)
    assert list(diagnostics) == []
    order = [str(node) for node in graph.order()]
    assert sorted(order) == [
        "check.opener",
        "data.openai_messages.before",
        "local.turns",
        "openai_message.turn",
        "openai_thread.talk",
        "output.ids",
        "provider.openai.",
        "var.key",
    ]
    assert order.index("var.key") < order.index("provider.openai.")
    assert order.index("openai_thread.talk") < order.index("openai_message.turn")


def test_nothing_has_a_name_where_constants_stand() -> None:
    with pytest.raises(SpecError):
        parse_expression("var.x").evaluate(NO_NAMES)
    with pytest.raises(SpecError):
        parse_expression('upper("x")').evaluate(NO_NAMES)


def test_the_collector_stays_off_where_it_was_off() -> None:
    gc.disable()
    try:
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_is_tried_may_have_more_names_than_are_known(tmp_path: Path) -> None:
    root = load_well(tmp_path, 'variable "x" {}\n').spec.root
    var = TrialScope(root, {}).root("var")
    assert isinstance(var, Mapping)
    assert (list(var), len(var), var["y"]) == (["x"], 1, ANYTHING)


# Versions


@pytest.mark.parametrize(
    ("constraint", "fits"),
    [
        ("1.11.4", True),
        ("= 1.11.4", True),
        ("!= 1.11.4", False),
        (">= 1.5, < 2.0.0", True),
        (">=1.5,<1.11", False),
        ("~> 1.0", True),
        ("~> 1.11.0", True),
        ("~> 1.10.0", False),
        ("~> 2", False),
        ("> 1.11.4", False),
        ("<= 1.11.4", True),
        ("v1.11.4", True),
    ],
)
def test_a_version_meets_a_constraint(constraint: str, fits: bool) -> None:
    assert meets("1.11.4", constraint) is fits


@pytest.mark.parametrize("constraint", ["", "latest", ">= ", "> 1 < 2", ">= 1,", "1.x", "=> 1"])
def test_what_is_no_constraint_is_refused(constraint: str) -> None:
    with pytest.raises(ValueError, match="not a version constraint"):
        meets("1.11.4", constraint)


def test_given_values_are_kept_for_a_plan_to_carry(tmp_path: Path) -> None:
    loaded = load_specs(tmp_path, "locals {}\n", environment={"TF_VAR_a": "1", "HOME": "/"})
    assert isinstance(loaded.spec.given["a"], GivenValue)
    assert list(loaded.spec.given) == ["a"]
