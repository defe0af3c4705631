"""Rename check: `import`, `moved` and `removed` blocks against each other and the other blocks."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.address import Address, ModulePath, ModuleStep
from reconciler.diagnostics import Diagnostics, Place
from reconciler.spec.model import ImportBlock, Module
from reconciler.spec.reading import where
from reconciler.spec.refactoring import import_address


def check_refactoring(module: Module, diagnostics: Diagnostics) -> None:
    """Report imports without a block, and moves and removals at odds with what is there."""
    _Check(module, diagnostics).run()


class _Check:
    def __init__(self, module: Module, diagnostics: Diagnostics) -> None:
        self.module = module
        self.diagnostics = diagnostics

    def run(self) -> None:
        self._imports()
        self._moves()
        self._removals()

    def _error(self, summary: str, detail: str, place: Place, context: str) -> None:
        self.diagnostics.error(summary, detail, place=place, context=context)

    def _imports(self) -> None:
        seen: dict[Address, ImportBlock] = {}
        for block in self.module.imports:
            address = import_address(block)
            if address is None:
                continue
            if not (self._is_declared(address) or self._may_be_declared(address)):
                detail = f"There is no block for {address}. Write it, then the import can be made."
                summary = "Configuration for import target does not exist"
                self._error(summary, detail, block.to.place, "import")
            first = seen.setdefault(address, block)
            if first is not block:
                detail = f"{address} is imported at {where(first.place)} already."
                self._error("Duplicate import configuration", detail, block.to.place, "import")

    def _moves(self) -> None:
        moved = self.module.moved
        modules = self.module.moved_modules
        self._unique(((str(each.from_), each.place) for each in moved), "leaves", "moved")
        self._unique(((str(each.to), each.place) for each in moved), "arrives", "moved")
        self._unique(((path_text(each.from_), each.place) for each in modules), "leaves", "moved")
        self._unique(((path_text(each.to), each.place) for each in modules), "arrives", "moved")
        for each in moved:
            self._move(each.from_, each.to, each.place)
        for group in modules:
            self._move(group.from_, group.to, group.place)

    def _move(self, from_: Address | ModulePath, to: Address | ModulePath, place: Place) -> None:
        if from_ == to:
            detail = "It moves to where it is. Remove the block."
            self._error("Redundant move statement", detail, place, "moved")
        elif _is_whole(from_) and _is_whole(to) and self._is_declared(from_):
            detail = (
                f"{_text(from_)} is still declared, so nothing of it can move away. Rename the "
                "block, or remove this one."
            )
            self._error("Moved object still exists", detail, place, "moved")

    def _removals(self) -> None:
        for block in self.module.removed:
            self._removal(block.from_, block.place)
        for group in self.module.removed_modules:
            self._removal(group.from_, group.place)

    def _removal(self, from_: Address | ModulePath, place: Place) -> None:
        if self._is_declared(from_):
            detail = f"{_text(from_)} is still declared. Remove its block, or this one."
            self._error("Removed resource still exists", detail, place, "removed")

    def _unique(self, named: Iterable[tuple[str, Place]], verb: str, context: str) -> None:
        seen: dict[str, Place] = {}
        for name, place in named:
            first = seen.setdefault(name, place)
            if first is not place:
                detail = f"Something {verb} at {name} by the block at {where(first)} already."
                if verb == "leaves":
                    detail = f"{name} moves by the block at {where(first)} already."
                self._error("Ambiguous move statements", detail, place, context)

    def _is_declared(self, target: Address | ModulePath) -> bool:
        """Whether there is a block for *target*, as far as module calls can be followed."""
        module = self.module
        steps = target.module if isinstance(target, Address) else target[:-1]
        for step in steps:
            if step.name not in module.calls:
                return False
            module = module.calls[step.name].module
        if isinstance(target, Address):
            return Address(target.type, target.name, mode=target.mode) in module.resources
        return target[-1].name in module.calls

    def _may_be_declared(self, address: Address) -> bool:
        """Whether only a mistake may be why there is no block for *address*."""
        module = self.module
        for step in address.module:
            if step.name not in module.calls:
                return module.broken.covers(f"module.{step.name}")
            module = module.calls[step.name].module
        return module.broken.covers(str(Address(address.type, address.name, mode=address.mode)))


def path_text(path: ModulePath) -> str:
    """A module's address as people write it."""
    return ".".join(str(step) for step in path)


def _text(target: Address | ModulePath) -> str:
    return str(target) if isinstance(target, Address) else path_text(target)


def _is_whole(target: Address | ModulePath) -> bool:
    steps: Iterable[ModuleStep] = target.module if isinstance(target, Address) else target
    has_key = isinstance(target, Address) and target.key is not None
    return not has_key and all(step.key is None for step in steps)
