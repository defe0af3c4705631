"""Resources: the types that specs may name. Cheap to import: no network, no event loop."""

from __future__ import annotations

from reconciler.provider.resources import data, message, thread
from reconciler.schema import Schema

SCHEMAS: dict[str, Schema] = {thread.TYPE: thread.SCHEMA, message.TYPE: message.SCHEMA}
"""Resource types by name."""

DATA_SCHEMAS: dict[str, Schema] = data.SCHEMAS
"""Data sources by name."""

__all__ = ["DATA_SCHEMAS", "SCHEMAS"]
