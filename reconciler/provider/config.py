"""Config: one provider block and the environment, settled into where and how to talk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from numbers import Number
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.frozen import frozen
from reconciler.provider.arguments import PROVIDER_SCHEMA, check_arguments
from reconciler.provider.secret import Secret
from reconciler.schema import Value

if TYPE_CHECKING:
    from reconciler.state.model import Endpoint

__all__ = ["PROVIDER_SCHEMA", "ProviderConfig", "configure", "endpoint"]

OPENAI_URL = "https://api.openai.com/v1"
"""Where requests go when there is a key and nothing else."""

EMULATOR = "emulator:"
"""What a base URL begins with that names a file of the embedded server."""

AZURE_API_VERSION = "v1"
"""The `api-version` that Azure is asked for where `query` does not name one."""


@frozen
class ProviderConfig:
    """One provider configuration, complete: nothing is looked up later."""

    base_url: str
    """Normalised, without a slash at the end; or `emulator:PATH`."""
    dialect: str
    api_key: Secret | None = None
    organization: str | None = None
    project: str | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    query: Mapping[str, Secret] = field(default_factory=dict)
    token_command: tuple[str, ...] = ()
    timeout_s: float = 60.0
    max_concurrency: int | None = None
    """None: as many as the run allows."""
    requests_per_minute: float | None = None
    batch_create: bool = True
    thread_create_concurrency: int = 8
    settle_s: float = 5.0
    run_wait_s: float = 300.0
    sequence_gap_s: float = 0.0
    on_reorder: str = "rewrite_tail"
    unmanaged_messages: str = "report"

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What no output may show: the key, and what `headers` and `query` hold."""
        key = () if self.api_key is None else (self.api_key,)
        return (*key, *self.headers.values(), *self.query.values())

    @property
    def emulator(self) -> str | None:
        """The path of the embedded server's file; None where a real server is meant."""
        return self.base_url[len(EMULATOR) :] if self.base_url.startswith(EMULATOR) else None


def endpoint(config: ProviderConfig, *, emulator_id: str | None = None) -> Endpoint:
    """What a state remembers of *config*.

    The embedded server is known by the id stored in its file, where that is given: a copied or
    renamed file is told from another one.
    """
    from reconciler.state.model import Endpoint

    url = config.base_url if emulator_id is None else EMULATOR + emulator_id
    return Endpoint(config.dialect, url, config.organization, config.project)


def configure(
    arguments: Mapping[str, Value], environ: Mapping[str, str], *, emulator: str | None
) -> ProviderConfig:
    """Settle a provider block's *arguments* and the environment. No request is made.

    The spec wins over OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_ORG_ID and OPENAI_PROJECT_ID, and
    *emulator*, the path given on the command line, wins over both.

    Raises:
        UsageError: nothing says where to talk to, or an argument cannot be.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    check_arguments(given)
    key = _text(given, "api_key") or environ.get("OPENAI_API_KEY", "").strip() or None
    base_url = _base_url(given, environ, emulator=emulator, has_key=key is not None)
    if base_url.startswith(EMULATOR):
        return _emulated(base_url, given)
    headers = _secrets(given, "headers")
    _check_transport(base_url, key=key, names=[*headers, *_secrets(given, "query")])
    return _settled(
        base_url,
        _dialect(given, base_url),
        given,
        api_key=Secret(key) if key else None,
        organization=_text(given, "organization") or environ.get("OPENAI_ORG_ID") or None,
        project=_text(given, "project") or environ.get("OPENAI_PROJECT_ID") or None,
        headers=headers,
    )


def _emulated(base_url: str, given: Mapping[str, Value]) -> ProviderConfig:
    """The embedded server needs no key and knows no other dialect's ways."""
    if not base_url[len(EMULATOR) :].strip():
        raise UsageError('base_url = "emulator:PATH" needs the path of a file')
    dialect = _text(given, "dialect")
    dialect = dialect if dialect in ("threads", "conversations") else "threads"
    return _settled(base_url, dialect, given, settle_s=_number(given, "settle_s", 0.0))


