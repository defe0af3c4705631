"""State unprotect: `reconciler state unprotect`."""

from __future__ import annotations

from reconciler.cli.state_protect import unprotect as command

__all__ = ["command"]
