"""Template: a file for `templatefile` gives text or is refused; plain text gives itself."""

from __future__ import annotations

from unicodedata import normalize

from fuzz import text_of
from fuzz.targets.expression import NAMES
from reconciler.errors import SpecError
from reconciler.language.alone import GivenScope
from reconciler.language.functions import standard_functions
from reconciler.language.parse import parse_template
from reconciler.language.plain import from_plain

SCOPE = GivenScope({name: from_plain(each) for name, each in NAMES.items()}, standard_functions())


def check(data: bytes) -> None:
    """Render *data*."""
    text = text_of(data)
    try:
        value = parse_template(text).evaluate(SCOPE)
    except SpecError as error:
        assert error.diagnostics
        assert "${" in text or "%{" in text
        return
    if "{" not in text and "\r" not in text:
        assert value == normalize("NFC", text)
