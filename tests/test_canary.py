"""Canary: a key and sensitive values of their own kind, looked for in every byte that comes out.

The server repeats what it is sent in every way it can. The key may be nowhere; a sensitive value only
in state, journal, backups and the saved plan.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import stat
import traceback
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from bad_server import BadServer, Call, Piece, echo, on_port, plain, written
from conftest import Ended, Run

from reconciler import Workspace

pytestmark = pytest.mark.promise("secrets")

FORMS = ("json", "object", "encoded", "html", "headers", "raw")
STATUSES = (200, 400, 401, 403, 404, 409, 422, 500)


@dataclass
class Cage:
    """A folder, a server that talks too much, and what must not come out."""

    folder: Path
    run: Run
    server: BadServer
    keys: dict[str, str]
    """What may be nowhere: the key, and a value of `query`."""
    sensitive: dict[str, str]
    seen: list[str] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    """The names of the user's own files that hold the key."""

    def __call__(self, command: str, *arguments: str) -> Ended:
        """Run a command and keep all that it prints."""
        ended = self.run(
            *command.split(),
            "--specs",
            self.folder / "specs",
            "--state",
            self.folder / "state.json",
            *arguments,
        )
        self.seen += [ended.out, ended.err]
        return ended

    def write(self, more: str = "") -> None:
        """A thread of messages, all of them secret in one way or another."""
        (self.folder / "specs").mkdir(exist_ok=True)
        (self.folder / "specs" / "main.tf").write_text(
            """
            variable "code" {}
            provider "openai" {
              settle_s = 0
              query    = { code = var.code }
            }
            variable "token" { sensitive = true }
            variable "poem" { sensitive = true }
            variable "parts" {
              type      = map(string)
              sensitive = true
            }
            resource "openai_thread" "t" {
              metadata = { name = "t", owner = var.token }
            }
            resource "openai_message" "a" {
              thread_id = openai_thread.t.id
              role      = "user"
              content   = "the token is ${var.token}."
            }
            resource "openai_message" "b" {
              thread_id = openai_thread.t.id
              role      = "user"
              content   = [{ type = "text", text = var.poem }]
              metadata  = { part = var.parts["x"] }
            }
            output "shout" {
              value     = upper(var.token)
              sensitive = true
            }
            """
            + more
        )

    @property
    def key(self) -> str:
        """The key of the provider."""
        return self.keys["key"]

    def assert_quiet(self) -> None:
        """Nothing of it is in what was printed, logged or written, but where it belongs."""
        printed = "\n".join(self.seen)
        for name, text in {**self.keys, **self.sensitive}.items():
            for form in forms(text):
                assert form not in printed, f"{name} was printed as {form[:40]}"
        for path in self.folder.rglob("*"):
            if not path.is_file() or path.name in self.written:
                continue
            raw = path.read_bytes()
            belongs = path.name.startswith(("state.json", "saved.plan"))
            hidden = self.keys if belongs else {**self.keys, **self.sensitive}
            for name, text in hidden.items():
                for form in forms(text):
                    assert form.encode() not in raw, f"{name} is in {path.name} as {form[:40]}"
            if belongs:
                assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def forms(text: str) -> set[str]:
    """A text as it is, in JSON, in a URL, and in Base64 wherever it stands."""
    data = text.encode()
    found = {text, json.dumps(text)[1:-1], quote(text, safe=""), quote_plus(text), repr(text)[1:-1]}
    found |= {each for each in text.split("\n") if len(each) > 12}
    for before in range(3):
        padded = b"\0" * before + data + b"\0" * ((-before - len(data)) % 3)
        for code in (b64encode(padded), urlsafe_b64encode(padded)):
            found.add(code.decode()[4:-4])
    return found


@pytest.fixture
def cage(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Cage]:
    key = f"sk-{secrets.token_urlsafe(24)}"
    code = f"code-{secrets.token_hex(12)}"
    sensitive = {
        "token": f"tok-{secrets.token_hex(12)}",
        "poem": f'line "one" {secrets.token_hex(9)}\nl\u00efne two {secrets.token_hex(9)}\t<&>',
        "part": f"part {secrets.token_hex(10)} + /?#",
    }
    caplog.set_level(logging.DEBUG)
    server = BadServer()
    with on_port(server) as url:
        monkeypatch.setenv("OPENAI_API_KEY", key)
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setenv("TF_VAR_code", code)
        monkeypatch.setenv("TF_VAR_token", sensitive["token"])
        monkeypatch.setenv("TF_VAR_poem", sensitive["poem"])
        monkeypatch.setenv("TF_VAR_parts", json.dumps({"x": sensitive["part"]}))
        monkeypatch.setenv("TF_LOG", "TRACE")
        cage = Cage(tmp_path, run, server, {"key": key, "code": code}, sensitive)
        cage.write()
        yield cage
    cage.seen.append(caplog.text)
    cage.assert_quiet()


