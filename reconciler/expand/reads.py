"""Reads: data sources that wait for apply, put behind what they are about."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.address import Address, Mode
from reconciler.diagnostics import Diagnostics, Place, Severity, diagnostic
from reconciler.errors import ObjectNotFound, RequestRejected, SpecError
from reconciler.expand.instances import Blocks
from reconciler.expand.model import Instance, PendingRead
from reconciler.frozen import replace


def place_reads(blocks: Blocks, diagnostics: Diagnostics) -> tuple[PendingRead, ...]:
    """Let every pending read wait for all members of the parent it is about.

    A member that depends on a data source of its own parent would wait for itself: an error.
    """
    reads: list[PendingRead] = []
    members = _members(blocks) if blocks.reads else {}
    for address, read in blocks.reads.items():
        parent = blocks.parent_read_by(read.instance)
        about = members.get(parent, []) if parent is not None else []
        looking = [each for each in about if address in each.depends_on]
        for each in looking:
            _refuse(each, address, diagnostics)
        depends_on = read.instance.depends_on | {
            each.address for each in about if each not in looking
        }
        instance = replace(read.instance, depends_on=depends_on)
        blocks.instances[address] = instance
        reads.append(replace(read, instance=instance))
    return tuple(reads)


def _members(blocks: Blocks) -> dict[Address, list[Instance]]:
    found: dict[Address, list[Instance]] = {}
    for instance in blocks.instances.values():
        if isinstance(instance.parent, Address) and instance.address.mode is Mode.MANAGED:
            found.setdefault(instance.parent, []).append(instance)
    return found


def _refuse(member: Instance, data: Address, diagnostics: Diagnostics) -> None:
    diagnostics.error(
        "Message depends on its own thread's data",
        f"{member.address} depends on {data}, which reads the thread that it belongs to: it would "
        "have to be read before and after the message is created. Read another thread, or refer to "
        "the messages themselves.",
        place=member.place,
        address=str(member.address),
    )


def refused_read(
    error: ObjectNotFound | RequestRejected,
    address: Address,
    place: Place,
    argument_places: Mapping[str, Place],
) -> SpecError:
    """What the API says against the arguments of a data source, as a mistake of its block."""
    is_refused = isinstance(error, RequestRejected)
    problem = diagnostic(
        Severity.ERROR,
        "Data source refused" if is_refused else "Data source not found",
        error.message,
        place=argument_places.get(error.param or "", place) if is_refused else place,
        address=str(address),
    )
    return SpecError((problem,))
