"""Data: read data sources whose arguments are known."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from reconciler.address import Address
from reconciler.diagnostics import Diagnostic
from reconciler.errors import CredentialsRejected, ObjectNotFound, RequestRejected, SpecError
from reconciler.expand.model import DataRequest
from reconciler.expand.reads import refused_read
from reconciler.language.values import Unknown
from reconciler.provider.protocol import Provider
from reconciler.schema import Attributes


async def read_data(
    requests: Sequence[DataRequest], providers: Mapping[str, Provider]
) -> dict[Address, Attributes]:
    """Read every requested data source.

    Raises:
        SpecError: some name objects that are not there, or are refused; each with its place.
        ProviderError: the API did not answer.
    """
    answers: dict[Address, Attributes] = {}
    refused: list[Diagnostic] = []
    readings = (_read(each, providers) for each in requests)
    found = await asyncio.gather(*readings, return_exceptions=True)
    for request, answer in zip(requests, found, strict=True):
        if isinstance(answer, SpecError):
            refused.extend(answer.diagnostics)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            answers[request.address] = answer
    if refused:
        raise SpecError(tuple(refused))
    return answers


async def _read(request: DataRequest, providers: Mapping[str, Provider]) -> Attributes:
    provider = providers[request.provider]
    try:
        return await provider.read_data(request.schema.type, request.arguments)
    except CredentialsRejected:
        raise
    except (ObjectNotFound, RequestRejected) as error:
        if request.is_of_check and isinstance(error, ObjectNotFound):
            attributes = request.schema.attributes.items()
            return {name: Unknown(each.type, not_null=False) for name, each in attributes}
        places = request.argument_places
        raise refused_read(error, request.address, request.place, places) from error
