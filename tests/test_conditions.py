"""Conditions: what preconditions and postconditions of resources let happen, and when."""

from __future__ import annotations

import pytest
from bench import Bench
from conftest import Project

from reconciler.execute.events import Status

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


TOGETHER = """
resource "openai_thread" "t" {
  lifecycle {
    postcondition {
      condition     = self.id == "never" || !{thread}
      error_message = "The thread is odd."
    }
  }
}

resource "openai_message" "m" {
  count     = 3
  thread_id = openai_thread.t.id
  role      = "user"
  content   = "n${count.index}"

  lifecycle {
    postcondition {
      condition     = self.id == "never" || count.index != {message}
      error_message = "Message ${count.index} is odd."
    }
  }
}
"""


@pytest.mark.parametrize("message", [0, 1, 2])
def test_what_is_made_with_what_fails_its_postcondition_is_recorded(
    bench: Bench, message: int
) -> None:
    text = TOGETHER.replace("{thread}", "false").replace("{message}", str(message))
    bench.write(text)
    report = bench.try_apply()
    failed = [each for each in report.outcomes if each.status is Status.FAILED]
    assert [str(each.address) for each in failed] == [f"openai_message.m[{message}]"]
    assert "Resource postcondition failed" in str(failed[0].error)
    assert len(bench.state.objects) == 4
    assert not bench.state.suspects
    bench.write(text.replace(f"!= {message}", "!= 9"))
    assert not bench.plan().has_changes


def test_the_members_of_a_parent_that_fails_its_postcondition_are_recorded(bench: Bench) -> None:
    text = TOGETHER.replace("{message}", "9")
    bench.write(text.replace("{thread}", "true"))
    report = bench.try_apply()
    failed = [each for each in report.outcomes if each.status is Status.FAILED]
    assert [str(each.address) for each in failed] == ["openai_thread.t"]
    assert len(bench.state.objects) == 4
    bench.write(text.replace("{thread}", "false"))
    assert not bench.plan().has_changes
