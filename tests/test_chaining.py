"""Chaining: what `for_each` hands on of objects that do not exist yet is known during apply."""

from __future__ import annotations

import json

import pytest
from conftest import Project

THREADS = """
resource "openai_thread" "a" {
  for_each = { x = 1, y = 2 }
}

locals {
  ids = { for key, thread in openai_thread.a : key => thread.id }
}
"""

INSIDE = """
variable "id" {}

resource "openai_thread" "inner" {
  metadata = { id = var.id }
}

output "inner" {
  value = openai_thread.inner.id
}
"""

CHAINED = {
    "an object": """
        resource "openai_thread" "b" {
          for_each = openai_thread.a
          metadata = { other = each.value.id }
        }
        output "got" { value = { for key, thread in openai_thread.b : key => thread.metadata.other } }
    """,
    "a member": """
        resource "openai_message" "m" {
          for_each  = openai_thread.a
          thread_id = each.value.id
          role      = "user"
          content   = each.value.id
        }
        output "got" { value = { for key, message in openai_message.m : key => message.content } }
    """,
    "members of one new parent": """
        resource "openai_thread" "own" {}
        resource "openai_message" "m" {
          for_each  = openai_thread.a
          thread_id = openai_thread.own.id
          role      = "user"
          content   = each.value.id
        }
        output "got" { value = { for key, message in openai_message.m : key => message.content } }
    """,
    "a nested block": """
        resource "openai_thread" "own" {}
        resource "openai_message" "m" {
          for_each  = local.ids
          thread_id = openai_thread.own.id
          role      = "user"
          content   = "See the file."
          attachments {
            file_id = each.value
            tools {
              type = "file_search"
            }
          }
        }
        output "got" {
          value = { for key, message in openai_message.m : key => message.attachments[0].file_id }
        }
    """,
    "a dynamic block": """
        resource "openai_message" "m" {
          thread_id = openai_thread.a["x"].id
          role      = "user"
          content   = "See the files."
          dynamic "attachments" {
            for_each = local.ids
            content {
              file_id = attachments.value
              tools {
              type = "file_search"
            }
            }
          }
        }
        output "got" {
          value = zipmap(["x", "y"], openai_message.m.attachments[*].file_id)
        }
    """,
    "a data source": """
        data "openai_thread" "d" {
          for_each  = openai_thread.a
          thread_id = each.value.id
        }
        output "got" { value = { for key, thread in data.openai_thread.d : key => thread.id } }
    """,
    "a module call": """
        module "called" {
          for_each = local.ids
          source   = "./called"
          id       = each.value
        }
        resource "openai_thread" "after" {
          for_each = module.called
          metadata = { inner = each.value.inner }
        }
        output "got" { value = local.ids }
    """,
    "an index": """
        resource "openai_thread" "b" {
          count    = 2
          metadata = { other = values(local.ids)[count.index] }
        }
        output "got" { value = zipmap(["x", "y"], openai_thread.b[*].metadata.other) }
    """,
}


@pytest.mark.parametrize("chained", CHAINED.values(), ids=list(CHAINED))
def test_what_for_each_hands_on_is_known_during_apply(project: Project, chained: str) -> None:
    project.write(THREADS + chained + 'output "ids" { value = local.ids }')
    project.write(INSIDE, "called/main.tf")
    ended = project.apply()
    assert ended.code == 0, ended.err
    outputs = json.loads((project.folder / "state.json").read_text())["outputs"]
    assert outputs["got"]["value"] == outputs["ids"]["value"]
    assert len(set(outputs["ids"]["value"].values())) == 2
    assert project("plan -detailed-exitcode").code == 0
