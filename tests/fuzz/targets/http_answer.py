"""HTTP answer: whatever a server answers has one outcome, whose message is short and harmless.

The first byte chooses the status, the second what was asked; then come headers as lines, a blank
line, and the body. A creation that may have happened is never called refused.
"""

from __future__ import annotations

import re

from fuzz import text_of
from reconciler.errors import ProviderError
from reconciler.provider.answers import Reply, Verdict, classify
from reconciler.provider.body import StrangeBody, parse
from reconciler.provider.envelope import MAX_MESSAGE
from reconciler.provider.request import Kind, Request

STATUSES = (
    200,
    201,
    204,
    301,
    307,
    400,
    401,
    403,
    404,
    405,
    408,
    409,
    410,
    422,
    429,
    500,
    502,
    503,
)
KINDS = tuple(Kind)

DRIVES_A_TERMINAL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]"
)


def check(data: bytes) -> None:
    """Classify *data* as an answer."""
    if len(data) < 2:
        return
    status, kind = STATUSES[data[0] % len(STATUSES)], KINDS[data[1] % len(KINDS)]
    head, _, body = data[2:].partition(b"\n\n")
    pairs = (line.partition(":") for line in text_of(head).split("\n"))
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}
    request = Request("POST", "/threads/thread_1", kind, names=("thread_1",))
    outcome = classify(request, Reply(status, headers, body))
    if outcome.error is None:
        assert outcome.verdict is Verdict.DONE
        assert 200 <= status < 300
    else:
        assert isinstance(outcome.error, ProviderError)
        assert not DRIVES_A_TERMINAL.search(str(outcome.error))
        assert len(str(outcome.error)) < MAX_MESSAGE + 1000
    if status in (500, 502, 503) and not kind.is_repeatable:
        assert outcome.verdict is Verdict.UNKNOWN
    assert outcome.wait_s is None or 0 < outcome.wait_s < 1e13
    read_again(body)


def read_again(body: bytes) -> None:
    """What is read of a body can be recorded, and read from there."""
    from reconciler.state.loader import load_json

    try:
        value = parse(body)
    except StrangeBody as error:
        assert str(error)
        return
    import json

    load_json(json.dumps(value, ensure_ascii=False).encode())
