"""Plan file: any bytes are a plan or are refused in words; the body of a file with the right checksum
is taken apart the same way.

What is after a first byte of `S` is sealed before it is read, so that the checksum hides nothing.
"""

from __future__ import annotations

import json

from reconciler.errors import PlanError
from reconciler.plan import planfile


def check(data: bytes) -> None:
    """Read *data* as a saved plan."""
    try:
        planfile.decode(sealed(data[1:]) if data[:1] == b"S" else data, "saved.plan")
    except PlanError as error:
        assert "saved.plan" in error.message


def sealed(data: bytes) -> bytes:
    """*data* as the body of a plan file whose checksum is right."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return data
    if not isinstance(body, dict):
        return data
    document = {
        "format": planfile.FORMAT,
        "version": planfile.VERSION,
        "checksum": planfile._checksum(body),
        "body": body,
    }
    return json.dumps(document).encode()
