"""Provider configuration: who has the last word, and what cannot be."""

from __future__ import annotations

import pickle
import re
from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.provider import client, pace
from reconciler.provider.config import (
    PROVIDER_SCHEMA,
    ProviderConfig,
    configure,
    endpoint,
    is_loopback,
)
from reconciler.provider.retry import Budget, Policy
from reconciler.provider.secret import Secret
from reconciler.state.model import Endpoint

KEY = {"OPENAI_API_KEY": "sk-environment"}


def key_of(config: ProviderConfig) -> str | None:
    return config.api_key.reveal() if config.api_key else None


# -- the spec over the environment, the option over both


@pytest.mark.parametrize(
    ("arguments", "environ", "emulator", "base_url"),
    [
        ({}, KEY, None, "https://api.openai.com/v1"),
        ({}, {"OPENAI_BASE_URL": "http://localhost:8080/v1"}, None, "http://localhost:8080/v1"),
        ({}, {**KEY, "OPENAI_BASE_URL": "https://a.example"}, None, "https://a.example"),
        (
            {"base_url": "https://spec.example"},
            {"OPENAI_BASE_URL": "https://env.example"},
            None,
            "https://spec.example",
        ),
        ({"api_url": "https://old.example"}, {}, None, "https://old.example"),
        ({"base_url": "emulator:demo.db"}, {}, None, "emulator:demo.db"),
        ({}, {"OPENAI_BASE_URL": "emulator:env.db"}, None, "emulator:env.db"),
        ({"base_url": "https://spec.example"}, KEY, "try.db", "emulator:try.db"),
        ({"base_url": "emulator:demo.db"}, KEY, "try.db", "emulator:try.db"),
    ],
)
def test_where_it_talks(
    arguments: dict[str, object], environ: dict[str, str], emulator: str | None, base_url: str
) -> None:
    assert configure(arguments, environ, emulator=emulator).base_url == base_url


@pytest.mark.parametrize(
    ("arguments", "environ", "key"),
    [
        ({}, KEY, "sk-environment"),
        ({"api_key": "sk-spec"}, KEY, "sk-spec"),
        ({"api_key": None}, KEY, "sk-environment"),
        ({"base_url": "https://a.example"}, {}, None),
        ({"base_url": "https://a.example"}, {"OPENAI_API_KEY": "  "}, None),
    ],
)
def test_which_key(arguments: dict[str, object], environ: dict[str, str], key: str | None) -> None:
    assert key_of(configure(arguments, environ, emulator=None)) == key


def test_organization_and_project_come_from_either() -> None:
    environ = {**KEY, "OPENAI_ORG_ID": "org-env", "OPENAI_PROJECT_ID": "proj-env"}
    config = configure({"project": "proj-spec"}, environ, emulator=None)
    assert (config.organization, config.project) == ("org-env", "proj-spec")


def test_without_key_and_url_both_ways_on_are_named() -> None:
    with pytest.raises(UsageError) as caught:
        configure({}, {}, emulator=None)
    hint = caught.value.hint or ""
    assert "OPENAI_API_KEY" in hint
    assert "--emulator" in hint


def test_the_embedded_server_gets_no_key() -> None:
    config = configure({"api_key": "sk-spec", "headers": {"a": "b"}}, KEY, emulator="try.db")
    assert (config.api_key, config.headers, config.organization) == (None, {}, None)


def test_the_embedded_server_settles_at_once() -> None:
    assert configure({}, {}, emulator="try.db").settle_s == 0


@pytest.mark.parametrize(
    ("arguments", "dialect"),
    [
        ({}, "conversations"),
        ({"base_url": "https://API.openai.com:443/v1/"}, "conversations"),
        ({"base_url": "https://api.openai.com.example/v1"}, "threads"),
        ({"base_url": "https://server.example"}, "threads"),
        ({"base_url": "emulator:a.db"}, "threads"),
        ({"base_url": "emulator:a.db", "dialect": "conversations"}, "conversations"),
        ({"dialect": "threads"}, "threads"),
        ({"base_url": "https://x.example", "dialect": "azure_agents"}, "azure_agents"),
    ],
)
def test_which_dialect(arguments: dict[str, object], dialect: str) -> None:
    assert configure(arguments, KEY, emulator=None).dialect == dialect


def test_azure_asks_for_an_api_version() -> None:
    arguments = {"base_url": "https://x.example", "dialect": "azure_agents"}
    assert configure(arguments, {}, emulator=None).query == {"api-version": Secret("v1")}
    arguments["query"] = {"api-version": "2025-05-15-preview"}  # type: ignore[assignment]
    query = configure(arguments, {}, emulator=None).query
    assert query == {"api-version": Secret("2025-05-15-preview")}


# -- addresses


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("https://Server.Example/v1", "https://server.example/v1"),
        ("HTTPS://server.example:443/v1/", "https://server.example/v1"),
        ("https://server.example:8443//", "https://server.example:8443"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:8080/V1", "http://[::1]:8080/V1"),
        ("  https://server.example/v1  ", "https://server.example/v1"),
    ],
)
def test_one_server_has_one_address(given: str, normal: str) -> None:
    assert configure({"base_url": given}, {}, emulator=None).base_url == normal


@pytest.mark.parametrize(
    "url",
    [
        "server.example/v1",
        "ftp://server.example",
        "https://",
        "https://user:secret@server.example",
        "https://server.example/v1?key=1",
        "https://server.example/v1#x",
        "https://server.example/a b",
        "https://server.example:99999",
        "https://server.example/\x00",
        "http://[::1",
        "emulator:",
    ],
)
def test_an_address_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        configure({"base_url": url}, {}, emulator=None)


