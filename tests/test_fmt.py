"""Fmt: which files it takes, what it writes, what it says, and how it ends."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run

MESSY = 'resource openai_thread "t" {\nmetadata={\na="b" # c\n}\n}\n'
NEAT = 'resource "openai_thread" "t" {\n  metadata = {\n    a = "b" # c\n  }\n}\n'

Give = Callable[[bytes], None]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch) -> Give:
    """What stdin holds."""
    return lambda data: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, newline="")


def messy() -> list[str]:
    """The files that are still as they were written."""
    return sorted(str(path) for path in Path().rglob("*") if _text(path) == MESSY)


def _text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def test_a_file_is_rewritten_and_listed(run: Run) -> None:
    write({"a.tf": MESSY, "b.tf": NEAT})
    ended = run("fmt")
    assert (ended.code, ended.out, ended.err) == (0, "a.tf\n", "")
    assert Path("a.tf").read_text() == NEAT
    assert run("fmt", "-check").code == 0


def test_what_is_formatted_already_is_not_touched(run: Run) -> None:
    write({"a.tf": NEAT})
    before = os.stat("a.tf")
    assert run("fmt").out == ""
    after = os.stat("a.tf")
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


FOLDER = dict.fromkeys(
    [
        *("main.tf", "talk.hcl", "x_override.tf", "terraform.tfvars", "x.auto.tfvars"),
        *("old.backup.tf", "x.pkr.hcl", ".hidden.tf", "x.tf.json", "notes.md", "main.tf~"),
        *("sub/main.tf", "sub/deep/main.tf", ".terraform/main.tf", "sub/.git/main.tf"),
    ],
    MESSY,
)


def test_of_a_folder_the_spec_files_are_formatted(run: Run) -> None:
    write(FOLDER)
    listed = run("fmt", ".").out.split()
    assert listed == [
        *("main.tf", "talk.hcl", "terraform.tfvars", "x.auto.tfvars", "x_override.tf"),
    ]
    assert sorted([*messy(), *listed]) == sorted(FOLDER)


def test_recursive_takes_the_folders_below_but_hidden_ones(run: Run) -> None:
    write(FOLDER)
    os.symlink("sub", "link")
    listed = run("fmt", "-recursive", "-check", "-list", "sub").out.split()
    assert listed == ["sub/main.tf", "sub/deep/main.tf"]
    listed = run("fmt", "--recursive", "-write=false", ".").out.split()
    assert [name for name in listed if "/" in name] == ["sub/main.tf", "sub/deep/main.tf"]
    assert messy() == sorted(FOLDER)


def test_the_default_is_the_specs_folder(run: Run) -> None:
    write({"specs/a.tf": MESSY, "a.tf": MESSY, "other/a.tf": MESSY})
    assert run("fmt").out == "specs/a.tf\n"
    assert run("fmt", "--specs", "other").out == "other/a.tf\n"
    assert run("--chdir", "specs", "fmt", "-check").code == 0
    assert messy() == ["a.tf"]


def test_files_can_be_named_each_is_done_once(run: Run) -> None:
    write({"x.pkr.hcl": MESSY, "old.backup.tf": MESSY, "a.tf": MESSY})
    assert run("fmt", "x.pkr.hcl", "./old.backup.tf", "a.tf", ".").out.split() == [
        *("x.pkr.hcl", "old.backup.tf", "a.tf"),
    ]


@pytest.mark.parametrize(
    ("options", "code", "out"),
    [
        ([], 0, "a.tf\n"),
        (["-write=false"], 0, "a.tf\n"),
        (["--no-write"], 0, "a.tf\n"),
        (["-list=false"], 0, ""),
        (["-check"], 3, "a.tf\n"),
        (["--check", "--list=false"], 3, ""),
        (["-check=false"], 0, "a.tf\n"),
    ],
)
def test_options_say_what_is_listed_and_written(
    run: Run, options: list[str], code: int, out: str
) -> None:
    write({"a.tf": MESSY})
    ended = run("fmt", *options)
    assert (ended.code, ended.out) == (code, out)
    is_written = not {"-write=false", "--no-write", "-check", "--check"} & set(options)
    assert messy() == ([] if is_written else ["a.tf"])


DIFF = """\
a.tf
--- old/a.tf
+++ new/a.tf
@@ -1,5 +1,5 @@
-resource openai_thread "t" {
-metadata={
-a="b" # c
-}
+resource "openai_thread" "t" {
+  metadata = {
+    a = "b" # c
+  }
 }
"""


def test_diff_shows_what_changes(run: Run) -> None:
    write({"a.tf": MESSY})
    assert run("fmt", "-diff", "-check").out == DIFF
    assert messy() == ["a.tf"]


def test_a_diff_has_a_hunk_per_place_and_tells_of_a_missing_line_end(run: Run) -> None:
    lines = [f"a{number} = 1\n\n" for number in range(20)]
    lines[0], lines[19] = "a0=1\n\n", "a19 =  1"
    write({"a.tf": "".join(lines)})
    hunks = run("fmt", "-diff", "-list=false").out.split("\n", 2)[2]
    assert hunks == (
        "@@ -1,4 +1,4 @@\n-a0=1\n+a0 = 1\n \n a1 = 1\n \n"
        "@@ -36,4 +36,4 @@\n \n a18 = 1\n \n-a19 =  1\n\\ No newline at end of file\n+a19 = 1\n"
    )


def test_a_diff_cannot_drive_the_terminal(run: Run) -> None:
    write({"a.tf": 'a="\x1b[31m\u202e"\t# \x07\n'})
    out = run("fmt", "-diff").out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert '-a="␛[31m\\u202e"␉# ␇\n' in out


def test_a_file_with_mistakes_is_left_alone_and_the_others_go_on(run: Run) -> None:
    write({"a.tf": MESSY, "bad.tf": "a = [1\n\nb {\n", "c.tf": MESSY, "d.tf": "x = 1 2\n"})
    ended = run("fmt")
    assert (ended.code, ended.out) == (2, "a.tf\nc.tf\n")
    assert "bad.tf:1:5" in ended.err
    assert "d.tf:1:7" in ended.err
    assert Path("bad.tf").read_text() == "a = [1\n\nb {\n"
    assert run("fmt", "-check").code == 2


def test_stdin_goes_to_stdout(run: Run, give: Give) -> None:
    give(MESSY.encode())
    ended = run("fmt", "-")
    assert (ended.code, ended.out, ended.err) == (0, NEAT, "")


@pytest.mark.parametrize(
    ("options", "code", "out"),
    [
        (["-check"], 3, ""),
        (["-diff"], 0, "--- old/<stdin>\n+++ new/<stdin>\n@@ -1 +1 @@\n-a=1\n+a = 1\n"),
        (["-check", "-diff"], 3, "--- old/<stdin>\n+++ new/<stdin>\n@@ -1 +1 @@\n-a=1\n+a = 1\n"),
    ],
)
def test_stdin_can_be_checked(
    run: Run, give: Give, options: list[str], code: int, out: str
) -> None:
    give(b"a=1\n")
    ended = run("fmt", *options, "-")
    assert (ended.code, ended.out) == (code, out)


def test_stdin_with_mistakes_gives_nothing(run: Run, give: Give) -> None:
    give(b"b {\n")
    ended = run("fmt", "-")
    assert (ended.code, ended.out) == (2, "")
    assert "<stdin>:1:3" in ended.err


def test_stdin_stands_alone(run: Run, give: Give) -> None:
    give(b"a=1\n")
    ended = run("fmt", "-", "a.tf")
    assert ended.code == 1
    assert '"-" is stdin' in ended.err


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a=1\r\nbb=2\r\n", "a  = 1\r\nbb = 2\r\n"),
        ("\ufeffa = 1\n", "a = 1\n"),
        ("a = 1", "a = 1\n"),
        ("", ""),
        (" \n", "\n"),
    ],
)
def test_line_ends_and_marks(run: Run, before: str, after: str) -> None:
    Path("a.tf").write_bytes(before.encode())
    assert run("fmt").out == ("" if before == after else "a.tf\n")
    assert Path("a.tf").read_bytes() == after.encode()


def test_mode_and_links_stay(run: Run) -> None:
    write({"real/a.tf": MESSY})
    os.chmod("real/a.tf", 0o640)
    os.symlink("real/a.tf", "link.tf")
    assert run("fmt").out == "link.tf\n"
    assert Path("link.tf").is_symlink()
    assert Path("real/a.tf").read_text() == NEAT
    assert os.stat("real/a.tf").st_mode & 0o777 == 0o640
    assert os.listdir("real") == ["a.tf"]


def test_a_read_only_file_is_not_replaced(run: Run) -> None:
    write({"a.tf": MESSY, "b.tf": MESSY})
    os.chmod("a.tf", 0o444)
    ended = run("fmt")
    assert ended.code == 2
    assert '"a.tf": it is read-only.' in ended.err
    assert messy() == ["a.tf"]
    assert run("fmt", "-check").code == 3


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nowhere", 'There is no file or folder "nowhere" to format.'),
        ("nowhere.tf", 'There is no file or folder "nowhere.tf" to format.'),
        ("dangling.tf", '"dangling.tf": no such file or directory.'),
        ("loop.tf", '"loop.tf": too many levels of symbolic links.'),
        ("notes.md", '"notes.md" is not a spec: files that end in .tf, .hcl and .tfvars'),
        ("x.tf.json", '"x.tf.json" is not a spec'),
        ("pipe.tf", '"pipe.tf" is not a regular file.'),
        ("latin.tf", "latin.tf:2:6"),
        ("huge.tf", '"huge.tf" is larger than 10 MiB.'),
    ],
)
def test_what_cannot_be_formatted_is_told(run: Run, target: str, said: str) -> None:
    write({"notes.md": "", "x.tf.json": "{}", "huge.tf": "#" * (10 * 1024 * 1024 + 1)})
    os.symlink("gone.tf", "dangling.tf")
    os.symlink("loop.tf", "loop.tf")
    os.mkfifo("pipe.tf")
    Path("latin.tf").write_bytes(b'a = 1\nb = "\xff"\n')
    ended = run("fmt", target)
    assert ended.code == 2
    assert said in ended.err


def test_a_folder_without_specs_is_fine(run: Run) -> None:
    assert run("fmt") == run("fmt", "-recursive", "-check")
    assert run("fmt").code == 0
