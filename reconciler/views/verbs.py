"""Verbs: how each action is called while it happens and when it is over."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.plan.model import Action


class Verb(NamedTuple):
    """`Creating`, `Creation complete`, `Creation`."""

    doing: str
    done: str
    noun: str


def verb_of(action: Action) -> Verb:
    """The words for *action*."""
    return _VERBS[action]


_VERBS = {
    Action.NO_OP: Verb("Importing", "Import complete", "Import"),
    Action.CREATE: Verb("Creating", "Creation complete", "Creation"),
    Action.READ: Verb("Reading", "Read complete", "Read"),
    Action.UPDATE: Verb("Modifying", "Modifications complete", "Modification"),
    Action.REPLACE: Verb("Replacing", "Replacement complete", "Replacement"),
    Action.DELETE: Verb("Destroying", "Destruction complete", "Destruction"),
    Action.FORGET: Verb("Forgetting", "Forgotten", "Forgetting"),
}
