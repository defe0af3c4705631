"""All errors: one run tells every mistake of every block of every file, each of them once."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec_writing import load_specs, told, write_specs
from test_spec_errors import MISTAKES

from reconciler.errors import SpecError
from reconciler.workflow.prepare import prepare

THREAD = 'resource "openai_thread" "t" {}\n'


def message(name: str, content: str) -> str:
    """A message of five lines; the content stands on the fourth."""
    return (
        f'resource "openai_message" "{name}" {{\n  thread_id = openai_thread.t.id\n'
        f'  role      = "user"\n  content   = {content}\n}}\n'
    )


AFTER = 'output "after" {\n  value = openai_message.a.idd\n}\n'
"""A mistake in the next block, about the message that something is wrong with."""

SYNTAX = {
    "a block that is never closed": (
        THREAD + message("a", "var.nope").removesuffix("}\n") + "\n" + AFTER,
        [
            "error main.tf:2:31 Unclosed block",
            "error main.tf:5:15 Reference to undeclared input variable",
            "error main.tf:8:27 Unsupported attribute",
        ],
    ),
    "an object that is never closed": (
        THREAD
        + message("a", '"x"').replace("  role", '  metadata = {\n    k = "v"\n  role')
        + AFTER,
        ["error main.tf:4:14 Unclosed bracket", "error main.tf:10:27 Unsupported attribute"],
    ),
    "a block in a block that is never closed": (
        THREAD
        + message("a", "var.nope").replace("  role", "  lifecycle {\n    x = 1\n  role")
        + AFTER,
        [
            "error main.tf:4:13 Unclosed block",
            "error main.tf:5:5 Unsupported argument",
            "error main.tf:7:15 Reference to undeclared input variable",
            "error main.tf:10:27 Unsupported attribute",
        ],
    ),
    "a parenthesis that is never closed": (
        THREAD + message("a", 'upper("x"') + AFTER,
        ["error main.tf:5:20 Unclosed bracket", "error main.tf:8:27 Unsupported attribute"],
    ),
    "a parenthesis too many": (
        THREAD + message("a", 'upper("x"))') + AFTER,
        ["error main.tf:5:25 Extra closing bracket", "error main.tf:8:27 Unsupported attribute"],
    ),
    "a brace too many": (
        THREAD + message("a", '"x"') + "}\n" + AFTER,
        ["error main.tf:7:1 Extra closing bracket", "error main.tf:9:27 Unsupported attribute"],
    ),
    "no opening brace": (
        THREAD + message("a", '"x"').replace('"a" {', '"a"') + AFTER,
        [
            "error main.tf:2:27 Incomplete argument or block",
            "error main.tf:8:27 Unsupported attribute",
        ],
    ),
    "a string that is never closed": (
        THREAD + message("a", '"x') + AFTER,
        ["error main.tf:5:15 Unclosed string", "error main.tf:8:27 Unsupported attribute"],
    ),
    "a label that is never closed": (
        THREAD + message("a", '"x"').replace('"a"', '"a') + AFTER,
        ["error main.tf:2:27 Unclosed string"],
    ),
    "a heredoc that is never closed": (
        THREAD + message("a", "<<EOT\nx") + AFTER,
        ["error main.tf:5:15 Unclosed heredoc", "error main.tf:9:27 Unsupported attribute"],
    ),
    "a heredoc with a blank before its marker": (
        THREAD + message("a", "<< EOT\nx\nEOT") + AFTER,
        ["error main.tf:5:15 Invalid heredoc", "error main.tf:10:27 Unsupported attribute"],
    ),
    "a comment that is never closed": (
        THREAD + "/* open\n" + message("a", '"x"') + AFTER,
        ["error main.tf:2:1 Unclosed comment"],
    ),
    "no equals sign": (
        THREAD + message("a", '"x"').replace("content   =", "content") + AFTER,
        [
            "error main.tf:5:11 Incomplete argument or block",
            "error main.tf:8:27 Unsupported attribute",
        ],
    ),
    "a colon": (
        THREAD + message("a", '"x"').replace("role      =", "role:") + AFTER,
        [
            "error main.tf:4:7 Colon instead of equals sign",
            "error main.tf:8:27 Unsupported attribute",
        ],
    ),
    "commas between arguments": (
        THREAD + message("a", '"x",').replace('"user"', '"user",') + AFTER,
        [
            "error main.tf:4:21 Misplaced comma",
            "error main.tf:5:18 Misplaced comma",
            "error main.tf:8:27 Unsupported attribute",
        ],
    ),
    "a text with a bad escape": (
        THREAD + message("a", r'"c:\path"') + AFTER,
        ["error main.tf:5:18 Invalid escape sequence", "error main.tf:8:27 Unsupported attribute"],
    ),
    "an interpolation with a mistake in it": (
        THREAD + message("a", '"${var.x} ${1 2}"') + AFTER,
        ["error main.tf:5:29 Missing operator", "error main.tf:8:27 Unsupported attribute"],
    ),
    "interpolations that take in the lines after them": (
        'locals {\n  a = "x ${upper("y} z"\n  b = "ok"\n  c = "a\\qb"\n  d = "${"\n'
        '  e = "${local.b} ${local.x}"\n}\n',
        [
            "error main.tf:2:10 Unclosed interpolation",
            "error main.tf:4:9 Invalid escape sequence",
            "error main.tf:5:8 Unclosed interpolation",
            "error main.tf:6:21 Reference to undeclared local value",
        ],
    ),
    "a template in a label": (
        THREAD + message("a${1}", '"x"') + AFTER,
        ["error main.tf:2:27 Template in a label"],
    ),
    "many local values": (
        "locals {\n  a = 1 +\n  b = upper(1, 2)\n  c = [1 2]\n  d = local.a\n  e = local.nope\n"
        '  f = "${local.a} ${1 2}"\n  g = {\n    x = 1\n    y =\n  }\n  h = local.g.z\n}\n'
        'output "o" {\n  value = [local.c, local.zz]\n}\n',
        [
            "error main.tf:2:9 Missing value",
            "error main.tf:3:16 Too many function arguments",
            "error main.tf:4:10 Missing comma",
            "error main.tf:6:7 Reference to undeclared local value",
            "error main.tf:7:23 Missing operator",
            "error main.tf:10:7 Missing value",
            "error main.tf:15:21 Reference to undeclared local value",
        ],
    ),
    "variables": (
        'variable "x" {\n  type = list(string\n}\nvariable "y" {\n  type = strin\n}\n'
        'variable "z" {\n  default = [1,,2]\n}\nvariable "q" {\n  validation {\n'
        '    condition = var.q ==\n    error_message = "No."\n  }\n}\n'
        'output "o" {\n  value = [var.x, var.y, var.z, var.q, var.w]\n}\n',
        [
            "error main.tf:2:14 Unclosed bracket",
            "error main.tf:5:10 Invalid type specification",
            "error main.tf:8:16 Missing value",
            "error main.tf:12:23 Missing value",
            "error main.tf:17:40 Reference to undeclared input variable",
        ],
    ),
    "arguments that say how a block is used": (
        THREAD
        + message("a", '"${count.index}"').replace("  role", "  count = 2 3\n  role")
        + message("b", "each.key").replace("  role", "  for_each = {\n  role")
        + message("c", '"x"').replace("  role", "  depends_on = [a b]\n  provider = =\n  role")
        + 'output "o" {\n  value = [openai_message.a[0].id, openai_message.b["k"].id]\n}\n',
        [
            "error main.tf:4:13 Missing line break or operator",
            "error main.tf:10:14 Unclosed bracket",
            "error main.tf:16:19 Missing comma",
            "error main.tf:17:14 Missing value",
        ],
    ),
    "blocks on one line": (
        'output "a" { value = "x }\noutput "b" { value = var.q }\noutput "c" { value = (1 + 2 }\n'
        'variable "d" { type = strin }\noutput "e" { value = {a = [1} }\n'
        'output "f" { value = "${x" }\noutput "g" { value = x" }\noutput "h" { value = 1\n'
        'output "i" { value = upper "x") }\noutput "j" { value = $x }\noutput k { value = var.r }\n',
        [
            "error main.tf:1:22 Unclosed string",
            "error main.tf:2:22 Reference to undeclared input variable",
            "error main.tf:3:22 Mismatched brackets",
            "error main.tf:4:23 Invalid type specification",
            "error main.tf:5:27 Mismatched brackets",
            "error main.tf:6:23 Unclosed interpolation",
            "error main.tf:7:23 Unclosed string",
            "error main.tf:8:12 Unclosed block",
            "error main.tf:9:31 Extra closing bracket",
            "error main.tf:10:22 Invalid character",
            "error main.tf:11:20 Reference to undeclared input variable",
        ],
    ),
    "a brace too many on the line of another": (
        THREAD + message("a", "var.nope").removesuffix("\n") + "}\n" + AFTER,
        [
            "error main.tf:5:15 Reference to undeclared input variable",
            "error main.tf:6:2 Extra closing bracket",
            "error main.tf:8:27 Unsupported attribute",
        ],
    ),
    "a closing brace on the line of an argument": (
        THREAD
        + message("a", '"x"').removesuffix("\n}\n")
        + ' }\noutput "b" { value = openai_message.a.idd }\n',
        ["error main.tf:5:19 Missing line break", "error main.tf:6:38 Unsupported attribute"],
    ),
    "a block that is never closed, with an object at its end": (
        'resource "openai_thread" "t" {\n  metadata = {\n    a = var.q\n  }\n\n'
        'resource "openai_thread" "u" {\n  lifecycle {\n    prevent_destroy = tru\n  }\n\n'
        'output "x" {\n  value = var.r\n}\n',
        [
            "error main.tf:1:30 Unclosed block",
            "error main.tf:3:9 Reference to undeclared input variable",
            "error main.tf:6:30 Unclosed block",
            "error main.tf:8:23 Variables not allowed",
            "error main.tf:12:11 Reference to undeclared input variable",
        ],
    ),
    "a comment behind an argument that is never closed": (
        "locals {\n  a = 1 /* open\n}\n",
        ["error main.tf:2:9 Unclosed comment"],
    ),
    "arguments of several lines that begin or end on those of braces": (
        "locals { a = 1\n  b = 2 }\nlocals { c = 1\n}\nlocals {\n  d = 1 }\n"
        "locals { e = [1,\n  2] }\nlocals { f = 1\n  g = 2\n}\n",
        [
            "error main.tf:1:10 Missing line break",
            "error main.tf:3:10 Missing line break",
            "error main.tf:6:9 Missing line break",
            "error main.tf:9:10 Missing line break",
        ],
    ),
    "headers with something in them that does not belong there": (
        THREAD
        + message("a", "var.a").replace('"a" {', '"a" @ {')
        + message("b", "var.b").replace('"b" {', '"b"\n{')
        + message("c", "var.c").replace('"c" {', '"c" = {')
        + message("d", "var.d").replace(' "d" {', ', "d" {')
        + message("e", "var.e").replace('"e" {', '"e" (')
        + message("f", "var.q").replace('"f" {', '"f {')
        + message("g", "var.r").replace('_message" "g"', '_message "g"')
        + "locals\n  h = var.h\n}\n"
        + AFTER
        + 'output "all" {\n  value = openai_message.e.idd\n}\n',
        [
            "error main.tf:2:31 Invalid character",
            "error main.tf:5:15 Reference to undeclared input variable",
            "error main.tf:8:1 Misplaced opening brace",
            "error main.tf:11:15 Reference to undeclared input variable",
            "error main.tf:13:31 Misplaced equals sign",
            "error main.tf:16:15 Reference to undeclared input variable",
            "error main.tf:18:26 Missing equals sign or brace",
            "error main.tf:21:15 Reference to undeclared input variable",
            "error main.tf:23:31 Missing opening brace",
            "error main.tf:26:15 Reference to undeclared input variable",
            "error main.tf:28:27 Unclosed string",
            "error main.tf:31:15 Reference to undeclared input variable",
            "error main.tf:33:28 Unclosed string",
            "error main.tf:36:15 Reference to undeclared input variable",
            "error main.tf:38:1 Incomplete argument or block",
            "error main.tf:39:7 Reference to undeclared input variable",
            "error main.tf:42:27 Unsupported attribute",
            "error main.tf:45:27 Unsupported attribute",
        ],
    ),
    "headers written in other ways": (
        THREAD.replace("{}", "{ {\n  metadata = { a = var.q }\n}")
        + message("a", "var.r").replace("resource", "resource:")
        + message("b", "var.s").replace("resource", "resource =")
        + message("c", "var.t").replace('"openai_message" "c"', "openai_message.c")
        + message("d", "var.u").replace('"d"', "'d'")
        + "locals (\n  x = var.v\n)\n"
        + AFTER
        + 'output "all" {\n  value = [openai_message.c.id, openai_message.d.id]\n}\n',
        [
            "error main.tf:1:32 Extra opening bracket",
            "error main.tf:2:20 Reference to undeclared input variable",
            "error main.tf:4:9 Misplaced colon",
            "error main.tf:7:15 Reference to undeclared input variable",
            "error main.tf:9:10 Misplaced equals sign",
            "error main.tf:12:15 Reference to undeclared input variable",
            "error main.tf:14:24 Invalid argument name",
            "error main.tf:17:15 Reference to undeclared input variable",
            "error main.tf:19:27 Invalid character",
            "error main.tf:22:15 Reference to undeclared input variable",
            "error main.tf:24:8 Missing opening brace",
            "error main.tf:25:7 Reference to undeclared input variable",
            "error main.tf:28:27 Unsupported attribute",
        ],
    ),
    "blocks that nothing can be made of": (
        'resource "openai_thread t" {\n  metadata = { a = var.a }\n}\n'
        'resource "openai_message" {\n  rol = var.b\n}\n'
        'resource "openai_thred" "t" {\n  foo = var.c\n  dynamic "x" {\n    for_each = [1]\n'
        "    content {\n      y = x.value\n    }\n  }\n}\n"
        'module "m" {\n  source = "./none"\n  a = var.d\n}\n'
        'output {\n  value = var.e\n}\nvarible "v" {\n  default = var.f\n}\n'
        'output "v" {\n  value = 1\n}\noutput "v" {\n  value = var.g\n}\n'
        + THREAD
        + THREAD.replace("{}", "{\n  metadata = { a = var.h }\n}"),
        [
            "error main.tf:1:1 Missing name for resource",
            "error main.tf:2:20 Reference to undeclared input variable",
            "error main.tf:4:1 Missing name for resource",
            "error main.tf:4:1 Missing required argument",
            "error main.tf:4:1 Missing required argument",
            "error main.tf:5:3 Unsupported argument",
            "error main.tf:5:9 Reference to undeclared input variable",
            "error main.tf:7:10 Invalid resource type",
            "error main.tf:8:9 Reference to undeclared input variable",
            "error main.tf:17:12 Unreadable folder",
            "error main.tf:18:7 Reference to undeclared input variable",
            "error main.tf:20:1 Missing name for output",
            "error main.tf:21:11 Reference to undeclared input variable",
            "error main.tf:23:1 Unsupported block type",
            "error main.tf:24:13 Reference to undeclared input variable",
            'error main.tf:29:1 Duplicate output "v"',
            "error main.tf:30:11 Reference to undeclared input variable",
            'error main.tf:33:1 Duplicate resource "openai_thread" "t"',
            "error main.tf:34:20 Reference to undeclared input variable",
        ],
    ),
    "arguments that are no arguments, one below the other": (
        'locals {\n  d = = 3\n  e == 3\n  f : 3\n  "g" = 3\n  k.l = 3\n  m[0] = 3\n}\n'
        'output "o" {\n  value = [local.d, var.x]\n}\n"a" = 1\n1 = 2\n}\n',
        [
            "error main.tf:2:7 Missing value",
            "error main.tf:3:5 Missing equals sign or brace",
            "error main.tf:4:5 Colon instead of equals sign",
            "error main.tf:5:3 Invalid argument name",
            "error main.tf:6:4 Invalid argument name",
            "error main.tf:7:4 Missing equals sign or brace",
            "error main.tf:10:21 Reference to undeclared input variable",
            "error main.tf:12:1 Invalid argument name",
            "error main.tf:13:1 Missing name",
            "error main.tf:14:1 Extra closing bracket",
        ],
    ),
    "commas and semicolons between arguments": (
        "locals {\n  a = 1, b = 2\n  c = 3; d = 4;\n  e = { x = 1; y = var.q }\n  f = [1; 2],\n}\n"
        'output "o" {\n  value = [local.b, local.d, local.e.y, local.f[1], local.g]\n}\n'
        'variable "v" { type = string, default = var.r }\n',
        [
            "error main.tf:2:8 Misplaced comma",
            "error main.tf:3:8 Invalid character",
            "error main.tf:3:15 Invalid character",
            "error main.tf:4:14 Invalid character",
            "error main.tf:4:20 Reference to undeclared input variable",
            "error main.tf:5:9 Invalid character",
            "error main.tf:5:13 Misplaced comma",
            "error main.tf:8:53 Reference to undeclared local value",
            "error main.tf:10:29 Misplaced comma",
            "error main.tf:10:41 Variables not allowed",
        ],
    ),
    "texts in other quotes": (
        THREAD
        + "locals {\n  a = 'a'\n  b = [\u201ca b\u201d, 'it''s', 'x \"y\" z']\n}\n"
        + message("a", "'x'").replace('"a"', "'a'"),
        [
            "error main.tf:3:7 Invalid character",
            "error main.tf:4:8 Invalid character",
            "error main.tf:4:15 Invalid character",
            "error main.tf:4:24 Invalid character",
            "error main.tf:6:27 Invalid character",
            "error main.tf:9:15 Invalid character",
        ],
    ),
    "items that share a line": (
        "locals {\n  a = 1 b = var.x c = var.y\n  d = var.z}\nlocals { e = 1 f = var.z }\n"
        'resource "openai_thread" "t" {\n  lifecycle {\n    prevent_destroy = tru}\n'
        '  metadata = { a = var.x }\n} output "p" {\n  value = var.q\n}\n',
        [
            "error main.tf:2:9 Missing line break",
            "error main.tf:2:13 Reference to undeclared input variable",
            "error main.tf:2:19 Missing line break",
            "error main.tf:2:23 Reference to undeclared input variable",
            "error main.tf:3:7 Reference to undeclared input variable",
            "error main.tf:3:12 Missing line break",
            "error main.tf:4:16 Missing line break",
            "error main.tf:4:20 Reference to undeclared input variable",
            "error main.tf:7:23 Variables not allowed",
            "error main.tf:7:26 Missing line break",
            "error main.tf:8:20 Reference to undeclared input variable",
            "error main.tf:9:3 Missing line break",
            "error main.tf:10:11 Reference to undeclared input variable",
        ],
    ),
    "prose": (
        THREAD + "This is a text,\nwritten by somebody. It is no HCL!\n\n" + message("a", "var.x"),
        [
            "error main.tf:2:15 Missing equals sign or brace",
            "error main.tf:8:15 Reference to undeclared input variable",
        ],
    ),
}


@pytest.mark.parametrize("case", SYNTAX)
def test_a_mistake_in_the_syntax_hides_no_other_and_causes_none(case: str, tmp_path: Path) -> None:
    text, told = SYNTAX[case]
    assert load_specs(tmp_path, text).told == told


def test_a_mistake_in_one_file_hides_none_in_another(tmp_path: Path) -> None:
    files = {
        "a.tf": message("a", "openai_message.b.idd"),
        "b.tf": THREAD + message("b", "[1 2]"),
        "c.tf": message("c", "openai_message.d.id"),
    }
    assert load_specs(tmp_path, files).told == [
        "error a.tf:4:31 Unsupported attribute",
        "error b.tf:5:18 Missing comma",
        "error c.tf:4:15 Reference to undeclared resource",
    ]


def test_what_a_module_declares_where_it_could_not_be_read_is_not_missed(tmp_path: Path) -> None:
    files = {
        "main.tf": 'module "m" {\n  source = "./m"\n  a = 1\n  z = 2\n}\n'
        'output "o" {\n  value = [module.m.o, module.m.p, module.m.q]\n}\n',
        "m/main.tf": 'variable "a" {\n  default = 1 2\n}\nvariable "b" {\n  type string\n}\n'
        'output "o" {\n  value = var.a +\n}\noutput "p" {\n}\n',
    }
    assert load_specs(tmp_path, files).told == [
        "error main.tf:2:15 Missing line break or operator",
        "error main.tf:5:8 Incomplete argument or block",
        "error main.tf:8:17 Missing value",
        "error main.tf:10:1 Missing required argument",
        "error main.tf:4:3 Unsupported argument",
        "error main.tf:7:36 Unsupported attribute",
    ]


def test_a_file_that_cannot_be_read_may_declare_anything(tmp_path: Path) -> None:
    (tmp_path / "bad.tf").write_bytes(b'variable "x\xff" {}\n')
    told = load_specs(tmp_path, 'output "o" {\n  value = [var.x, upper(1, 2)]\n}\n').told
    assert told == [
        "error bad.tf:1:12 Invalid character encoding",
        "error main.tf:2:28 Too many function arguments",
    ]


EXPRESSIONS = {
    "an undeclared name and a wrong call": (
        '"${local.tpyo} ${upper(1, 2)}"',
        ["main.tf:2:14 Reference to undeclared local value", "main.tf:2:37 Too many function"],
    ),
    "an undeclared name inside a wrong call": (
        "upper(local.tpyo, 2)",
        ["main.tf:2:17 Reference to undeclared local value", "main.tf:2:29 Too many function"],
    ),
    "an attribute that is not there inside a wrong call": (
        "upper(openai_thread.t.nope, 2)",
        ["main.tf:2:32 Unsupported attribute", "main.tf:2:39 Too many function arguments"],
    ),
    "an unknown function of a wrong call": (
        "uper(upper(1, 2))",
        ["main.tf:2:11 Call to unknown function", "main.tf:2:25 Too many function arguments"],
    ),
    "both sides of an operator": (
        "(1 + upper(1, 2)) * (upper(3, 4) + -{})",
        [
            "main.tf:2:25 Too many function arguments",
            "main.tf:2:41 Too many function arguments",
            "main.tf:2:46 Invalid operand",
        ],
    ),
    "both operands": (
        '["a" * "b", true > {}, "x" && [], "a" + 1 - "b", null < "c"]',
        [
            "main.tf:2:12 Invalid operand",
            "main.tf:2:18 Invalid operand",
            "main.tf:2:23 Invalid operand",
            "main.tf:2:30 Invalid operand",
            "main.tf:2:34 Invalid operand",
            "main.tf:2:41 Invalid operand",
            "main.tf:2:45 Invalid operand",
            "main.tf:2:55 Invalid operand",
            "main.tf:2:60 Invalid operand",
            "main.tf:2:67 Invalid operand",
        ],
    ),
    "an operand beside a wrong call": (
        '["a" + upper(1, 2), upper(3, 4) && "x", upper(5, 6) || upper(7, 8)]',
        [
            "main.tf:2:12 Invalid operand",
            "main.tf:2:27 Too many function arguments",
            "main.tf:2:40 Too many function arguments",
            "main.tf:2:46 Invalid operand",
            "main.tf:2:60 Too many function arguments",
            "main.tf:2:75 Too many function arguments",
        ],
    ),
    "several arguments of a call": (
        "max(upper(1, 2), upper(3, 4), [], local.x)",
        [
            "main.tf:2:24 Too many function arguments",
            "main.tf:2:37 Too many function arguments",
            "main.tf:2:45 Reference to undeclared local value",
        ],
    ),
    "names without a value, and a wrong conditional": (
        '[var, each.kee, path.x, true ? [1] : tomap({}), "${local}"]',
        [
            "main.tf:2:12 Invalid reference",
            'main.tf:2:17 Invalid "each" attribute',
            'main.tf:2:27 Invalid "path" attribute',
            "main.tf:2:35 Inconsistent conditional result types",
            "main.tf:2:62 Invalid reference",
        ],
    ),
}


@pytest.mark.parametrize("case", EXPRESSIONS)
def test_a_mistake_in_an_expression_hides_no_other_in_it(case: str, tmp_path: Path) -> None:
    text, expected = EXPRESSIONS[case]
    told = load_specs(tmp_path, f'output "o" {{\n  value = {text}\n}}\n' + THREAD).told
    assert len(told) == len(expected), told
    for each, beginning in zip(told, expected, strict=True):
        assert each.startswith(f"error {beginning}")


def found(folder: Path, *, need_values: bool = True) -> list[str]:
    """What `plan` finds, or without *need_values* `validate`."""
    try:
        prepare(folder, given=(), environ={}, need_values=need_values)
    except SpecError as error:
        return [told(each) for each in error.diagnostics]
    return []


PLANNED = """\
variable "keys" {
  type    = map(string)
  default = { a = "1" }
}

