"""Sanitise: no text of others drives a terminal, whichever view prints it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.views import sanitise

HOSTILE = {
    "escape": "\x1b[31mred",
    "osc": "\x1b]0;title\x07",
    "carriage return": "good\rbad",
    "backspace": "a\bb",
    "c1": "\x9b31m",
    "delete": "\x7f",
    "right to left override": "\u202ecod.exe",
    "isolate": "\u2066x\u2069",
    "zero width": "pass\u200bword",
    "byte order mark": "\ufeffx",
    "line separator": "a\u2028b",
    "lone surrogate": "a\ud800b",
    "tag": "\U000e0041",
    "soft hyphen": "a\u00adb",
    "grapheme joiner": "a\u034fb",
    "Khmer vowels": "\u17b4\u17b5",
    "variation selectors": "a\ufe00b\ufe0e\ufe0f",
    "a selector behind a digit": "1\ufe0f",
    "two selectors": "\u2764\ufe0f\ufe0f",
    "musical controls": "\U0001d159\U0001d173\U0001d17a",
    "shorthand controls": "\U0001bca0\U0001bca3",
    "hieroglyph controls": "\U00013430\U0001343f",
    "noncharacters": "\ufdd0\ufdef\ufffe\U0001fffe\U0010ffff",
}

TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=()),
        st.sampled_from('\x00\x07\x1b\x7f\x85\x9b\r\t\n\u200d\u2028\u202e\u2066\ufeff\ud800\\"{$'),
    ),
    max_size=40,
)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_could_drive_a_terminal_becomes_visible(text: str) -> None:
    assert sanitise.UNSAFE.search(sanitise.line(text)) is None
    assert len(sanitise.line(text)) >= len(text)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_is_invisible_is_told(text: str) -> None:
    assert sanitise.line(text) != text


@pytest.mark.parametrize(
    "text", ["\u2764\ufe0f", "1\ufe0f\u20e3", "\u260e\ufe0e", "\U0001f3d4\ufe0f"]
)
def test_a_selector_that_says_how_a_sign_is_drawn_stays(text: str) -> None:
    assert sanitise.line(text) == text


def test_every_character_that_is_ignored_by_default_is_told() -> None:
    """As Unicode lists them: `Default_Ignorable_Code_Point`, noncharacters, `Cf` that shows nothing."""
    import regex

    visible = "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    invisible = regex.compile(
        rf"[\p{{Default_Ignorable_Code_Point}}\p{{Noncharacter_Code_Point}}\p{{Cf}}--[{visible}]]",
        regex.VERSION1,
    )
    raw = [
        hex(code)
        for code in range(0x110000)
        if invisible.match(chr(code)) and sanitise.line(chr(code)) == chr(code)
    ]
    assert raw == []


@given(TEXTS)
def test_a_line_is_one_line_of_safe_characters(text: str) -> None:
    assert sanitise.UNSAFE.search(sanitise.line(text)) is None


@given(TEXTS)
def test_a_block_keeps_line_feeds_and_nothing_else(text: str) -> None:
    shown = sanitise.block(text)
    assert shown.count("\n") == text.count("\n")
    assert sanitise.UNSAFE.search(shown.replace("\n", "")) is None


@given(TEXTS)
def test_a_quoted_text_is_safe_and_reads_back(text: str) -> None:
    shown = sanitise.quoted(text)
    assert sanitise.UNSAFE.search(shown) is None
    assert _unquoted(shown) == text


@given(
    st.recursive(
        TEXTS | st.integers() | st.none(),
        lambda x: st.lists(x) | st.dictionaries(TEXTS, x),
        max_leaves=8,
    )
)
def test_json_is_safe_and_reads_back(value: object) -> None:
    for indent in (None, 2):
        shown = sanitise.json_text(value, indent=indent)
        assert sanitise.UNSAFE.search(shown.replace("\n", "")) is None
        assert json.loads(shown) == json.loads(json.dumps(value))


@pytest.mark.parametrize("text", ["", "plain", "naïve", "日本語", "👍", "a b", "\ufffd"])
def test_harmless_text_comes_out_as_it_is(text: str) -> None:
    assert sanitise.line(text) == text
    assert sanitise.quoted(text) == f'"{text}"'


def test_controls_become_pictures_and_the_rest_escapes() -> None:
    assert sanitise.line("\x1b\x7f\x9b\u202e\U000e0041") == "␛␡\\u009b\\u202e\\U000e0041"


def _unquoted(shown: str) -> str:
    """Read a literal as HCL would."""
    pieces: list[str] = []
    body, at = shown[1:-1], 0
    while at < len(body):
        if body[at] != "\\":
            pieces.append(body[at])
            at += 1
            continue
        kind = body[at + 1]
        width = {"u": 4, "U": 8}.get(kind, 0)
        if width:
            pieces.append(chr(int(body[at + 2 : at + 2 + width], 16)))
        else:
            pieces.append({"n": "\n", "r": "\r", "t": "\t"}.get(kind, kind))
        at += 2 + width
    return "".join(pieces)
