"""Spec errors: every mistake in a spec is told, at its place, with what to do about it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from spec_writing import load_specs, write_specs

from reconciler.diagnostics import Diagnostics
from reconciler.schema import Schema
from reconciler.spec.files import MAX_FILE_BYTES, decode_text, shown_path
from reconciler.spec.load import load
from reconciler.suggest import closest, did_you_mean

THREAD = 'resource "openai_thread" "a" {}\n'


def message(arguments: str) -> str:
    """A message block whose first argument stands on line 2, column 3."""
    given = {line.split("=")[0].strip() for line in arguments.splitlines()}
    rest = {"thread_id": '"t"', "role": '"user"', "content": '"c"'}
    lines = [f"  {line.strip()}" for line in arguments.splitlines() if line.strip()]
    lines += [f"  {name} = {value}" for name, value in rest.items() if name not in given]
    return "\n".join(['resource "openai_message" "m" {', *lines, "}", ""])


SEVENTEEN = ", ".join(f'k{n} = "v"' for n in range(17))

DATA = 'data "openai_messages" "d" {\n  thread_id = "t"\n}\n'

MISTAKES = {
    "an unknown resource type": (
        'resource "openai_thred" "a" {}',
        ["error main.tf:1:10 Invalid resource type"],
        'Did you mean "openai_thread"?',
    ),
    "a type of another provider": (
        'resource "aws_instance" "a" {}',
        ["error main.tf:1:10 Invalid resource type"],
        "There are: openai_message, openai_thread.",
    ),
    "a data source used as a resource": (
        'resource "openai_messages" "a" {}',
        ["error main.tf:1:10 Invalid resource type"],
        'can only be used as data "openai_messages"',
    ),
    "an unknown data source": (
        'data "openai_message" "a" {}',
        ["error main.tf:1:6 Invalid data source"],
        'can only be used as resource "openai_message"',
    ),
    "an unknown argument": (
        message("meta_data = {}"),
        ["error main.tf:2:3 Unsupported argument"],
        'Did you mean "metadata"?',
    ),
    "an argument that only the API decides": (
        message('id = "msg_1"'),
        ["error main.tf:2:3 Value for unconfigurable attribute"],
        'Only the API decides "id"',
    ),
    "a missing required argument": (
        'resource "openai_message" "m" {\n  thread_id = "t"\n  content = "c"\n}\n',
        ["error main.tf:1:1 Missing required argument"],
        'The argument "role" is required',
    ),
    "a misspelt required argument": (
        message("contents = 1").replace('  content = "c"\n', ""),
        ["error main.tf:2:3 Unsupported argument"],
        'Did you mean "content"?',
    ),
    "a required argument written as a block": (
        message('role = "user"').replace('  content = "c"\n', "  content {\n  }\n"),
        ["error main.tf:4:3 Unsupported block type"],
        "write content = ... with an equals sign",
    ),
    "a precondition of which two things are wrong": (
        THREAD.replace(
            "{}", "{\n  lifecycle {\n    precondition {\n      condition = true\n    }\n  }\n}"
        ),
        [
            "error main.tf:3:5 Missing required argument",
            "error main.tf:4:19 Invalid precondition expression",
        ],
        "checks nothing",
    ),
    "a required argument that is null": (
        message("role = null"),
        ["error main.tf:2:10 Missing required argument"],
        "cannot be null",
    ),
    "a role that is not user or assistant": (
        message('role = "usr"'),
        ['error main.tf:2:10 Invalid value for "role"'],
        "role must be user or assistant.",
    ),
    "17 metadata pairs": (
        message(f"metadata = {{ {SEVENTEEN} }}"),
        ['error main.tf:2:14 Invalid value for "metadata"'],
        "metadata has 17 pairs; at most 16.",
    ),
    "a metadata value that is too long": (
        message(f'metadata = {{ a = "x", b = "{"y" * 513}" }}'),
        ['error main.tf:2:29 Invalid value for "metadata"'],
        "metadata.b has too long a value.",
    ),
    "a metadata key that is too long": (
        message(f'metadata = {{ a = "x", {"k" * 65} = "y" }}'),
        ['error main.tf:2:25 Invalid value for "metadata"'],
        "too long a key",
    ),
    "a value of the wrong type": (
        message('metadata = "x"'),
        ["error main.tf:2:14 Incorrect attribute value type"],
        "map of string",
    ),
    "a part of a value of the wrong type": (
        message('metadata = { a = "x", b = [1] }'),
        ["error main.tf:2:29 Incorrect attribute value type"],
        '"metadata".b:',
    ),
    "an argument written as a block": (
        'resource "openai_thread" "a" {\n  metadata {\n    a = "b"\n  }\n}\n',
        ["error main.tf:2:3 Unsupported block type"],
        "write metadata = ... with an equals sign",
    ),
    "a block of another tool": (
        'resource "openai_thread" "a" {\n  messages {\n  }\n}\n',
        ["error main.tf:2:3 Unsupported block type"],
        "Messages are resources of their own",
    ),
    "a block that is there, written as an argument": (
        'resource "openai_thread" "a" {\n  lifecycle = {}\n}\n',
        ["error main.tf:2:3 Unsupported argument"],
        "write lifecycle { ... } without the equals sign",
    ),
    "a provisioner": (
        'resource "openai_thread" "a" {\n  provisioner "local-exec" {\n  }\n}\n',
        ["error main.tf:2:3 Unsupported block type"],
        "run programs",
    ),
    "two arguments of which one is too many": (
        message('file_ids = ["f"]\nattachments = [{ file_id = "f", tools = [] }]'),
        ["error main.tf:3:3 Conflicting arguments"],
        "Only one of file_ids and attachments",
    ),
    "two blocks of one address": (
        THREAD + THREAD,
        ['error main.tf:2:1 Duplicate resource "openai_thread" "a"'],
        "main.tf:1:1 already",
    ),
    "two locals of one name": (
        "locals {\n  a = 1\n}\nlocals {\n  a = 2\n}\n",
        ['error main.tf:5:3 Duplicate local value "a"'],
        "main.tf:2:3 already",
    ),
    "two outputs of one name": (
        'output "o" {\n  value = 1\n}\noutput "o" {\n  value = 2\n}\n',
        ['error main.tf:4:1 Duplicate output "o"'],
        "main.tf:1:1 already",
    ),
    "an undeclared variable": (
        message('content = "Hi ${var.nope}"\n'),
        ["error main.tf:2:19 Reference to undeclared input variable"],
        'Declare it with variable "nope" {}.',
    ),
    "a variable misspelt": (
        'variable "language" {}\noutput "o" {\n  value = var.langauge\n}\n',
        ["error main.tf:3:11 Reference to undeclared input variable"],
        'Did you mean "language"?',
    ),
    "an undeclared local": (
        'output "o" {\n  value = local.nope\n}\n',
        ["error main.tf:2:11 Reference to undeclared local value"],
        'no local value named "nope"',
    ),
    "an undeclared resource": (
        message("thread_id = openai_thread.nope.id"),
        ["error main.tf:2:15 Reference to undeclared resource"],
        'There is no resource "openai_thread" "nope".',
    ),
    "a resource misspelt": (
        'resource "openai_thread" "conversation" {}\n'
        'output "o" {\n  value = openai_thread.conversatoin.id\n}\n',
        ["error main.tf:3:11 Reference to undeclared resource"],
        'Did you mean "openai_thread.conversation"?',
    ),
    "a data source referred to as a resource": (
        'data "openai_thread" "a" {}\noutput "o" {\n  value = openai_thread.a.id\n}\n',
        ["error main.tf:3:11 Reference to undeclared resource"],
        'Did you mean "data.openai_thread.a"?',
    ),
    "an undeclared module": (
        'output "o" {\n  value = module.nope.x\n}\n',
        ["error main.tf:2:11 Reference to undeclared module"],
        'no module call named "nope"',
    ),
    "a word without quotes": (
        message("role = user"),
        ["error main.tf:2:10 Invalid reference"],
        'If the text "user" is meant, put it in quotes.',
    ),
    "a type without a name": (
        'output "o" {\n  value = openai_thread\n}\n',
        ["error main.tf:2:11 Invalid reference"],
        "its type and its name",
    ),
    "var alone": (
        'output "o" {\n  value = var\n}\n',
        ["error main.tf:2:11 Invalid reference"],
        "var.name",
    ),
    "an unknown attribute of path": (
        'output "o" {\n  value = path.here\n}\n',
        ['error main.tf:2:11 Invalid "path" attribute'],
        "path.cwd, path.module, path.root",
    ),
    "an unknown attribute": (
        THREAD + message("thread_id = openai_thread.a.idd"),
        ["error main.tf:3:30 Unsupported attribute"],
        'Did you mean "id"?',
    ),
    "an attribute of a text": (
        THREAD + message("thread_id = openai_thread.a.id.x"),
        ["error main.tf:3:33 Unsupported attribute"],
        "A string has no attributes.",
    ),
    "an unknown attribute of one of several": (
        'resource "openai_thread" "a" {\n  count = 2\n}\noutput "o" {\n'
        "  value = openai_thread.a[1].idd\n}\n",
        ["error main.tf:5:29 Unsupported attribute"],
        'Did you mean "id"?',
    ),
    "an unknown attribute of each of several": (
        'resource "openai_thread" "a" {\n  count = 2\n}\noutput "o" {\n'
        "  value = openai_thread.a[*].idd\n}\n",
        ["error main.tf:5:29 Unsupported attribute"],
        'Did you mean "id"?',
    ),
    "a key where there is one instance": (
        THREAD + message("thread_id = openai_thread.a[0].id"),
        ["error main.tf:3:15 Unexpected resource instance key"],
        "without the brackets",
    ),
    "no key where there are several": (
        'resource "openai_thread" "a" {\n  count = 2\n}\n'
        + message("thread_id = openai_thread.a.id"),
        ["error main.tf:5:15 Missing resource instance key"],
        "openai_thread.a[count.index]",
    ),
    "a text as the key of a count": (
        'resource "openai_thread" "a" {\n  count = 2\n}\n'
        + message('thread_id = openai_thread.a["x"].id'),
        ["error main.tf:5:15 Invalid index"],
        "openai_thread.a[0]",
    ),
    "each without for_each": (
        message("content = each.value"),
        ['error main.tf:2:13 Reference to "each" in context without for_each'],
        "block with for_each",
    ),
    "count.index without count": (
        message('content = "${count.index}"'),
        ['error main.tf:2:16 Reference to "count" in non-counted context'],
        "block with count",
    ),
    "count inside count": (
        message("count = count.index"),
        ['error main.tf:2:11 Reference to "count" in non-counted context'],
        "not in count itself",
    ),
    "self outside a postcondition": (
        message("content = self.id"),
        ['error main.tf:2:13 Invalid "self" reference'],
        "postcondition",
    ),
    "a block that refers to itself": (
        message("content = openai_message.m.id"),
        ["error main.tf:2:13 Self-referential block"],
        "openai_message.m is this block",
    ),
    "a block that depends on itself": (
        message("depends_on = [openai_message.m]"),
        ["error main.tf:2:17 Self-referential block"],
        "openai_message.m is this block",
    ),
    "depends_on an attribute": (
        THREAD + message("depends_on = [openai_thread.a.id]"),
        ["error main.tf:3:17 Invalid depends_on reference"],
        "without an attribute",
    ),
    "depends_on something that never happens": (
        message("depends_on = [path.module]"),
        ["error main.tf:2:17 Invalid depends_on reference"],
        '"path.module"',
    ),
    "depends_on a calculation": (
        message('depends_on = [upper("x")]'),
        ["error main.tf:2:17 Invalid expression"],
        "Nothing is calculated in this place.",
    ),
    "depends_on that is no list": (
        THREAD + message("depends_on = openai_thread.a"),
        ["error main.tf:3:16 Invalid expression"],
        "depends_on = [ ... ]",
    ),
    "depends_on nothing there is": (
        message("depends_on = [openai_thread.a]"),
        ["error main.tf:2:17 Reference to undeclared resource"],
        'There is no resource "openai_thread" "a".',
    ),
    "count and for_each together": (
        message("count = 1\nfor_each = {}"),
        ['error main.tf:3:3 Invalid combination of "count" and "for_each"'],
        "Remove one of them.",
    ),
    "a name that is no name": (
        'resource "openai_thread" "1x" {}\n',
        ["error main.tf:1:26 Invalid resource name"],
        "starts with a letter",
    ),
    "a required argument missing in a dynamic block": (
        message('dynamic "attachments" {\n  for_each = []\n  content {\n    tools = []\n  }\n}'),
        ["error main.tf:4:3 Missing required argument"],
        '"file_id" is required',
    ),
    "a label too few": (
        'resource "openai_thread" {}\n',
        ["error main.tf:1:1 Missing name for resource"],
        "2 labels: type, name",
    ),
    "a label too many": (
        'resource "openai_thread" "a" "b" {}\n',
        ["error main.tf:1:30 Extraneous label for resource"],
        "2 labels (type, name)",
    ),
    "an unknown block": (
        'resorce "openai_thread" "a" {}\n',
        ["error main.tf:1:1 Unsupported block type"],
        'Did you mean "resource"?',
    ),
    "an argument outside blocks": (
        "x = 1\n",
        ["error main.tf:1:1 Unsupported argument"],
        "write a locals block",
    ),
    "an output without a value": (
        'output "o" {}\n',
        ["error main.tf:1:1 Missing required argument"],
        '"value" is required',
    ),
    "a precondition without a message": (
        message("lifecycle {\n  precondition {\n    condition = true == var.x\n  }\n}").replace(
            "content = ", "content   = "
        )
        + 'variable "x" {}\n',
        ["error main.tf:3:3 Missing required argument"],
        '"error_message" is required',
    ),
    "a condition that checks nothing": (
        'output "o" {\n  value = 1\n  precondition {\n    condition     = true\n'
        '    error_message = "x"\n  }\n}\n',
        ["error main.tf:4:21 Invalid precondition expression"],
        "checks nothing",
    ),
    "prevent_destroy that depends on a variable": (
        'variable "x" {}\nresource "openai_thread" "a" {\n  lifecycle {\n'
        "    prevent_destroy = var.x\n  }\n}\n",
        ["error main.tf:4:23 Variables not allowed"],
        "before anything is evaluated",
    ),
    "ignore_changes of nothing there is": (
        'resource "openai_thread" "a" {\n  lifecycle {\n    ignore_changes = [metdata]\n  }\n}\n',
        ["error main.tf:3:23 Unsupported attribute"],
        'Did you mean "metadata"?',
    ),
    "ignore_changes of what the API decides": (
        'resource "openai_thread" "a" {\n  lifecycle {\n    ignore_changes = [id]\n  }\n}\n',
        ["warning main.tf:3:23 Redundant ignore_changes element"],
        "no change to ignore",
    ),
    "replace_triggered_by a variable": (
        'variable "x" {}\nresource "openai_thread" "a" {\n  lifecycle {\n'
        "    replace_triggered_by = [var.x]\n  }\n}\n",
        ["error main.tf:4:29 Invalid replace_triggered_by expression"],
        "Only a resource",
    ),
    "two lifecycle blocks": (
        'resource "openai_thread" "a" {\n  lifecycle {\n  }\n  lifecycle {\n  }\n}\n',
        ["error main.tf:4:3 Duplicate lifecycle block"],
        "main.tf:2:3 already",
    ),
    "an unknown type of a variable": (
        'variable "x" {\n  type = strin\n}\n',
        ["error main.tf:2:10 Invalid type specification"],
        'Did you mean "string"?',
    ),
    "a default that does not fit": (
        'variable "x" {\n  type    = number\n  default = "x"\n}\n',
        ["error main.tf:3:13 Invalid default value for variable"],
        "does not fit the type",
    ),
    "a default made of a variable": (
        'variable "x" {\n  default = var.y\n}\n',
        ["error main.tf:2:13 Variables not allowed"],
        "before anything is evaluated",
    ),
    "a default of null where there can be none": (
        'variable "x" {\n  default  = null\n  nullable = false\n}\n',
        ["error main.tf:2:14 Invalid default value for variable"],
        "cannot be null",
    ),
    "a variable with a name that modules need": (
        'variable "count" {}\n',
        ["error main.tf:1:10 Invalid variable name"],
        "inside a module block",
    ),
    "optional outside an object": (
        'variable "x" {\n  type = list(optional(string))\n}\n',
        ["error main.tf:2:15 Invalid type specification"],
        "inside object",
    ),
    "an unknown argument of the provider": (
        'provider "openai" {\n  api_ky = "x"\n}\n',
        ["error main.tf:2:3 Unsupported argument"],
        'Did you mean "api_key"?',
    ),
    "a provider misspelt": (
        'provider "openia" {}\n',
        ["error main.tf:1:10 Invalid provider"],
        'Did you mean "openai"?',
    ),
    "another provider": (
        'provider "aws" {}\n',
        ["warning main.tf:1:10 Unused provider configuration"],
        "has no effect",
    ),
    "two plain providers": (
        'provider "openai" {}\nprovider "openai" {}\n',
        ["error main.tf:2:1 Duplicate provider configuration"],
        "main.tf:1:1 already",
    ),
    "a provider that is not configured": (
        'resource "openai_thread" "a" {\n  provider = openai.eu\n}\n',
        ["error main.tf:2:14 Provider configuration not present"],
        'alias = "eu"',
    ),
    "a misspelt reference to a provider": (
        'resource "openai_thread" "a" {\n  provider = openaii.eu\n}\n',
        ["error main.tf:2:14 Invalid provider"],
        'Did you mean "openai"?',
    ),
    "a provider misspelt in a text": (
        'resource "openai_thread" "a" {\n  provider = "aws.eu"\n}\n',
        ["error main.tf:2:14 Invalid provider"],
        "There is: openai.",
    ),
    "a reference to a resource whose type is misspelt": (
        'resource "openai_thred" "a" {}\noutput "o" {\n  value = openai_thread.a.id\n}\n',
        ["error main.tf:1:10 Invalid resource type"],
        'Did you mean "openai_thread"?',
    ),
    "a remote backend": (
        'terraform {\n  backend "s3" {\n  }\n}\n',
        ["error main.tf:2:3 Unsupported backend"],
        "--state",
    ),
    "a version constraint that is none": (
        'terraform {\n  required_version = "latest"\n}\n',
        ["error main.tf:2:22 Invalid version constraint"],
        ">= 1.5, < 2.0.0",
    ),
    "a version of the language to come": (
        'terraform {\n  required_version = ">= 99"\n}\n',
        ["warning main.tf:2:22 Unsupported language version"],
        "not understood",
    ),
    "an import without a block": (
        'import {\n  to = openai_thread.x\n  id = "t"\n}\n',
        ["error main.tf:2:8 Configuration for import target does not exist"],
        "Write it",
    ),
    "an import made twice": (
        THREAD + 'import {\n  to = openai_thread.a\n  id = "t"\n}\n' * 2,
        ["error main.tf:7:8 Duplicate import configuration"],
        "main.tf:2:1 already",
    ),
    "a move away from what is still there": (
        THREAD + "moved {\n  from = openai_thread.a\n  to   = openai_thread.b\n}\n",
        ["error main.tf:2:1 Moved object still exists"],
        "openai_thread.a is still declared",
    ),
    "two moves from one address": (
        "moved {\n  from = openai_thread.a\n  to   = openai_thread.b\n}\n"
        "moved {\n  from = openai_thread.a\n  to   = openai_thread.c\n}\n",
        ["error main.tf:5:1 Ambiguous move statements"],
        "main.tf:1:1 already",
    ),
    "a move that changes the type": (
        "moved {\n  from = openai_thread.a\n  to   = openai_message.b\n}\n",
        ["error main.tf:1:1 Resource type mismatch"],
        "keeps its type",
    ),
    "a removal of what is still there": (
        THREAD + "removed {\n  from = openai_thread.a\n}\n",
        ["error main.tf:2:1 Removed resource still exists"],
        "openai_thread.a is still declared",
    ),
    "a removal of one instance": (
        "removed {\n  from = openai_thread.a[0]\n}\n",
        ["error main.tf:2:10 Resource instance keys not allowed"],
        "without a key",
    ),
    "a check that checks nothing": (
        'check "c" {}\n',
        ["error main.tf:1:1 Zero assert blocks"],
        "at least one assert",
    ),
    "a dynamic block without content": (
        message('dynamic "attachments" {\n  for_each = []\n}'),
        ["error main.tf:2:3 Missing content block"],
        "content block",
    ),
    "an unknown argument in a nested block": (
        message('attachments {\n  file_id = "f"\n  tool = "x"\n  tools {\n    type = "t"\n  }\n}'),
        ["error main.tf:4:3 Unsupported argument"],
        'Did you mean "tools"?',
    ),
    "an unknown attribute of an element": (
        DATA + 'output "o" {\n  value = data.openai_messages.d.messages[0].rol\n}\n',
        ["error main.tf:5:45 Unsupported attribute"],
        'Did you mean "role"?',
    ),
    "an attribute of a list": (
        DATA + 'output "o" {\n  value = data.openai_messages.d.messages.role\n}\n',
        ["error main.tf:5:42 Unsupported attribute"],
        "has no attributes, only elements",
    ),
    "an attribute far from the end": (
        THREAD + 'output "o" {\n  value = openai_thread.a.idd.x.y\n}\n',
        ["error main.tf:3:26 Unsupported attribute"],
        'Did you mean "id"?',
    ),
    "an attribute behind a key and far from the end": (
        'resource "openai_thread" "a" {\n  count = 1\n}\n'
        'output "o" {\n  value = openai_thread.a[0].idd.x\n}\n',
        ["error main.tf:5:11 Unsupported attribute"],
        'Did you mean "id"?',
    ),
    "each alone": (
        'output "o" {\n  value = each\n}\n',
        ["error main.tf:2:11 Invalid reference"],
        "each.key, each.value",
    ),
    "local alone": (
        'output "o" {\n  value = local\n}\n',
        ["error main.tf:2:11 Invalid reference"],
        "local.name",
    ),
    "module alone": (
        'output "o" {\n  value = module\n}\n',
        ["error main.tf:2:11 Invalid reference"],
        "module.name.output",
    ),
    "data alone": (
        'output "o" {\n  value = data.openai_thread\n}\n',
        ["error main.tf:2:11 Invalid reference"],
        "data.openai_thread.name",
    ),
    "an attribute of terraform": (
        'output "o" {\n  value = terraform.version\n}\n',
        ['error main.tf:2:11 Invalid "terraform" attribute'],
        "terraform.workspace",
    ),
    "a resource of another type by the same name": (
        'resource "openai_thread" "talk" {}\noutput "o" {\n  value = openai_tread.talk.id\n}\n',
        ["error main.tf:3:11 Reference to undeclared resource"],
        'Did you mean "openai_thread.talk"?',
    ),
    "a count that is no number": (
        message('count = "two"'),
        ["error main.tf:2:11 Invalid count argument"],
        "number",
    ),
    "a count below nothing": (
        message("count = 1 - 2"),
        ["error main.tf:2:11 Invalid count argument"],
        "0 or more",
    ),
    "a count of null": (
        message("count = null"),
        ["error main.tf:2:11 Invalid count argument"],
        "0 or more",
    ),
    "for_each over a list": (
        message('for_each = ["a"]'),
        ["error main.tf:2:14 Invalid for_each argument"],
        "toset([...])",
    ),
    "for_each over numbers": (
        message("for_each = toset([1, 2])"),
        ["error main.tf:2:14 Invalid for_each argument"],
        "set of texts",
    ),
    "an expression that goes wrong whatever the world is like": (
        'locals {\n  a = "x" + 1\n}\n',
        ["error main.tf:2:7 Invalid operand"],
        "",
    ),
    "a value of the wrong type whatever the world is like": (
        THREAD + 'resource "openai_thread" "b" {\n  metadata = openai_thread.a.id\n}\n',
        ["error main.tf:3:14 Incorrect attribute value type"],
        "map of string",
    ),
    "18 metadata pairs of which one is not known": (
        THREAD + message(f"metadata = {{ {SEVENTEEN}, id = openai_thread.a.id }}"),
        ['error main.tf:3:14 Invalid value for "metadata"'],
        "metadata has 18 pairs; at most 16.",
    ),
    "a part of a list of the wrong type": (
        message('file_ids = ["a", ["b"]]'),
        ["error main.tf:2:20 Incorrect attribute value type"],
        '"file_ids"[1]:',
    ),
    "an argument both ways": (
        message(
            'attachments = []\nattachments {\n  file_id = "f"\n  tools {\n    type = "t"\n  }\n}'
        ),
        ["error main.tf:3:3 Duplicate argument"],
        "Write it once.",
    ),
    "an old argument under its old name": (
        'resource "openai_thread" "a" {\n  messages = []\n}\n',
        ["error main.tf:2:3 Unsupported argument"],
        "Messages are resources of their own",
    ),
    "a required argument missing in a nested block": (
        message('attachments {\n  file_id = "f"\n}'),
        ["error main.tf:2:3 Missing required argument"],
        '"tools" is required',
    ),
    "an unknown block in a nested block": (
        message('attachments {\n  file_id = "f"\n  tools {\n    type = "t"\n  }\n  tool {\n  }\n}'),
        ["error main.tf:7:3 Unsupported block type"],
        'Did you mean "tools"?',
    ),
    "a dynamic block of nothing there is": (
        message('dynamic "lines" {\n  for_each = []\n  content {\n  }\n}'),
        ["error main.tf:2:11 Unsupported block type"],
        "not expected here",
    ),
    "a dynamic block without for_each": (
        message('dynamic "attachments" {\n  content {\n    file_id = "f"\n    tools = []\n  }\n}'),
        ["error main.tf:2:3 Missing required argument"],
        '"for_each" is required',
    ),
    "an iterator that is no name": (
        message(
            'dynamic "attachments" {\n  for_each = []\n  iterator = "x"\n'
            '  content {\n    file_id = "f"\n    tools = []\n  }\n}'
        ),
        ["error main.tf:4:14 Invalid iterator"],
        "A single name",
    ),
    "a dynamic block over a single value": (
        message(
            'dynamic "attachments" {\n  for_each = 5\n'
            '  content {\n    file_id = "f"\n    tools = []\n  }\n}'
        ),
        ["error main.tf:3:14 Invalid dynamic for_each value"],
        "this is a single value",
    ),
    "a lifecycle of a data source": (
        'data "openai_thread" "a" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n',
        ["error main.tf:3:5 Invalid data resource lifecycle argument"],
        "only reads",
    ),
    "ignore_changes of a calculated key": (
        'resource "openai_thread" "a" {\n  count = 1\n  lifecycle {\n'
        "    ignore_changes = [metadata[count.index]]\n  }\n}\n",
        ["error main.tf:4:23 Invalid expression"],
        "constant keys",
    ),
    "ignore_changes of a text": (
        'resource "openai_thread" "a" {\n  lifecycle {\n    ignore_changes = [1]\n  }\n}\n',
        ["error main.tf:3:23 Invalid expression"],
        "One reference is needed here",
    ),
    "a description that is no text": (
        'variable "x" {\n  description = [5]\n}\n',
        ["error main.tf:2:17 Unsuitable value type"],
        "must be a text",
    ),
    "a flag that is no truth": (
        'output "x" {\n  value = 1\n  sensitive = "maybe"\n}\n',
        ["error main.tf:3:15 Unsuitable value type"],
        "must be true or false",
    ),
    "a label where there is none": (
        'locals "x" {\n}\n',
        ["error main.tf:1:8 Extraneous label for locals"],
        "no labels",
    ),
    "a block in locals": (
        "locals {\n  x {\n  }\n}\n",
        ["error main.tf:2:3 Unsupported block type"],
        "not expected here",
    ),
    "a type with a constructor misspelt": (
        'variable "x" {\n  type = lst(string)\n}\n',
        ["error main.tf:2:10 Invalid type specification"],
        'Did you mean "list"?',
    ),
    "a type without its argument": (
        'variable "x" {\n  type = map()\n}\n',
        ["error main.tf:2:10 Invalid type specification"],
        "map(string)",
    ),
    "a tuple type that is no list": (
        'variable "x" {\n  type = tuple(string)\n}\n',
        ["error main.tf:2:16 Invalid type specification"],
        "tuple([string, number])",
    ),
    "an object type that is no object": (
        'variable "x" {\n  type = object(string)\n}\n',
        ["error main.tf:2:17 Invalid type specification"],
        "object({ name = string })",
    ),
    "an attribute type with a calculated name": (
        'variable "x" {\n  type = object({ (var.y) = string })\n}\n',
        ["error main.tf:2:19 Invalid type specification"],
        "plain names",
    ),
    "optional without a type": (
        'variable "x" {\n  type = object({ a = optional() })\n}\n',
        ["error main.tf:2:23 Invalid type specification"],
        "optional(string",
    ),
    "an optional default that does not fit": (
        'variable "x" {\n  type = object({ a = optional(number, "x") })\n}\n',
        ["error main.tf:2:40 Invalid default value for optional attribute"],
        "does not fit",
    ),
    "a type that is a value": (
        'variable "x" {\n  type = 5\n}\n',
        ["error main.tf:2:10 Invalid type specification"],
        "A type is needed here",
    ),
    "a type nested without end": (
        f'variable "x" {{\n  type = {"list(" * 60}string{")" * 60}\n}}\n',
        ["error main.tf:2:265 Type nested too deep"],
        "50 deep",
    ),
    "an argument of the provider under an old name": (
        'provider "openai" {\n  admin_key = "x"\n}\n',
        ["error main.tf:2:3 Unsupported argument"],
        "There is one key, api_key.",
    ),
    "a block in a provider": (
        'provider "openai" {\n  headers {\n  }\n}\n',
        ["error main.tf:2:3 Unsupported block type"],
        "",
    ),
    "a provider argument of the wrong type": (
        'provider "openai" {\n  headers = "x"\n}\n',
        ["error main.tf:2:13 Incorrect attribute value type"],
        "map of string",
    ),
    "a provider reference that is none": (
        'resource "openai_thread" "a" {\n  provider = openai.a.b\n}\n',
        ["error main.tf:2:14 Invalid provider configuration reference"],
        "openai.alias",
    ),
    "a cloud block": (
        "terraform {\n  cloud {\n  }\n}\n",
        ["error main.tf:2:3 Unsupported backend"],
        "cloud is not supported",
    ),
    "an import to something that cannot be imported": (
        'import {\n  to = var.x\n  id = "t"\n}\n',
        ["error main.tf:2:8 Invalid import address"],
        "Only a managed resource",
    ),
    "an import that says nothing": (
        "import {\n}\n",
        [
            "error main.tf:1:1 Missing required argument",
            "error main.tf:1:1 Missing required argument",
        ],
        '"to" is required',
    ),
    "a move between a resource and a module": (
        "moved {\n  from = openai_thread.a\n  to   = module.m\n}\n",
        ['error main.tf:1:1 Invalid "moved" addresses'],
        "both modules",
    ),
    "a move to where it is": (
        "moved {\n  from = openai_thread.a\n  to   = openai_thread.a\n}\n",
        ["error main.tf:1:1 Redundant move statement"],
        "Remove the block.",
    ),
    "two moves to one address": (
        "moved {\n  from = openai_thread.a\n  to   = openai_thread.c\n}\n"
        "moved {\n  from = openai_thread.b\n  to   = openai_thread.c\n}\n",
        ["error main.tf:5:1 Ambiguous move statements"],
        "arrives at openai_thread.c",
    ),
    "a move of an attribute": (
        "moved {\n  from = openai_thread.a.id\n  to   = openai_thread.b\n}\n",
        ["error main.tf:2:10 Invalid address"],
        "TYPE.NAME",
    ),
    "a move with a calculated key": (
        "moved {\n  from = openai_thread.a[var.x]\n  to   = openai_thread.b\n}\n",
        ["error main.tf:2:10 Invalid address"],
        "TYPE.NAME",
    ),
    "a move that is no reference": (
        "moved {\n  from = 5\n  to   = openai_thread.b\n}\n",
        ["error main.tf:2:10 Invalid expression"],
        "One reference",
    ),
    "a removal that says nothing": (
        "removed {\n}\n",
        ["error main.tf:1:1 Missing required argument"],
        '"from" is required',
    ),
    "a removal of a data source": (
        "removed {\n  from = data.openai_thread.a\n}\n",
        ["error main.tf:2:10 Data source address not allowed"],
        "remove its block",
    ),
    "a removal of one instance of a module": (
        "removed {\n  from = module.m[0].openai_thread.a\n}\n",
        ["error main.tf:2:10 Resource instance keys not allowed"],
        "without a key",
    ),
    "a check without a name": (
        'check {\n  assert {\n    condition = path.root == ""\n    error_message = "x"\n  }\n}\n',
        ["error main.tf:1:1 Missing name for check"],
        "",
    ),
    "a check with two data sources": (
        'check "c" {\n  data "openai_thread" "a" {\n  }\n  data "openai_thread" "b" {\n  }\n'
        '  assert {\n    condition = data.openai_thread.a.id == ""\n'
        '    error_message = "x"\n  }\n}\n',
        ["error main.tf:4:3 Multiple data resource blocks"],
        "Use one outside",
    ),
    "a postcondition about an attribute that does not exist": (
        message(
            'lifecycle {\n  postcondition {\n    condition = self.conten == ""\n'
            '    error_message = "x"\n  }\n}'
        ),
        ["error main.tf:4:19 Unsupported attribute"],
        'Did you mean "content"?',
    ),
    "an ephemeral block": (
        'ephemeral "x" "y" {}\n',
        ["error main.tf:1:1 Unsupported block type"],
        "Ephemeral resources are not supported.",
    ),
    "an attribute behind brackets": (
        DATA + 'output "o" {\n  value = data.openai_messages.d.messages[0]["rol"]\n}\n',
        ["error main.tf:5:11 Unsupported attribute"],
        'Did you mean "role"?',
    ),
    "a value of a nested block": (
        message(
            'attachments {\n  file_id = "f"\n  tools {\n    type = "t"\n  }\n}\n'
            'attachments {\n  file_id = ""\n  tools {\n    type = "t"\n  }\n}'
        ),
        ['error main.tf:9:13 Invalid value for "attachments"'],
        "attachments[1].file_id needs the id of a file.",
    ),
    "a value of an element": (
        message('attachments = [{ file_id = "f", tools = [] }, { file_id = "", tools = [] }]'),
        ['error main.tf:2:61 Invalid value for "attachments"'],
        "attachments[1].file_id needs",
    ),
    "two blocks where there can be one": (
        'resource "openai_thread" "a" {\n  tool_resources {\n  }\n  tool_resources {\n  }\n}\n',
        ["error main.tf:4:3 Too many tool_resources blocks"],
        "only one",
    ),
    "a dynamic block over nothing": (
        message(
            'dynamic "attachments" {\n  for_each = null\n'
            '  content {\n    file_id = "f"\n    tools = []\n  }\n}'
        ),
        ["error main.tf:3:14 Invalid dynamic for_each value"],
        "this is null",
    ),
    "a dynamic block without a label": (
        message("dynamic {\n  for_each = []\n}"),
        ["error main.tf:2:3 Unsupported block type"],
        "",
    ),
    "an import into a module that is not there": (
        'import {\n  to = module.m.openai_thread.a\n  id = "t"\n}\n',
        ["error main.tf:2:8 Configuration for import target does not exist"],
        "module.m.openai_thread.a",
    ),
    "a move of what is no resource": (
        "moved {\n  from = each.key\n  to   = openai_thread.b\n}\n",
        ["error main.tf:2:10 Invalid address"],
        "TYPE.NAME",
    ),
    "an alias that is no name": (
        'provider "openai" {\n  alias = "e u"\n}\n',
        ["error main.tf:2:11 Invalid provider configuration alias"],
        "starts with a letter",
    ),
    "an unknown argument in a nested lifecycle": (
        'resource "openai_thread" "a" {\n  lifecycle {\n    prevent_destory = true\n'
        "    x {\n    }\n  }\n}\n",
        [
            "error main.tf:3:5 Unsupported argument",
            "error main.tf:4:5 Unsupported block type",
        ],
        'Did you mean "prevent_destroy"?',
    ),
    "a variable without a name": (
        "variable {\n}\n",
        ["error main.tf:1:1 Missing name for variable"],
        "1 label: name",
    ),
    "a provider without a name": (
        "provider {\n}\n",
        ["error main.tf:1:1 Missing name for provider"],
        "1 label: name",
    ),
    "a value at a calculated key": (
        message('metadata = { a = "x", (upper("b")) = [1] }'),
        ["error main.tf:2:14 Incorrect attribute value type"],
        '"metadata".B:',
    ),
    "a value in a dynamic block": (
        message(
            'dynamic "attachments" {\n  for_each = ["f"]\n  content {\n    file_id = ""\n'
            '    tools {\n      type = "t"\n    }\n  }\n}'
        ),
        ['error main.tf:5:13 Invalid value for "attachments"'],
        "attachments[0].file_id needs",
    ),
    "an unknown function": (
        'output "o" {\n  value = uper("x")\n}\n',
        ["error main.tf:2:11 Call to unknown function"],
        'Did you mean "upper"?',
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_told_at_its_place(case: str, tmp_path: Path) -> None:
    text, expected, says = MISTAKES[case]
    loaded = load_specs(tmp_path, text)
    assert loaded.told == expected
    assert says in loaded.details


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    files = {
        "b.tf": 'resource "openai_thred" "a" {}\noutput "o" {\n  value = var.x\n}\n',
        "a.tf": "locals {\n  x = local.y\n  y = = 1\n}\nfoo {}\n",
    }
    told = load_specs(tmp_path, files).told
    assert [line.split()[1] for line in told] == ["a.tf:3:7", "a.tf:5:1", "b.tf:1:10", "b.tf:3:11"]


def test_a_mistake_names_the_block_it_is_in(tmp_path: Path) -> None:
    (only,) = load_specs(tmp_path, message('rol = "x"').replace('"m"', '"x"', 1)).diagnostics
    assert only.context == 'resource "openai_message" "x"'
    assert only.lines == ('  rol = "x"',)


def test_what_refers_to_a_broken_block_is_not_told_as_well(tmp_path: Path) -> None:
    text = 'resource "openai_thred" "a" {}\noutput "o" {\n  value = openai_thred.a.id\n}\n'
    assert load_specs(tmp_path, text).told == ["error main.tf:1:10 Invalid resource type"]


def test_columns_count_what_a_person_sees(tmp_path: Path) -> None:
    text = 'output "o" {\n  value = "\U0001f468\u200d\U0001f469\u200d\U0001f467 ${var.x}"\n}\n'
    assert load_specs(tmp_path, text).told == [
        "error main.tf:2:16 Reference to undeclared input variable"
    ]


def test_of_ten_thousand_mistakes_a_thousand_are_told(tmp_path: Path) -> None:
    blocks = (f'output "o{n}" {{\n  value = local.é{n}\n}}\n' for n in range(10_000))
    told = load_specs(tmp_path, "".join(blocks)).told
    assert len(told) == 1_001
    assert told[-1].endswith("More errors were found")


def test_files_that_are_too_large_together_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tf").write_text("#" * 6_000_000)
    (tmp_path / "b.tf").write_text("#" * 6_000_000)
    assert load_specs(tmp_path, "").told == ["error b.tf:1:1 Specs too large"]


def test_blocks_beyond_number_are_refused(tmp_path: Path) -> None:
    told = load_specs(tmp_path, "a {\n}\n" * 100_001).told
    assert told == ["error main.tf:1:1 Too many blocks"]


def test_without_functions_only_constants_are_evaluated(tmp_path: Path) -> None:
    diagnostics = Diagnostics()
    text = 'output "o" {\n  value = uper("x")\n}\nlocals {\n  a = -"x"\n}\n'
    load(write_specs(tmp_path, text), {}, {}, diagnostics=diagnostics)
    (only,) = diagnostics
    assert only.subject is not None
    assert only.subject.start.line == 5


def test_an_optional_argument_may_be_null(tmp_path: Path) -> None:
    assert load_specs(tmp_path, message("metadata = null")).told == []


# Files


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    loaded = load_specs(tmp_path, {})
    assert loaded.told == ["error No specs found"]
    assert "--specs" in loaded.details


@pytest.mark.parametrize(
    ("folders", "said"),
    [
        (("a",), "There are specs in a."),
        (("b", "a", "c"), "There are specs in a, b and c."),
        (tuple("fedcba"), "There are specs in a, b, c, d, e and more."),
        ((".git",), ""),
    ],
)
def test_an_empty_folder_names_those_below_that_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folders: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    for each in folders:
        (tmp_path / each).mkdir()
        (tmp_path / each / "main.tf").write_text("")

    loaded = load_specs(tmp_path, {})

    assert loaded.details.partition("--specs.")[2].strip() == said


def test_a_folder_of_variable_files_only_is_empty(tmp_path: Path) -> None:
    assert load_specs(tmp_path, {"terraform.tfvars": ""}).told == ["error No specs found"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    loaded = load_specs(tmp_path / "nope", {})
    assert loaded.told == ["error Unreadable folder"]
    assert "no such file or directory" in loaded.details


@pytest.mark.parametrize("name", ["override.tf", "more_override.tf", "main.tf.json"])
def test_what_would_be_misread_is_refused(name: str, tmp_path: Path) -> None:
    told = load_specs(tmp_path, {"main.tf": THREAD, name: ""}).told
    assert told == ["error Unsupported spec file"]


def test_a_tf_file_with_a_second_suffix_is_left_out_with_a_warning(tmp_path: Path) -> None:
    told = load_specs(tmp_path, {"main.tf": THREAD, "old.backup.tf": THREAD}).told
    assert told == ["warning Spec file not read"]


@pytest.mark.parametrize(
    "name", [".hidden.tf", ".terraform.lock.hcl", "x.pkr.hcl", "main.tf~", "notes.txt", "#a.tf"]
)
def test_files_of_others_are_left_alone(name: str, tmp_path: Path) -> None:
    assert load_specs(tmp_path, {"main.tf": THREAD, name: "{{{"}).told == []


def test_hcl_files_are_specs_too(tmp_path: Path) -> None:
    loaded = load_specs(tmp_path, {"spec.hcl": THREAD})
    assert loaded.told == []
    assert [str(address) for address in loaded.spec.root.resources] == ["openai_thread.a"]


def test_a_file_that_is_not_utf8_is_told_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_bytes(b'locals {\n  a = "caf\xe9"\n}\n')
    loaded = load_specs(tmp_path, {})
    assert loaded.told == ["error main.tf:2:11 Invalid character encoding"]
    assert "0xe9" in loaded.details


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_an_invalid_byte_is_one_byte_long(mark: bytes) -> None:
    diagnostics = Diagnostics()
    assert decode_text("main.tf", mark + b'a = "\xc3\xa9\xff\xfe"\n', diagnostics) is None
    range_ = diagnostics.errors[0].subject
    assert range_ is not None
    assert (range_.start.column, range_.start.byte, range_.end.byte) == (
        7,
        len(mark) + 7,
        len(mark) + 8,
    )
    assert "0xff" in diagnostics.errors[0].detail


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_bytes(b"\xef\xbb\xbf" + THREAD.encode())
    assert load_specs(tmp_path, {}).told == []


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_bytes(b" " * (MAX_FILE_BYTES + 1))
    assert load_specs(tmp_path, {}).told == ["error File too large"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "main.tf")
    assert load_specs(tmp_path, {}).told == ["error Unreadable file"]


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "main.tf").symlink_to("main.tf")
    loaded = load_specs(tmp_path, {})
    assert loaded.told == ["error Unreadable file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(THREAD)
    (tmp_path / "main.tf").chmod(0)
    assert load_specs(tmp_path, {}).told == ["error Unreadable file"]


def test_paths_are_told_as_they_would_be_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_specs(tmp_path / "specs" / "a", "foo {}\n")
    (tmp_path / "elsewhere").mkdir()

    def path(directory: Path) -> str:
        diagnostics = Diagnostics()
        no_schemas: dict[str, Schema] = {}
        load(directory, no_schemas, no_schemas, diagnostics=diagnostics)
        (only,) = diagnostics
        assert only.subject is not None
        return only.subject.path

    monkeypatch.chdir(tmp_path)
    assert path(Path("specs/a")) == "specs/a/main.tf"
    assert path(tmp_path / "specs" / "a") == "specs/a/main.tf"
    monkeypatch.chdir(tmp_path / "specs" / "a")
    assert path(Path()) == "main.tf"
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert path(Path("../specs/a")) == "../specs/a/main.tf"
    assert path(tmp_path / "specs" / "a") == str(tmp_path / "specs/a/main.tf")
    assert shown_path(tmp_path / "elsewhere") == "."


# Suggestions


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("metdata", ["metadata", "role"], "metadata"),
        ("rloe", ["role", "rule"], "role"),
        ("inputs", ["input"], "input"),
        ("Role", ["role"], "role"),
        ("a", ["b"], None),
        ("thread", ["metadata"], None),
        ("", ["a"], None),
        ("x" * 500, ["x" * 499], None),
    ],
)
def test_the_nearest_name_is_suggested(name: str, known: list[str], meant: str | None) -> None:
    assert closest(name, known) == meant


def test_without_a_near_name_nothing_is_said() -> None:
    assert did_you_mean("abc", []) == ""
