"""Refused reads: a data source the API refuses has a place, at plan as during apply."""

from __future__ import annotations

from conftest import Project

AT_PLAN = """
data "openai_thread" "one" {
  thread_id = "thread_none"
}

data "openai_thread" "two" {
  thread_id = "thread_none_either"
}
"""

DURING_APPLY = """
resource "openai_thread" "a" {}

data "openai_thread" "one" {
  thread_id = "${openai_thread.a.id}_one"
}

data "openai_thread" "two" {
  thread_id = "${openai_thread.a.id} two"
}
"""


def test_every_data_source_that_is_refused_at_plan_is_named_with_its_place(
    project: Project,
) -> None:
    project.write(AT_PLAN)
    ended = project("plan")
    assert ended.code == 1
    assert "main.tf:2:1, for data.openai_thread.one" in ended.err
    assert "main.tf:6:1, for data.openai_thread.two" in ended.err


def test_every_data_source_that_is_refused_during_apply_is_named_with_its_place(
    project: Project,
) -> None:
    project.write(DURING_APPLY)
    ended = project.apply()
    assert ended.code == 1
    assert ended.err.count("main.tf:") == 2
    assert "for data.openai_thread.one" in ended.err
    assert "for data.openai_thread.two" in ended.err
