"""Discretion: what no error may repeat, in whatever form a server quotes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from reconciler.concealment import STARS, without
from reconciler.frozen import replace
from reconciler.provider.answers import Lost, NotSent, Reply
from reconciler.provider.secret import Secret

MIN_SECRET = 8
"""What is shorter is a word and no secret, and stays readable."""

_VERSION = re.compile(r"v?\d{4}-\d{2}-\d{2}(?:-?preview)?")
"""A date, as an `api-version` is one, is no secret either, and it stands in many texts."""

MIN_SENSITIVE = 4
"""Sensitive values shorter than this cannot be told from ordinary text."""


class Discretion:
    """Hides keys, and what the specs call sensitive, in texts that servers write."""

    def __init__(
        self, secrets: Iterable[Secret], sensitive: Callable[[], Iterable[str]] | None = None
    ) -> None:
        self._secrets = set(secrets)
        self._sensitive = sensitive or (lambda: ())
        self._secret_forms: list[bytes] | None = None

    def add(self, secret: Secret) -> None:
        """Hide *secret* from now on."""
        if secret not in self._secrets:
            self._secrets.add(secret)
            self._secret_forms = None

    def without_secrets(self, came: Reply | NotSent | Lost) -> Reply | NotSent | Lost:
        """What came, so that it can be recorded: a server may have put a key into its objects."""
        if not isinstance(came, Reply):
            return came
        if self._secret_forms is None:
            forms = {form for each in self._texts() for form in _written(each)}
            self._secret_forms = sorted(map(str.encode, forms), key=lambda each: (-len(each), each))
        body = came.body
        for form in self._secret_forms:
            if form in body:
                body = body.replace(form, STARS.encode())
        return came if body is came.body else replace(came, body=body)

    def over(self, came: Reply | NotSent | Lost) -> Reply | NotSent | Lost:
        """What came, so that it can be quoted."""
        if not isinstance(came, Reply):
            return replace(came, reason=self.hide(came.reason))
        headers = {name: self.hide(each) for name, each in came.headers.items()}
        return Reply(came.status, headers, self._hide_bytes(came.body))

    def hide(self, text: str) -> str:
        """*text* with stars in place of everything that must not be told."""
        for form in self._forms():
            text = without(text, form)
        return text

    def _hide_bytes(self, raw: bytes) -> bytes:
        # Latin-1 gives every byte a character, so that what is no text stays as it is.
        text = raw.decode("latin-1")
        for form in self._forms():
            text = without(text, form.encode("utf-8", "surrogatepass").decode("latin-1"))
        return text.encode("latin-1")

    def _texts(self) -> set[str]:
        """Those of the secrets that can be told from ordinary text."""
        texts = {each.reveal() for each in self._secrets}
        return {each for each in texts if len(each) >= MIN_SECRET and not _VERSION.fullmatch(each)}

    def _forms(self) -> list[str]:
        """Longest first: one may be a part of another."""
        hidden = self._texts() | {
            each for each in self._sensitive() if len(each.strip()) >= MIN_SENSITIVE
        }
        forms = {form for each in hidden for form in _written(each)}
        return sorted(forms, key=lambda each: (-len(each), each))


def _written(text: str) -> Iterator[str]:
    """A text as JSON, Python, URLs and Base64 write it."""
    import json
    from urllib.parse import quote, quote_plus

    yield text
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield repr(text)[1:-1]
    data = text.encode("utf-8", "replace")
    yield quote(data, safe="")
    yield quote_plus(data)
    yield from _in_base64(data)


def _in_base64(data: bytes) -> Iterator[str]:
    """The characters that only *data* decides, wherever in a longer text it stands."""
    from base64 import b64encode

    for before in range(3):
        code = b64encode(bytes(before) + data).decode().rstrip("=")
        first = (before * 8 + 5) // 6
        last = (before + len(data)) * 8 // 6
        if last - first >= MIN_SECRET:
            yield code[first:last]
            yield code[first:last].replace("+", "-").replace("/", "_")
