"""Meaning errors: specs that can be read, and what is wrong with them is told as by Terraform."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from conftest import Project
from spec_writing import load_specs

from reconciler import evaluate
from reconciler.errors import SpecError

VALIDATED = {
    "outputs that show a secret": (
        'variable "s" {\n  sensitive = true\n}\nlocals {\n  s = { a = var.s }\n}\n'
        'output "a" {\n  value = sensitive("x")\n}\noutput "b" {\n  value = [local.s]\n}\n'
        'output "c" {\n  value = "${var.s}"\n  sensitive = true\n}\n'
        'output "d" {\n  value = nonsensitive(var.s)\n}\noutput "e" {\n  value = length([var.s])\n}\n'
        'output "f" {\n  value = [var.s, var.nope]\n  sensitive = false\n}\n',
        [
            "error main.tf:8:11 Output refers to sensitive values",
            "error main.tf:11:11 Output refers to sensitive values",
            "error main.tf:24:11 Output refers to sensitive values",
            "error main.tf:24:19 Reference to undeclared input variable",
        ],
    ),
    "secret keys, and a secret number": (
        'variable "s" {\n  sensitive = true\n}\n'
        'resource "openai_thread" "a" {\n  count = var.s\n}\n'
        'resource "openai_thread" "b" {\n  for_each = var.s\n}\n'
        'resource "openai_thread" "c" {\n  for_each = toset([var.s])\n}\n'
        'resource "openai_thread" "d" {\n  for_each = { a = var.s }\n}\n',
        [
            "error main.tf:8:14 Invalid for_each argument",
            "error main.tf:11:14 Invalid for_each argument",
        ],
    ),
    "types that are none": (
        "".join(
            f'variable "v{n}" {{\n  type = {type_}\n}}\n'
            for n, type_ in enumerate(
                [
                    "object({ a = number, a = string })",
                    "object({ a = optional(string), b = any, a = number })",
                    'object({ "a" = number })',
                    '"string"',
                    '"list"',
                    '"list(string)"',
                    'list("string")',
                    "list(list)",
                    "set",
                    "list",
                    "map",
                ]
            )
        ),
        [
            "error main.tf:2:31 Invalid type specification",
            "error main.tf:5:50 Invalid type specification",
            "error main.tf:8:19 Invalid type specification",
            "error main.tf:11:10 Invalid quoted type constraint",
            "error main.tf:14:10 Invalid quoted type constraint",
            "error main.tf:17:10 Invalid quoted type constraint",
            "error main.tf:20:15 Invalid type specification",
            "error main.tf:23:15 Invalid type specification",
            "error main.tf:26:10 Invalid type specification",
        ],
    ),
    "rules about something else": (
        'variable "w" {}\nvariable "z" {\n'
        + "".join(
            f'  validation {{\n    condition = {condition}\n    error_message = "${{var.z}}"\n  }}\n'
            for condition in ["var.w > 1", "[var.w][0] > 1", "var.z > var.w"]
        )
        + "}\n",
        [
            "error main.tf:4:17 Invalid variable validation condition",
            "error main.tf:8:17 Invalid variable validation condition",
        ],
    ),
    "labels of blocks that have none": (
        'variable "n" {\n  validation "y" {\n    condition = var.n == 1\n'
        '    error_message = "No."\n  }\n}\n'
        'resource "openai_thread" "t" {\n  lifecycle "x" {\n    precondition "x" {\n'
        '      condition = var.n == 1\n      error_message = "No."\n    }\n  }\n}\n'
        'output "o" {\n  value = 1\n  precondition "x" {\n    condition = var.n == 1\n'
        '    error_message = "No."\n  }\n}\n'
        'check "c" {\n  assert "x" {\n    condition = var.n == 1\n'
        '    error_message = "No."\n  }\n}\n'
        'removed {\n  from = openai_thread.u\n  lifecycle "x" {\n    destroy = false\n  }\n}\n'
        'resource "openai_message" "m" {\n  thread_id = openai_thread.t.id\n  role = "user"\n'
        '  content = "x"\n  dynamic "attachments" {\n    for_each = [1]\n    content "x" {\n'
        '      file_id = "f"\n      tools = []\n    }\n  }\n}\n',
        [
            "error main.tf:2:14 Extraneous label for validation",
            "error main.tf:8:13 Extraneous label for lifecycle",
            "error main.tf:9:18 Extraneous label for precondition",
            "error main.tf:17:16 Extraneous label for precondition",
            "error main.tf:23:10 Extraneous label for assert",
            "error main.tf:30:13 Extraneous label for lifecycle",
            "error main.tf:40:13 Extraneous label for content",
        ],
    ),
    "attributes in brackets": (
        'resource "openai_thread" "t" {\n  for_each = toset(["a"])\n}\n'
        'resource "openai_thread" "c" {\n  count = 2\n}\n'
        'output "o" {\n  value = [openai_thread.t["a"]["idd"], openai_thread.c[0]["idd"],\n'
        '    openai_thread.t["a"]["id"], openai_thread.t["a"]["metadata"]["x"],\n'
        '    openai_thread.t["a"]["metadata"].x, openai_thread.c[1][0]]\n}\n',
        [
            "error main.tf:8:12 Unsupported attribute",
            "error main.tf:8:41 Unsupported attribute",
            "error main.tf:10:41 Unsupported attribute",
        ],
    ),
    "an iterator in quotes": (
        'resource "openai_thread" "t" {}\n'
        'resource "openai_message" "m" {\n  thread_id = openai_thread.t.id\n  role = "user"\n'
        '  content = "x"\n  dynamic "attachments" {\n    for_each = ["a"]\n    iterator = "it"\n'
        "    content {\n      file_id = it.value\n      tools = [var.nope]\n    }\n  }\n}\n",
        [
            "error main.tf:8:16 Invalid iterator",
            "error main.tf:11:16 Reference to undeclared input variable",
        ],
    ),
    "a misspelt provider": (
        'provider "openai" {\n  alias = "x"\n}\n'
        'resource "openai_thread" "t" {\n  provder = openai.x\n  metdata = { k = var.nope }\n}\n',
        [
            "error main.tf:5:3 Unsupported argument",
            "error main.tf:6:3 Unsupported argument",
            "error main.tf:6:19 Reference to undeclared input variable",
        ],
    ),
    "words that are none": (
        'variable "a" {\n  description = 4\n  sensitive = null\n  nullable = "0"\n}\n'
        'output "o" {\n  value = 1\n  description = null\n  sensitive = [true]\n}\n'
        'terraform {\n  required_version = null\n  backend "local" {\n    path = 1\n  }\n}\n',
        [
            "error main.tf:3:15 Unsuitable value type",
            "error main.tf:8:17 Unsuitable value type",
            "error main.tf:9:15 Unsuitable value type",
        ],
    ),
    "instances of what is known by its type only": (
        "".join(
            f'variable "v{n}" {{\n  type = {type_}\n}}\n'
            f'resource "openai_thread" "t{n}" {{\n  {argument} = var.v{n}\n}}\n'
            for n, (argument, type_) in enumerate(
                [
                    ("for_each", "list(string)"),
                    ("for_each", "string"),
                    ("for_each", "tuple([string])"),
                    ("for_each", "set(string)"),
                    ("for_each", "map(any)"),
                    ("for_each", "any"),
                    ("count", "list(number)"),
                    ("count", "bool"),
                    ("count", "string"),
                    ("count", "any"),
                ]
            )
        ),
        [
            "error main.tf:5:14 Invalid for_each argument",
            "error main.tf:11:14 Invalid for_each argument",
            "error main.tf:17:14 Invalid for_each argument",
            "error main.tf:41:11 Invalid count argument",
            "error main.tf:47:11 Invalid count argument",
        ],
    ),
    "both ways to say how many instances there are": (
        'resource "openai_thread" "t" {\n  count = 1\n  for_each = { a = var.nope }\n'
        "  metadata = { k = each.key, n = count.index }\n}\n"
        'output "o" {\n  value = openai_thread.t["a"].id\n}\n',
        [
            'error main.tf:3:3 Invalid combination of "count" and "for_each"',
            "error main.tf:3:20 Reference to undeclared input variable",
        ],
    ),
    "messages that are no text": (
        'variable "n" {\n  default = 1\n}\noutput "o" {\n  value = 1\n'
        + "".join(
            f"  precondition {{\n    condition = var.n == 1\n    error_message = {message}\n  }}\n"
            for message in ["[1]", "null", "5", "var.n", 'sensitive("x")']
        )
        + '}\ncheck "c" {\n  assert {\n    condition = upper(var.n, 2) == "A"\n'
        "    error_message = {}\n  }\n}\n",
        [
            "error main.tf:8:21 Invalid error message",
            "error main.tf:12:21 Invalid error message",
            "error main.tf:29:30 Too many function arguments",
            "error main.tf:30:21 Invalid error message",
        ],
    ),
    "required providers": (
        'terraform {\n  required_version = ">= 1.0.0.0.0"\n  required_providers {\n'
        '    openai = { source = "x", version = "??" }\n    q = 3\n    aws = "1.x"\n'
        '    b = { sorce = "a/b", version = 1 }\n    c = { source = "a/b/c/d" }\n'
        '    d = { source = upper("x") }\n    e = ["1"]\n    f_g = ">= 1.0-beta, < v2"\n'
        '    h = { source = "a_b/c", configuration_aliases = [h.x, y.z, h] }\n'
        '    i = { "source" = "x.org:8/a/terraform-b", version = "~> 1.2.3.4.5" }\n'
        '    j = { configuration_aliases = "x" }\n    k = "> 1.0 < 2.0"\n    l = ""\n'
        "    m {\n    }\n  }\n  required_providers {\n  }\n}\n",
        [
            "error main.tf:4:40 Invalid version constraint",
            "error main.tf:6:11 Invalid version constraint",
            "error main.tf:7:11 Invalid required_providers object",
            "error main.tf:7:36 Invalid version constraint",
            "error main.tf:8:20 Invalid provider source string",
            "error main.tf:9:20 Invalid source",
            "error main.tf:10:9 Invalid required_providers object",
            "error main.tf:11:5 Invalid provider name",
            "error main.tf:12:20 Invalid provider namespace",
            "error main.tf:12:59 Invalid configuration_aliases value",
            "error main.tf:12:64 Invalid configuration_aliases value",
            "error main.tf:13:22 Invalid provider type",
            "error main.tf:14:35 Invalid expression",
            "error main.tf:15:9 Invalid version constraint",
            "error main.tf:16:9 Invalid version constraint",
            "error main.tf:17:5 Unsupported block type",
            "error main.tf:20:3 Duplicate required_providers block",
        ],
    ),
    "settings in two blocks": (
        'terraform {\n  backend "local" {\n    path = "a"\n  }\n}\n'
        "terraform {\n  required_providers {\n  }\n"
        '  backend "local" {\n    path = "b"\n  }\n}\n'
        "terraform {\n  required_providers {\n  }\n  required_providers {\n  }\n}\n",
        [
            "error main.tf:9:3 Duplicate backend block",
            "error main.tf:14:3 Duplicate required_providers block",
            "error main.tf:16:3 Duplicate required_providers block",
        ],
    ),
}


@pytest.mark.parametrize("case", VALIDATED)
def test_validate_tells_every_mistake_once(case: str, tmp_path: Path) -> None:
    text, told = VALIDATED[case]
    assert load_specs(tmp_path, text).told == told


def test_outputs_of_modules_may_hold_secrets_and_those_of_the_root_must_say_so(
    tmp_path: Path,
) -> None:
    files = {
        "main.tf": 'module "m" {\n  source = "./m"\n}\n'
        'output "a" {\n  value = module.m.a\n}\noutput "b" {\n  value = module.m.b\n}\n',
        "m/main.tf": 'output "a" {\n  value = sensitive(1)\n}\n'
        'output "b" {\n  value = sensitive(1)\n  sensitive = true\n}\n',
    }
    assert load_specs(tmp_path, files).told == [
        "error main.tf:8:11 Output refers to sensitive values"
    ]


def test_a_default_that_its_own_rule_refuses_is_told_when_it_is_used(project: Project) -> None:
    project.write(
        'variable "n" {\n  default = 3\n  validation {\n    condition = var.n > 5\n'
        '    error_message = "Too small."\n  }\n}\n'
    )
    assert project("validate").code == 0
    assert "Too small." in project("plan").err
    assert project("plan", "-var", "n=6").code == 0
    assert "Too small." in project("validate", "-var", "n=4").err


def planned(project: Project, text: str) -> list[str]:
    """The errors of a plan, each as `line:column summary`."""
    project.write(text)
    ended = project("plan")
    assert "Traceback" not in ended.err
    return [
        f"{place} {summary}"
        for summary, place in re.findall(
            r"^Error: (.*)\n(?:\n  on \S*main\.tf:(\d+:\d+))?", ended.err, re.MULTILINE
        )
    ]


THREAD = 'resource "openai_thread" "t" {}\nvariable "n" {\n  default = 5\n}\n'


def repeated(name: str, argument: str) -> str:
    """A block of three lines; the argument stands on the second."""
    return f'resource "openai_thread" "{name}" {{\n  {argument}\n}}\n'


def test_every_number_of_instances_that_is_not_known_is_told(project: Project) -> None:
    told = planned(
        project,
        THREAD
        + repeated("a", "count = openai_thread.t.created_at")
        + repeated("b", "for_each = toset([openai_thread.t.id])")
        + repeated("c", "count = openai_thread.t.created_at + 1")
        + repeated("d", "count = length(openai_thread.a)")
        + repeated("e", "count = [1][var.n]")
        + repeated("f", "for_each = toset([openai_thread.e[0].id])"),
    )
    assert told == [
        "6:11 Invalid count argument",
        "9:14 Invalid for_each argument",
        "12:11 Invalid count argument",
        "18:11 Invalid index",
    ]


def test_a_secret_may_be_the_number_of_instances(project: Project) -> None:
    project.write(repeated("a", "count = sensitive(2)"))
    assert "Plan: 2 to add" in project("plan").out


def test_a_count_that_cannot_be_hides_no_output_that_shows_a_secret(project: Project) -> None:
    text = repeated("g", "count = -1") + (
        'output "z" {\n  value = sensitive(1)\n}\noutput "i" {\n  value = pow(2, 1024)\n}\n'
    )
    assert planned(project, text) == [
        "2:11 Invalid count argument",
        "5:11 Output refers to sensitive values",
        "8:11 Infinite number in output",
    ]


def test_a_value_that_could_not_be_made_is_no_unknown_parent(project: Project) -> None:
    said = '  role = "user"\n  content = "x"\n}\n'
    told = planned(
        project,
        THREAD
        + f'resource "openai_message" "a" {{\n  thread_id = [openai_thread.t.id][var.n]\n{said}'
        + "locals {\n  x = [openai_thread.t.id][var.n]\n}\n"
        + f'resource "openai_message" "b" {{\n  thread_id = local.x\n{said}'
        + f'resource "openai_message" "c" {{\n  thread_id = "${{openai_thread.t.id}}x"\n{said}',
    )
    assert told == ["6:15 Invalid index", "11:7 Invalid index", "19:15 Unknown parent"]


def test_what_does_not_hold_before_is_not_looked_at_afterwards(project: Project) -> None:
    def rule(when: str, condition: str) -> str:
        return f'{when} {{\n condition = {condition}\n error_message = "No."\n}}\n'

    told = planned(
        project,
        THREAD
        + 'resource "openai_thread" "a" {\n  metadata = { k = "1" }\n  lifecycle {\n'
        + rule("precondition", "var.n == 1")
        + rule("postcondition", 'self.metadata.k == "2"')
        + "  }\n}\n"
        + 'resource "openai_thread" "b" {\n  metadata = { k = "1" }\n  lifecycle {\n'
        + rule("postcondition", 'self.metadata.k == "2"')
        + "  }\n}\n",
    )
    assert told == ["9:14 Resource precondition failed", "22:14 Resource postcondition failed"]


BLOCKS = """\
variable "files" {
  default = ["f"]
}
variable "type" {
  default = "file_serch"
}
resource "openai_thread" "t" {}
resource "openai_message" "m" {
  thread_id = openai_thread.t.id
  role      = "user"
  content   = "x"
  attachments {
    file_id = "f"
    tools {
      type = "file_search"
    }
  }
  dynamic "attachments" {
    for_each = var.files
    content {
      file_id = attachments.value
      dynamic "tools" {
        for_each = ["file_search", attachments.key == 0 ? var.type : "file_search"]
        content {
          type = tools.value
        }
      }
    }
  }
  attachments {
    file_id = "g"
    tools {
      type = "code_interpretr"
    }
  }
}
"""


def test_what_is_wrong_with_a_block_among_dynamic_ones_is_told_at_that_block(
    project: Project,
) -> None:
    at_fault = '25:18 Invalid value for "attachments"'
    last = '33:14 Invalid value for "attachments"'
    assert planned(project, BLOCKS) == [at_fault, last]
    known = BLOCKS.replace("var.files", '["f"]').replace("var.type", '"file_serch"')
    assert planned(project, known) == [at_fault, last]
    project.write(known)
    said = project("validate").err
    assert "main.tf:25:18" in said
    assert "main.tf:33:14" in said


UNREADABLE = {
    "terraform.tfvars": {
        b'x = "\xff"\n': "encoding",
        b"{\n": "rror",
        b'x = "a\n': "Unclosed string",
    },
    "terraform.tfvars.json": {b'{"x":1,"x":2} z': "Invalid JSON", b"[]": "Invalid variable file"},
}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [(name, *each) for name, contents in UNREADABLE.items() for each in contents.items()],
)
def test_a_file_of_values_that_cannot_be_read_may_give_any_of_them(
    project: Project, name: str, content: bytes, said: str
) -> None:
    project.write('variable "x" {}\noutput "o" {\n  value = [1][5]\n}\n')
    (project.folder / "specs" / name).write_bytes(content)
    ended = project("plan")
    assert said in ended.err
    assert "Invalid index" in ended.err
    assert "No value for required variable" not in ended.err


def test_a_file_of_values_with_one_mistake_gives_no_other_variable_a_value(
    project: Project,
) -> None:
    project.write('variable "x" {}\nvariable "y" {}\n')
    project.write("x = 1 2\n", "terraform.tfvars")
    ended = project("plan")
    assert ended.err.count("No value for required variable") == 1
    assert 'variable "y"' in ended.err


HALF_A_PAIR = "\ud800"
BYTE = "\udcff"


@pytest.mark.parametrize(
    "text",
    [
        f'"{HALF_A_PAIR}"',
        f'sha1("{HALF_A_PAIR}")',
        f'base64encode("{BYTE}")',
        f'"${{upper("{BYTE}")}}"',
        f"a{BYTE}",
        f"<<E\n{HALF_A_PAIR}\nE\n",
        r'yamldecode("\"\\ud800\"")',
    ],
)
def test_half_a_surrogate_pair_is_no_character(text: str) -> None:
    with pytest.raises(SpecError, match=r"character|not UTF-8"):
        evaluate(text)


def test_half_a_surrogate_pair_that_is_given_becomes_the_sign_for_no_character(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("json", "option", "env")
    project.write(
        "".join(
            f'variable "{each}" {{}}\noutput "{each}" {{\n  value = [var.{each}, sha1(var.{each})]\n}}\n'
            for each in names
        )
    )
    project.write(r'{ "json": "\ud800" }', "terraform.tfvars.json")
    monkeypatch.setenv("TF_VAR_env", BYTE)
    assert project.apply("-var", f"option={BYTE}").code == 0
    told = project("output -json").out
    assert told.count(f'"{hashlib.sha1(chr(0xFFFD).encode()).hexdigest()}"') == 3


def test_what_is_given_is_kept_in_the_form_of_the_language(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write('{ "a": "e\u0301" }', "terraform.tfvars.json")
    monkeypatch.setenv("TF_VAR_b", "e\u0301")
    project.write(
        'variable "a" {}\nvariable "b" {}\noutput "o" {\n'
        '  value = [var.a == "\u00e9", sha1(var.b) == sha1("\u00e9")]\n}\n'
    )
    assert project.apply().code == 0
    assert json.loads(project("output -json").out)["o"]["value"] == [True, True]


def test_a_file_whose_name_is_no_text_is_found_under_another(tmp_path: Path) -> None:
    (tmp_path / f"a{BYTE}.txt").write_text("x")
    assert evaluate('fileset(".", "*.txt")', base_dir=tmp_path) == ["a\ufffd.txt"]


def test_what_is_meant_for_the_providers_of_a_module_refers_to_no_object(tmp_path: Path) -> None:
    files = {
        "main.tf": 'module "m" {\n  source = "./m"\n  provders = { openai = openai.x }\n'
        "  b = var.nope\n}\n",
        "m/main.tf": 'variable "a" {}\n',
    }
    assert load_specs(tmp_path, files).told == [
        "error main.tf:1:1 Missing required argument",
        "error main.tf:3:3 Unsupported argument",
        "error main.tf:4:3 Unsupported argument",
        "error main.tf:4:7 Reference to undeclared input variable",
    ]


def test_nobody_is_told_to_put_in_quotes_what_stands_in_them(tmp_path: Path) -> None:
    text = 'resource "openai_thread" "t" {\n  depends_on = [DEPENDENCY]\n}\n'
    told = [load_specs(tmp_path, text.replace("DEPENDENCY", each)).details for each in ('"s"', "s")]
    assert ["put it in quotes" in each for each in told] == [False, True]
    assert all("refers to nothing" in each for each in told)


@pytest.mark.parametrize(("option", "missing"), [("x", ["y"]), ("x y", [])])
def test_an_option_without_a_value_is_no_missing_variable_as_well(
    project: Project, option: str, missing: list[str]
) -> None:
    project.write('variable "x" {}\nvariable "y" {}\n')
    ended = project("plan", "-var", option)
    assert ended.err.count("Invalid -var option") == 1
    assert re.findall(r'The variable "(.)" has no default', ended.err) == missing
