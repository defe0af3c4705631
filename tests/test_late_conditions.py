"""Late conditions: what outputs, checks and modules say once everything is done."""

from __future__ import annotations

import json

import pytest
from conftest import Project

OUTPUTS = """
resource "openai_thread" "a" {}

output "ok" {
  value = openai_thread.a.id
}

output "refused" {
  value = "known"

  precondition {
    condition     = openai_thread.a.id == "never"
    error_message = "The id is another."
  }
}
"""

CHECK = """
resource "openai_thread" "a" {}

check "late" {
  assert {
    condition     = openai_thread.a.id == "never"
    error_message = "The id is another."
  }
}
"""


def outputs(project: Project) -> dict[str, object]:
    state = json.loads((project.folder / "state.json").read_text())
    return {name: each["value"] for name, each in state["outputs"].items()}


def test_an_output_whose_precondition_is_not_met_during_apply_is_refused(project: Project) -> None:
    project.write(OUTPUTS)
    ended = project.apply()
    assert ended.code == 1
    assert "Module output value precondition failed" in ended.err
    assert "main.tf:12:21" in ended.err
    assert "The id is another." in ended.err
    assert project("state list").out.split() == ["openai_thread.a"]
    assert list(outputs(project)) == ["ok"]


def test_a_refused_output_keeps_what_it_was(project: Project) -> None:
    project.write('output "refused" {\n  value = "before"\n}\n')
    assert project.apply().code == 0
    project.write(OUTPUTS)
    assert project.apply().code == 1
    assert outputs(project)["refused"] == "before"


def test_a_check_that_fails_during_apply_is_a_warning(project: Project) -> None:
    project.write(CHECK)
    assert "Check assertion failed" not in project("plan").err
    ended = project.apply()
    assert ended.code == 0
    assert (ended.out + ended.err).count("Check assertion failed") == 1
    assert "The id is another." in ended.out + ended.err


def test_a_failure_during_apply_is_told_once_and_keeps_only_its_own_back(project: Project) -> None:
    project.write(
        """
        resource "openai_thread" "a" {}
        module "called" {
          source = "./called"
          id     = openai_thread.a.id
        }
        resource "openai_thread" "behind" {
          metadata = { id = module.called.out }
        }
        resource "openai_thread" "beside" {
          metadata = { id = openai_thread.a.id }
        }
        """
    )
    project.write(
        """
        variable "id" {}
        output "out" {
          value = var.id
          precondition {
            condition     = var.id == "never"
            error_message = "The id is another."
          }
        }
        """,
        "called/main.tf",
    )
    ended = project.apply()
    assert ended.code == 1
    assert ended.err.count("Module output value precondition failed") == 1
    assert "module.called" in ended.err
    assert project("state list").out.split() == ["openai_thread.a", "openai_thread.beside"]


@pytest.mark.parametrize(
    ("condition", "message", "said"),
    [
        ("var.n", '"No."', "Invalid condition result"),
        ("var.n == 1 ? null : true", '"No."', "Invalid condition result"),
        ("var.n == 2", "var.n == 1 ? null : var.n", "Invalid error message"),
    ],
)
def test_what_is_no_condition_is_an_error_with_its_place(
    project: Project, condition: str, message: str, said: str
) -> None:
    project.write(
        f"""
        variable "n" {{
          default = 1
        }}
        output "o" {{
          value = 1
          precondition {{
            condition     = {condition}
            error_message = {message}
          }}
        }}
        """
    )
    ended = project("plan")
    assert ended.code == 1
    assert said in ended.err
    assert "main.tf:" in ended.err


def test_an_infinite_output_is_an_error_of_the_plan(project: Project) -> None:
    project.write('output "inf" {\n  value = { far = [pow(2, 1024)] }\n}\n')
    ended = project("plan")
    assert ended.code == 1
    assert "Infinite number in output" in ended.err
    assert "main.tf:2:11" in ended.err


def test_an_output_that_becomes_infinite_is_the_only_one_that_is_lost(project: Project) -> None:
    project.write(
        """
        resource "openai_thread" "a" {}
        output "inf" { value = pow(10, 400 * length(openai_thread.a.id)) }
        output "ok" { value = openai_thread.a.id }
        """
    )
    ended = project.apply()
    assert ended.code == 1
    assert "Infinite number in output" in ended.err
    assert list(outputs(project)) == ["ok"]


def test_a_failure_inside_a_module_says_which_instance(project: Project) -> None:
    project.write(
        'module "b" {\n  for_each = { x = 1, y = 2 }\n  source = "./b"\n  n = each.value\n}\n'
    )
    project.write(
        """
        variable "n" {
          validation {
            condition     = var.n < 2
            error_message = "Too many."
          }
        }
        output "o" {
          value = var.n
          precondition {
            condition     = var.n > 1
            error_message = "Too few."
          }
        }
        """,
        "b/main.tf",
    )
    ended = project("plan")
    assert 'for module.b["x"]' in ended.err
    assert 'for module.b["y"]' in ended.err
    assert "var.n is 1" in ended.err
    assert "var.n is 2" in ended.err
