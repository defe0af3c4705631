"""Session: one run of the command line: its settings, its console, and the workspace they give."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError, UsageError
from reconciler.views.console import Console

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic
    from reconciler.execute.events import Event
    from reconciler.schema import Schema
    from reconciler.views.diagnostics_text import DiagnosticsText
    from reconciler.workflow import Workspace


SETTINGS = ("chdir", "specs", "state", "emulator", "no_color")


class Settings:
    """What the global options say, wherever in the line they stand."""

    def __init__(self) -> None:
        self.chdir: str | None = None
        self.specs: str | None = None
        self.state: str | None = None
        self.emulator: str | None = None
        self.no_color = False


class Session:
    """What every command gets: settings, console, and how to tell errors."""

    def __init__(self, console: Console, *, environ: Mapping[str, str] | None = None) -> None:
        self.console = console
        self.settings = Settings()
        self.environ = os.environ if environ is None else environ
        self.on_error: Callable[[ReconcilerError], None] = self._print_error
        self.signal: int | None = None
        """The first signal that asked this run to stop."""

    def workspace(
        self,
        *,
        given: Sequence[tuple[str, str]] = (),
        parallelism: int = 32,
        lock_timeout_s: float = 0.0,
        on_event: Callable[[Event], None] | None = None,
    ) -> Workspace:
        """Open the workspace that the settings name."""
        from reconciler.workflow import Workspace

        settings = self.settings
        return Workspace(
            settings.specs,
            state=settings.state,
            emulator=settings.emulator,
            given=tuple(given),
            environ=self.environ,
            parallelism=parallelism,
            lock_timeout_s=lock_timeout_s,
            on_event=on_event,
        )

    @contextlib.contextmanager
    def directory(self) -> Iterator[None]:
        """Work in the folder that `--chdir` names."""
        if self.settings.no_color:
            self.console.without_color()
        if self.settings.chdir is None:
            yield
            return
        path = Path(self.settings.chdir)
        if not path.is_dir():
            raise UsageError(f'There is no folder "{path}" to work in, as --chdir asks.')
        with contextlib.chdir(path):
            yield

    def error(self, error: ReconcilerError) -> None:
        """Tell what ended the command."""
        self.on_error(error)

    def usage_error(self, message: str, help_command: str) -> None:
        """Tell what is wrong with the command line."""
        error = UsageError(message, hint=f'"{help_command}" lists what there is.')
        self._print_error(error)

    def warnings(self, found: Sequence[Diagnostic], *, compact: bool = False) -> None:
        """Print warnings where the plan is printed."""
        if found:
            writer = self._writer(out=True)
            lines = writer.compact(found) if compact else writer.diagnostics(found)
            self.console.out_lines(lines)

    def errors(self, found: Sequence[Diagnostic]) -> None:
        """Print diagnostics to stderr."""
        if found:
            self.console.err("\n".join(self._writer(out=False).diagnostics(found)))

    def schemas(self) -> Mapping[str, Schema]:
        """What is known of resource types, for telling names from data."""
        from reconciler.provider.resources import DATA_SCHEMAS, SCHEMAS

        return {**DATA_SCHEMAS, **SCHEMAS}

    def exit_code(self, code: int) -> int:
        """The exit code of the run: a signal outranks what the command says."""
        return code if self.signal is None else 128 + self.signal

    def _print_error(self, error: ReconcilerError) -> None:
        self.console.err("\n".join(self._writer(out=False).error(error)))

    def _writer(self, *, out: bool) -> DiagnosticsText:
        from reconciler.views.diagnostics_text import DiagnosticsText

        console = self.console
        if out:
            return DiagnosticsText(console.out_style, console.screen)
        return DiagnosticsText(console.err_style, console.err_screen)
