"""Blowfish: the cipher behind bcrypt, and bcrypt itself.

Its tables are the digits of pi after the point, which are computed here rather than listed.
"""

from __future__ import annotations

import os
from functools import lru_cache

from reconciler.language.functions.function import refuse

MIN_COST, MAX_COST, DEFAULT_COST = 4, 14, 10

_ROUNDS = 16
_MASK = 0xFFFFFFFF
_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_MAGIC = b"OrpheanBeholderScryDoubt"

Tables = tuple[list[int], list[int]]


@lru_cache(maxsize=1)
def _pi_words() -> tuple[int, ...]:
    """The first 1,042 words of 32 bits that follow the point of pi."""
    words = _ROUNDS + 2 + 4 * 256
    bits = words * 32 + 64
    pi = 4 * (4 * _arctangent(5, bits) - _arctangent(239, bits))
    fraction = (pi - (3 << bits)) >> 64
    return tuple(fraction >> 32 * (words - 1 - at) & _MASK for at in range(words))


def _arctangent(inverse: int, bits: int) -> int:
    """The arc tangent of `1/inverse`, times `2**bits`."""
    power = (1 << bits) // inverse
    total, divisor, sign = power, 1, 1
    while power:
        power //= inverse * inverse
        divisor += 2
        sign = -sign
        total += sign * (power // divisor)
    return total


def _encrypt(tables: Tables, left: int, right: int) -> tuple[int, int]:
    """One block of 64 bits, as two halves."""
    keys, boxes = tables
    for at in range(_ROUNDS):
        left ^= keys[at]
        mixed = (boxes[left >> 24] + boxes[256 + (left >> 16 & 255)]) & _MASK
        mixed = ((mixed ^ boxes[512 + (left >> 8 & 255)]) + boxes[768 + (left & 255)]) & _MASK
        left, right = right ^ mixed, left
    return right ^ keys[_ROUNDS + 1], left ^ keys[_ROUNDS]


def _expand(tables: Tables, key: list[int], salt: list[int]) -> None:
    """Mix a key, and a salt of four words or zeros, into the tables."""
    keys, boxes = tables
    for at in range(_ROUNDS + 2):
        keys[at] ^= key[at]
    left = right = 0
    turn = 0
    for table in (keys, boxes):
        for at in range(0, len(table), 2):
            left, right = _encrypt(tables, left ^ salt[turn], right ^ salt[turn + 1])
            table[at], table[at + 1] = left, right
            turn = 2 - turn


def _words(data: bytes, count: int) -> list[int]:
    """*count* words of 32 bits from bytes that are repeated as often as needed."""
    repeated = data * (count * 4 // len(data) + 1)
    return [int.from_bytes(repeated[at : at + 4]) for at in range(0, count * 4, 4)]


def _encode(data: bytes) -> str:
    """Bytes in bcrypt's own base64."""
    bits = int.from_bytes(data) << (-len(data) * 8 % 6)
    count = -(-len(data) * 8 // 6)
    return "".join(_ALPHABET[bits >> 6 * (count - 1 - at) & 63] for at in range(count))


def check(password: str, cost: int) -> None:
    """Refuse what cannot be hashed, or not in a time anybody would wait."""
    if len(password.encode()) > 72:
        raise refuse("a password of more than 72 bytes cannot be hashed", 0)
    if cost > MAX_COST:
        raise refuse(f"a cost above {MAX_COST} takes too long", 1)


def bcrypt(password: str, cost: int, salt: bytes | None = None) -> str:
    """The bcrypt hash of a password; *salt* is 16 random bytes unless it is given."""
    secret = password.encode()
    check(password, cost)
    if cost < MIN_COST:
        cost = DEFAULT_COST
    salt = os.urandom(16) if salt is None else salt
    digest = _digest(secret + b"\0", cost, salt)
    return f"$2a${cost:02d}${_encode(salt)}{_encode(digest[:23])}"


def _digest(secret: bytes, cost: int, salt: bytes) -> bytes:
    words = _pi_words()
    tables = list(words[: _ROUNDS + 2]), list(words[_ROUNDS + 2 :])
    key, salt_key = _words(secret, _ROUNDS + 2), _words(salt, _ROUNDS + 2)
    _expand(tables, key, _words(salt, 4))
    for _ in range(1 << cost):
        _expand(tables, key, [0] * 4)
        _expand(tables, salt_key, [0] * 4)
    block = _words(_MAGIC, 6)
    for _ in range(64):
        for at in range(0, 6, 2):
            block[at], block[at + 1] = _encrypt(tables, block[at], block[at + 1])
    return b"".join(each.to_bytes(4) for each in block)
