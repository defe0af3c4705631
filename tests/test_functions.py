"""Functions: that all are there, read only what they may, and are documented as they behave."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from vectors import SHARED

from reconciler.errors import SpecError
from reconciler.language import Sensitive, Unknown, evaluate
from reconciler.language.functions import (
    FAMILIES,
    FILE_FUNCTIONS,
    standard_functions,
)
from reconciler.language.functions.blowfish import bcrypt
from reconciler.language.functions.function import Function
from reconciler.language.functions.yaml_reader import MAX_NODES

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A specs folder with something in it, and a secret beside it."""
    (tmp_path / "secret.txt").write_text("hunter2")
    base = tmp_path / "specs"
    (base / "turns" / "old").mkdir(parents=True)
    (base / "hello.txt").write_text("Hello World\n")
    (base / "latin.txt").write_bytes(b"\xe9")
    (base / "turns" / "a.jsonl").write_text('{"n": 1}\n\n{"n": 2}\n')
    (base / "turns" / "old" / "b.jsonl").write_text("[]")
    (base / "greet.tftpl").write_text("%{ for n in names ~}\nHi ${upper(n)}!\n%{ endfor ~}\n")
    return base


def mistake(text: str, base: Path | None = None, **variables: object) -> str:
    with pytest.raises(SpecError) as caught:
        evaluate(text, variables, base_dir=base)
    (found,) = caught.value.diagnostics
    return f"{found.summary}: {found.detail}"


# The table


@pytest.mark.skipif(not SHARED.exists(), reason="the shared list of functions is not here")
def test_every_function_of_the_language_is_there() -> None:
    listed = json.loads((SHARED / "functions.json").read_text())
    wanted = {
        each["name"]
        for each in listed
        if not each["console_only"] and "removed" not in each["signature"]
    }
    assert wanted - set(standard_functions(Path())) == set()


@pytest.mark.parametrize("name", sorted(standard_functions(Path())))
def test_a_function_is_found_under_its_name_and_says_what_it_is_for(name: str) -> None:
    function = standard_functions(Path())[name]
    assert isinstance(function, Function)
    assert function.name == name
    assert function.signature.startswith(f"{name}(")
    assert function.description.endswith(".")
    assert function.examples or name == "rsadecrypt"


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_family_has_the_functions_it_is_listed_with(family: str) -> None:
    module = importlib.import_module(f"reconciler.language.functions.{family}")
    assert sorted(module.FUNCTIONS) == sorted(FAMILIES[family])


def test_a_call_loads_only_the_family_it_needs() -> None:
    code = (
        "import sys; from reconciler.language import evaluate; evaluate('upper(\"a\")');"
        "print([n for n in ('yaml', 'gzip', 'uuid', 'difflib') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_the_page_of_functions_is_what_the_code_makes_of_it() -> None:
    spec = importlib.util.spec_from_file_location("functions_page", ROOT / "docs" / "functions.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert made.PAGE.read_text() == made.page(), "run python docs/functions.py"


# Calls


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("upper()", "Not enough function arguments"),
        ('upper("a", "b")', "Too many function arguments"),
        ("upper([])", "Invalid function argument"),
        ("upper(null)", "Invalid function argument"),
        ("upper(1...)", "Invalid expanding argument value"),
        ("nothing()", "Call to unknown function"),
        ('parseint("x", 10)', "Error in function call"),
        ('file("x")', "Call to unknown function"),
    ],
)
def test_a_call_that_is_wrong_says_in_which_way(text: str, summary: str) -> None:
    assert mistake(text).startswith(summary)


def test_an_argument_is_converted_and_a_list_expanded() -> None:
    assert evaluate("upper(true)") == "TRUE"
    assert evaluate('max("5", 3)') == 5
    assert evaluate("max([1, 2]...)") == 2
    assert evaluate('join("-", toset([2, 1]), ["x"])') == "1-2-x"


# JSON lines


def test_lines_of_json_become_a_list_and_keep_their_order() -> None:
    assert evaluate('jsonldecode("{\\"a\\": 1}\\n\\n[2]\\r\\n\\"x\\"")') == [{"a": 1}, [2], "x"]
    assert evaluate('jsonldecode("")') == []


def test_a_line_that_is_not_json_is_named() -> None:
    assert "Line 3: Expecting value" in mistake('jsonldecode("1\\n\\n}")')


# Files