def _settled(
    base_url: str,
    dialect: str,
    given: Mapping[str, Value],
    *,
    api_key: Secret | None = None,
    organization: str | None = None,
    project: str | None = None,
    headers: Mapping[str, Secret] | None = None,
    settle_s: float | None = None,
) -> ProviderConfig:
    query = _secrets(given, "query")
    if dialect == "azure_agents":
        query = {"api-version": Secret(AZURE_API_VERSION), **query}
    per_minute = given.get("requests_per_minute")
    command = given.get("token_command")
    return ProviderConfig(
        base_url=base_url,
        dialect=dialect,
        api_key=api_key,
        organization=organization,
        project=project,
        headers=headers or {},
        query=query,
        token_command=tuple(str(each) for each in command) if isinstance(command, list) else (),
        timeout_s=_number(given, "timeout_s", 60.0),
        max_concurrency=None
        if given.get("max_concurrency") is None
        else int(_number(given, "max_concurrency", 0)),
        requests_per_minute=None
        if per_minute is None
        else _number(given, "requests_per_minute", 0),
        batch_create=given.get("batch_create", True) is True,
        thread_create_concurrency=int(_number(given, "thread_create_concurrency", 8)),
        settle_s=_number(given, "settle_s", 5.0) if settle_s is None else settle_s,
        run_wait_s=_number(given, "run_wait_s", 300.0),
        sequence_gap_s=_number(given, "sequence_gap_s", 0.0),
        on_reorder=_text(given, "on_reorder") or "rewrite_tail",
        unmanaged_messages=_text(given, "unmanaged_messages") or "report",
    )


def _base_url(
    given: Mapping[str, Value], environ: Mapping[str, str], *, emulator: str | None, has_key: bool
) -> str:
    if emulator is not None:
        return EMULATOR + emulator
    url = _text(given, "base_url") or _text(given, "api_url")
    url = url or environ.get("OPENAI_BASE_URL", "").strip()
    if url:
        return url if url.startswith(EMULATOR) else normalised(url)
    if has_key:
        return OPENAI_URL
    raise UsageError(
        "nothing says which server to talk to",
        hint="set OPENAI_API_KEY (and OPENAI_BASE_URL for a server other than OpenAI's), or try "
        "it without any with --emulator, or in the spec: "
        'provider "openai" { base_url = "emulator:PATH" }',
    )


def normalised(url: str) -> str:
    """Write a base URL the one way it is compared: lower-case host, no default port, no slash end.

    Raises:
        UsageError: it is no http or https address, or carries a user, a query or a fragment.
    """
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"base_url cannot be read: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"base_url must be an address like {OPENAI_URL} or emulator:PATH")
    if parts.username is not None or parts.password is not None:
        raise UsageError("base_url must not carry a user or password", hint="use api_key")
    if parts.query or parts.fragment or not _URL.fullmatch(url):
        raise UsageError(
            "base_url must end with a path, without spaces, ? or #", hint="use query = { ... }"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"http": 80, "https": 443}[parts.scheme]
    shown_port = "" if port in (None, default) else f":{port}"
    return f"{parts.scheme}://{host}{shown_port}{parts.path.rstrip('/')}"


_URL = re.compile(r"[A-Za-z]+://[!-~]+")


def is_loopback(host: str) -> bool:
    """Whether *host* can only be this machine."""
    host = host.lower().strip("[]")
    return (
        host in ("localhost", "::1")
        or host.endswith(".localhost")
        or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
    )


def _check_transport(base_url: str, *, key: str | None, names: Iterable[str]) -> None:
    """What is a key, or is called like one, goes over plain http to this machine only."""
    from urllib.parse import urlsplit

    secret = "the key" if key else next((name for name in names if _SECRET.search(name)), None)
    parts = urlsplit(base_url)
    if secret and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise UsageError(
            f"{secret} would travel unencrypted to {base_url}",
            hint="use https, or unset the key if that server needs none",
        )
    if key and not re.fullmatch(r"[!-~]+", key):
        raise UsageError("the key holds spaces or characters that no key has")


_SECRET = re.compile(r"auth|key|token|cookie|secret", re.IGNORECASE)


def _dialect(given: Mapping[str, Value], base_url: str) -> str:
    if dialect := _text(given, "dialect"):
        return dialect
    return "conversations" if base_url.startswith("https://api.openai.com/") else "threads"


def _text(given: Mapping[str, Value], name: str) -> str:
    value = given.get(name)
    return value.strip() if isinstance(value, str) else ""


def _secrets(given: Mapping[str, Value], name: str) -> dict[str, Secret]:
    value = given.get(name)
    if not isinstance(value, dict):
        return {}
    return {str(key): Secret(str(each)) for key, each in value.items()}


def _number(given: Mapping[str, Value], name: str, default: float) -> float:
    value = given.get(name, default)
    assert isinstance(value, (int, float, Number)), "checked by check_arguments"
    return float(str(value))
