"""Arguments: what a `provider "openai"` block may say, and what is wrong with what it says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from numbers import Number

from reconciler.errors import UsageError
from reconciler.provider.resources.choices import (
    ON_REORDER,
    UNMANAGED_MESSAGES,
    Check,
    one_of,
)
from reconciler.schema import Attribute, Complaint, Schema, Value

DIALECTS = ("threads", "conversations", "azure_agents")
"""The wire APIs that can serve threads."""


def check_arguments(given: Mapping[str, Value]) -> None:
    """Refuse arguments that cannot be.

    Raises:
        UsageError: it names the first of them.
    """
    for name, value in given.items():
        attribute = PROVIDER_SCHEMA.attributes.get(name)
        if attribute is None:
            raise UsageError(f'provider "openai" has no argument {name}')
        complaints = _complaints_of_type(attribute.type, value)
        if not complaints and attribute.check:
            complaints = attribute.check(value)
        if complaints:
            raise UsageError(f'provider "openai": {name} {complaints[0].message}')


def _complaints_of_type(type_: object, value: Value) -> list[Complaint]:
    fits = {
        "string": isinstance(value, str),
        "number": isinstance(value, Number) and not isinstance(value, bool),
        "bool": isinstance(value, bool),
    }
    if isinstance(type_, str):
        ok, name = fits[type_], f"a {type_}"
    elif isinstance(type_, list) and type_[0] == "map":
        ok = isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
        name = "a map of strings"
    else:
        ok = isinstance(value, list) and all(isinstance(each, str) for each in value)
        name = "a list of strings"
    return [] if ok else [Complaint((), f"must be {name} that is known before apply")]


def _between(low: float, high: float, *, whole: bool = False) -> Check:
    def check(value: Value) -> list[Complaint]:
        if not isinstance(value, Number) or isinstance(value, bool):
            return []
        number = float(str(value))
        if low <= number <= high and (not whole or number == int(number)):
            return []
        kind = "a whole number" if whole else "a number"
        return [Complaint((), f"must be {kind} from {low:g} to {high:g}, not {value}")]

    return check


_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = ("host", "content-length", "content-type", "transfer-encoding", "connection")


def _headers(value: Value) -> list[Complaint]:
    complaints = []
    for name, text in value.items() if isinstance(value, dict) else ():
        if not _HEADER.fullmatch(str(name)) or str(name).lower() in _OURS:
            complaints.append(Complaint((name,), f'cannot set the header "{name}"'))
        elif isinstance(text, str) and not re.fullmatch(r"[\t -~]*", text):
            complaints.append(Complaint((name,), f'has control characters in "{name}"'))
    return complaints


def _argument(type_: object, description: str, check: Check | None = None) -> Attribute:
    return Attribute(type_, description, optional=True, check=check)


PROVIDER_SCHEMA = Schema(
    type="openai",
    description="Where the threads live and how to talk to the server. Every argument is optional.",
    attributes={
        "base_url": _argument(
            "string",
            "The server's address, `https://api.openai.com/v1` by default, or `emulator:PATH` for "
            "the embedded server with its data in the file PATH. Environment: `OPENAI_BASE_URL`.",
        ),
        "api_url": _argument("string", "Accepted for `base_url`."),
        "api_key": _argument(
            "string",
            "The key, never kept anywhere. Best left to the environment: `OPENAI_API_KEY`.",
        ),
        "organization": _argument(
            "string", "Sent as `OpenAI-Organization`. Environment: `OPENAI_ORG_ID`."
        ),
        "project": _argument(
            "string", "Sent as `OpenAI-Project`. Environment: `OPENAI_PROJECT_ID`."
        ),
        "dialect": _argument(
            "string",
            "Which API is spoken: `threads`, `conversations` or `azure_agents`. By default "
            "`conversations` for api.openai.com and `threads` elsewhere.",
            one_of(*DIALECTS),
        ),
        "headers": _argument(
            ["map", "string"], "More headers for every request; never shown.", _headers
        ),
        "query": _argument(["map", "string"], "More query parameters for every request."),
        "token_command": _argument(
            ["list", "string"],
            "A program and its arguments, run without a shell, that prints an access token. For "
            "`azure_agents`.",
        ),
        "timeout_s": _argument("number", "How long an answer may take: 60.", _between(0.1, 3600)),
        "max_concurrency": _argument(
            "number",
            "How many requests may be under way at once: as many as -parallelism allows.",
            _between(1, 256, whole=True),
        ),
        "requests_per_minute": _argument(
            "number",
            "How many requests a minute may be sent; without it the server's own refusals set "
            "the pace.",
            _between(1, 1_000_000),
        ),
        "batch_create": _argument(
            "bool",
            "Whether the call that creates a thread carries its first messages: true. With false "
            "a lost answer leaves no content behind.",
        ),
        "thread_create_concurrency": _argument(
            "number",
            "How many threads may be under creation at once, which is how many can be in doubt "
            "after a crash: 8.",
            _between(1, 256, whole=True),
        ),
        "settle_s": _argument(
            "number",
            "How long after a lost answer the server is looked at a second time: 5.",
            _between(0, 600),
        ),
        "run_wait_s": _argument(
            "number", "How long a run that holds a thread is waited for: 300.", _between(0, 86_400)
        ),
        "sequence_gap_s": _argument(
            "number",
            "A pause between messages appended to one thread, for servers that sort by whole "
            "seconds: 0.",
            _between(0, 60),
        ),
        "on_reorder": _argument(
            "string",
            "What to do when messages must move, where the thread does not say: `rewrite_tail`, "
            "`replace_thread`, `append` or `error`.",
            one_of(*ON_REORDER),
        ),
        "unmanaged_messages": _argument(
            "string",
            "What to do about messages that the specs do not manage, where the thread does not "
            "say: `report`, `ignore` or `delete`.",
            one_of(*UNMANAGED_MESSAGES),
        ),
        "admin_key": _argument("string", "Accepted from Terraform configurations and not used."),
    },
    exclusive=(("base_url", "api_url"),),
)
"""The arguments of a `provider "openai"` block."""
