"""Load: a folder of spec files becomes a checked `Spec`, with every mistake of every file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.collector import collector_paused
from reconciler.concealment import Concealment
from reconciler.diagnostics import Diagnostics, SourceFile
from reconciler.frozen import replace
from reconciler.language.parse import parse_file
from reconciler.schema import Schema
from reconciler.spec.draft import Draft
from reconciler.spec.files import read_specs, shown_path
from reconciler.spec.given import Given, read_given, texts_of
from reconciler.spec.kinds import Kinds, make_kinds
from reconciler.spec.model import Module, ModuleCall, Spec
from reconciler.spec.module_calls import WrittenCall, check_inputs
from reconciler.spec.validate import validate

MAX_MODULE_DEPTH = 20
"""How deep modules may call each other."""

MAX_CALLED_BLOCKS = 100_000
"""How many blocks called modules may have in all, those of a module counted for every call."""


def load(
    directory: Path,
    schemas: Mapping[str, Schema],
    data_schemas: Mapping[str, Schema],
    *,
    diagnostics: Diagnostics,
    given: Sequence[Given] = (),
    environment: Mapping[str, str] | None = None,
    provider_schema: Schema | None = None,
    functions: Mapping[str, object] | None = None,
) -> Spec:
    """Read the specs in *directory* and the modules they call, and check all that can be known.

    Mistakes go into *diagnostics*, all of all files at once; the spec is then what could be
    understood. *given* is what the command line says about variables, in its order, and
    *environment* is where `TF_VAR_name` is looked up. Without a *provider_schema* the arguments
    of provider blocks are not checked. With *functions* every expression is evaluated once while
    nothing is known, for what goes wrong whatever the world looks like; without, constants are.
    """
    kinds = make_kinds(schemas, data_schemas)
    loader = _Loader(directory, kinds, provider_schema, functions, diagnostics)
    with collector_paused():
        root = loader.root()
    if _count_called_blocks(root) > MAX_CALLED_BLOCKS:
        detail = (
            f"The modules that are called have more than {MAX_CALLED_BLOCKS:,} blocks in all, "
            "counted for every call. Call them less often, or write for_each into them."
        )
        diagnostics.error("Too many module calls", detail)
        root = replace(root, calls={})
    is_sound = not diagnostics.has_errors
    values, is_all_given = read_given(
        directory, given, environment or {}, diagnostics, concealment=loader.concealment
    )
    loader.concealment.give(lambda names: texts_of(values, names))
    return Spec(
        root=root,
        directory=os.path.abspath(directory),
        sources=loader.sources,
        given=values,
        is_all_given=is_all_given,
        backend_path=loader.backend_path,
        is_sound=is_sound,
    )


class _Loader:
    """Reads each folder once, whatever number of calls there is to it."""

    def __init__(
        self,
        directory: Path,
        kinds: Kinds,
        provider_schema: Schema | None,
        functions: Mapping[str, object] | None,
        diagnostics: Diagnostics,
    ) -> None:
        self.directory = directory
        self.kinds = kinds
        self.provider_schema = provider_schema
        self.functions = functions
        self.diagnostics = diagnostics
        self.sources: dict[str, SourceFile] = {}
        self.backend_path: str | None = None
        self.concealment = Concealment()
        self._modules: dict[str, Module] = {}
        self._open: list[str] = []

    def root(self) -> Module:
        """Read the specs folder itself, and from there every module."""
        sources = read_specs(self.directory, self.diagnostics)
        return self._read(self.directory, ".", sources, is_blind=self.diagnostics.has_errors)

    def _read(
        self, directory: Path, path: str, sources: tuple[SourceFile, ...], *, is_blind: bool
    ) -> Module:
        draft = Draft(path, self.kinds, self.provider_schema, self.diagnostics)
        draft.broken.is_blind = is_blind
        for source in sources:
            self.sources[source.path] = source
            self.concealment.add(source.text)
            source.concealment = self.concealment
        draft.read([parse_file(source, self.diagnostics) for source in sources])
        if path == ".":
            self.backend_path = draft.backend_path
        calls = self._read_called(directory, draft)
        module = draft.module(calls)
        validate(module, self.functions, self.diagnostics)
        return module

    def _read_called(self, directory: Path, draft: Draft) -> dict[str, ModuleCall]:
        # One level of recursion per level of calls, of which there are at most MAX_MODULE_DEPTH.
        self._open.append(os.path.realpath(directory))
        calls: dict[str, ModuleCall] = {}
        for name, written in draft.calls.items():
            module = self._called(directory, written)
            if module is None:
                draft.note_loose(written.reader)
                draft.broken.subjects.add(f"module.{name}")
                continue
            check_inputs(written, module)
            calls[name] = written.to(module)
        self._open.pop()
        return calls

    def _called(self, directory: Path, call: WrittenCall) -> Module | None:
        folder = Path(os.path.normpath(directory / call.folder))
        real = os.path.realpath(folder)
        if real in self._modules:
            return self._modules[real]
        if real in self._open:
            self._cycle(call, real)
            return None
        if len(self._open) > MAX_MODULE_DEPTH:
            detail = f"Modules may call each other {MAX_MODULE_DEPTH} deep."
            call.reader.error("Modules nested too deep", detail, call.source.place)
            return None
        known = len(self.diagnostics.errors)
        sources = read_specs(folder, self.diagnostics, place=call.source.place)
        if not sources:
            return None
        is_blind = len(self.diagnostics.errors) > known
        module = self._read(folder, self._relative(folder), sources, is_blind=is_blind)
        self._modules[real] = module
        return module

    def _cycle(self, call: WrittenCall, real: str) -> None:
        steps = [*self._open[self._open.index(real) :], real]
        shown = " -> ".join(f'"{shown_path(Path(each))}"' for each in steps)
        detail = f"The module calls itself: {shown}. Remove one of these calls."
        call.reader.error("Module cycle", detail, call.source.place)

    def _relative(self, folder: Path) -> str:
        return os.path.relpath(folder, self.directory).replace(os.sep, "/")


def _count_called_blocks(root: Module) -> int:
    """How many blocks there are in called modules, counted for every call."""
    counts: dict[int, int] = {}
    queue = [root]
    while queue:
        module = queue[-1]
        missing = [c.module for c in module.calls.values() if id(c.module) not in counts]
        if missing:
            queue += missing
            continue
        queue.pop()
        called = (counts[id(call.module)] for call in module.calls.values())
        counts[id(module)] = _count_own_blocks(module) + sum(called)
    return counts[id(root)] - _count_own_blocks(root)


def _count_own_blocks(module: Module) -> int:
    values = len(module.variables) + len(module.locals) + len(module.outputs)
    return values + len(module.resources) + len(module.calls)
