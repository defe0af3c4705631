"""Progress: a run as it happens, for people: a line per event, and one live line on a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from reconciler.address import Address
from reconciler.execute.events import (
    ChangeFailed,
    ChangeFinished,
    ChangeStarted,
    Event,
    Recovered,
    Refreshing,
    Waiting,
    Warned,
)
from reconciler.plan.model import Action, Plan
from reconciler.views import sanitise
from reconciler.views.console import Console
from reconciler.views.verbs import verb_of

STILL_AFTER_S = 10.0
"""A change that takes longer says so, this often."""
TICK_S = 0.5


@dataclass(slots=True)
class Running:
    """A change that has been started and is not over."""

    action: Action
    id: str | None
    started: float
    told: float


class Progress:
    """Prints events as they come. `tick` tells of time passing; `start` makes it tick by itself."""

    def __init__(
        self,
        console: Console,
        *,
        clock: Callable[[], float] = time.monotonic,
        still: Callable[[Address, Running, float], None] | None = None,
    ) -> None:
        self._console = console
        self._clock = clock
        self._still = still or self._print_still
        self._lock = threading.Lock()
        self._running: dict[Address, Running] = {}
        self._total = 0
        self._finished = 0
        self._began = clock()
        self._note = ""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, plan: Plan) -> None:
        """Note how much there is to do; from now on time is counted."""
        self._total = sum(each.action is not Action.NO_OP for each in plan.changes)
        self._finished = 0
        self._began = self._clock()

    def start(self) -> None:
        """Tick in the background until `close`."""
        self._thread = threading.Thread(target=self._tick_on, daemon=True, name="progress")
        self._thread.start()

    def close(self) -> None:
        """Stop ticking and take the live line away."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._console.live(None)

    def event(self, event: Event) -> None:
        """Print what happens."""
        with self._lock:
            for text in self._noted(event):
                self._console.say(text, hang=2)

    def track(self, event: Event) -> None:
        """Count what happens without printing it."""
        with self._lock:
            self._noted(event)

    def tick(self) -> None:
        """Say which changes are still running, and redraw the live line."""
        now = self._clock()
        with self._lock:
            for address, running in list(self._running.items()):
                if now - running.told >= STILL_AFTER_S:
                    running.told += STILL_AFTER_S
                    self._still(address, running, running.told - running.started)
            self._console.live(self._live_line(now))

    def _noted(self, event: Event) -> list[str]:
        address = "" if isinstance(event, (Waiting, Warned)) else _name(event.address)
        match event:
            case Refreshing(_, id_):
                return [f"{address}: Refreshing state...{_id(id_)}"]
            case ChangeStarted(where, action, id_):
                now = self._clock()
                self._running[where] = Running(action, id_, now, now)
                self._note = ""
                return [f"{address}: {verb_of(action).doing}...{_id(id_)}"]
            case ChangeFinished(where, action, id_, elapsed_s):
                self._over(where)
                done = verb_of(action).done
                return [f"{address}: {done} after {elapsed_s:.0f}s{_id(id_)}"]
            case ChangeFailed(where, action, _):
                self._over(where)
                return [f"{address}: {verb_of(action).noun} failed"]
            case Waiting(reason, seconds):
                self._note = f"waiting {seconds:.0f} s: {sanitise.line(reason)}"
                return [f"Waiting {seconds:.0f} s: {sanitise.line(reason)}"] if seconds >= 1 else []
            case Recovered(_, message):
                return [f"{address}: {sanitise.line(message)}"]
            case Warned(message):
                return [f"Warning: {sanitise.line(message)}"]

    def _over(self, address: Address) -> None:
        self._running.pop(address, None)
        self._finished += 1

    def _print_still(self, address: Address, running: Running, elapsed_s: float) -> None:
        doing = verb_of(running.action).doing.lower()
        id_ = f"id={sanitise.line(running.id)}, " if running.id is not None else ""
        text = f"{_name(address)}: Still {doing}... [{id_}{elapsed_s:.0f}s elapsed]"
        self._console.say(text, hang=2)

    def _live_line(self, now: float) -> str | None:
        if not self._total:
            return None
        from reconciler.views.plan_text import duration  # has been imported to show the plan

        elapsed = now - self._began
        parts = [f"{self._finished:,}/{self._total:,}"]
        if self._finished and elapsed >= 1:
            rate = self._finished / elapsed
            left = max(self._total - self._finished, 0) / rate
            parts += [
                f"{rate:.0f}/s" if rate >= 1 else f"{rate * 60:.0f}/min",
                f"{duration(left)} left",
            ]
        elif elapsed >= 1:
            parts.append(f"{duration(elapsed)} so far")
        if self._note:
            parts.append(self._note)
        return " · ".join(parts)

    def _tick_on(self) -> None:
        while not self._stop.wait(TICK_S):
            self.tick()


def _name(address: Address) -> str:
    return sanitise.line(str(address))


def _id(id_: str | None) -> str:
    return f" [id={sanitise.line(id_)}]" if id_ else ""
