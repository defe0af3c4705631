"""Limits: whatever a spec holds, a command ends soon, with a place, and without a traceback."""

from __future__ import annotations

import pytest
from conftest import Project


def local(expression: str) -> str:
    return f'locals {{\n  x = {expression}\n}}\n\noutput "o" {{\n  value = local.x\n}}\n'


def doubling(first: str, step: str) -> str:
    lines = "".join(f"  a{n + 1} = {step.format(f'local.a{n}')}\n" for n in range(40))
    return f'locals {{\n  a0 = {first}\n{lines}}}\n\noutput "o" {{\n  value = local.a40\n}}\n'


MANY = 300_000

TOO_MUCH = {
    "a number with an exponent without end": local("10e999999999"),
    "a number with many digits": local("9" * MANY),
    "parentheses": local("(" * MANY + "1" + ")" * MANY),
    "open brackets": local("[" * MANY),
    "a chain of sums": local("1" + " + 1" * MANY),
    "a chain of conditionals": local("true ? 1 : " * MANY + "1"),
    "a chain of attributes": local("a" + ".b" * MANY),
    "negations": local("!" * MANY + "true"),
    "arguments": "a {\n" + "".join(f"  a{n} = 1\n" for n in range(MANY)) + "}\n",
    "blocks": "a {\n}\n" * MANY,
    "blocks in blocks": "a {\n" * 1_000 + "}\n" * 1_000,
    "templates in templates": local('"${' * MANY),
    "heredocs": local("".join(f"<<E{n}\n" for n in range(MANY))),
    "loops in loops": local("[for a in range(1000) : [for b in range(1000) : [for c in range(99) : c]]]"),
    "a range": local("range(100000000)"),
    "a width": local('format("%999999999d", 1)'),
    "a precision": local('format("%.999999999f", 1.5)'),
    "what replace makes": local('replace(format("%9999d", 1), " ", format("%99999d", 1))'),
    "text that doubles": doubling('"0123456789abcdef"', '"${{{0}}}${{{0}}}"'),
    "a list that doubles": doubling("[1, 2]", "concat({0}, {0})"),
    "a value that holds itself twice": doubling("[1, 2]", "[{0}, {0}]"),
    "a product": local("setproduct(range(1000), range(1000), range(1000))"),
    "JSON in depth": local('jsondecode(join("", [for i in range(100000) : "["]))'),
    "a JSON number": local('jsondecode("1e99999999999999999999999")'),
    "YAML aliases": local(
        'yamldecode("a: &a [x,x,x,x,x,x,x,x,x]\\n'
        + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\\n" for n in range(9))
        + '")'
    ),
    "a cost of hashing": local('bcrypt("x", 31)'),
    "networks": local('cidrsubnets("fd00::/8", [for i in range(20000) : 64]...)'),
    "repetitions in repetitions": local('regex("((a{1000}){1000}){1000}", "aaaa")'),
    "indentation": local('indent(999999999, "a\\nb")'),
    "types in types": f'variable "v" {{\n  type = {"list(" * 150}string{")" * 150}\n}}\n',
    "instances": 'resource "openai_thread" "t" {\n  count = 100000000\n}\n',
}  # fmt: skip


@pytest.mark.parametrize("case", TOO_MUCH)
def test_too_much_of_anything_is_a_diagnostic_with_its_place(project: Project, case: str) -> None:
    project.write(TOO_MUCH[case])
    ended = project("plan")
    assert ended.code == 1
    assert "Error: " in ended.err
    assert "main.tf:" in ended.err or "main.tf line " in ended.err
    assert len(ended.err) < 100_000
