"""Reading: data sources that could not be read before apply."""

from __future__ import annotations

from reconciler.execute.context import Run
from reconciler.execute.faithful import resolve
from reconciler.plan.model import PlannedChange


async def read(run: Run, change: PlannedChange) -> None:
    """Read a data source for whoever refers to it; nothing of it is recorded."""
    instance = resolve(run, change)
    provider = run.provider(instance.provider)
    attributes = await provider.read_data(instance.schema.type, instance.desired)
    run.resolver.settle(change.address, attributes)
