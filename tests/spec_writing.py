"""Spec writing: folders of specs for tests, and what loading them finds."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.diagnostics import Diagnostic, Diagnostics
from reconciler.language.functions import standard_functions
from reconciler.schema import Attribute, Complaint, Schema, Value
from reconciler.spec.given import Given
from reconciler.spec.load import load
from reconciler.spec.model import Spec


def check_role(value: Value) -> list[Complaint]:
    """A message is said by the user or by the assistant."""
    assert isinstance(value, str)
    return [] if value in ("user", "assistant") else [Complaint((), "must be user or assistant")]


def check_metadata(value: Value) -> list[Complaint]:
    """At most 16 pairs, keys of 64 and values of 512 characters."""
    assert isinstance(value, dict)
    found = [Complaint((), f"has {len(value)} pairs; at most 16")] if len(value) > 16 else []
    for key, text in value.items():
        if len(key) > 64:
            found.append(Complaint((key,), "has too long a key", about_key=True))
        if isinstance(text, str) and len(text) > 512:
            found.append(Complaint((key,), "has too long a value"))
    return found


def check_attachments(value: Value) -> list[Complaint]:
    """Every attachment has a file."""
    assert isinstance(value, list)
    return [
        Complaint((index, "file_id"), "needs the id of a file")
        for index, each in enumerate(value)
        if each["file_id"] == ""
    ]


TOOL = ["object", {"type": "string"}]
ATTACHMENT = ["object", {"file_id": "string", "tools": ["list", TOOL]}]

FILES = ["object", {"file_ids": ["list", "string"]}, ["file_ids"]]
RESOURCES = ["object", {"code_interpreter": FILES}, ["code_interpreter"]]

THREAD = Schema(
    type="openai_thread",
    description="",
    attributes={
        "metadata": Attribute(["map", "string"], "", optional=True, check=check_metadata),
        "tool_resources": Attribute(RESOURCES, "", optional=True),
        "id": Attribute("string", "", computed=True),
        "created_at": Attribute("number", "", computed=True),
    },
    instead={"messages": "Messages are resources of their own: openai_message."},
)

MESSAGE = Schema(
    type="openai_message",
    description="",
    attributes={
        "thread_id": Attribute("string", "", required=True),
        "role": Attribute("string", "", required=True, check=check_role),
        "content": Attribute("dynamic", "", required=True),
        "file_ids": Attribute(["list", "string"], "", optional=True),
        "attachments": Attribute(["list", ATTACHMENT], "", optional=True, check=check_attachments),
        "metadata": Attribute(["map", "string"], "", optional=True, check=check_metadata),
        "order": Attribute("dynamic", "", optional=True),
        "id": Attribute("string", "", computed=True),
        "created_at": Attribute("number", "", computed=True),
    },
    exclusive=(("file_ids", "attachments"),),
)

MESSAGES = Schema(
    type="openai_messages",
    description="",
    attributes={
        "thread_id": Attribute("string", "", required=True),
        "messages": Attribute(["list", ["object", {"id": "string", "role": "string"}]], ""),
    },
)

PROVIDER = Schema(
    type="provider",
    description="",
    attributes={
        "api_key": Attribute("string", "", optional=True),
        "base_url": Attribute("string", "", optional=True),
        "headers": Attribute(["map", "string"], "", optional=True),
    },
    instead={"admin_key": "There is one key, api_key."},
)

SCHEMAS = {"openai_thread": THREAD, "openai_message": MESSAGE}
DATA_SCHEMAS = {"openai_thread": THREAD, "openai_messages": MESSAGES}


@dataclass(frozen=True)
class Loaded:
    """A spec, and what was found wrong with it."""

    spec: Spec
    diagnostics: Diagnostics

    @property
    def told(self) -> list[str]:
        """Every diagnostic as `severity file:line:column summary`, files by name only."""
        return [told(each) for each in self.diagnostics]

    @property
    def details(self) -> str:
        """What all diagnostics say at length."""
        return "\n".join(each.detail for each in self.diagnostics)


def told(each: Diagnostic) -> str:
    """A diagnostic on one line."""
    place = ""
    if each.subject is not None:
        start = each.subject.start
        place = f"{Path(each.subject.path).name}:{start.line}:{start.column} "
    return f"{each.severity} {place}{each.summary}"


def write_specs(folder: Path, files: Mapping[str, str] | str) -> Path:
    """Write files, a text alone as `main.tf`, without their common indentation."""
    named = {"main.tf": files} if isinstance(files, str) else files
    for name, text in named.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    return folder


def load_specs(
    folder: Path,
    files: Mapping[str, str] | str,
    *,
    given: Sequence[Given] = (),
    environment: Mapping[str, str] | None = None,
) -> Loaded:
    """Write and load specs."""
    diagnostics = Diagnostics()
    spec = load(
        write_specs(folder, files),
        SCHEMAS,
        DATA_SCHEMAS,
        given=given,
        environment=environment,
        provider_schema=PROVIDER,
        functions=standard_functions(),
        diagnostics=diagnostics,
    )
    return Loaded(spec, diagnostics)
