"""Text encodings: the names that IANA registered, and the codecs behind them."""

from __future__ import annotations

from reconciler.language.functions.function import refuse


def _table() -> dict[str, str]:
    names = {
        "utf-8": "utf-8", "csutf8": "utf-8", "us-ascii": "ascii", "macintosh": "mac-roman",
        "utf-16": "utf-16", "utf-16be": "utf-16-be", "utf-16le": "utf-16-le",
        "latin1": "latin-1", "l1": "latin-1", "iso_8859-1": "latin-1",
        "iso-8859-8-i": "iso8859-8", "iso-8859-8-e": "iso8859-8", "iso-8859-6-i": "iso8859-6",
        "koi8-r": "koi8-r", "koi8-u": "koi8-u", "windows-874": "cp874", "gbk": "gbk",
        "gb18030": "gb18030", "hz-gb-2312": "hz", "big5": "big5", "shift_jis": "shift_jis",
        "ms_kanji": "shift_jis", "euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp",
        "extended_unix_code_packed_format_for_japanese": "euc_jp", "euc-kr": "euc_kr",
        "ibm00858": "cp858", "ibm01140": "cp1140", "ibm037": "cp037", "cp037": "cp037",
    }  # fmt: skip
    for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16):
        names[f"iso-8859-{number}"] = f"iso8859-{number}"
    for number in range(1250, 1259):
        names[f"windows-{number}"] = f"cp{number}"
    for number in (437, 850, 852, 855, 860, 862, 863, 865, 866):
        names |= dict.fromkeys((f"ibm{number}", f"cp{number}", str(number)), f"cp{number}")
    return names


_CODECS = _table()


def encode(value: str, encoding: str) -> bytes:
    """The bytes of a text.

    Raises:
        ValueMistake: there is no such encoding, or it lacks one of the characters.
    """
    name = _codec(encoding)
    try:
        if name == "utf-16":
            return b"\xfe\xff" + value.encode("utf-16-be")
        return value.encode(name)
    except UnicodeEncodeError:
        raise refuse(f"the text has characters that {encoding} does not have", 0) from None


def decode(data: bytes, encoding: str) -> str:
    """The text of some bytes.

    Raises:
        ValueMistake: there is no such encoding, or the bytes are not in it.
    """
    name = _codec(encoding)
    if name == "utf-16" and data[:2] not in (b"\xfe\xff", b"\xff\xfe"):
        name = "utf-16-be"
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        raise refuse(f"the bytes are not text in {encoding}", 0) from None


def _codec(encoding: str) -> str:
    found = _CODECS.get(encoding.lower())
    if found is None:
        raise refuse(f'"{encoding}" is not an encoding known here, such as "UTF-16LE"', 1)
    return found
