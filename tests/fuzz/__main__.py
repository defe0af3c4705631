"""Fuzz every target, or those named: `python -m fuzz --seconds 60 expression`.

Inputs that fail are left in `.fuzz/failed`; put one into `corpus/TARGET` once it is understood.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from fuzz import CORPUS, TARGETS

WORK = Path(".fuzz")

INPUT_LIMIT_S = 10
MEMORY_LIMIT_MIB = 1024
"""Beyond either, an input counts as failed. Coverage counters take most of the memory."""

_PROGRESS = re.compile(r"(#\d+|INFO:|stat::|WARNING: |0x)")
"""What libFuzzer says on the way."""


def main() -> int:
    """Print what became of each target; 1 if any failed."""
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    given = parser.parse_args()
    unknown = set(given.targets) - set(TARGETS)
    if unknown:
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    failed = [each for each in given.targets or TARGETS if not _fuzz(each, given.seconds)]
    if failed:
        print(f"failed: {', '.join(failed)}; the inputs are in {WORK / 'failed'}")
    return 1 if failed else 0


def _fuzz(target: str, seconds: int) -> bool:
    found, failed = WORK / "found" / target, WORK / "failed"
    for folder in (found, failed):
        folder.mkdir(parents=True, exist_ok=True)
    options = (
        f"-max_total_time={seconds}",
        f"-timeout={INPUT_LIMIT_S}",
        f"-rss_limit_mb={MEMORY_LIMIT_MIB}",
        f"-artifact_prefix={failed}/{target}-",
        "-max_len=4096",
        "-print_final_stats=1",
    )
    command = [sys.executable, "-m", "fuzz.run", target, *options, str(found)]
    ended = subprocess.run(
        [*command, str(CORPUS / target)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    said = ended.stdout.decode(errors="replace")
    runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", said)
    print(f"{target}: {int(runs[1]) if runs else 0:,} runs", flush=True)
    if ended.returncode != 0:
        lines = [each for each in said.splitlines() if not _PROGRESS.match(each)]
        print("\n".join(lines[-60:])[-6000:], flush=True)
    return ended.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
