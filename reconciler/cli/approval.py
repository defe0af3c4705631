"""Approval: the question before anything is changed."""

from __future__ import annotations

import sys

from reconciler.cli.session import Session
from reconciler.cli.signals import Interrupts
from reconciler.errors import UsageError
from reconciler.plan.model import Plan, PlanMode

_QUESTIONS = {
    PlanMode.NORMAL: (
        "Do you want to perform these actions?",
        "reconciler will perform the actions described above.",
        "Only 'yes' will be accepted to approve.",
    ),
    PlanMode.DESTROY: (
        "Do you really want to destroy all resources?",
        "reconciler will destroy everything it manages, as shown above.",
        "There is no undo. Only 'yes' will be accepted to confirm.",
    ),
    PlanMode.REFRESH_ONLY: (
        "Would you like to update the reconciler state to reflect these detected changes?",
        "reconciler will write these changes to the state without changing any remote objects.",
        "There is no undo. Only 'yes' will be accepted to confirm.",
    ),
}


def asked(plan: Plan, session: Session, interrupts: Interrupts, *, input_: bool) -> bool:
    """Ask whether *plan* may be carried out; only `yes` is a yes.

    Raises:
        UsageError: there is nobody to ask.
    """
    question, explanation, condition = _QUESTIONS[plan.mode]
    console = session.console
    console.say(f"\n{console.out_style.bold(question)}")
    console.say(f"  {explanation}\n  {condition}\n")
    if not input_:
        raise UsageError(
            "Approval is required, and --input=false forbids to ask for it.",
            hint="Give --auto-approve, or apply a saved plan.",
        )
    try:
        with interrupts.asking():
            console.prompt(f"  {console.out_style.bold('Enter a value:')} ")
            answer = sys.stdin.readline()
    except KeyboardInterrupt:
        console.out()
        return False
    if not answer.endswith("\n"):
        console.out()
    if not answer:
        raise UsageError(
            "Approval is required, and the input ended without an answer.",
            hint="Give --auto-approve where nobody can answer.",
        )
    return answer.strip() == "yes"
