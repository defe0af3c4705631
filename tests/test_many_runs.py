"""Many runs at once, as processes of their own: one works, the others name it, none is blocked."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from crash_server import Server, server_process
from processes import Folder, end, threads

pytestmark = pytest.mark.promise("guards")


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that lets everybody wait for a minute: who has begun does not end by itself."""
    with server_process(tmp_path_factory.mktemp("silent"), "--latency", "60") as running:
        yield running


def works(process: subprocess.Popen[str]) -> bool:
    """Whether a run has begun to send something; one that is refused is over."""
    assert process.stdout is not None
    return any("Creating..." in line for line in iter(process.stdout.readline, ""))


@pytest.mark.parametrize("count", [6, pytest.param(32, marks=pytest.mark.long)])
def test_of_many_runs_at_once_one_works_and_the_others_name_it(
    silent: Server, tmp_path: Path, count: int, record_property: Callable[[str, object], None]
) -> None:
    folder = Folder(tmp_path, silent)
    folder.write(threads(1, 1))
    started = [folder.start("apply", "--auto-approve") for _ in range(count)]
    # Whoever is refused ends by itself; the one that works says so and waits for its answer.
    (holder,) = [each for each in started if works(each)]
    others = [each for each in started if each is not holder]

    for each in others:
        ended = end(each)
        assert ended.code == 1
        assert f"process {holder.pid} on " in " ".join(ended.err.split())
        assert ended.err.count("Error:") == 1

    assert holder.poll() is None
    holder.kill()
    end(holder)
    after = folder.run("recover")
    # Whether it had sent anything yet, nobody waits for.
    assert after.code in (0, 4), after.err
    record_property("processes at once", count)
