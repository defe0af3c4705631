"""Module values: what passes through module calls into plans: outputs, marks, configurations."""

from __future__ import annotations

import json

from conftest import Project


def test_a_module_output_declared_sensitive_can_be_shown_by_nonsensitive(project: Project) -> None:
    project.write(
        'variable "key" {\n  default = "k1"\n  sensitive = true\n}\n'
        'output "key" {\n  value     = var.key\n  sensitive = true\n}\n',
        "inner/main.tf",
    )
    project.write(
        'module "inner" {\n  source = "./inner"\n}\n'
        'output "key" {\n  value = nonsensitive(module.inner.key)\n}\n'
        'resource "openai_thread" "t" {}\n'
    )
    assert project.apply().code == 0
    assert project("output", "-raw", "key").out.strip() == "k1"


PROVIDERS = """
provider "openai" {
  max_concurrency = 2
}

provider "openai" {
  alias = "eu"
}

module "inner" {
  source = "./inner"
  providers = {
    openai       = openai.eu
    openai.other = openai
  }
}
"""

INNER = """
terraform {
  required_providers {
    openai = {
      source                = "mkdev-me/openai"
      configuration_aliases = [openai.other]
    }
  }
}

resource "openai_thread" "own" {}

resource "openai_thread" "other" {
  provider = openai.other
}
"""


def test_a_module_uses_the_configurations_that_its_call_hands_over(project: Project) -> None:
    project.write(PROVIDERS)
    project.write(INNER, "inner/main.tf")
    assert project.apply().code == 0
    state = json.loads((project.folder / "state.json").read_text())
    used = {each["name"]: each["provider"] for each in state["resources"]}
    assert used["own"].endswith(".eu")
    assert used["other"] == used["own"].removesuffix(".eu")
