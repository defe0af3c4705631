"""Hashes: digests of text, and identifiers made from them."""

from __future__ import annotations

from reconciler.language.functions.function import Family, refuse, text

FUNCTIONS = Family()
_add = FUNCTIONS.add


def digest(algorithm: str, data: bytes) -> bytes:
    """The digest of some bytes."""
    import hashlib

    return hashlib.new(algorithm, data, usedforsecurity=False).digest()


def _hexadecimal(algorithm: str) -> None:
    @_add(
        algorithm,
        f"The {algorithm.upper()} digest of the text's UTF-8 bytes, in hexadecimal.",
        text(),
        returns="string",
        examples=(f'{algorithm}("hello world")',),
    )
    def _digest(value: str) -> str:
        return digest(algorithm, value.encode()).hex()


for _algorithm in ("md5", "sha1", "sha256", "sha512"):
    _hexadecimal(_algorithm)


def _base64(algorithm: str) -> None:
    @_add(
        f"base64{algorithm}",
        f"The {algorithm.upper()} digest of the text's UTF-8 bytes, in base64.",
        text(),
        returns="string",
        examples=(f'base64{algorithm}("hello world")',),
    )
    def _digest(value: str) -> str:
        from base64 import b64encode

        return b64encode(digest(algorithm, value.encode())).decode()


for _algorithm in ("sha256", "sha512"):
    _base64(_algorithm)


_NAMESPACES = {
    "dns": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "url": "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
    "oid": "6ba7b812-9dad-11d1-80b4-00c04fd430c8",
    "x500": "6ba7b814-9dad-11d1-80b4-00c04fd430c8",
}


@_add(
    "uuidv5",
    'The UUID of a name in a namespace: "dns", "url", "oid", "x500" or another UUID.',
    text("namespace"),
    text("name"),
    returns="string",
    examples=('uuidv5("dns", "www.example.com")',),
)
def _uuidv5(namespace: str, name: str) -> str:
    import uuid

    try:
        space = uuid.UUID(_NAMESPACES.get(namespace, namespace))
    except ValueError:
        raise refuse(f'"{namespace}" is neither a namespace nor a UUID', 0) from None
    return str(uuid.uuid5(space, name))


@_add(
    "rsadecrypt",
    "The text that was encrypted for an RSA key (PKCS #1 v1.5), given in base64.",
    text("ciphertext"),
    text("privatekey"),
    returns="string",
)
def _rsadecrypt(ciphertext: str, private_key: str) -> str:
    from reconciler.language.functions.encoding import as_text, decode_base64
    from reconciler.language.functions.rsa import decrypt

    return as_text(decrypt(decode_base64(ciphertext), private_key))
