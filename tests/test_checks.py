"""Checks: assertions and the data sources of their own, which warn and never stop a plan."""

from __future__ import annotations

from conftest import Project

CHECK = """
check "greeting" {{
  data "openai_thread" "seen" {{
    id = {id}
  }}

  assert {{
    condition     = data.openai_thread.seen.metadata.v == "y"
    error_message = "It says ${{data.openai_thread.seen.metadata.v}}."
  }}
}}
"""

THREAD = 'resource "openai_thread" "a" {\n  metadata = { v = "x" }\n}\n'


def test_a_check_reads_its_own_data_source_and_warns(project: Project) -> None:
    project.write(THREAD + CHECK.format(id="openai_thread.a.id"))
    assert project.apply().code == 0
    ended = project("plan", "-detailed-exitcode")
    assert ended.code == 0
    assert "Check assertion failed" in ended.out + ended.err
    assert "It says x." in ended.out + ended.err


def test_what_a_check_does_not_find_is_a_warning(project: Project) -> None:
    project.write(THREAD + CHECK.format(id='"thread_none"'))
    ended = project.apply()
    assert ended.code == 0
    assert "Data source not found" in ended.out + ended.err
