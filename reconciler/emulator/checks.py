"""Checks: the API's request validation, with the codes, params and texts it is known to use."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from reconciler.emulator.answer import Json, Refusal, bad_request

METADATA_PAIRS_MAX = 16
METADATA_KEY_MAX = 64
METADATA_VALUE_MAX = 512


def kind_of(value: object) -> str:
    """Name the JSON type of *value* as the API's messages do."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def invalid_type(param: str, expected: str, value: object) -> Refusal:
    """Refuse a value of another type than *expected*."""
    message = f"Invalid type for '{param}': expected {expected}, but got {kind_of(value)} instead."
    return bad_request(message, param=param, code="invalid_type")


def missing(param: str) -> Refusal:
    """Refuse a request that lacks *param*."""
    return bad_request(
        f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter"
    )


def invalid_value(param: str, value: object, choices: Sequence[str]) -> Refusal:
    """Refuse a value outside a closed set."""
    message = f"Invalid value: '{value}'. Supported values are: {_listed(choices)}."
    return bad_request(message, param=param, code="invalid_value")


def _listed(choices: Sequence[str]) -> str:
    quoted = [f"'{choice}'" for choice in choices]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])}{',' if len(quoted) > 2 else ''} and {quoted[-1]}"


def under(prefix: str, name: str) -> str:
    """Name an argument inside another: `under("messages[0]", "role")`."""
    return f"{prefix}.{name}" if prefix else name


def read_object(value: object, param: str) -> Json:
    """Accept only an object."""
    if not isinstance(value, dict):
        raise invalid_type(param, "an object", value)
    return value


def read_arguments(
    value: object, param: str, *, known: Collection[str], required: Collection[str] = ()
) -> Json:
    """Accept an object that has every *required* and nothing but *known* arguments."""
    arguments = read_object(value, param)
    for name in arguments:
        if name not in known:
            place = under(param, name)
            raise bad_request(
                f"Unknown parameter: '{place}'.", param=place, code="unknown_parameter"
            )
    for name in required:
        if name not in arguments:
            raise missing(under(param, name))
    return arguments


def read_text(
    value: object, param: str, *, length_min: int = 0, length_max: int | None = None
) -> str:
    """Accept a string of a length in bounds, counted in characters."""
    if not isinstance(value, str):
        raise invalid_type(param, "a string", value)
    if len(value) < length_min:
        message = (
            f"Invalid '{param}': empty string. Expected a string with minimum length "
            f"{length_min}, but got an empty string instead."
        )
        raise bad_request(message, param=param, code="empty_string")
    if length_max is not None and len(value) > length_max:
        message = (
            f"Invalid '{param}': string too long. Expected a string with maximum length "
            f"{length_max}, but got a string with length {len(value)} instead."
        )
        raise bad_request(message, param=param, code="string_above_max_length")
    return value


def read_choice(value: object, param: str, choices: Sequence[str]) -> str:
    """Accept one of a closed set of strings."""
    text = read_text(value, param)
    if text not in choices:
        raise invalid_value(param, text, choices)
    return text


def read_array(
    value: object, param: str, *, length_min: int = 0, length_max: int | None = None
) -> list[Any]:
    """Accept an array of a length in bounds."""
    if not isinstance(value, list):
        raise invalid_type(param, "an array", value)
    if len(value) < length_min:
        message = (
            f"Invalid '{param}': empty array. Expected an array with minimum length "
            f"{length_min}, but got an empty array instead."
        )
        raise bad_request(message, param=param, code="empty_array")
    if length_max is not None and len(value) > length_max:
        message = (
            f"Invalid '{param}': array too long. Expected an array with maximum length "
            f"{length_max}, but got an array with length {len(value)} instead."
        )
        raise bad_request(message, param=param, code="array_above_max_length")
    return value


def read_id(value: object, param: str, prefix: str) -> str:
    """Accept an id that begins with *prefix*; an empty prefix accepts every id."""
    text = read_text(value, param, length_min=1)
    if not text.startswith(prefix):
        message = f"Invalid '{param}': '{text}'. Expected an ID that begins with '{prefix}'."
        raise bad_request(message, param=param, code="invalid_value")
    return text


def read_ids(value: object, param: str, prefix: str, *, length_max: int | None = None) -> list[str]:
    """Accept an array of ids."""
    ids = read_array(value, param, length_max=length_max)
    return [read_id(id_, f"{param}[{index}]", prefix) for index, id_ in enumerate(ids)]


def read_url(value: object, param: str) -> str:
    """Accept the address of an image."""
    text = read_text(value, param, length_min=1)
    if not text.startswith(("http://", "https://", "data:image/")):
        message = (
            f"Invalid '{param}'. Expected a valid URL, but got a value with an invalid format."
        )
        raise bad_request(message, param=param, code="invalid_value")
    return text


def read_metadata(
    value: object, param: str = "metadata", *, nullable: bool = False
) -> dict[str, str | None]:
    """Accept at most 16 pairs of a key of 64 and a string of 512 characters; null is no pairs.

    *nullable* lets a pair be null, which is how a server that merges is told to forget a key.
    """
    if value is None:
        return {}
    pairs = read_object(value, param)
    if len(pairs) > METADATA_PAIRS_MAX:
        message = (
            f"Invalid '{param}': too many properties. Expected an object with at most "
            f"{METADATA_PAIRS_MAX} properties, but got an object with {len(pairs)} "
            "properties instead."
        )
        raise bad_request(message, param=param, code="object_above_max_properties")
    for key, pair in pairs.items():
        if len(key) > METADATA_KEY_MAX:
            message = (
                f"Invalid '{param}': property name too long. Expected a property name with "
                f"maximum length {METADATA_KEY_MAX}, but got one with length {len(key)} instead."
            )
            raise bad_request(message, param=param, code="property_name_above_max_length")
        if not (nullable and pair is None):
            read_text(pair, under(param, key), length_max=METADATA_VALUE_MAX)
    return pairs
