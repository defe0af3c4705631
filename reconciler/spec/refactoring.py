"""Refactoring: `import`, `moved` and `removed` blocks."""

from __future__ import annotations

from reconciler.address import Address, Mode, ModulePath
from reconciler.language.syntax import Expression
from reconciler.spec.model import (
    ImportBlock,
    MovedBlock,
    MovedModule,
    RemovedBlock,
    RemovedModule,
)
from reconciler.spec.reading import BlockReader
from reconciler.spec.static import address_of, read_address


def read_import(reader: BlockReader) -> ImportBlock | None:
    """Read an `import` block; None where it does not say what to import."""
    reader.labels()
    reader.expect(("to", "id", "for_each", "provider"), required=("to", "id"))
    to, id_ = reader.static("to"), reader.expression("id")
    if to is None or id_ is None:
        return None
    # A key that depends on each.key is a reference of its own, behind the address.
    traversal = to.traversal() or next(iter(to.references()), None)
    if traversal is None or traversal.root in ("var", "local", "each", "data"):
        detail = "Only a managed resource can be imported: to = openai_thread.a."
        reader.error("Invalid import address", detail, to.place)
        return None
    return ImportBlock(to, traversal, id_, reader.expression("for_each"), reader.block.place)


def read_moved(reader: BlockReader) -> MovedBlock | MovedModule | None:
    """Read a `moved` block; None after an error."""
    reader.labels()
    reader.expect(("from", "to"), required=("from", "to"))
    from_, to = _address(reader, "from"), _address(reader, "to")
    if from_ is None or to is None:
        return None
    place = reader.block.place
    if isinstance(from_, Address) and isinstance(to, Address):
        if from_.type != to.type:
            detail = f"An object keeps its type: {from_.type} cannot become {to.type}."
            reader.error("Resource type mismatch", detail, place)
            return None
        return MovedBlock(from_, to, place)
    if isinstance(from_, tuple) and isinstance(to, tuple):
        return MovedModule(from_, to, place)
    detail = "Both addresses must be resources, or both modules."
    reader.error('Invalid "moved" addresses', detail, place)
    return None


def read_removed(reader: BlockReader) -> RemovedBlock | RemovedModule | None:
    """Read a `removed` block; None after an error."""
    reader.labels()
    reader.expect(("from",), required=("from",), blocks=("lifecycle",))
    from_ = _address(reader, "from")
    destroy = _destroy(reader)
    if from_ is None:
        return None
    expression = reader.expression("from")
    assert expression is not None, "an address was read from it"
    if _has_key(from_):
        detail = "It is about the whole block: write the address without a key in brackets."
        reader.error("Resource instance keys not allowed", detail, expression.place)
        return None
    if isinstance(from_, tuple):
        return RemovedModule(from_, destroy, reader.block.place)
    return RemovedBlock(from_, destroy, reader.block.place)


def _destroy(reader: BlockReader) -> bool:
    block = reader.only_block("lifecycle")
    if block is None:
        return True
    inner = reader.inner(block)
    inner.labels()
    inner.expect(("destroy",), required=("destroy",))
    return inner.flag("destroy") is not False


def _address(reader: BlockReader, name: str) -> Address | ModulePath | None:
    expression = reader.static(name)
    if expression is None:
        return None
    found = read_address(reader, expression)
    if isinstance(found, Address) and found.mode is Mode.DATA:
        _refuse_data(reader, expression)
        return None
    return found


def _refuse_data(reader: BlockReader, expression: Expression) -> None:
    detail = "A data source owns nothing. To be rid of it, remove its block."
    reader.error("Data source address not allowed", detail, expression.place)


def _has_key(address: Address | ModulePath) -> bool:
    if isinstance(address, Address):
        return address.key is not None or _has_key(address.module)
    return any(step.key is not None for step in address)


def import_address(block: ImportBlock) -> Address | None:
    """Where an import goes, if its address is constant."""
    found = address_of(block.to_traversal) if block.to.traversal() is not None else None
    return found if isinstance(found, Address) else None