def test_a_file_is_read_below_the_folder(folder: Path) -> None:
    assert evaluate('file("hello.txt")', base_dir=folder) == "Hello World\n"
    assert evaluate('[for r in jsonldecode(file("turns/a.jsonl")) : r.n]', base_dir=folder) == [
        1,
        2,
    ]
    assert evaluate('filebase64("latin.txt")', base_dir=folder) == "6Q=="
    assert evaluate('fileexists("./turns/a.jsonl")', base_dir=folder) is True
    assert evaluate('fileexists("turns/x.jsonl")', base_dir=folder) is False
    assert evaluate('filemd5("hello.txt") == md5(file("hello.txt"))', base_dir=folder) is True


@pytest.mark.parametrize("name", sorted(set(FILE_FUNCTIONS) - {"abspath", "pathexpand"}))
@pytest.mark.parametrize(
    "path", ["../secret.txt", "turns/../../secret.txt", "/etc/passwd", "link.txt", "out/secret.txt"]
)
def test_nothing_outside_the_folder_can_be_read(folder: Path, name: str, path: str) -> None:
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "out").symlink_to(folder.parent)
    second = ', "*"' if name == "fileset" else ", {}" if name == "templatefile" else ""
    said = mistake(f'{name}("{path}"{second})', folder)
    assert "leads out of the specs folder" in said
    assert "hunter2" not in said


def test_a_link_inside_the_folder_is_followed(folder: Path) -> None:
    (folder / "link.txt").symlink_to(folder / "hello.txt")
    assert evaluate('file("link.txt")', base_dir=folder) == "Hello World\n"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("missing.txt", "no such file"),
        ("turns", "is not a file"),
        ("pipe", "is not a file"),
        ("large.txt", "is larger than 1 MiB"),
        ("latin.txt", "not text in UTF-8"),
        ("a\\u0000b", "zero character"),
    ],
)
def test_what_is_not_a_readable_text_file_is_refused(folder: Path, path: str, said: str) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "large.txt").write_bytes(b"x" * (1024 * 1024 + 1))
    assert said in mistake(f'file("{path}")', folder)


def test_a_file_of_rows_may_be_larger(folder: Path) -> None:
    (folder / "rows.jsonl").write_text('{"n": "%s"}\n' % ("x" * 100) * 20_000)
    assert evaluate('length(jsonldecode(file("rows.jsonl")))', base_dir=folder) == 20_000


def test_a_file_is_read_once_for_all_that_is_evaluated_with_one_table(folder: Path) -> None:
    table = standard_functions(folder)
    read = table["file"].implement
    assert read("hello.txt") == "Hello World\n"
    (folder / "hello.txt").write_text("changed")
    assert read("hello.txt") == "Hello World\n"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*", ["greet.tftpl", "hello.txt", "latin.txt"]),
        ("*.txt", ["hello.txt", "latin.txt"]),
        ("**/*.jsonl", ["turns/a.jsonl", "turns/old/b.jsonl"]),
        ("turns/*", ["turns/a.jsonl"]),
        ("{hello,latin}.txt", ["hello.txt", "latin.txt"]),
        ("h?llo.txt", ["hello.txt"]),
        ("[hl]*.txt", ["hello.txt", "latin.txt"]),
        ("[!h]*.txt", ["latin.txt"]),
        ("nothing", []),
    ],
)
def test_files_are_found_by_their_names(folder: Path, pattern: str, found: list[str]) -> None:
    assert evaluate(f'fileset(".", "{pattern}")', base_dir=folder) == found


def test_a_folder_that_does_not_exist_has_no_files(folder: Path) -> None:
    assert evaluate('fileset("nowhere", "*")', base_dir=folder) == []
    assert evaluate('fileset("turns", "*.jsonl")', base_dir=folder) == ["a.jsonl"]


# Templates


def test_a_template_file_sees_its_variables_and_the_functions(folder: Path) -> None:
    text = 'templatefile("greet.tftpl", { names = ["Ada", "Bo"] })'
    assert evaluate(text, base_dir=folder) == "Hi ADA!\nHi BO!\n"


def test_a_mistake_in_a_template_names_the_place_in_the_file(folder: Path) -> None:
    said = mistake('templatefile("greet.tftpl", { names = [[]] })', folder)
    assert "greet.tftpl:2:12: Invalid function argument" in said
    assert "greet.tftpl:1:13: Reference to undeclared name" in mistake(
        'templatefile("greet.tftpl", { nmaes = [] })', folder
    )


