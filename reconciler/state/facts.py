"""Facts: what a state knows of runs rather than of objects, in JSON form.

They stand under the file's own key and in the head of its journal, since Terraform drops the key
when it rewrites the file.
"""

from __future__ import annotations

from dataclasses import field

from reconciler.address import Address
from reconciler.frozen import frozen, replace
from reconciler.schema import Value
from reconciler.state.fields import Fields
from reconciler.state.loader import BadDocument
from reconciler.state.model import Endpoint, State, Suspect, SuspectKind
from reconciler.state.objectjson import object_from_json, object_to_json, read_address


@frozen
class Facts:
    """The specs root, the endpoints, the suspects, the threads that are unlike others, and the ids
    of what is to be made anew at another server."""

    specs_root: str | None = None
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    suspects: dict[Address, Suspect] = field(default_factory=dict)
    unordered: frozenset[str] = frozenset()
    unfinished: frozenset[str] = frozenset()
    previous_ids: dict[Address, str] = field(default_factory=dict)
    keeping: frozenset[str] = frozenset()


def facts_of(state: State) -> Facts:
    """The facts that *state* holds."""
    return Facts(
        state.specs_root,
        dict(state.endpoints),
        dict(state.suspects),
        frozenset(state.unordered),
        frozenset(state.unfinished),
        dict(state.previous_ids),
        frozenset(state.keeping),
    )


def with_facts(state: State, facts: Facts) -> State:
    """The same objects and outputs, with other facts."""
    return replace(
        state,
        specs_root=facts.specs_root,
        endpoints=facts.endpoints,
        suspects=facts.suspects,
        unordered=facts.unordered,
        unfinished=facts.unfinished,
        previous_ids=facts.previous_ids,
        keeping=facts.keeping,
    )


def facts_to_json(facts: Facts) -> dict[str, Value]:
    """The JSON form, in a fixed order."""
    suspects = sorted(facts.suspects.values(), key=lambda each: each.address.sort_key)
    document: dict[str, Value] = {
        "specs_root": facts.specs_root,
        "endpoints": {
            name: endpoint_to_json(facts.endpoints[name]) for name in sorted(facts.endpoints)
        },
        "suspects": [suspect_to_json(each) for each in suspects],
        "unordered": sorted(facts.unordered),
    }
    if facts.unfinished:
        document["unfinished"] = sorted(facts.unfinished)
    if facts.keeping:
        document["keeping"] = sorted(facts.keeping)
    if facts.previous_ids:
        moved = sorted(facts.previous_ids, key=lambda each: each.sort_key)
        document["previous_ids"] = {str(each): facts.previous_ids[each] for each in moved}
    return document


def facts_from_json(fields: Fields) -> Facts:
    """Read the JSON form.

    Raises:
        BadDocument: it is damaged.
    """
    endpoints = Fields(fields.mapping("endpoints"), fields.at("endpoints"))
    suspects = [suspect_from_json(each) for each in fields.objects("suspects")]
    return Facts(
        fields.optional_text("specs_root"),
        {
            name: endpoint_from_json(Fields.of(each, endpoints.at(name)))
            for name, each in endpoints.values.items()
        },
        {each.address: each for each in suspects},
        frozenset(fields.texts("unordered")),
        frozenset(fields.texts("unfinished")),
        _previous_ids(fields),
        frozenset(fields.texts("keeping")),
    )


def _previous_ids(fields: Fields) -> dict[Address, str]:
    if "previous_ids" not in fields.values:
        return {}
    inner = Fields(fields.mapping("previous_ids"), fields.at("previous_ids"))
    return {read_address(name, inner.at(name)): inner.text(name) for name in inner.values}


def endpoint_to_json(endpoint: Endpoint) -> dict[str, Value]:
    """The JSON form of one endpoint."""
    return {
        "dialect": endpoint.dialect,
        "url": endpoint.url,
        "organization": endpoint.organization,
        "project": endpoint.project,
    }


def endpoint_from_json(fields: Fields) -> Endpoint:
    """Read the JSON form of one endpoint."""
    return Endpoint(
        fields.text("dialect"),
        fields.text("url"),
        fields.optional_text("organization"),
        fields.optional_text("project"),
    )


def suspect_to_json(suspect: Suspect) -> dict[str, Value]:
    """The JSON form of one suspect."""
    return {
        "address": str(suspect.address),
        "kind": suspect.kind.value,
        "sent": dict(suspect.sent),
        "sent_at": suspect.sent_at,
        "seen": suspect.seen,
        "parent_id": suspect.parent_id,
        "after_id": suspect.after_id,
        "members": [str(each) for each in suspect.members],
        "objects": [object_to_json(each) for each in suspect.objects],
    }


def suspect_from_json(fields: Fields) -> Suspect:
    """Read the JSON form of one suspect."""
    kind = fields.text("kind")
    if kind not in set(SuspectKind):
        raise BadDocument(f'{fields.at("kind")} is "{kind}", which this version does not know')
    return Suspect(
        address=read_address(fields.text("address"), fields.at("address")),
        kind=SuspectKind(kind),
        sent=fields.mapping("sent"),
        sent_at=fields.text("sent_at"),
        seen=fields.text("seen"),
        parent_id=fields.optional_text("parent_id"),
        after_id=fields.optional_text("after_id"),
        members=tuple(read_address(each, fields.at("members")) for each in fields.texts("members")),
        objects=tuple(map(object_from_json, fields.objects("objects"))),
    )
