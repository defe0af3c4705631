"""Refactoring: `moved`, `removed` and `import` blocks of the spec as the planner takes them."""

from __future__ import annotations

from reconciler.expand.refactoring import evaluate_imports
from reconciler.expand.walk import Expander
from reconciler.plan.moves import Import, Moved, Removed
from reconciler.spec.model import Spec


def moves_of(spec: Spec) -> tuple[Moved, ...]:
    """Every `moved` block of the root module."""
    root = spec.root
    blocks = [Moved(each.from_, each.to, each.place) for each in root.moved]
    modules = [Moved(each.from_, each.to, each.place) for each in root.moved_modules]
    return (*blocks, *modules)


def removals_of(spec: Spec) -> tuple[Removed, ...]:
    """Every `removed` block of the root module."""
    root = spec.root
    blocks = [Removed(each.from_, each.destroy, each.place) for each in root.removed]
    modules = [Removed(each.from_, each.destroy, each.place) for each in root.removed_modules]
    return (*blocks, *modules)


def imports_of(expander: Expander, spec: Spec) -> tuple[Import, ...]:
    """Every `import` block, evaluated: one for each element of its `for_each`.

    Raises:
        SpecError: an id or an address cannot be told before apply.
    """
    wishes = evaluate_imports(expander, spec.root.imports)
    return tuple(Import(address, id_, block.place) for address, id_, block in wishes)