def test_a_template_that_does_not_parse_names_the_place(folder: Path) -> None:
    (folder / "bad.tftpl").write_text("a\n${\n")
    assert "bad.tftpl:2" in mistake('templatefile("bad.tftpl", {})', folder)


@pytest.mark.parametrize(
    "call", ['templatefile("loop.tftpl", {})', 'templatestring("$${upper(s)}", { s = s })']
)
def test_a_template_renders_no_other(folder: Path, call: str) -> None:
    (folder / "loop.tftpl").write_text("${" + call + "}")
    said = mistake('templatefile("loop.tftpl", { s = "x" })', folder)
    assert said.count("A template cannot render another template") == 1


def test_templates_that_try_to_render_themselves_do_not_multiply(folder: Path) -> None:
    once = '${try(templatefile("e.tftpl", {}), "x")}'
    (folder / "e.tftpl").write_text(once + once)
    assert evaluate('templatefile("e.tftpl", {})', base_dir=folder) == "xx"
    assert evaluate('[for i in [1, 2] : templatefile("e.tftpl", {})]', base_dir=folder) == [
        "xx",
        "xx",
    ]


def test_what_is_unknown_or_sensitive_in_a_template_stays_so(folder: Path) -> None:
    (folder / "t.tftpl").write_text("Hi ${name}")
    value = evaluate(
        'templatefile("t.tftpl", { name = n })', {"n": Unknown("string")}, base_dir=folder
    )
    assert isinstance(value, Unknown)
    assert value.prefix == "Hi "
    value = evaluate(
        'templatefile("t.tftpl", { name = n })', {"n": Sensitive("x")}, base_dir=folder
    )
    assert value == Sensitive("Hi x")


# YAML


def test_repeated_aliases_cannot_fill_the_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for at in range(1, 9):
        lines.append(f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]")
    assert f"more than {MAX_NODES:,} values" in mistake("yamldecode(t)", t="\n".join(lines))


def test_yaml_nested_deeply_is_read_or_refused_but_ends() -> None:
    assert evaluate("length(yamldecode(t))", {"t": "[" * 100 + "]" * 100}) == 1
    mistake("yamldecode(t)", t="[" * 100_000 + "]" * 100_000)


@pytest.mark.parametrize(
    "value",
    ["text", "two\nlines", "end\n", " lead\n", "tab\t", "é 日本 😀", "", "# no comment\nx",
     "a: b\n- c\n", {"k": [1, {"x": None}], "": True}, [[], {}, [[1]]], {"long": "word " * 60}],
)  # fmt: skip
def test_what_is_written_as_yaml_is_read_back(value: object) -> None:
    assert evaluate("yamldecode(yamlencode(v))", {"v": value}) == value


@pytest.mark.parametrize("value", ["a\tb\r\n", {"<&>": [1.5, None, True]}, "\u2028", [[[]]]])
def test_what_is_written_as_json_is_read_back(value: object) -> None:
    assert evaluate("jsondecode(jsonencode(v))", {"v": value}) == value


# Secrets


KEY = """-----BEGIN RSA PRIVATE KEY-----
MIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu
KUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQJAIJLixBy2qpFoS4DSmoEm
o3qGy0t6z09AIJtH+5OeRV1be+N4cDYJKffGzDa88vQENZiRm0GRq6a+HPGQMd2k
TQIhAKMSvzIBnni7ot/OSie2TmJLY4SwTQAevXysE2RbFDYdAiEBCUEaRQnMnbp7
9mxDXDf6AU0cN/RPBjb9qSHDcWZHGzUCIG2Es59z8ugGrDY+pxLQnwfotadxd+Uy
v/Ow5T0q5gIJAiEAyS4RaI9YG8EWx/2w0T67ZUVAw8eOMB6BIUg0Xcu+3okCIBOs
/5OiPgoTdSy7bcF9IGpSE8ZgGKzgYQVZeN97YE00
-----END RSA PRIVATE KEY-----
"""


def test_a_password_is_hashed_as_bcrypt_does_it() -> None:
    salt = bytes.fromhex("10410410410410410410410410410410")
    wanted = "$2a$04$" + "CCCCCCCCCCCCCCCCCCCCC."
    assert bcrypt("U*U", 4, salt).startswith(wanted)
    assert bcrypt("U*U", 5, salt) == "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"


@pytest.mark.parametrize("text", ["bcrypt(t)", 'bcrypt("a", 30)'])
def test_a_password_that_is_too_long_or_too_dear_is_refused_at_plan(text: str) -> None:
    mistake(text, t="x" * 73)