variable "required" {
}

variable "small" {
  default = 5
  validation {
    condition     = var.small > 6
    error_message = "Too small."
  }
}

resource "openai_thread" "set" {
  for_each = toset(["a", "b"])
}

resource "openai_thread" "map" {
  for_each = var.keys
}

resource "openai_thread" "two" {
  count = 2
  lifecycle {
    precondition {
      condition     = var.keys["a"] == "2"
      error_message = "No."
    }
  }
}

output "o" {
  value = [
    openai_thread.set["xz"].id,
    openai_thread.map["xz"].id,
    openai_thread.two[5].id,
    openai_thread.none.id,
    openai_thread.map["a"].idd,
    var.keys["q"],
  ]
}

output "p" {
  value = upper(openai_thread.none.id, 2)
}
"""


def test_references_to_nothing_hide_nothing_that_evaluation_finds(tmp_path: Path) -> None:
    folder = write_specs(tmp_path, PLANNED)
    assert found(folder) == [
        "error main.tf:6:1 No value for required variable",
        "error main.tf:9:1 Invalid value for variable",
        "error main.tf:29:23 Resource precondition failed",
        "error main.tf:29:23 Resource precondition failed",
        "error main.tf:37:5 Invalid index",
        "error main.tf:38:5 Invalid index",
        "error main.tf:39:5 Invalid index",
        "error main.tf:40:5 Reference to undeclared resource",
        "error main.tf:41:27 Unsupported attribute",
        "error main.tf:42:5 Invalid index",
        "error main.tf:47:17 Reference to undeclared resource",
        "error main.tf:47:40 Too many function arguments",
    ]


def test_validate_knows_the_instances_that_constants_make(tmp_path: Path) -> None:
    folder = write_specs(tmp_path, PLANNED)
    assert found(folder, need_values=False) == [
        "error main.tf:37:5 Invalid index",
        "error main.tf:39:5 Invalid index",
        "error main.tf:40:5 Reference to undeclared resource",
        "error main.tf:41:27 Unsupported attribute",
        "error main.tf:47:17 Reference to undeclared resource",
        "error main.tf:47:40 Too many function arguments",
    ]


@pytest.mark.parametrize("case", [*MISTAKES, *SYNTAX])
def test_a_plan_tells_what_validate_tells_and_nothing_twice(case: str, tmp_path: Path) -> None:
    text = MISTAKES[case][0] if case in MISTAKES else SYNTAX[case][0]
    folder = write_specs(tmp_path, text)
    told_by_validate, told_by_plan = (found(folder, need_values=each) for each in (False, True))
    assert set(told_by_validate) <= set(told_by_plan)
    again = [each for each in told_by_plan if each not in told_by_validate]
    assert len(again) == len(set(again))
    assert all("for required" in each or "attachments" in each for each in again)


def test_a_block_that_refers_to_itself_hides_nothing(tmp_path: Path) -> None:
    text = THREAD + message("a", "openai_message.a.id") + 'output "o" {\n  value = [1][5]\n}\n'
    assert found(write_specs(tmp_path, text)) == [
        "error main.tf:5:15 Self-referential block",
        "error main.tf:8:11 Invalid index",
    ]


VALID = """\
variable "name" {
  type    = string
  default = "x"
  validation {
    condition     = length(var.name) > 0
    error_message = "Empty."
  }
}

