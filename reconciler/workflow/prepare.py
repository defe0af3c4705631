"""Prepare: everything that is known before the world is asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.diagnostics import Diagnostic, Diagnostics
from reconciler.frozen import frozen, replace
from reconciler.graph import Graph, build
from reconciler.language.functions import standard_functions
from reconciler.provider.arguments import PROVIDER_SCHEMA
from reconciler.provider.resources import DATA_SCHEMAS, SCHEMAS
from reconciler.spec.constants import is_told
from reconciler.spec.given import Given, GivenFile, GivenOption, read_given
from reconciler.spec.load import load
from reconciler.spec.model import GivenValue, Module, Spec
from reconciler.spec.value_check import TOO_MANY
from reconciler.spec.variables import resolve_variables
from reconciler.workflow.times import moment

if TYPE_CHECKING:
    from datetime import datetime


@frozen
class Prepared:
    """A spec that has been read and checked."""

    spec: Spec
    graph: Graph
    functions: Mapping[str, object]
    variables: Mapping[str, object]
    diagnostics: Diagnostics
    planned_at: datetime | None = None

    def functions_during_apply(self) -> Mapping[str, object]:
        """The functions as they are while a plan is carried out."""
        directory = Path(self.spec.directory)
        return standard_functions(directory, planned_at=self.planned_at, is_applying=True)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What the user should know and that stops nothing."""
        return self.diagnostics.warnings


def prepare(
    directory: Path,
    *,
    given: Sequence[tuple[str, str]],
    environ: Mapping[str, str],
    need_values: bool = True,
    chosen: Callable[[Mapping[str, GivenValue]], Mapping[str, GivenValue]] | None = None,
    planned_at: datetime | None = None,
) -> Prepared:
    """Read and check the specs; *need_values* False accepts variables without a value.

    *chosen* says what is given for root variables, told what files, options and environment give.
    *planned_at* is what `plantimestamp()` says; now, if not given.

    Raises:
        SpecError: with every mistake in every file.
    """
    diagnostics = Diagnostics()
    if planned_at is None and need_values:
        planned_at = moment()
    functions = standard_functions(directory, planned_at=planned_at)
    spec = load(
        directory,
        SCHEMAS,
        DATA_SCHEMAS,
        given=_options(given),
        environment=environ,
        provider_schema=PROVIDER_SCHEMA,
        diagnostics=diagnostics,
        functions=functions,
    )
    if chosen is not None and not diagnostics.has_errors:
        spec = replace(spec, given=chosen(spec.given), is_all_given=True)
    return _finish(spec, diagnostics, functions, planned_at, need_values=need_values)


def prepare_nothing(
    directory: Path,
    *,
    given: Sequence[tuple[str, str]],
    environ: Mapping[str, str],
    planned_at: datetime,
) -> Prepared:
    """What there is to know where there are no specs: functions, and what is given for variables.

    Raises:
        SpecError: something is given that does not mean anything.
    """
    diagnostics = Diagnostics()
    values, is_all = read_given(directory, _options(given), environ, diagnostics)
    spec = Spec(
        root=Module("."),
        directory=os.path.abspath(directory),
        sources={},
        given=values,
        is_all_given=is_all,
    )
    functions = standard_functions(directory, planned_at=planned_at)
    return _finish(spec, diagnostics, functions, planned_at, need_values=False)


def _options(given: Sequence[tuple[str, str]]) -> list[Given]:
    return [GivenOption(text) if kind == "var" else GivenFile(Path(text)) for kind, text in given]


def _finish(
    spec: Spec,
    diagnostics: Diagnostics,
    functions: Mapping[str, object],
    planned_at: datetime | None,
    *,
    need_values: bool,
) -> Prepared:
    graph = build(spec, diagnostics)
    further = Diagnostics()
    variables = resolve_variables(spec, further, functions=functions, required=need_values)
    _add(diagnostics, further)
    is_finite = not any(each.summary == TOO_MANY for each in diagnostics.errors)
    if diagnostics.has_errors and need_values and is_finite and not graph.has_cycles:
        _add(diagnostics, _look(spec, graph, variables, functions))
    diagnostics.raise_if_errors()
    return Prepared(spec, graph, functions, variables, diagnostics, planned_at)


def _add(diagnostics: Diagnostics, further: Diagnostics) -> None:
    """Take over what is not about a place where something has been found wrong already."""
    told = [each.subject for each in diagnostics.errors if each.subject is not None]
    diagnostics.extend(each for each in further if not is_told(each, told))


def _look(
    spec: Spec, graph: Graph, variables: Mapping[str, object], functions: Mapping[str, object]
) -> Diagnostics:
    """What else a plan would find wrong: the spec will be mended, and then looked at once more."""
    from reconciler.expand.walk import Expander
    from reconciler.expand.world import Given as Known

    known = Known(variables=variables, observed={}, is_offline=True, is_lenient=True)
    return Expander(spec, graph, known, functions=functions).check()
