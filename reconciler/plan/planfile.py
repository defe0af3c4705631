"""Planfile: a plan saved with all that it was made from, so that just this is applied later.

It holds variables, sensitive ones included, and never what a provider block is made from: of the
spec's text, and of the variables that such a block depends on, it keeps digests. Whoever writes it
gives it the mode 0600.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import field

from reconciler.errors import PlanError, StalePlan
from reconciler.frozen import frozen
from reconciler.plan.decoding import plan_from_json, texts_from_json
from reconciler.plan.encoding import plan_to_json
from reconciler.plan.leaves import attributes_from_json, attributes_to_json
from reconciler.plan.model import Plan
from reconciler.schema import Value
from reconciler.state.facts import endpoint_from_json, endpoint_to_json
from reconciler.state.fields import Fields
from reconciler.state.loader import BadDocument, load_json
from reconciler.state.model import Endpoint

FORMAT = "reconciler-plan"
"""What a saved plan says it is."""

VERSION = 2
"""The version of the format; raised with every change that an older reader would misread."""


@frozen
class SavedPlan:
    """A plan, and what it was made from."""

    plan: Plan
    spec_sources: Mapping[str, str] = field(default_factory=dict)
    """The digest of every spec file, by path."""
    given: Mapping[str, Value] = field(default_factory=dict)
    """Root variables as they were given."""
    withheld: Mapping[str, str] = field(default_factory=dict)
    """The digests of those whose values are not kept, by name: they are given again."""
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    """By provider configuration."""
    workspace: str = ""
    """Whose plan it is: the specs folder and the state file."""
    expires: str | None = None
    """When it must not be applied any more; RFC 3339, UTC."""
    tool_version: str = ""
    options: Mapping[str, Value] = field(default_factory=dict)
    """What else the run that made it was told."""

    def check(
        self,
        *,
        lineage: str,
        serial: int,
        state_digest: str,
        endpoints: Mapping[str, Endpoint],
        workspace: str,
        tool_version: str,
        now: str,
        spec_sources: Mapping[str, str] | None = None,
        given: Mapping[str, Value] | None = None,
    ) -> None:
        """Refuse to go on unless all is as it was when the plan was made.

        *spec_sources* and *given* are compared where they are told; they need not exist any more.

        Raises:
            StalePlan: something has moved since; the message says what.
        """
        moved = [
            *self._moved_tool(tool_version, workspace, now),
            *self._moved_state(lineage, serial, state_digest),
            *self._moved_endpoints(endpoints),
            *_moved_sources(self.spec_sources, self._digests(spec_sources)),
        ]
        if given is not None and attributes_to_json(given) != attributes_to_json(self.given):
            moved.append("the variables are not those that it was made with")
        if moved:
            raise StalePlan(
                f"Saved plan is stale: {'; '.join(moved)}. Nothing was changed.",
                hint="reconciler plan -out FILE makes a new one",
            )

    def _digests(self, sources: Mapping[str, str] | None) -> dict[str, str] | None:
        if sources is None:
            return None
        return {path: digest(self.plan, text) for path, text in sources.items()}

    def _moved_tool(self, tool_version: str, workspace: str, now: str) -> list[str]:
        moved: list[str] = []
        if tool_version != self.tool_version:
            moved.append(f"it was made by version {self.tool_version}, this is {tool_version}")
        if workspace != self.workspace:
            moved.append(f"it was made for {self.workspace}, this is {workspace}")
        if self.expires is not None and _is_past(self.expires, now):
            moved.append(f"it expired at {self.expires}")
        return moved

    def _moved_state(self, lineage: str, serial: int, state_digest: str) -> list[str]:
        if lineage != self.plan.lineage:
            return ["it was made from another state (their lineages differ)"]
        if serial != self.plan.serial:
            return [f"it was made from state serial {self.plan.serial}, which is {serial} now"]
        if state_digest != self.plan.state_digest:
            return ["the state has changed although its serial has not"]
        return []

    def _moved_endpoints(self, endpoints: Mapping[str, Endpoint]) -> list[str]:
        return [
            f"{name} talked to {_endpoint_text(self.endpoints.get(name))}, now to"
            f" {_endpoint_text(endpoints.get(name))}"
            for name in sorted({*self.endpoints, *endpoints})
            if self.endpoints.get(name) != endpoints.get(name)
        ]


def _is_past(moment: str, now: str) -> bool:
    from datetime import datetime  # only plans that expire pay for the import

    try:
        return datetime.fromisoformat(now) >= datetime.fromisoformat(moment)
    except (ValueError, TypeError):
        return True


def _moved_sources(made_from: Mapping[str, str], now: Mapping[str, str] | None) -> list[str]:
    if now is None:
        return []
    changed = sorted(path for path in {*made_from, *now} if made_from.get(path) != now.get(path))
    return [f"the specs have changed since ({', '.join(changed[:3])})"] if changed else []


def _endpoint_text(endpoint: Endpoint | None) -> str:
    if endpoint is None:
        return "nothing"
    owner = "".join(f", {each}" for each in (endpoint.organization, endpoint.project) if each)
    return f"{endpoint.dialect} at {endpoint.url}{owner}"


def encode(
    plan: Plan,
    *,
    spec_sources: Mapping[str, str],
    given: Mapping[str, Value],
    endpoints: Mapping[str, Endpoint],
    workspace: str,
    tool_version: str,
    expires: str | None = None,
    options: Mapping[str, Value] | None = None,
    withheld: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a saved plan. The same plan gives the same bytes.

    Of *spec_sources*, texts by path, digests are kept; *withheld* are digests already.
    """
    digests = {path: digest(plan, text) for path, text in sorted(spec_sources.items())}
    body: dict[str, Value] = {
        "tool_version": tool_version,
        "workspace": workspace,
        "expires": expires,
        "endpoints": {name: endpoint_to_json(endpoints[name]) for name in sorted(endpoints)},
        "spec_sources": dict(digests),
        "given": attributes_to_json(dict(sorted(given.items()))),
        "withheld": dict(sorted((withheld or {}).items())),
        "options": attributes_to_json(options or {}),
        "plan": plan_to_json(plan),
    }
    document = {"format": FORMAT, "version": VERSION, "checksum": _checksum(body), "body": body}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def decode(data: bytes, path: str) -> SavedPlan:
    """Read a saved plan; *path* is for messages.

    Raises:
        PlanError: the bytes are no plan of this version, or not as they were written.
    """
    try:
        return _decoded(Fields.of(load_json(data), "the plan"), path)
    except BadDocument as error:
        raise PlanError(
            f"{path} is not a plan that can be applied: {error}. Nothing was changed.",
            hint="reconciler plan -out FILE makes a new one",
        ) from error