locals {
  greeting = "Hello ${upper(var.name)}, ${var.name == "x" ? "a" : "b"}"
  turns = [
    for i, text in ["one", "two"] : {
      index = i
      text  = text
    }
  ]
  map = {
    a = { b = [1, 2] }
  }
}

resource "openai_thread" "t" {
  metadata = {
    name = var.name
  }
}

resource "openai_message" "first" {
  thread_id = openai_thread.t.id
  role      = "user"
  content   = <<-EOT
    ${local.greeting}
  EOT

  metadata = { a = "b", c = tostring(local.map.a.b[0]) }

  lifecycle {
    ignore_changes = [metadata]
  }
}

resource "openai_message" "many" {
  for_each  = { for turn in local.turns : turn.text => turn }
  thread_id = openai_thread.t.id
  role      = each.key == "one" ? "user" : "assistant"
  content   = format("%s %d", each.value.text, each.value.index)
}

output "ids" {
  value = {
    first = openai_message.first.id
    many  = [for key, each_message in openai_message.many : each_message.id]
  }
}
"""

SLIPS = [at for at, char in enumerate(VALID) if char in '{}[]()"=:,.?\n'][::2]


@pytest.mark.parametrize("at", SLIPS)
def test_one_character_left_out_is_at_most_one_mistake(at: int, tmp_path: Path) -> None:
    told = found(write_specs(tmp_path, VALID[:at] + VALID[at + 1 :]))
    assert len(told) <= 1


@pytest.mark.parametrize("line", [4, 12, 18, 25, 39, 51])
def test_a_line_that_opens_a_bracket_left_out_is_at_most_two_mistakes(
    line: int, tmp_path: Path
) -> None:
    lines = VALID.splitlines(keepends=True)
    told = found(write_specs(tmp_path, "".join([*lines[: line - 1], *lines[line:]])))
    assert len(told) <= 2


def test_a_block_of_nothing_but_mistakes_is_given_up_after_a_hundred(tmp_path: Path) -> None:
    lines = "".join(f"  a{n} = 1 2\n" for n in range(500))
    loaded = load_specs(
        tmp_path, f'locals {{\n{lines}}}\noutput "o" {{\n  value = local.a400\n}}\n'
    )
    assert len(loaded.told) == 100
    assert "only 100 are shown" in loaded.details
