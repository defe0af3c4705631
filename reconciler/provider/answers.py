"""Answers: what came back, or did not, and what that says about the request."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from reconciler.errors import (
    CredentialsRejected,
    NotServed,
    ObjectNotFound,
    OutcomeUnknown,
    ProviderError,
    RequestRejected,
    ServiceUnavailable,
)
from reconciler.frozen import frozen
from reconciler.provider import body as json_body
from reconciler.provider.envelope import Envelope, is_html, names_an_id, read_envelope, shown
from reconciler.provider.protocol import UNKNOWN_ROUTE, UNPROVEN
from reconciler.provider.request import Kind, Request
from reconciler.provider.retry_after import retry_after_s


@frozen
class Reply:
    """A complete answer. Header names are in lower case, *body* is decoded."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@frozen
class NotSent:
    """No byte of the request reached the API."""

    reason: str
    hopeless: bool = False
    """Whether trying again is pointless: a certificate that does not hold."""


@frozen
class Lost:
    """The request left, wholly or in part, and no complete answer came."""

    reason: str


class Verdict(StrEnum):
    """What an answer says about the request."""

    DONE = "done"
    REFUSED = "refused"
    """Nothing happened, and asking again gives the same answer."""
    BUSY = "busy"
    """Nothing happened; later it may."""
    RUN_ACTIVE = "run active"
    """Nothing happened, because a run holds the thread; when it ends it may."""
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"
    """It may have happened."""


@frozen
class Outcome:
    """How one attempt ended. *error* is what to raise if it is the last; None when done."""

    verdict: Verdict
    body: object = None
    error: ProviderError | None = None
    wait_s: float | None = None
    """How long the server asks to wait."""


HTML = "html"
"""`NotServed.code` or `OutcomeUnknown.code` where a web page answered."""
STRANGE = "strange"
"""`NotServed.code` of a success whose body is not the object that was asked for."""


def classify(request: Request, came: Reply | NotSent | Lost) -> Outcome:
    """Say what became of *request*.

    Pure. Every error names method and path, the status and the request id where there are any.
    """
    if isinstance(came, NotSent):
        verdict = Verdict.REFUSED if came.hopeless else Verdict.NOT_SENT
        error = ServiceUnavailable(
            f"{request} was not sent: {shown(came.reason)}",
            request=str(request),
            hint="is the server running, and is base_url right?",
        )
        return Outcome(verdict, error=error)
    if isinstance(came, Lost):
        return Outcome(Verdict.UNKNOWN, error=_lost(request, came.reason))
    if 200 <= came.status < 300:
        return _accepted(request, came)
    if 300 <= came.status < 400:
        return _redirected(request, came)
    if 400 <= came.status < 500:
        return _refused(request, came, read_envelope(came.body))
    return _failed(request, came, read_envelope(came.body))


def _accepted(request: Request, reply: Reply) -> Outcome:
    if is_html(reply.headers, reply.body):
        return _web_page(request, reply)
    if not reply.body.strip():
        return Outcome(Verdict.DONE)
    try:
        value = json_body.parse(reply.body)
    except json_body.StrangeBody as strange:
        reason = f"the answer cannot be read, {strange}: {shown(reply.body)}"
        return Outcome(Verdict.UNKNOWN, error=_lost(request, reason, reply))
    return Outcome(Verdict.DONE, body=value)


def _web_page(request: Request, reply: Reply) -> Outcome:
    """Whatever its status, a page is not this API's answer: a proxy sends it for a creating call
    that went through as well. That stays unknown; a read tells who answers."""
    if request.kind.is_repeatable:
        return Outcome(Verdict.REFUSED, error=not_this_api(request, reply, code=HTML))
    error = _lost(request, f"a web page answered: {shown(reply.body)}", reply)
    error.code = HTML
    return Outcome(Verdict.UNKNOWN, error=error)


def _redirected(request: Request, reply: Reply) -> Outcome:
    location = reply.headers.get("location", "")
    path = location.split("?")[0].split("#")[0]
    only_adds_a_slash = path.endswith(request.path + "/") and reply.status in (301, 302, 307, 308)
    if request.kind.is_repeatable or only_adds_a_slash:
        error = NotServed(
            _text(request, reply, f"it answers with a redirect to {shown(path)}"),
            hint="redirects are never followed: set base_url to where the API really is",
            code="redirect",
        )
        return Outcome(Verdict.REFUSED, error=_about(error, request, reply))
    reason = f"the answer is a redirect to {shown(path)}"
    return Outcome(Verdict.UNKNOWN, error=_lost(request, reason, reply))


def _refused(request: Request, reply: Reply, envelope: Envelope) -> Outcome:
    if is_run_active(reply.status, envelope):
        return Outcome(Verdict.RUN_ACTIVE, error=_rejected(request, reply, envelope))
    is_page = is_html(reply.headers, reply.body)
    match reply.status:
        case 413 | 414 | 431:
            # Too large for whatever stands in front: it has not passed.
            return Outcome(Verdict.REFUSED, error=_rejected(request, reply, envelope))
        case 404 | 405 | 410 if is_page:
            return _web_page(request, reply)
        case 401 | 403:
            return Outcome(Verdict.REFUSED, error=_no_credentials(request, reply, envelope))
        case 404 | 410:
            return Outcome(Verdict.REFUSED, error=_not_found(request, reply, envelope))
        case 405:
            return Outcome(Verdict.REFUSED, error=not_this_api(request, reply, code=UNKNOWN_ROUTE))
        case 408 | 409:
            return _timed_out_or_in_conflict(request, reply, envelope)
        case 429:
            return _too_many(request, reply, envelope)
    if is_page:
        return _web_page(request, reply)
    return Outcome(Verdict.REFUSED, error=_rejected(request, reply, envelope))


