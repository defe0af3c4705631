"""Server: the emulator in a process of its own, which outlives whoever talks to it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.emulator.control import Emulator

_START = "from reconciler.cli.main import run; run()"


@dataclass(frozen=True)
class Server:
    """A server that runs, and the hand behind it."""

    url: str
    path: Path
    emulator: Emulator

    @property
    def empty(self) -> Path:
        """What the server had when it was new."""
        return self.path.with_name("empty.db")

    def wait(self) -> None:
        """Return when everything that was sent to it has been dealt with."""
        for _ in range(2):
            with urllib.request.urlopen(f"{self.url}/_emulator", timeout=30) as answer:
                answer.read()

    def strike(self, *rules: dict[str, object], seed: int = 0) -> None:
        """Let things go wrong from here on; without rules, nothing."""
        body = json.dumps({"seed": seed, "rules": list(rules)}).encode()
        request = urllib.request.Request(
            f"{self._admin}/faults", data=body if rules else None, method="POST" if rules else None
        )
        if not rules:
            request.method = "DELETE"
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()

    def posts(self, path: str = "") -> list[str]:
        """The paths of the writes that came in since recording began, and end with *path*."""
        return [
            each.path
            for each in self.emulator.requests
            if each.method == "POST" and each.path.partition("?")[0].endswith(path)
        ]

    def save(self, path: Path) -> None:
        """Keep everything the server has."""
        _copy(self.path, path)

    def restore(self, path: Path) -> None:
        """Let the server have what it had."""
        _copy(path, self.path)

    @property
    def _admin(self) -> str:
        return self.url.removesuffix("/v1").removesuffix("/api/projects/demo") + "/_emulator"


def _copy(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as one, sqlite3.connect(target) as other:
        other.execute("PRAGMA synchronous = OFF")
        one.backup(other)
    one.close()
    other.close()


@contextmanager
def server_process(folder: Path, *options: str) -> Iterator[Server]:
    """Serve an empty emulator on a port of its own."""
    path = folder / "server.db"
    command = [sys.executable, "-c", _START, "serve", "--emulator", str(path), "--port", "0"]
    process = subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = next(word for word in line.split() if word.startswith("http")).rstrip(",.")
        emulator = Emulator.open(path)
        server = Server(url, path, emulator)
        server.save(server.empty)
        yield server
        emulator.close()
    finally:
        # Not asked to end: it would first answer whoever it lets wait.
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