def test_a_life_without_accidents(cage: Cage) -> None:
    plan_file = str(cage.folder / "saved.plan")
    for command, *arguments in (
        ("validate",),
        ("plan",),
        ("plan -json",),
        ("plan", "-out", plan_file),
        ("show", plan_file),
        ("show -json", plan_file),
        ("apply", plan_file),
        ("plan -detailed-exitcode",),
        ("show",),
        ("show -json",),
        ("output",),
        ("state list",),
        ("state show openai_message.b",),
        ("state show openai_thread.t",),
    ):
        ended = cage(command, *arguments)
        assert ended.code == 0, ended.err
    assert cage.server.texts() == [
        [f"the token is {cage.sensitive['token']}.", cage.sensitive["poem"]]
    ]


def test_changes_and_drift(cage: Cage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cage("apply -auto-approve").code == 0
    for members in cage.server.members.values():
        members[1]["metadata"] = {"part": cage.sensitive["part"][::-1]}
    assert cage("plan").code == 0
    assert cage("plan -refresh-only").code == 0
    assert cage("plan -json").code == 0
    monkeypatch.setenv("TF_VAR_token", f"new-{cage.sensitive['token']}")
    assert cage("plan").code == 0
    assert cage("plan -json").code == 0
    assert cage("apply -auto-approve").code == 0
    assert cage("destroy -auto-approve -json").code == 0


def thinned(*columns: tuple[object, ...]) -> list[object]:
    """Every combination; all but a sixth of them in the long lane."""
    combined = list(product(*columns))
    return [
        each if number % 6 == number // 6 % 6 else pytest.param(*each, marks=pytest.mark.long)
        for number, each in enumerate(combined)
    ]


@pytest.mark.parametrize(
    ("kind", "status", "form"), thinned(("create thread", "append"), STATUSES, FORMS)
)
def test_a_server_that_repeats_what_it_is_sent(
    cage: Cage, kind: str, status: int, form: str
) -> None:
    if kind == "append":
        assert cage("apply -auto-approve", "-target=openai_thread.t").code == 0
    cage.server.fail(kind, echo(status, form))
    cage("apply -auto-approve")
    cage("plan -json")
    cage("recover")
    cage("apply -auto-approve -json")


@pytest.mark.parametrize(
    ("kind", "status", "form"),
    # A read that breaks off ("raw") is tried again for as long as that may help.
    thinned(("read thread", "list", "update thread"), (200, 400, 401, 404), FORMS[:-1]),
)
def test_a_server_that_repeats_what_it_has(
    cage: Cage, monkeypatch: pytest.MonkeyPatch, kind: str, status: int, form: str
) -> None:
    assert cage("apply -auto-approve").code == 0
    monkeypatch.setenv("TF_VAR_token", f"new-{cage.sensitive['token']}")
    cage.server.fail(kind, echo(status, form))
    cage("plan")
    cage("apply -auto-approve")


@pytest.mark.parametrize("form", ["plain", "encoded"])
@pytest.mark.parametrize("sent", [rb"Bearer (\S+)", rb"[?&]code=([\w-]+)"], ids=["key", "query"])
def test_a_server_that_keeps_a_secret_in_its_objects(cage: Cage, sent: bytes, form: str) -> None:
    def keeping(server: BadServer, call: Call) -> list[Piece]:
        found = re.search(sent, call.raw)
        assert found is not None
        said = b64encode(found[1]).decode() if form == "encoded" else found[1].decode()
        served = server.serve(call)
        answer = json.loads(json.dumps(served.answer))
        for each in answer.get("data", [answer]):
            each["metadata"] = {"name": "t", "said": said}
        return [written(200, json.dumps(answer).encode())]

    cage.server.usual = keeping
    cage("apply -auto-approve")
    cage("plan -json")
    cage("apply -auto-approve")
    cage("state show openai_thread.t")


@pytest.mark.parametrize(
    "more",
    [
        'output "x" { value = var.token }',
        'output "x" { value = var.token + 1 }',
        'output "x" { value = file(var.token) }',
        'output "x" { value = jsondecode(var.poem) }',
        'output "x" { value = regex("^[0-9]+$", var.token) }',
        'output "x" { value = parseint(var.token, 10) }',
        'output "x" { value = var.parts[var.token] }',
        'output "x" { value = tonumber(var.token) }',
        'output "x" { value = templatestring("${var.token}", {}) }',
        'resource "openai_thread" "u" { for_each = toset([var.token]) }',
        'resource "openai_thread" "u" { count = var.token }',
        'resource "openai_thread" "u" { metadata = var.token }',
        'resource "openai_thread" "u" { on_reorder = var.token }',
        'resource "openai_message" "u" {\n thread_id = var.token\n role = "user"\n content = "x"\n}',
        'resource "openai_message" "u" {\n thread_id = "thread_x"\n role = var.token\n content = "x"\n}',
        'resource "openai_thread" "u" {\n lifecycle {\n precondition {\n condition = var.token == ""\n'
        ' error_message = "no: ${var.token}"\n}\n}\n}',
        'check "c" {\n assert {\n condition = var.token == ""\n error_message = "no: ${var.token}"\n}\n}',
        'provider "openai" {\n alias = "b"\n api_key = var.token\n base_url = var.token\n}',
        'provider "openai" {\n alias = "b"\n timeout_s = var.token\n}',
        "import {\n to = openai_thread.t\n id = var.token\n}",
    ],
)
def test_mistakes_about_what_is_sensitive(cage: Cage, more: str) -> None:
    cage.write(more)
    for command in ("validate", "validate -json", "plan", "plan -json", "apply -auto-approve"):
        cage(command)


def test_a_fault_of_the_program(cage: Cage) -> None:
    """What nobody foresaw ends in a traceback, which shows no value."""

    def fault(server: BadServer, call: Call) -> list[Piece]:
        raise ArithmeticError("a fault of the test")

    cage.server.usual = fault
    workspace = Workspace(
        cage.folder / "specs",
        state=cage.folder / "state.json",
        environ=os.environ,
        transport=cage.server.transport(),
    )
    with pytest.raises(ArithmeticError) as caught:
        workspace.apply(approve=lambda plan: True)
    cage.seen.append("".join(traceback.format_exception(caught.value)))
    cage.server.usual = plain
    cage("plan")


def test_errors_as_objects(cage: Cage) -> None:
    """What a program gets of an error is as quiet as what is printed."""
    cage.server.usual = echo(400, "json")
    workspace = Workspace(
        cage.folder / "specs",
        state=cage.folder / "state.json",
        environ=os.environ,
        transport=cage.server.transport(),
    )
    report = workspace.apply(approve=lambda plan: True)
    failed = [each.error for each in report.outcomes if each.error is not None]
    assert failed
    for error in failed:
        cage.seen += [repr(error), repr(vars(error)), repr(report)]


KEYED = """
    variable "key" { default = "" }
    variable "language" { default = "en" }
    locals { keys = { main = var.key } }
    provider "openai" {
      %s
      settle_s = 0
    }
    resource "openai_thread" "t" { metadata = { language = var.language } }
"""


def keyed(cage: Cage, monkeypatch: pytest.MonkeyPatch, how: str) -> list[str]:
    """Specs whose key comes in one of the ways there are; what the command line says of it."""
    monkeypatch.delenv("OPENAI_API_KEY")
    specs = cage.folder / "specs"
    name, _, argument = how.partition(" in ")
    value = f'"{cage.key}"' if name == "literal" else "local.keys.main"
    written = {
        "header": f"headers = {{ X-Other = {value} }}",
        "query": f"query = {{ code = {value} }}",
    }.get(argument, f"api_key = {value}")
    (specs / "main.tf").write_text(KEYED % written)
    if name == "literal":
        cage.written.add("main.tf")
    if name == "tfvars":
        (specs / "terraform.tfvars").write_text(f'key = "{cage.key}"')
        cage.written.add("terraform.tfvars")
    if name == "environment":
        monkeypatch.setenv("TF_VAR_key", cage.key)
    if name == "file":
        (cage.folder / "my.tfvars").write_text(f'key = "{cage.key}"\nlanguage = "de"\n')
        cage.written.add("my.tfvars")
        return [f"-var-file={cage.folder / 'my.tfvars'}"]
    return [f"-var=key={cage.key}"] if name == "var" else []


@pytest.mark.parametrize(
    "how",
    [
        *("literal", "var", "tfvars", "environment", "file"),
        *("literal in header", "var in header", "literal in query", "var in query"),
    ],
)
def test_a_key_that_the_specs_give(cage: Cage, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """A saved plan keeps it in no form, and works as ever once it is given again."""
    told = keyed(cage, monkeypatch, how)
    plan_file = str(cage.folder / "saved.plan")
    language = [] if how == "file" else ["-var=language=de"]
    assert cage("validate", *told).code == 0
    assert cage("plan", "-out", plan_file, *told, *language).code == 0
    assert cage("show -json", plan_file).code == 0
    if told:
        ended = cage("apply", plan_file)
        assert ended.code == 1
        assert "does not keep var.key" in ended.err
        ended = cage("apply", plan_file, "-var=key=another")
        assert ended.code == 1
        assert "the value of var.key is not the one" in ended.err
    ended = cage("apply", plan_file, "-var=language=fr", *told)
    assert ended.code == 1
    assert "var.language cannot be given beside it" in ended.err
    assert not cage.server.members
    assert cage("apply", plan_file, *told).code == 0
    (thread,) = cage.server.threads.values()
    assert thread["metadata"] == {"language": "de"}
    assert cage("show -json").code == 0


MISTAKES_AROUND_A_KEY = {
    "a misspelt name": 'provider "openai" {\n apikey="KEY"\n}',
    "an unclosed string": 'provider "openai" {\n api_key="KEY\n}',
    "a call": 'provider "openai" {\n api_key=trimm("KEY")\n}',
    "a list": 'provider "openai" {\n api_key=["KEY"]\n}',
    "twice": 'provider "openai" {\n api_key="KEY"\n api_key="KEY"\n}',
    "without quotes": 'provider "openai" {\n api_key=KEY\n}',
    "a comma": 'provider "openai" {\n api_key="KEY", base_url="x"\n}',
    "a template": 'provider "openai" {\n headers={ A="${"KEY"}x",, }\n}',
    "a heredoc": 'provider "openai" {\n api_key=trimm(<<-E\n  KEY\n E\n)\n}',
    "an open heredoc": 'provider "openai" {\n api_key=<<-E\n  KEY\n F\n}',
    "a comment": 'provider "openai" {\n apikey="x" # KEY\n}',
    "one line": 'provider "openai" { apikey="KEY" }',
    "another block": 'provder "openai" { api_key="KEY" }',
    "a brace below": 'provider "openai"\n{\n apikey="KEY"\n}',
    "no brace": 'provider "openai"\n apikey="KEY"\n}',
    "a default": 'variable "k" {\n defalt="KEY"\n}\nprovider "openai" {\n api_key=var.k\n}',
    "a type": 'variable "k" {\n type=number\n default="KEY"\n}\nprovider "openai" {\n api_key=var.k\n}',
    "a local": 'locals {\n k=trimm("KEY")\n}\nprovider "openai" {\n api_key=local.k\n}',
    "a value": (
        'locals {\n k={ a="KEY" }\n}\nprovider "openai" {\n api_key=local.k.a\n}\n'
        'output "x" {\n value=tonumber(local.k.a)\n}'
    ),
    "a given value": (
        'variable "given" {\n validation {\n condition=length(var.given)<3\n'
        ' error_message="no: ${var.given}"\n}\n}\nlocals {\n k="x${var.given}"\n}\n'
        'provider "openai" {\n api_key=local.k\n}'
    ),
    "an option": 'variable "given" {}\nprovider "openai" {\n api_key=var.given\n}',
}


@pytest.mark.parametrize("what", MISTAKES_AROUND_A_KEY)
def test_mistakes_around_a_key(cage: Cage, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Errors show the line, and stars where the key stands."""
    monkeypatch.delenv("OPENAI_API_KEY")
    text = MISTAKES_AROUND_A_KEY[what].replace("KEY", cage.key)
    (cage.folder / "specs" / "main.tf").write_text(f'{text}\nresource "openai_thread" "t" {{}}\n')
    cage.written.add("main.tf")
    given = {"a given value": [f"-var=given={cage.key}"], "an option": [f"-var=given:{cage.key}"]}
    told = given.get(what, [])
    for command in ("validate", "validate -json", "plan", "apply -auto-approve -json", "graph"):
        assert cage(command, *told).code == 1 or command == "graph" or told
    cage.seen += [cage.run("fmt", "-diff", "-write=false", cage.folder / "specs").out]


def test_a_mistake_in_a_variable_file(cage: Cage, monkeypatch: pytest.MonkeyPatch) -> None:
    cage.write('variable "k" {}\nprovider "openai" {\n alias = "b"\n api_key = var.k\n}')
    (cage.folder / "specs" / "terraform.tfvars").write_text(f'k = trimm("{cage.key}")\n')
    cage.written.add("terraform.tfvars")
    assert cage("validate").code == 1
    assert cage("validate -json").code == 1
    cage.seen += [cage.run("fmt", "-diff", "-write=false", cage.folder / "specs").out]


MISTAKES_IN_WHAT_IS_GIVEN = {
    "no quotes": "token = SECRET",
    "no closing quote": 'token = "SECRET',
    "no quotes at all": "token = SECRET with spaces SECRET",
    "a call": 'token = trimm("SECRET")',
    "a name": "token = var.SECRET.x",
    "no sign": "token SECRET",
    "a block": 'token {\n x = SECRET\n "SECRET\n}',
    "the next line": "token =\n SECRET\n",
    "a number before it": "token = 12SECRET",
    "on a line of its own": 'plain = "x"\nSECRET\n',
    "a list": "parts = [\n  SECRET,\n SECRET\n",
    "a map": 'parts = {\n  plain = "x"\n  x = SECRET\n "SECRET\n}',
    "a heredoc": "token = trimm(<<E\nSECRET\nE\n)",
    "an open heredoc": "token = <<E\nSECRET\n",
    "twice": 'token = "SECRET"\ntoken = "SECRET"',
    "a misspelt name": 'tokn = "SECRET"',
    "a misspelt name, no quotes": "tokn = SECRET",
    "behind another": 'plain = "x", token = SECRET',
    "below an open quote": 'plain = "x\ntoken = SECRET',
    "below an open bracket": "plain = [\ntoken = SECRET",
    "a comment": "plain = x # token = SECRET",
    "no UTF-8": 'token = "SECRET\udcff"',
    "JSON": '{"token": SECRET}',
    "JSON, no closing quote": '{\n  "plain": "x",\n  "token": "SECRET\n}',
    "JSON, another name": '{"tokn": "SECRET"}',
}


@pytest.mark.parametrize("where", ["tfvars", "auto", "option"])
@pytest.mark.parametrize("what", MISTAKES_IN_WHAT_IS_GIVEN)
def test_mistakes_in_what_is_given_for_a_sensitive_variable(
    cage: Cage, what: str, where: str
) -> None:
    cage.write('variable "plain" { default = "" }')
    text = MISTAKES_IN_WHAT_IS_GIVEN[what].replace("SECRET", f"{cage.sensitive['token']}")
    suffix = ".tfvars.json" if what.startswith("JSON") else ".tfvars"
    name = f"x.auto{suffix}" if where == "auto" else f"x{suffix if where == 'tfvars' else '.txt'}"
    path = cage.folder / "specs" / name
    path.write_text(text, errors="surrogateescape")
    cage.written.add(name)
    told = [] if where == "auto" else [f"-var-file={path}"]
    said = [cage(command, *told) for command in ("validate", "validate -json", "plan")]
    assert "x." in said[0].err + said[0].out


@pytest.mark.parametrize("how", ["option", "environment"])
@pytest.mark.parametrize(
    "text", ["SECRET", '"SECRET', 'trimm("SECRET")', "{ SECRET = [] }", '{ x = "SECRET" y }']
)
def test_a_wrong_value_of_a_sensitive_variable(
    cage: Cage, monkeypatch: pytest.MonkeyPatch, text: str, how: str
) -> None:
    text = text.replace("SECRET", cage.sensitive["token"])
    monkeypatch.setenv("TF_VAR_parts", text if how == "environment" else "{}")
    told = [f"-var=parts={text}"] if how == "option" else []
    assert cage("validate", *told).code == 1
    assert cage("validate -json", *told).code == 1


def test_a_wrong_value_of_a_variable_that_a_key_comes_from(cage: Cage) -> None:
    cage.write(
        'variable "k" { type = map(string) }\nprovider "openai" {\n alias = "b"\n headers = var.k\n}'
    )
    assert cage("validate", f'-var=k={{ A = "{cage.key} }}').code == 1
    assert cage("validate", f"-var=k:{cage.key}").code == 1


def test_an_option_without_a_sign(cage: Cage) -> None:
    assert '"token ***' in cage("validate", f"-var=token {cage.sensitive['token']}").err


def test_what_is_not_sensitive_in_a_variable_file_is_shown(cage: Cage) -> None:
    cage.write('variable "plain" { default = "" }')
    path = cage.folder / "specs" / "terraform.tfvars"
    path.write_text('parts = {\n x = "y"\n}\nplain = trimm("aloud")\n')
    assert '4: plain = trimm("' in cage("validate").err
