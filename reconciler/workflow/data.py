"""Data: read data sources whose arguments are known."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from reconciler.address import Address
from reconciler.diagnostics import Severity, diagnostic
from reconciler.errors import ObjectNotFound, SpecError
from reconciler.expand.model import DataRequest
from reconciler.language.values import Unknown
from reconciler.provider.protocol import Provider
from reconciler.schema import Attributes


async def read_data(
    requests: Sequence[DataRequest], providers: Mapping[str, Provider]
) -> dict[Address, Attributes]:
    """Read every requested data source.

    Raises:
        SpecError: one names an object that is not there; the place is its block.
        ProviderError: the API did not answer.
    """
    answers = await asyncio.gather(*(_read(each, providers) for each in requests))
    return {each.address: answer for each, answer in zip(requests, answers, strict=True)}


async def _read(request: DataRequest, providers: Mapping[str, Provider]) -> Attributes:
    provider = providers[request.provider]
    try:
        return await provider.read_data(request.schema.type, request.arguments)
    except ObjectNotFound as error:
        if request.is_of_check:
            attributes = request.schema.attributes.items()
            return {name: Unknown(each.type, not_null=False) for name, each in attributes}
        found = diagnostic(
            Severity.ERROR,
            "Data source not found",
            error.message,
            place=request.place,
            address=str(request.address),
        )
        raise SpecError((found,)) from error