@pytest.mark.parametrize(
    ("url", "is_fine"),
    [
        ("http://localhost:8080/v1", True),
        ("http://127.0.0.1:8080", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:1", True),
        ("http://a.localhost", True),
        ("https://server.example", True),
        ("http://server.example", False),
        ("http://127.0.0.1.example", False),
        ("http://10.0.0.1", False),
        ("http://localhost.example", False),
    ],
)
def test_a_key_travels_unencrypted_to_this_machine_only(url: str, is_fine: bool) -> None:
    if is_fine:
        configure({"base_url": url}, KEY, emulator=None)
        return
    with pytest.raises(UsageError, match="unencrypted"):
        configure({"base_url": url}, KEY, emulator=None)
    configure({"base_url": url}, {}, emulator=None)


@pytest.mark.parametrize("argument", ["headers", "query"])
def test_what_is_called_like_a_key_counts_as_one(argument: str) -> None:
    arguments = {"base_url": "http://server.example", argument: {"api-key": "k"}}
    with pytest.raises(UsageError, match="unencrypted"):
        configure(arguments, {}, emulator=None)


@pytest.mark.parametrize("host", ["127.1", "0.0.0.0", "::", "localhost.", "127.0.0.1x"])
def test_what_may_be_another_machine_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


# -- arguments


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"nonsense": 1}, "no argument nonsense"),
        ({"timeout_s": 0}, "timeout_s must be a number from 0.1 to 3600"),
        ({"timeout_s": "9"}, "timeout_s must be a number"),
        ({"timeout_s": True}, "timeout_s must be a number"),
        ({"max_concurrency": 0}, "max_concurrency must be a whole number"),
        ({"max_concurrency": 1.5}, "max_concurrency must be a whole number"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"dialect": "assistants"}, 'dialect must be one of "threads"'),
        ({"on_reorder": "shuffle"}, "on_reorder"),
        ({"unmanaged_messages": "keep"}, "unmanaged_messages"),
        ({"batch_create": "yes"}, "batch_create must be a bool"),
        ({"headers": {"a b": "c"}}, 'cannot set the header "a b"'),
        ({"headers": {"Host": "c"}}, 'cannot set the header "Host"'),
        ({"headers": {"a": "b\r\nc: d"}}, "control characters"),
        ({"query": {"a": 1}}, "query must be a map of strings"),
        ({"token_command": "az login"}, "token_command must be a list"),
        ({"base_url": object()}, "base_url must be a string that is known before apply"),
    ],
)
def test_an_argument_that_cannot_be_is_named(arguments: dict[str, object], complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        configure({"base_url": "https://a.example", **arguments}, {}, emulator=None)
    assert complaint in caught.value.message


@pytest.mark.parametrize("key", ["a b", "a\nb", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        configure({"api_key": key}, {}, emulator=None)
    assert key not in caught.value.message


def test_numbers_of_the_language_are_numbers() -> None:
    arguments = {"timeout_s": Decimal("2.5"), "max_concurrency": 4}
    config = configure(arguments, KEY, emulator=None)
    assert (config.timeout_s, config.max_concurrency) == (2.5, 4)


def test_defaults() -> None:
    config = configure({}, KEY, emulator=None)
    assert (
        config.timeout_s,
        config.max_concurrency,
        config.requests_per_minute,
        config.batch_create,
        config.thread_create_concurrency,
        config.settle_s,
        config.run_wait_s,
        config.sequence_gap_s,
        config.on_reorder,
        config.unmanaged_messages,
    ) == (60, None, None, True, 8, 5, 300, 0, "rewrite_tail", "report")


def test_every_argument_is_optional() -> None:
    assert all(each.optional for each in PROVIDER_SCHEMA.attributes.values())


# -- what state remembers


def test_an_endpoint_is_dialect_address_organization_and_project() -> None:
    config = configure({"organization": "o"}, KEY, emulator=None)
    assert endpoint(config) == Endpoint("conversations", "https://api.openai.com/v1", "o", None)


def test_an_embedded_server_is_known_by_its_id() -> None:
    config = configure({}, {}, emulator="a.db")
    assert endpoint(config, emulator_id="e1") == Endpoint("threads", "emulator:e1")


# -- secrets


def test_nothing_shows_a_secret() -> None:
    secret = Secret("sk-canary")
    config = configure(
        {"api_key": "sk-canary", "headers": {"x": "sk-canary"}, "query": {"k": "sk-canary"}},
        {},
        emulator=None,
    )
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>20}", "%s" % secret]  # noqa: UP031
    assert not [each for each in (*shown, repr(config), str(config)) if "canary" in each]


def test_a_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("sk-canary"))


# -- the docs

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "provider.md"


def test_the_page_names_every_argument() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE))
    assert named == set(PROVIDER_SCHEMA.attributes)


def test_the_page_has_the_numbers_of_the_code() -> None:
    section = PAGE.read_text().partition("## Numbers\n")[2].partition("\n## ")[0]
    found = [line.split("|")[2].strip() for line in section.splitlines() if "|" in line][2:]
    policy, budget = Policy(), Budget()
    expected = [
        f"{policy.attempts}",
        f"{policy.first_attempts}",
        f"{policy.backoff_s:g} s",
        f"{policy.backoff_max_s:g} s",
        f"{policy.retry_after_max_s:g} s",
        f"{policy.busy_max_s:g} s",
        f"{budget.credit:g} attempts",
        f"{budget.earned:g}",
        f"{pace.START}",
        f"{pace.PAUSE_S:g} s",
        f"{pace.MAX_PAUSE_S:g} s",
        f"{client.IDLE_S:g} s",
        f"{client.MAX_BODY // 1024**2} MiB",
    ]
    assert found == expected
