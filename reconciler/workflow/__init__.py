"""Workflow: the stations strung together; the Python API."""

from reconciler.workflow.workspace import Workspace

__all__ = ["Workspace"]
