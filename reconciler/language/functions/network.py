"""Network: arithmetic on IP addresses and their prefixes."""

from __future__ import annotations

from reconciler.frozen import frozen
from reconciler.language.functions.function import Family, number, refuse, text
from reconciler.language.functions.strings import whole
from reconciler.language.numbers import Number
from reconciler.language.values import TypedList

FUNCTIONS = Family()
_add = FUNCTIONS.add


@frozen
class Prefix:
    """A range of addresses: the first of them, and how many leading bits they share."""

    address: int
    length: int
    bits: int

    @property
    def size(self) -> int:
        """How many addresses it has."""
        return 1 << (self.bits - self.length)

    @property
    def first(self) -> int:
        """The first address."""
        return self.address & -self.size

    def __str__(self) -> str:
        length = self.length - 96 if _is_mapped(self.first, self.bits) else self.length
        return f"{address_text(self.first, self.bits)}/{length}"


def _is_mapped(address: int, bits: int) -> bool:
    return bits == 128 and address >> 32 == 0xFFFF


def address_text(address: int, bits: int) -> str:
    """An address as text: IPv6 in its shortest form."""
    if bits == 32 or _is_mapped(address, bits):
        return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))
    groups = [address >> shift & 0xFFFF for shift in range(112, -16, -16)]
    start, length = _longest_zeros(groups)
    texts = [f"{each:x}" for each in groups]
    if length < 2:
        return ":".join(texts)
    return f"{':'.join(texts[:start])}::{':'.join(texts[start + length :])}"


def _longest_zeros(groups: list[int]) -> tuple[int, int]:
    best = (0, 0)
    at = 0
    while at < len(groups):
        end = at
        while end < len(groups) and groups[end] == 0:
            end += 1
        if end - at > best[1]:
            best = (at, end - at)
        at = max(end, at + 1)
    return best


def read_address(value: str) -> tuple[int, int] | None:
    """The address that a text spells and its number of bits, or None."""
    if ":" in value:
        address = _read_long(value)
        return None if address is None else (address, 128)
    address = _read_short(value)
    return None if address is None else (address, 32)


def _read_short(value: str) -> int | None:
    parts = value.split(".")
    if len(parts) != 4 or not all(each.isascii() and each.isdigit() for each in parts):
        return None
    numbers = [int(each) if len(each) < 20 else 256 for each in parts]
    if max(numbers) > 255:
        return None
    return int.from_bytes(bytes(numbers))


def _read_long(value: str) -> int | None:
    if value.count("::") > 1 or ":::" in value:
        return None
    head, gap, tail = value.partition("::")
    left, right = _read_groups(head), _read_groups(tail)
    if left is None or right is None:
        return None
    missing = 8 - len(left) - len(right)
    if missing < 0 or (missing > 0) != bool(gap):
        return None
    address = 0
    for group in [*left, *[0] * missing, *right]:
        address = address << 16 | group
    return address


def _read_groups(value: str) -> list[int] | None:
    groups: list[int] = []
    parts = value.split(":") if value else []
    for position, each in enumerate(parts):
        if "." in each and position == len(parts) - 1:
            short = _read_short(each)
            if short is None:
                return None
            groups.extend((short >> 16, short & 0xFFFF))
        elif 1 <= len(each) <= 4 and all(c in "0123456789abcdefABCDEF" for c in each):
            groups.append(int(each, 16))
        else:
            return None
    return groups


def read_prefix(value: str, argument: int = 0) -> Prefix:
    """The prefix that a text such as `10.0.0.0/8` spells.

    Raises:
        ValueMistake: it does not spell one.
    """
    address, slash, length = value.partition("/")
    found = read_address(address)
    is_number = length.isascii() and length.isdigit() and len(length) < 10
    if found is None or not slash or not is_number or int(length) > found[1]:
        raise refuse(f'"{value}" is not an IP prefix such as 10.0.0.0/8', argument)
    prefix = Prefix(found[0], int(length), found[1])
    return Prefix(prefix.first, prefix.length, prefix.bits)


