"""Demo: the README's tour, run for real in a scratch folder on the embedded server."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from reconciler.emulator.app import create_app

ROOT = Path(__file__).resolve().parents[1]
SPECS = "specs/quickstart"
STATE = Path("state/quickstart.json")
DATABASE = "state/quickstart.emulator.db"


def main() -> int:
    """Walk through the life of a conversation; the exit code of the first step that fails."""
    with tempfile.TemporaryDirectory(prefix="reconciler-demo-") as folder:
        shutil.copytree(ROOT / SPECS, Path(folder) / SPECS)
        (Path(folder) / "state").mkdir()
        os.chdir(folder)
        return tour()


def tour() -> int:
    """The steps, each shown as it would be typed."""
    say("1. A conversation as code")
    print(Path(SPECS, "main.tf").read_text())
    say("2. What would change?")
    run("plan", "--specs", SPECS)
    say("3. Make it so")
    run("apply", "--specs", SPECS, "--auto-approve")
    say("4. What is remembered")
    run("state", "list", "--specs", SPECS)
    run("state", "show", "openai_message.user_query", "--specs", SPECS)
    say("5. The conversation as the server has it")
    show_conversation()
    say("6. Nothing left to do")
    run("plan", "--specs", SPECS)
    say("7. Change one metadata value: updated in place, nothing is sent again")
    edit('response_type = "detailed"', 'response_type = "short"')
    run("apply", "--specs", SPECS, "--auto-approve")
    say("8. Adopt an existing message into a fresh state")
    import_into_fresh_state()
    say("That was the tour. What to type next:")
    print(
        "  source .venv/bin/activate\n"
        "  reconciler plan --specs specs/quickstart      # the same, on your own copy\n"
        "  reconciler apply --specs specs/quickstart\n"
        "  reconciler --help\n\n"
        "To talk to a real server, remove the provider block from specs/quickstart/main.tf and\n"
        "set OPENAI_API_KEY (and OPENAI_BASE_URL for a server other than OpenAI's).\n"
    )
    return 0


def say(title: str) -> None:
    """A heading."""
    print(f"\n\033[1m== {title}\033[0m\n" if sys.stdout.isatty() else f"\n== {title}\n", flush=True)


def run(*arguments: str) -> None:
    """Run one command of ours, shown as typed; the demo ends where a command fails."""
    print(f"$ reconciler {' '.join(arguments)}\n", flush=True)
    command = [sys.executable, "-m", "reconciler", *arguments]
    ended = subprocess.run(command, check=False)
    if ended.returncode != 0:
        sys.exit(ended.returncode)
    print(flush=True)


def edit(before: str, after: str) -> None:
    """Change the spec, shown as an edit."""
    path = Path(SPECS, "main.tf")
    text = path.read_text()
    assert before in text, "the quickstart has the line that the demo changes"
    path.write_text(text.replace(before, after))
    print(f"$ sed -i 's/{before}/{after}/' {path}\n")


def ids() -> tuple[str, list[str]]:
    """The thread's id and its messages' ids, from the state file."""
    state = json.loads(STATE.read_text())
    found = {
        (each["type"], each["name"]): each["instances"][0]["attributes"]["id"]
        for each in state["resources"]
    }
    thread = found["openai_thread", "conversation"]
    return thread, [value for key, value in found.items() if key[0] == "openai_message"]


def show_conversation() -> None:
    """Ask the server itself, with a client that knows nothing of us."""
    thread, _ = ids()
    path = f"/v1/threads/{thread}/messages?order=asc"
    print(f"$ curl {path}\n")
    for message in asyncio.run(fetch(path))["data"]:
        text = message["content"][0]["text"]["value"]
        print(f"  {message['id']}\n  {message['role']:>9}: {text}")
        print(f"             {message['metadata']}")


async def fetch(path: str) -> dict[str, list[dict[str, object]]]:
    """One GET on the embedded server."""
    transport = httpx.ASGITransport(create_app(DATABASE))
    headers = {"OpenAI-Beta": "assistants=v2"}
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator") as client:
        answer = await client.get(path, headers=headers)
    return json.loads(answer.text)


def import_into_fresh_state() -> None:
    """Adopt the first message under another address, in a state that knows nothing yet."""
    thread, messages = ids()
    folder = Path("specs/adopted")
    folder.mkdir()
    (folder / "main.tf").write_text(
        f'provider "openai" {{\n  base_url = "emulator:{DATABASE}"\n}}\n\n'
        'resource "openai_message" "example" {\n'
        f'  thread_id = "{thread}"\n'
        '  role      = "user"\n'
        '  content   = "Can you help me understand how to implement authentication in my Node.js '
        'application?"\n\n'
        "  metadata = {\n"
        '    source        = "customer_portal"\n'
        '    user_timezone = "America/New_York"\n'
        "  }\n"
        "}\n"
    )
    first = messages[-1]
    run("import", "--specs", "specs/adopted", "openai_message.example", f"{thread}:{first}")
    run("plan", "--specs", "specs/adopted")


if __name__ == "__main__":
    sys.exit(main())
