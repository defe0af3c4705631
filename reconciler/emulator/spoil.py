"""Spoil: the wrong answers that faults give."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from random import Random

from reconciler.emulator.answer import (
    Answer,
    Headers,
    Json,
    Refusal,
    encode,
    rate_limited,
    run_is_active,
    unauthorized,
)
from reconciler.emulator.call import Call
from reconciler.emulator.faults import Action, Rule

_PAGE = (
    "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)


def substitute(rule: Rule, call: Call) -> Answer:
    """Make the answer that *rule* gives in place of the API."""
    headers = tuple((name.lower(), value) for name, value in rule.headers.items())
    match rule.do:
        case Action.HTML:
            page = rule.reply if isinstance(rule.reply, str) else _PAGE
            return Answer(rule.status or 502, page.encode(), "text/html", headers)
        case Action.REDIRECT:
            return Answer(rule.status or 307, b"", headers=(("location", rule.location), *headers))
        case Action.UNAUTHORIZED:
            return unauthorized(key_given=True).answer()
        case Action.RATE_LIMIT:
            return _rate_limit(rule, headers)
        case Action.ACTIVE_RUN:
            return run_is_active(_thread_id(call.path), "run_fault").answer()
        case _:
            return _refuse(rule, headers)


def _refuse(rule: Rule, headers: Headers) -> Answer:
    if rule.reply is not None:
        return Answer(rule.status or 500, _bytes(rule.reply), headers=headers)
    status = rule.status or 500
    type_ = "server_error" if status >= 500 else "invalid_request_error"
    message = rule.message or "The server had an error while processing your request."
    return Refusal(status, message, code=rule.code, type_=type_, headers=headers).answer()


def _rate_limit(rule: Rule, headers: Headers) -> Answer:
    told = () if rule.retry_after is None else (("retry-after", rule.retry_after),)
    if rule.code is None:
        return rate_limited((*told, *headers)).answer()
    message = rule.message or "You exceeded your current quota, please check your plan."
    told = (*told, *headers)
    return Refusal(429, message, code=rule.code, type_=rule.code, headers=told).answer()


def _thread_id(path: str) -> str:
    _, _, rest = path.partition("/threads/")
    return rest.partition("/")[0]


def _bytes(reply: object) -> bytes:
    return reply.encode() if isinstance(reply, str) else encode(reply)


def spoil(rule: Rule, answer: Answer, random: Random) -> Answer:
    """Make of the API's *answer* what *rule* makes of it."""
    match rule.do:
        case Action.WRONG_JSON:
            wrong = rule.reply if rule.reply is not None else _retyped(_loads(answer))
            return _with_body(answer, _bytes(wrong))
        case Action.DROP:
            return _with_body(answer, encode(_without(_loads(answer), rule.keys)))
        case Action.OVERSIZE:
            return _oversize(rule, answer)
        case Action.SCRAMBLE:
            return _scramble(rule, answer, random)
        case _:
            return answer


def _with_body(answer: Answer, body: bytes) -> Answer:
    return Answer(answer.status, body, answer.media_type, answer.headers)


def _loads(answer: Answer) -> object:
    try:
        value: object = json.loads(answer.body)
    except ValueError:
        return None
    return value


def _retyped(value: object) -> object:
    """Give every attribute of an answer another type than it has."""
    if not isinstance(value, Mapping):
        return value
    return {name: _retype(attribute) for name, attribute in value.items()}


def _retype(value: object) -> object:
    match value:
        case str():
            return 7
        case list():
            return {}
        case dict():
            return []
        case _:
            return "7"


def _without(value: object, keys: tuple[str, ...]) -> object:
    if not isinstance(value, Mapping):
        return value
    return {name: attribute for name, attribute in value.items() if name not in keys}


def _oversize(rule: Rule, answer: Answer) -> Answer:
    padded = answer.body.rstrip() + b" " * rule.bytes
    if rule.how != "gzip":
        return _with_body(answer, padded)
    headers = (*answer.headers, ("content-encoding", "gzip"))
    return Answer(answer.status, gzip.compress(padded, 9), answer.media_type, headers)


def _scramble(rule: Rule, answer: Answer, random: Random) -> Answer:
    listing = _loads(answer)
    if not isinstance(listing, dict) or not isinstance(listing.get("data"), list):
        return answer
    data: list[Json] = listing["data"]
    match rule.how:
        case "shuffle":
            random.shuffle(data)
        case "drop":
            del data[len(data) // 2 : len(data) // 2 + 1]
        case "duplicate":
            data.extend(data[-1:])
        case "change":
            data[:] = [_changed(member) for member in data]
        case _:
            data.reverse()
    if data:
        listing |= {"first_id": data[0]["id"], "last_id": data[-1]["id"]}
    return _with_body(answer, encode(listing))


def _changed(member: Json) -> Json:
    content = [_changed_part(part) for part in member.get("content", [])]
    return {**member, "content": content}


def _changed_part(part: Json) -> Json:
    match part.get("text"):
        case str() as text:
            return {**part, "text": f"{text} (changed)"}
        case {"value": str() as text, **rest}:
            return {**part, "text": {"value": f"{text} (changed)", **rest}}
        case _:
            return part
