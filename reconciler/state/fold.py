"""Fold: a state with the entries of a run applied, in time proportional to the entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import assert_never

from reconciler.address import Address
from reconciler.frozen import replace
from reconciler.state.entries import (
    AddSuspect,
    Drop,
    DropSuspect,
    Entry,
    Intend,
    Intent,
    MarkKeeping,
    MarkUnfinished,
    MarkUnordered,
    Put,
    Resolve,
    SetCheckResults,
    SetEndpoint,
    SetOutputs,
)
from reconciler.state.model import OutputValue, State, StateObject


def fold(state: State, entries: Iterable[Entry]) -> tuple[State, tuple[Intent, ...]]:
    """*state* after *entries*, and the intents among them that nothing resolved, oldest first.

    Pure. Folding the same entries a second time changes nothing more.
    """
    folding = Folding(state)
    for entry in entries:
        folding.add(entry)
    return folding.state, folding.open_intents


class Folding:
    """A state being folded: every entry costs the same, however large the state is."""

    def __init__(self, state: State, open_intents: Iterable[Intent] = ()) -> None:
        self._base = state
        self._objects = dict(state.objects)
        self._deposed = dict(state.deposed)
        self._suspects = dict(state.suspects)
        self._endpoints = dict(state.endpoints)
        self._unordered = set(state.unordered)
        self._unfinished = set(state.unfinished)
        self._previous_ids = dict(state.previous_ids)
        self._keeping = set(state.keeping)
        self._outputs: Mapping[str, OutputValue] = state.outputs
        self._check_results = state.check_results
        self._open = {each.seq: each for each in open_intents}
        self._view: State | None = None

    @property
    def state(self) -> State:
        """The state so far; its mappings are views that later entries change."""
        if self._view is None:
            self._view = replace(
                self._base,
                objects=MappingProxyType(self._objects),
                deposed=MappingProxyType(self._deposed),
                suspects=MappingProxyType(self._suspects),
                endpoints=MappingProxyType(self._endpoints),
                unordered=frozenset(self._unordered),
                unfinished=frozenset(self._unfinished),
                previous_ids=MappingProxyType(self._previous_ids),
                keeping=frozenset(self._keeping),
                outputs=self._outputs,
                check_results=self._check_results,
            )
        return self._view

    @property
    def open_intents(self) -> tuple[Intent, ...]:
        """The intents nothing has resolved so far, oldest first."""
        return tuple(self._open[seq] for seq in sorted(self._open))

    def add(self, entry: Entry) -> None:
        """Apply one entry."""
        match entry:
            case Put(each):
                self._put(each)
            case Drop(address, deposed):
                self._drop(address, deposed)
            case AddSuspect(suspect):
                self._suspects[suspect.address] = suspect
            case DropSuspect(address):
                self._suspects.pop(address, None)
            case Intend(intent):
                self._open[intent.seq] = intent
            case Resolve(seq):
                self._open.pop(seq, None)
            case SetEndpoint(name, endpoint):
                self._endpoints[name] = endpoint
            case MarkUnordered() | MarkUnfinished() | MarkKeeping():
                self._mark(entry)
            case SetOutputs() | SetCheckResults():
                self._add_rare(entry)
            case _:
                assert_never(entry)

    def _put(self, each: StateObject) -> None:
        if each.deposed is None:
            self._objects[each.address] = self._with_previous_id(each)
        else:
            self._deposed[each.address, each.deposed] = each

    def _with_previous_id(self, each: StateObject) -> StateObject:
        """What stands under an address keeps the id that was forgotten there."""
        before = self._objects.get(each.address)
        kept = self._previous_ids.pop(each.address, None) or (before and before.previous_id)
        if kept is None or each.previous_id is not None:
            return each
        return replace(each, previous_id=kept)

    def _drop(self, address: Address, deposed: str | None) -> None:
        if deposed is None:
            gone = self._objects.pop(address, None)
        else:
            gone = self._deposed.pop((address, deposed), None)
        if gone is not None and (gone.id in self._unfinished or gone.id in self._keeping):
            self._unfinished.discard(gone.id)
            self._keeping.discard(gone.id)
            self._view = None

    def _add_rare(self, entry: SetOutputs | SetCheckResults) -> None:
        self._view = None
        match entry:
            case SetOutputs(outputs):
                self._outputs = outputs
            case SetCheckResults(check_results):
                self._check_results = check_results

    def _mark(self, entry: MarkUnordered | MarkUnfinished | MarkKeeping) -> None:
        self._view = None
        marked, is_on = self._marks(entry)
        if is_on:
            marked.add(entry.parent_id)
        else:
            marked.discard(entry.parent_id)

    def _marks(self, entry: MarkUnordered | MarkUnfinished | MarkKeeping) -> tuple[set[str], bool]:
        match entry:
            case MarkUnordered(_, is_on):
                return self._unordered, is_on
            case MarkUnfinished(_, is_on):
                return self._unfinished, is_on
            case MarkKeeping(_, is_on):
                return self._keeping, is_on

    def changes_nothing(self, entry: Entry) -> bool:
        """Whether the state says already what *entry* says."""
        match entry:
            case Put(each) if each.deposed is None:
                return self._objects.get(each.address) is each
            case SetEndpoint(name, endpoint):
                return self._endpoints.get(name) == endpoint
            case SetOutputs(outputs):
                return repr(self._outputs) == repr(outputs)
            case SetCheckResults(check_results):
                return repr(self._check_results) == repr(check_results)
            case MarkUnordered() | MarkUnfinished() | MarkKeeping():
                marked, is_on = self._marks(entry)
                return (entry.parent_id in marked) == is_on
            case DropSuspect(address):
                return address not in self._suspects
        return False

    def rebase(self, state: State) -> None:
        """Note what was written: serial, epoch and journal of *state* from here on."""
        self._base = state
        self._view = None
