"""Foreign data: JSON, JSON lines, YAML and CSV are read or refused; what is written reads back.

The first byte chooses the format.
"""

from __future__ import annotations

from fuzz import text_of
from reconciler.errors import SpecError
from reconciler.language import evaluate

DECODERS = ("jsondecode", "jsonldecode", "yamldecode", "csvdecode", "base64gunzip", "urldecode")


def check(data: bytes) -> None:
    """Decode *data* and encode what comes out."""
    decode = DECODERS[data[0] % len(DECODERS)] if data else "jsondecode"
    names = {"v": text_of(data[1:])}
    try:
        written = evaluate(f"[for x in [{decode}(v)] : [jsonencode(x), yamlencode(x)]][0]", names)
    except SpecError as error:
        assert error.diagnostics
        return
    for text, back in zip(written, ("jsondecode", "yamldecode"), strict=True):
        again = evaluate(f"[for x in [{back}(w)] : [jsonencode(x), yamlencode(x)]][0]", {"w": text})
        assert again == written
