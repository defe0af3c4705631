"""State: `reconciler state`, a tree of its own."""

from __future__ import annotations

from reconciler.cli.tree import STATE, Tree

command = Tree("state", STATE, "Look at the state, object by object.")
