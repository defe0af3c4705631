"""Parallelism: how many requests are under way at once, whatever a run does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from bench import Bench, make_bench, message, talk, thread

from reconciler import Workspace
from reconciler.plan.options import PlanOptions
from reconciler.provider.client import asgi_transport


class Gauge(httpx.AsyncBaseTransport):
    """Counts the requests that are under way."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self._now = 0
        self.most = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            for _ in range(50):  # Long enough for whoever may start to start.
                await asyncio.sleep(0)
            return await self._inner.handle_async_request(request)
        finally:
            self._now -= 1


def workspace(bench: Bench, parallelism: int) -> tuple[Workspace, Gauge]:
    gauge = Gauge(asgi_transport(bench.app))
    made = Workspace(
        bench.folder / "specs",
        state=bench.folder / "state.json",
        environ={"OPENAI_API_KEY": "key-of-the-bench"},
        parallelism=parallelism,
        transport=gauge,
    )
    return made, gauge


def many(count: int, prefix: str = "t", arguments: str = "") -> str:
    return "".join(
        thread(f"{prefix}{n}", arguments)
        + message(f"{prefix}{n}_m", "hello", thread=f"{prefix}{n}")
        for n in range(count)
    )


OTHER = """
provider "openai" {
  alias    = "other"
  dialect  = "threads"
  base_url = "https://server.test/v1"
  settle_s = 0
}
"""


@pytest.mark.parametrize("parallelism", [1, 3, 6])
def test_no_more_calls_are_under_way_than_allowed(tmp_path: Path, parallelism: int) -> None:
    bench = make_bench(tmp_path, "threads", settings="  batch_create = false")
    bench.write(many(20))
    made, gauge = workspace(bench, parallelism)

    assert made.apply(approve=lambda plan: True).ok
    assert not made.plan().has_changes
    assert made.destroy().ok

    assert gauge.most == parallelism


def test_the_ceiling_holds_for_all_configurations_together(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, "threads")
    bench.write(many(12) + many(12, "u", "provider = openai.other"))
    bench.write(OTHER, "other.tf")
    made, gauge = workspace(bench, 5)

    assert made.apply(approve=lambda plan: True).ok
    assert not made.plan().has_changes
    assert made.destroy().ok

    assert gauge.most == 5


def test_a_ceiling_above_the_default_is_used(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, "threads", settings="  thread_create_concurrency = 64")
    bench.write(many(200))
    made, gauge = workspace(bench, 50)

    assert made.apply(approve=lambda plan: True).ok
    made.plan()

    assert gauge.most == 50


def test_a_configuration_may_set_a_lower_one(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, "threads", settings="  max_concurrency = 2")
    bench.write(many(20))
    made, gauge = workspace(bench, 32)

    assert made.apply(approve=lambda plan: True).ok
    assert not made.plan().has_changes

    assert gauge.most == 2


def test_deletions_of_one_thread_run_in_parallel_up_to_the_ceiling(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, "threads")
    bench.write(talk("abcdefghijklmnopqrst"))
    bench.apply()
    bench.write(talk("a"))
    made, gauge = workspace(bench, 7)

    options = PlanOptions(allow_destroy=("99",))
    assert made.apply(approve=lambda plan: True, options=options).ok

    assert gauge.most == 7
