"""Errors: everything that can end a command, named by what the caller can do about it.

ReconcilerError
  SpecError                  the spec has errors; carries the diagnostics
  UsageError                 the command line asks for something that cannot be
  Interrupted                asked to end before anything was begun
  StateError
    StateCorrupt             the state cannot be trusted; names the newest good backup
    StateLocked              another run holds the state; carries who
    StateUnwritable          nothing can be recorded, so nothing was sent
  PlanError
    StalePlan                the state, spec or server has moved since the plan was made
    UnsafePlan               a guard refuses; the message says which option allows it
  ProviderError
    ObjectNotFound           the API itself says the object is not there
    RequestRejected          the API refused; asking again gives the same answer
      CredentialsRejected    401, 403 or spent quota: stop the whole run
    NotServed                what answers is not this API (HTML, unknown route)
    ServiceUnavailable       try later; carries retry_after_s
    OutcomeUnknown           sent and no answer: it may have happened
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic


class ReconcilerError(Exception):
    """The root: anything that ends a command with a message and exit code 1."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SpecError(ReconcilerError):
    """The spec has errors; *diagnostics* holds every one of them."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(_in_one_line(diagnostics))
        self.diagnostics = diagnostics


def _in_one_line(diagnostics: tuple[Diagnostic, ...]) -> str:
    """The first diagnostic with its place, and how many there are."""
    if not diagnostics:
        return ""
    first = diagnostics[0]
    place = f"{first.subject}: " if first.subject is not None else ""
    more = f" ({len(diagnostics) - 1} more)" if len(diagnostics) > 1 else ""
    return f"{place}{first.summary}: {first.detail}{more}"


class UsageError(ReconcilerError):
    """The command asks for something that cannot be, such as an unknown address."""


class Interrupted(ReconcilerError):
    """The run was asked to end before it had begun to change anything."""


class StateError(ReconcilerError):
    """The state file or its journal is in the way."""


class StateCorrupt(StateError):
    """The state cannot be trusted: damaged, empty, foreign or from a newer version."""


class StateLocked(StateError):
    """Another run holds the state."""


class StateUnwritable(StateError):
    """The state or its journal cannot be written, so nothing may be sent."""

    is_journal_lost = False
    """Whether the journal was removed or replaced while in use: what it held may be lost."""


class PlanError(ReconcilerError):
    """The plan may not be carried out."""


class StalePlan(PlanError):
    """What the plan was made from has moved since."""


class UnsafePlan(PlanError):
    """A guard refuses the plan; the message names the option that allows it."""


class ProviderError(ReconcilerError):
    """The API did not do what was asked.

    *request* names method and path, *status* the HTTP status where there was one,
    *param* the part of the request the API objects to, *code* its error code.
    """

    def __init__(
        self,
        message: str,
        *,
        request: str | None = None,
        status: int | None = None,
        code: str | None = None,
        param: str | None = None,
        request_id: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.request = request
        self.status = status
        self.code = code
        self.param = param
        self.request_id = request_id


class ObjectNotFound(ProviderError):
    """The API itself says that the object is not there."""


class RequestRejected(ProviderError):
    """The API refused the request and did nothing; asking again gives the same answer."""


class CredentialsRejected(RequestRejected):
    """The key, the project or the quota does not allow any request: stop the run."""


class NotServed(ProviderError):
    """Something answered that is not this API: HTML, an unknown route, an empty 404."""


class ServiceUnavailable(ProviderError):
    """The API could not take the request and did nothing; it may later."""

    retry_after_s: float | None = None


class OutcomeUnknown(ProviderError):
    """The request left and no usable answer came: it may or may not have happened."""