def is_run_active(status: int, envelope: Envelope) -> bool:
    """Whether the API refuses because a run holds the thread."""
    text = envelope.message.lower()
    return (
        status in (400, 409)
        and "run" in text.split()
        and ("is active" in text or "active run" in text)
    )


def _timed_out_or_in_conflict(request: Request, reply: Reply, envelope: Envelope) -> Outcome:
    """A 408 or 409 proves nothing by itself: proxies send them for requests that went through."""
    if request.kind is Kind.CREATE and reply.status == 409 and envelope.is_refusal:
        return Outcome(Verdict.REFUSED, error=_rejected(request, reply, envelope))
    reason = f"it answered {reply.status}: {envelope.message or shown(reply.body)}"
    return Outcome(
        Verdict.UNKNOWN,
        error=_lost(request, reason, reply),
        wait_s=retry_after_s(reply.headers),
    )


_QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")


def _too_many(request: Request, reply: Reply, envelope: Envelope) -> Outcome:
    if envelope.code in _QUOTA or envelope.type in _QUOTA:
        return Outcome(Verdict.REFUSED, error=_no_credentials(request, reply, envelope))
    said = envelope.message or "too many requests"
    error = _about(ServiceUnavailable(_text(request, reply, said)), request, reply, envelope)
    error.retry_after_s = retry_after_s(reply.headers)
    return Outcome(Verdict.BUSY, error=error, wait_s=error.retry_after_s)


def _failed(request: Request, reply: Reply, envelope: Envelope) -> Outcome:
    if reply.status == 501 and is_html(reply.headers, reply.body):
        return _web_page(request, reply)
    if reply.status == 501 and request.kind is not Kind.CREATE:
        return Outcome(Verdict.REFUSED, error=not_this_api(request, reply, code=UNKNOWN_ROUTE))
    reason = f"it answered {reply.status}: {envelope.message or shown(reply.body) or 'no text'}"
    return Outcome(
        Verdict.UNKNOWN, error=_lost(request, reason, reply), wait_s=retry_after_s(reply.headers)
    )


def _not_found(request: Request, reply: Reply, envelope: Envelope) -> ProviderError:
    if envelope.is_unknown_route:
        return not_this_api(request, reply, code=UNKNOWN_ROUTE)
    if names_an_id(envelope.text, request.path, request.names):
        said = envelope.message or shown(reply.body)
        return _about(ObjectNotFound(_text(request, reply, said)), request, reply, envelope)
    return not_this_api(request, reply, code=UNPROVEN)


def not_this_api(request: Request, reply: Reply, *, code: str) -> NotServed:
    """The error for an answer that this API does not give."""
    said = shown(reply.body)
    what = {
        HTML: f"a web page answered, not the API: {said}",
        UNKNOWN_ROUTE: f"the server does not serve this call: {said or 'no text'}",
        UNPROVEN: f"the server does not say what is missing: {said or 'an empty answer'}",
    }[code]
    return _about(NotServed(_text(request, reply, what), code=code), request, reply)


def _rejected(request: Request, reply: Reply, envelope: Envelope) -> RequestRejected:
    said = envelope.message or shown(reply.body) or "no text"
    return _about(RequestRejected(_text(request, reply, said)), request, reply, envelope)


def _no_credentials(request: Request, reply: Reply, envelope: Envelope) -> CredentialsRejected:
    said = envelope.message or shown(reply.body) or "no text"
    hints = {
        401: "check the key: OPENAI_API_KEY, or api_key in the provider block",
        403: "the key is known but may not do this: check organization, project and its rights",
        429: "the quota is spent: waiting does not help, check the account's billing",
    }
    error = CredentialsRejected(_text(request, reply, said), hint=hints.get(reply.status))
    return _about(error, request, reply, envelope)


def _lost(request: Request, reason: str, reply: Reply | None = None) -> ProviderError:
    """What to raise for an answer that tells nothing: a read has changed nothing, a write may."""
    if request.kind is Kind.READ:
        failed = _tagged(f"{request} was not answered: {reason}", reply)
        return _about(ServiceUnavailable(failed), request, reply)
    unknown = _tagged(f"{request} may or may not have happened: {reason}", reply)
    return _about(OutcomeUnknown(unknown), request, reply)


def unusable(request: Request, value: object, reason: str, *, quoted: str) -> ProviderError:
    """The error for a success whose body is not the object that was asked for; *quoted* is the
    body as it may be told."""
    said = shown(quoted)
    if request.kind.is_repeatable:
        return NotServed(
            f"{request} was answered with something else: {reason}: {said}",
            request=str(request),
            status=200 if value is None else None,
            code=UNPROVEN if value is None else STRANGE,
        )
    return OutcomeUnknown(
        f"{request} may or may not have happened: it was answered, but {reason}: {said}",
        request=str(request),
    )


def _text(request: Request, reply: Reply, said: str) -> str:
    return _tagged(f"{request} answered {reply.status}: {said}", reply)


def _tagged(text: str, reply: Reply | None) -> str:
    request_id = _request_id(reply)
    return f"{text} (request id {request_id})" if request_id else text


def _request_id(reply: Reply | None) -> str | None:
    if reply is None:
        return None
    for name in ("x-request-id", "apim-request-id", "x-ms-request-id"):
        if value := reply.headers.get(name):
            return shown(value)[:80]
    return None


_Error = TypeVar("_Error", bound=ProviderError)


def _about(
    error: _Error, request: Request, reply: Reply | None = None, envelope: Envelope | None = None
) -> _Error:
    error.request = str(request)
    if reply is not None:
        error.status, error.request_id = reply.status, _request_id(reply)
    if envelope is not None:
        error.code, error.param = envelope.code, envelope.param
    return error
