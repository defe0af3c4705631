"""Conditions: what preconditions and postconditions of resources let happen, and when."""

from __future__ import annotations

from conftest import Project

THREADS = """
variable "most" {
  default = 5
}

resource "openai_thread" "first" {
  count    = 2
  metadata = { n = "n${count.index}" }

  lifecycle {
    precondition {
      condition     = count.index < var.most
      error_message = "Index ${count.index} is too large."
    }
    postcondition {
      condition     = self.metadata.n == "n${count.index}"
      error_message = "Odd."
    }
  }
}
"""

LATE = """
resource "openai_thread" "first" {}

resource "openai_thread" "late" {
  lifecycle {
    precondition {
      condition     = openai_thread.first.id == "never"
      error_message = "The id is another."
    }
  }
}

resource "openai_thread" "made" {
  lifecycle {
    postcondition {
      condition     = self.id == "never"
      error_message = "The id is odd."
    }
  }
}

resource "openai_thread" "after" {
  metadata = { id = openai_thread.made.id }
}
"""


def test_a_condition_that_is_met_changes_nothing(project: Project) -> None:
    project.write(THREADS)
    assert project.apply().code == 0
    assert project("plan", "-detailed-exitcode").code == 0


def test_a_precondition_that_is_not_met_forbids_the_plan(project: Project) -> None:
    project.write(THREADS)
    ended = project("plan", "-var", "most=1")
    assert ended.code == 1
    assert "Resource precondition failed" in ended.err
    assert "for openai_thread.first[1]" in ended.err
    assert 'var.most is "1"' in ended.err
    assert "Index 1 is too large." in ended.err


def test_what_no_longer_meets_its_conditions_can_be_destroyed(project: Project) -> None:
    project.write(THREADS)
    assert project.apply().code == 0
    ended = project("destroy", "-auto-approve", "-var", "most=0")
    assert ended.code == 0
    assert project("state", "list").out == ""


def test_a_condition_on_what_is_not_known_yet_is_held_during_apply(project: Project) -> None:
    project.write(LATE)
    assert project("plan").code == 0
    ended = project.apply()
    assert ended.code == 1
    assert "The id is another." in ended.err
    assert "The id is odd." in ended.err
    assert project("state", "list").out.split() == ["openai_thread.first", "openai_thread.made"]


def test_a_postcondition_that_is_not_met_is_found_again_by_the_next_plan(project: Project) -> None:
    project.write(LATE)
    assert project.apply().code == 1
    ended = project("plan")
    assert ended.code == 1
    assert ended.err.count("Resource postcondition failed") == 1
