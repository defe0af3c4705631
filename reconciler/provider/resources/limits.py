"""Limits of the API that can be told before anything is sent, as checks of attributes."""

from __future__ import annotations

from reconciler.schema import Complaint, Value

MAX_PAIRS = 16
"""Pairs that metadata may have."""

MAX_KEY = 64
"""Characters of a metadata key."""

MAX_VALUE = 512
"""Characters of a metadata value."""

MAX_TEXT = 256_000
"""Characters of a message's text."""

MAX_CODE_FILES = 20
"""Files of the code interpreter."""

MAX_VECTOR_STORES = 1
"""Vector stores of the file search."""

TOOLS = ("file_search", "code_interpreter")
"""Tools that an attachment may be given to."""

DETAILS = ("auto", "low", "high", "original")
"""How closely an image may be looked at; `original` only where conversations are spoken."""

# Values that are not known yet are instances of classes this module does not know: every check
# looks only at what is plainly a str, int, list or dict and stays silent about anything else.


def metadata(value: Value) -> list[Complaint]:
    """What the API would say about metadata."""
    if not isinstance(value, dict):
        return []
    complaints = []
    if len(value) > MAX_PAIRS:
        complaints.append(Complaint((), f"has {len(value)} pairs; the API takes {MAX_PAIRS}"))
    for key, text in value.items():
        if len(str(key)) > MAX_KEY:
            said = f"has a key of {len(str(key))} characters; the API takes {MAX_KEY}"
            complaints.append(Complaint((key,), said))
        if isinstance(text, str) and len(text) > MAX_VALUE:
            said = f"has a value of {len(text)} characters; the API takes {MAX_VALUE}"
            complaints.append(Complaint((key,), said))
        if text is None:
            complaints.append(Complaint((key,), "is null; leave the key out instead"))
    return complaints


def content(value: Value) -> list[Complaint]:
    """What the API would say about the content of a message."""
    if isinstance(value, str):
        return _text(value, ())
    if isinstance(value, (bool, int, float, dict)):
        return [Complaint((), "must be a text or a list of parts")]
    if not isinstance(value, list):
        return []
    if not value:
        return [Complaint((), "is empty; the API takes at least one part")]
    return [each for index, part in enumerate(value) for each in _part(part, index)]


def _text(value: str, path: tuple[str | int, ...]) -> list[Complaint]:
    if not value.strip():
        return [Complaint(path, "is empty; the API takes no message without text")]
    if len(value) > MAX_TEXT:
        return [Complaint(path, f"has {len(value):,} characters; the API takes {MAX_TEXT:,}")]
    return []


def _part(part: Value, index: int) -> list[Complaint]:
    if isinstance(part, (str, bool, int, float, list)) or part is None:
        return [Complaint((index,), 'must be a part such as { type = "text", text = "..." }')]
    if not isinstance(part, dict):
        return []
    kind = part.get("type")
    match kind:
        case "text":
            text = part.get("text")
            if isinstance(text, str):
                return _text(text, (index, "text"))
            return _missing(text, (index, "text"), "a text part needs text, a string")
        case "image_file":
            return _image(part.get("image_file"), (index, "image_file"), "file_id")
        case "image_url":
            return _image(part.get("image_url"), (index, "image_url"), "url")
        case str():
            said = f'is "{kind}"; parts are "text", "image_file" or "image_url"'
            return [Complaint((index, "type"), said)]
        case None:
            return [Complaint((index,), 'needs a type: "text", "image_file" or "image_url"')]
        case _:
            return []


def _image(image: Value, path: tuple[str | int, ...], argument: str) -> list[Complaint]:
    if not isinstance(image, dict):
        return _missing(image, path, f"needs an object with {argument}")
    complaints = []
    where = image.get(argument)
    if where is None or where == "":
        complaints.append(Complaint((*path, argument), f"needs {argument}"))
    detail = image.get("detail")
    if isinstance(detail, str) and detail not in DETAILS:
        complaints.append(Complaint((*path, "detail"), f'"{detail}" is not auto, low or high'))
    return complaints


def _missing(value: Value, path: tuple[str | int, ...], said: str) -> list[Complaint]:
    plain = value is None or isinstance(value, (str, bool, int, float, list, dict))
    return [Complaint(path, said)] if plain else []


def file_ids(value: Value) -> list[Complaint]:
    """What is wrong with a list of file ids."""
    if not isinstance(value, list):
        return []
    return [
        Complaint((index,), "is not the id of a file")
        for index, each in enumerate(value)
        if each is None or each == ""
    ]


def attachments(value: Value) -> list[Complaint]:
    """What the API would say about attachments."""
    if not isinstance(value, list):
        return _missing(value, (), "must be a list of attachments") if value is not None else []
    return [each for index, one in enumerate(value) for each in _attachment(one, index)]


def _attachment(one: Value, index: int) -> list[Complaint]:
    if not isinstance(one, dict):
        return _missing(one, (index,), "must be an object with file_id and tools")
    complaints = []
    if not one.get("file_id") and one.get("data_source") is None:
        complaints.append(Complaint((index, "file_id"), "needs the id of a file"))
    tools = one.get("tools")
    if tools is None or tools == []:
        said = 'needs tools, such as [{ type = "file_search" }]'
        complaints.append(Complaint((index, "tools"), said))
    for place, tool in enumerate(tools if isinstance(tools, list) else ()):
        complaints.extend(_tool(tool, (index, "tools", place)))
    return complaints


def _tool(tool: Value, path: tuple[str | int, ...]) -> list[Complaint]:
    if not isinstance(tool, dict):
        return _missing(tool, path, 'must be an object such as { type = "file_search" }')
    kind = tool.get("type")
    if kind is None or (isinstance(kind, str) and kind not in TOOLS):
        return [Complaint((*path, "type"), 'must be "file_search" or "code_interpreter"')]
    return []


def tool_resources(value: Value) -> list[Complaint]:
    """What the API would say about a thread's tool resources."""
    if not isinstance(value, dict):
        return _missing(value, (), "must be an object") if value is not None else []
    complaints = [
        Complaint((name,), "is not a tool; tools are code_interpreter and file_search")
        for name in value
        if name not in TOOLS
    ]
    complaints += _resources(value, "code_interpreter", "file_ids", MAX_CODE_FILES)
    complaints += _resources(value, "file_search", "vector_store_ids", MAX_VECTOR_STORES)
    return complaints


def _resources(value: dict[str, Value], tool: str, argument: str, most: int) -> list[Complaint]:
    inner = value.get(tool)
    if not isinstance(inner, dict):
        return _missing(inner, (tool,), "must be an object") if inner is not None else []
    complaints = [
        Complaint((tool, name), f"is not known; {tool} has {argument}")
        for name in inner
        if name != argument
    ]
    listed = inner.get(argument)
    if isinstance(listed, list) and len(listed) > most:
        said = f"has {len(listed)} ids; the API takes {most}"
        complaints.append(Complaint((tool, argument), said))
    return complaints


def order(value: Value) -> list[Complaint]:
    """What is wrong with an order: it is a number or a text."""
    if isinstance(value, (bool, list, dict)):
        return [Complaint((), "must be a number or a text")]
    return []