def _decoded(document: Fields, path: str) -> SavedPlan:
    if document.values.get("format") != FORMAT:
        raise BadDocument("it does not say that it is one")
    version = document.count("version")
    if version != VERSION:
        raise BadDocument(f"it has format version {version}, this reads {VERSION}")
    body = Fields.of(document.values.get("body"), "body")
    if document.text("checksum") != _checksum(dict(body.values)):
        raise BadDocument("its checksum does not match, so it was damaged or edited")
    return SavedPlan(
        plan=plan_from_json(Fields.of(body.values.get("plan"), "plan")),
        spec_sources=texts_from_json(body, "spec_sources"),
        given=attributes_from_json(body, "given"),
        withheld=texts_from_json(body, "withheld"),
        endpoints={
            name: endpoint_from_json(Fields.of(each, f"endpoints.{name}"))
            for name, each in body.mapping("endpoints").items()
        },
        workspace=body.text("workspace"),
        expires=body.optional_text("expires"),
        tool_version=body.text("tool_version"),
        options=attributes_from_json(body, "options"),
    )


def digest(plan: Plan, text: str) -> str:
    """What is kept of a text that may hold a key; in every plan it is another one."""
    salted = json.dumps([plan.lineage, plan.timestamp, text])
    return f"sha256:{hashlib.sha256(salted.encode()).hexdigest()}"


def _checksum(body: dict[str, Value]) -> str:
    # Decimals cannot get here from a file of ours; in a foreign one they only must not crash.
    text = json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
