"""OpenAI conversations as code.

spec files -> language -> spec -> graph -> refresh -> expand -> diff -> plan -> execute -> state
                                             ^                                   |
                                             +------------ provider <------------+ -> the API

from reconciler import Workspace

workspace = Workspace(specs="specs/quickstart")
workspace.plan()
workspace.apply(approve=lambda plan: True)
workspace.destroy()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.errors import ReconcilerError, SpecError
    from reconciler.language import Sensitive, Unknown, evaluate
    from reconciler.workflow import Workspace

__all__ = ["ReconcilerError", "Sensitive", "SpecError", "Unknown", "Workspace", "evaluate"]

_HOMES = {
    "ReconcilerError": "reconciler.errors",
    "Sensitive": "reconciler.language",
    "SpecError": "reconciler.errors",
    "Unknown": "reconciler.language",
    "Workspace": "reconciler.workflow",
    "evaluate": "reconciler.language",
}


def __getattr__(name: str) -> object:
    # Loaded when asked for: `reconciler version` must not pay for the language.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
