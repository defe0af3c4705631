"""Reading: data sources that could not be read before apply."""

from __future__ import annotations

from reconciler.errors import CredentialsRejected, ObjectNotFound, RequestRejected
from reconciler.execute.context import Run
from reconciler.execute.faithful import resolve
from reconciler.expand.reads import refused_read
from reconciler.plan.model import PlannedChange


async def read(run: Run, change: PlannedChange) -> None:
    """Read a data source for whoever refers to it; nothing of it is recorded."""
    instance = resolve(run, change)
    provider = run.provider(instance.provider)
    try:
        attributes = await provider.read_data(instance.schema.type, instance.desired)
    except CredentialsRejected:
        raise
    except (ObjectNotFound, RequestRejected) as error:
        places = instance.argument_places
        raise refused_read(error, instance.address, instance.place, places) from error
    run.resolver.settle(change.address, attributes)