def test_what_was_encrypted_for_a_key_is_read_with_it() -> None:
    from reconciler.language.functions.rsa import private_key

    modulus, exponent = private_key(KEY)
    padded = b"\0\2" + b"\7" * (64 - 3 - 5) + b"\0hello"
    encrypted = pow(int.from_bytes(padded), 65537, modulus).to_bytes(64)
    assert pow(int.from_bytes(encrypted), exponent, modulus).to_bytes(64) == padded
    import base64

    variables = {"t": base64.b64encode(encrypted).decode(), "k": Sensitive(KEY)}
    assert evaluate("rsadecrypt(t, k)", variables) == Sensitive("hello")


@pytest.mark.parametrize(
    "key", ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_what_is_no_key_is_refused(key: str) -> None:
    assert "key" in mistake('rsadecrypt("AAAA", k)', k=key)


# Numbers in patterns and the like


@pytest.mark.parametrize(
    "text",
    ["format(t, 1)", 'timeadd("2017-11-22T00:00:00Z", t)', "parseint(t, 10)", "tonumber(t)",
     'regex("a{9999999999}", "a")', 'replace("a", "/(a)/", t)', "jsondecode(t)", "yamldecode(t)"],
)  # fmt: skip
def test_a_number_of_many_digits_is_a_mistake_or_a_number_but_no_crash(text: str) -> None:
    for digits in ("9" * 6000, "%" + "9" * 6000 + "d", "$" + "9" * 6000):
        with suppress(SpecError):
            evaluate(text, {"t": digits})


def test_a_long_literal_pattern_takes_no_time() -> None:
    text = "ab" * 4000
    assert evaluate("regex(t, t)", {"t": text}) == text


# Types written in an expression


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('convert("5", number)', 5),
        ("convert(1, (string))", "1"),
        ("convert([1], list(any))", [1]),
        ("convert([1, 2], tuple([string, number]))", ["1", 2]),
        ("convert({ a = 1 }, object({ a = string, b = optional(number, 3) }))", {"a": "1", "b": 3}),
        ('convert({ a = null }, object({ a = optional(string, "d") }))', {"a": "d"}),
        ('convert({ x = {} }, map(object({ a = optional(list(string), ["z"]) })))',
         {"x": {"a": ["z"]}}),
        ('convert([{}], tuple([object({ a = optional(string, "d") })]))', [{"a": "d"}]),
        ("convert([[], null], list(list(any)))", [[], None]),
        ('convert(sensitive({}), object({ a = optional(string, "d") }))', Sensitive({"a": "d"})),
    ],
)  # fmt: skip
def test_a_value_converts_to_a_type_written_out(text: str, value: object) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('convert("x", foo)', 'There is no type "foo"'),
        ('convert("x", list)', 'There is no type "list"'),
        ('convert("x", list(string, number))', "A type is required"),
        ('convert("x", 1 + 1)', "A type is required"),
        ('convert("x", object(string))', '"object" does not make a type'),
        ('convert({ a = 1 }, object({ (upper("a")) = string }))', "needs a plain name"),
        ('convert("x")', "A value and a type are required"),
        ('convert("x", number)', "A number is required"),
    ],
)
def test_a_type_that_is_none_or_does_not_fit_is_a_mistake(text: str, said: str) -> None:
    assert said in mistake(text)


# Assumptions


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('assumeequal("a", "b")', "not what was assumed"),
        ("assumelistlength([1], 2, 3)", "at least 2 was assumed"),
        ("assumelistlength([1, 2, 3], 1, 2)", "at most 2 was assumed"),
        ("assumemaplengthmax({ a = 1 }, 0)", "at most 0 was assumed"),
        ("assumesetlengthmin([1], 2)", "at least 2 was assumed"),
        ("assumenotnull(null)", "must not be null"),
        ('assumestringprefix("x", "y")', 'does not begin with "y"'),
    ],
)
def test_a_promise_that_a_value_breaks_is_a_mistake(text: str, said: str) -> None:
    assert said in mistake(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('assumeequal(u, "b")', "b"),
        ("length(assumelistlength(l, 2, 2))", 2),
        ("length(assumelistlengthmin(l, 1)) > 0", True),
        ("length(assumelistlengthmax(l, 3)) > 4", False),
        ('startswith(assumestringprefix(u, "y-"), "y-")', True),
        ("assumenotnull(u) == null", False),
    ],
)
def test_a_promise_about_an_unknown_value_is_believed(text: str, value: object) -> None:
    variables = {"u": Unknown("string", not_null=False), "l": Unknown(["list", "string"])}
    assert evaluate(text, variables) == value