@_add(
    "cidrhost",
    "The address of a host in a prefix; a negative number counts from the end.",
    text("prefix"),
    number("hostnum"),
    returns="string",
    examples=('cidrhost("10.12.112.0/20", 16)', 'cidrhost("10.0.0.0/8", -1)'),
)
def _cidrhost(value: str, host: Number) -> str:
    prefix = read_prefix(value)
    at = whole(host, "hostnum", 1)
    if not -prefix.size <= at < prefix.size:
        raise refuse(f"{value} has only {prefix.size} addresses", 1)
    return address_text(prefix.first + at % prefix.size, prefix.bits)


@_add(
    "cidrnetmask",
    "The network mask of an IPv4 prefix.",
    text("prefix"),
    returns="string",
    examples=('cidrnetmask("172.16.0.0/12")',),
)
def _cidrnetmask(value: str) -> str:
    prefix = read_prefix(value)
    if prefix.bits != 32:
        raise refuse("addresses of IPv6 have no network masks", 0)
    return address_text(2**32 - prefix.size, 32)


@_add(
    "cidrsubnet",
    "The subnet of a prefix with that number, its length grown by *newbits*.",
    text("prefix"),
    number("newbits"),
    number("netnum"),
    returns="string",
    examples=('cidrsubnet("172.16.0.0/12", 4, 2)',),
)
def _cidrsubnet(value: str, new_bits: Number, net_number: Number) -> str:
    prefix = read_prefix(value)
    grown, at = whole(new_bits, "newbits", 1), whole(net_number, "netnum", 2)
    length = prefix.length + grown
    if not 0 <= length <= prefix.bits:
        raise refuse(f"a prefix of {length} bits is not possible: {value} has {prefix.bits}", 1)
    if grown >= 0 and (abs(at) & _LOW_64) >> min(grown, 64):
        raise refuse(f"{grown} bits are too few for subnet number {at}", 2)
    first = abs(prefix.first | at << prefix.bits - length)
    if first >> prefix.bits:
        raise refuse(f"{grown} bits are too few for subnet number {at}", 2)
    return str(Prefix(first, length, prefix.bits))


_LOW_64 = 2**64 - 1
"""Terraform looks at no more of a subnet number, and takes a negative one for its bits."""


@_add(
    "cidrsubnets",
    "Subnets of a prefix one after the other, each longer by as many bits as its argument says.",
    text("prefix"),
    variadic=number("newbits"),
    returns=["list", "string"],
    examples=('cidrsubnets("10.1.0.0/16", 4, 4, 8, 4)',),
)
def _cidrsubnets(value: str, *new_bits: Number) -> object:
    prefix = read_prefix(value)
    at, end = prefix.first, prefix.first + prefix.size
    found: list[object] = []
    for position, each in enumerate(new_bits, 1):
        grown = whole(each, "newbits", position)
        length = prefix.length + grown
        if not 1 <= grown <= 32 or length > prefix.bits:
            raise refuse(f"{value} cannot be grown by {grown} bits: 1 to 32 are possible", position)
        size = 1 << prefix.bits - length
        at = -(-at // size) * size
        if at + size > end:
            raise refuse(f"{value} has no room left for this subnet", position)
        found.append(str(Prefix(at, length, prefix.bits)))
        at += size
    return TypedList(found, "string")


@_add(
    "cidrcontains",
    "Whether an address or a prefix lies within a prefix.",
    text("containing_prefix"),
    text("contained_ip_or_prefix"),
    returns="bool",
    examples=('cidrcontains("192.168.2.0/20", "192.168.2.1")',),
)
def _cidrcontains(value: str, part: str) -> bool:
    prefix = read_prefix(value)
    inner = read_prefix(part, 1) if "/" in part else _single(part)
    if inner.bits != prefix.bits:
        raise refuse("one is an IPv4 address, the other IPv6", 1)
    return inner.length >= prefix.length and inner.first & -prefix.size == prefix.first


def _single(value: str) -> Prefix:
    found = read_address(value)
    if found is None:
        raise refuse(f'"{value}" is not an IP address', 1)
    return Prefix(found[0], found[1], found[1])
