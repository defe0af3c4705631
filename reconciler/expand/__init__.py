"""Expand: what the spec means here, as instances with their desired values, known or unknown."""

from reconciler.expand.model import DataRequest, Expansion, Instance, PendingRead

__all__ = ["DataRequest", "Expansion", "Instance", "PendingRead"]
