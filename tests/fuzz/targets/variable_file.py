"""Variable file: any tfvars file, in HCL or JSON, is read or refused.

The first byte chooses between the two.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from reconciler.diagnostics import Diagnostics
from reconciler.spec.given import GivenFile, GivenOption, read_given


def check(data: bytes) -> None:
    """Read *data* as a file, and as an option of the command line."""
    name = "a.tfvars.json" if data[:1] < b"\x40" else "a.tfvars"
    diagnostics = Diagnostics()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data[1:])
        option = GivenOption(data[1:].decode("utf-8", "surrogateescape"))
        found, _ = read_given(Path(folder), [GivenFile(path), option], {}, diagnostics)
    assert all(isinstance(each, str) for each in found)
    assert all(each.summary for each in diagnostics)
