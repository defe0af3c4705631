"""Schedule: a plan being worked through."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from enum import StrEnum

from reconciler.address import Address
from reconciler.frozen import frozen


class Phase(StrEnum):
    """Which part of a change a step is."""

    MAKE = "make"
    """Create, update, read, or a note in state."""
    CHECK = "check"
    """Read a sequence back and compare it with what was written."""
    UNMAKE = "unmake"
    """Delete."""
    GATE = "gate"
    """Nothing by itself: stands for all steps it waits for."""


@frozen
class Step:
    """One thing to do; *detail* tells apart the steps of one address: a deposed key, an id."""

    address: Address
    phase: Phase
    detail: str = ""


class Schedule:
    """A plan being worked through. Every step leaves it exactly once.

    A step is free once every step it waits for is settled well; when one of them fails, it can
    never start and leaves as skipped. Free steps are handed over in the order they were given.
    """

    def __init__(self, waits_for: Mapping[Step, Iterable[Step]]) -> None:
        self._rank = {step: rank for rank, step in enumerate(waits_for)}
        self._missing: dict[Step, set[Step]] = {}
        self._dependents: dict[Step, list[Step]] = {}
        for step, causes in waits_for.items():
            known = {cause for cause in causes if cause in self._rank}
            self._missing[step] = known
            for cause in known:
                self._dependents.setdefault(cause, []).append(step)
        self._taken: set[Step] = set()
        self._fresh = [step for step, missing in self._missing.items() if not missing]

    @property
    def is_finished(self) -> bool:
        """Whether every step has left."""
        return not self._missing

    def holds(self, step: Step) -> bool:
        """Whether a step has neither been handed over nor left."""
        return step in self._missing and step not in self._taken

    def take_ready(self) -> list[Step]:
        """Hand over the steps that became free to start since the last call."""
        ready: list[Step] = []
        while self._fresh:
            fresh, self._fresh = self._fresh, []
            for step in sorted(fresh, key=self._rank.__getitem__):
                if step in self._taken or step not in self._missing:
                    continue
                if step.phase is Phase.GATE:
                    self._leave(step)
                else:
                    self._taken.add(step)
                    ready.append(step)
        return ready

    def absorb(self, leader: Step, candidates: Iterable[Step]) -> list[Step]:
        """Take along with *leader* the longest run of *candidates* that waits for nothing else.

        A gate holds back none of them when it waits for nothing else either.
        """
        together, absorbed = {leader}, list[Step]()
        for step in candidates:
            missing = self._missing.get(step)
            if missing is None or step in self._taken:
                break
            gates = {each for each in missing - together if each.phase is Phase.GATE}
            together |= {each for each in gates if self._missing[each] <= together}
            if not missing <= together:
                break
            self._taken.add(step)
            together.add(step)
            absorbed.append(step)
        return absorbed

    def settle(self, step: Step, *, ok: bool) -> list[tuple[Step, Step]]:
        """Note that a step is over; return those that now can never start, with their cause."""
        if ok:
            self._leave(step)
            return []
        skipped: list[tuple[Step, Step]] = []
        queue = deque([step])
        del self._missing[step]
        while queue:
            failed = queue.popleft()
            for dependent in self._dependents.get(failed, ()):
                if dependent in self._missing and dependent not in self._taken:
                    del self._missing[dependent]
                    queue.append(dependent)
                    if dependent.phase is not Phase.GATE:
                        skipped.append((dependent, failed))
        return skipped

    def release_deletions(self) -> None:
        """Let deletions start that wait for each other in a circle of recorded dependencies."""
        for step in self._missing:
            if step.phase in (Phase.UNMAKE, Phase.GATE) and step not in self._taken:
                self._missing[step] = set()
                self._fresh.append(step)

    def abandon(self) -> list[Step]:
        """Give up on every step that has not been taken, and return those."""
        left = [step for step in self._missing if step not in self._taken]
        for step in left:
            del self._missing[step]
        return [step for step in left if step.phase is not Phase.GATE]

    def _leave(self, step: Step) -> None:
        del self._missing[step]
        for dependent in self._dependents.get(step, ()):
            missing = self._missing.get(dependent)
            if missing is None:
                continue
            missing.discard(step)
            if not missing:
                self._fresh.append(dependent)
