"""RSA: private keys in PEM, and decryption by PKCS #1 v1.5."""

from __future__ import annotations

import re

from reconciler.language.functions.function import refuse

_PEM = re.compile(
    r"-----BEGIN (RSA )?PRIVATE KEY-----\s(.*?)-----END (RSA )?PRIVATE KEY-----", re.S
)
_INTEGER, _BYTES, _SEQUENCE = 0x02, 0x04, 0x30


def decrypt(data: bytes, pem: str) -> bytes:
    """The message that *data* hides, for the private key in *pem*."""
    modulus, exponent = private_key(pem)
    size = (modulus.bit_length() + 7) // 8
    if len(data) != size:
        raise refuse(f"the encrypted text has {len(data)} bytes, and the key needs {size}", 0)
    number = int.from_bytes(data)
    if number >= modulus:
        raise refuse("the text was not encrypted for this key", 0)
    padded = pow(number, exponent, modulus).to_bytes(size)
    end = padded.find(b"\0", 2)
    if not padded.startswith(b"\0\2") or end < 10:
        raise refuse("the text was not encrypted for this key", 0)
    return padded[end + 1 :]


def private_key(pem: str) -> tuple[int, int]:
    """Modulus and private exponent of a key in PEM, in PKCS #1 or #8."""
    match = _PEM.search(pem)
    if match is None:
        raise refuse("there is no private RSA key in PEM here, or it has a password", 1)
    from reconciler.language.functions.encoding import decode_base64

    parts = _read(decode_base64("".join(match[2].split())))
    if match[1] is None:
        parts = _read(_child(parts, 2, _BYTES))
    return int.from_bytes(_child(parts, 1, _INTEGER)), int.from_bytes(_child(parts, 3, _INTEGER))


Part = tuple[int, bytes]


def _read(der: bytes) -> list[Part]:
    """The parts of the DER sequence that *der* is."""
    outer = _parts(der)
    if len(outer) != 1 or outer[0][0] != _SEQUENCE:
        raise refuse("the private key is damaged", 1)
    return _parts(outer[0][1])


def _parts(der: bytes) -> list[Part]:
    found: list[Part] = []
    at = 0
    while at < len(der):
        tag, length, at = _header(der, at)
        if at + length > len(der):
            raise refuse("the private key is damaged", 1)
        found.append((tag, der[at : at + length]))
        at += length
    return found


def _header(der: bytes, at: int) -> tuple[int, int, int]:
    if at + 2 > len(der):
        raise refuse("the private key is damaged", 1)
    tag, length = der[at], der[at + 1]
    if length < 0x80:
        return tag, length, at + 2
    width = length & 0x7F
    return tag, int.from_bytes(der[at + 2 : at + 2 + width]), at + 2 + width


def _child(parts: list[Part], index: int, tag: int) -> bytes:
    if index >= len(parts) or parts[index][0] != tag:
        raise refuse("this is not a private RSA key", 1)
    return parts[index][1]