# What each refuses


@pytest.mark.parametrize(
    "text",
    [
        "length(n)", "keys(n)", "min()", "pow(-8, 1 / 3)", "log(-1, 2)", "log(1, 1)", "sum([])",
        "jsonencode(1 / 0)", "yamlencode(1 / 0)", 'lookup({}, "a", 1, 2)', "concat()",
        "setunion([true], [1])", "setproduct([1, [2]], [1])", "zipmap([null], [1])",
        "coalesce(1, true)", 'cidrsubnets("10.0.0.0/8", 1, 1, 1)', 'cidrhost("1::2::3/8", 0)',
        'cidrhost("1:2/8", 0)', 'cidrhost("::1.2.3/8", 0)', 'cidrhost("::1.2.3.256/8", 0)',
        'cidrhost("::g/8", 0)', 'cidrcontains("10.0.0.0/8", "10.0.0/9")',
        'base64gunzip("H4sIAAAAAAAA")', 'base64decode("a")', 'textencodebase64("é", "US-ASCII")',
        'textdecodebase64("gQ==", "windows-1252")', 'regex("[[:foo:]]", "a")', 'regex("[a", "a")',
        r'regex("[\\", "a")', 'regex("(?x)a", "a")', r'regex("\\x{110000}", "a")',
        r'regex("\\p{}", "a")', 'regex("(?", "a")', 'regex("a)", "a")', 'regex("(?P<>a)", "a")',
        'regex("(a", "a")', 'regex("[z-a]", "a")', 'regex("a{2,1}", "a")', 'regex("[[a-", "a")',
        'regex("(a)(?P<n>b)", "ab")', r'regex("\\xg", "a")', r'yamldecode("a: \u0001")',
        'templatestring("a")', "templatestring(null, {})", 'templatestring("a", 1)', "can()",
        'templatestring("$${", {})', "convert(1)", 'setintersection(["a"], [[1]])',
        "range(1, 2, 3, 4)", r'csvdecode("a\nx\"y")', r'csvdecode("a\n\"x\"y")',
        r'csvdecode("a\n\"x")',
    ],
)  # fmt: skip
def test_an_argument_of_the_right_type_and_wrong_value_is_refused(text: str) -> None:
    assert mistake(text, n=Unknown("number"))


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"\p{Any}+", "aé", "aé"),
        (r"[\p{Any}]", "é", "é"),
        (r"\P{Greek}+", "a\u03b2b", "a"),
        (r"[^\p{Greek}]+", "\u03b2ab", "ab"),
        (r"[[:^digit:]]+", "1ab2", "ab"),
        (r"[\x00-\x{10ffff}]+", "aé😀", "aé😀"),
        (r"\Qa.b\E+", "a.bb", "a.bb"),
        (r"\Qa.b", "a.b", "a.b"),
        (r"\B.", "ab", "b"),
        (r"[\d\-x]+", "a1-x", "1-x"),
        (r"[[]", "[", "["),
        (r"(?sU)a.+b", "a\nbb", "a\nb"),
        (r"(?i-s:A)B", "aB", "aB"),
        (r"a{,2}", "a{,2}", "a{,2}"),
        (r"\07|\101", "A", "A"),
    ],
)
def test_a_pattern_means_what_it_means_in_re2(pattern: str, text: str, found: str) -> None:
    assert evaluate("regex(p, t)", {"p": pattern, "t": text}) == found


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        ("", "H4sIAAAAAAAA/wAAAP//AQAA//8AAAAAAAAAAA=="),
        ("a", "H4sIAAAAAAAA/0oEAAAA//8BAAD//0O+t+gBAAAA"),
        ("é ü", "H4sIAAAAAAAA/zq8UuHwHgAAAAD//wEAAP//Uw65QgUAAAA="),
    ],
)
def test_compressed_text_is_framed_as_by_terraform(text: str, packed: str) -> None:
    assert evaluate("base64gzip(t)", {"t": text}) == packed
    assert evaluate("base64gunzip(t)", {"t": packed}) == text
    repeated = evaluate("base64gzip(t)", {"t": text * 500})
    assert evaluate("base64gunzip(t)", {"t": repeated}) == text * 500
