"""Cache: it makes starts cheap, is trusted only as the user's own, and is never needed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.diagnostics import Diagnostics, SourceFile
from reconciler.language import cachefolder, grammar
from reconciler.language.parse import parse_file
from reconciler.language.shapecache import Shapes, read_shapes

SPEC = 'resource "openai_message" "a" {\n  metadata = { "k" = upper(var.x.y) }\n}\n'

SCRIPT = """
import sys
from reconciler.language.parse import parse_file
from reconciler.diagnostics import Diagnostics, SourceFile
found = Diagnostics()
body = parse_file(SourceFile("x.tf", sys.argv[1]), found)
assert len(body.blocks) == 1 and not found.has_errors
[reference] = body.blocks[0].body.arguments["metadata"].expression.references()
assert reference.root == "var"
print("hcl2" in sys.modules, "reconciler.language.shaping" in sys.modules)
"""
NO_SPACE = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"

MADE_ALL, MADE_SHAPES, MADE_NOTHING = "True True", "False True", "False False"
"""What a process had to make: the tables with python-hcl2 and the shapes, or less."""


class User:
    """A user with a cache folder and a temporary folder, and processes of theirs."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "cache" / "reconciler"
        self.temporary = home / "tmp"
        self.temporary.mkdir(exist_ok=True)
        self.environ = {
            **os.environ,
            "XDG_CACHE_HOME": str(home / "cache"),
            "TMPDIR": str(self.temporary),
        }

    def start(self, script: str = SCRIPT) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", script, SPEC]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self.environ, stdout=pipe, stderr=pipe, text=True)

    def run(self, script: str = SCRIPT) -> str:
        process = self.start(script)
        output, errors = process.communicate()
        assert (process.returncode, errors) == (0, "")
        return output.strip()

    @property
    def shapes(self) -> Path:
        return self.folder / "shapes.bin"

    @property
    def tables(self) -> Path:
        return self.folder / "grammar.bin"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file with the tables: computing them takes a second."""
    user = User(tmp_path_factory.mktemp("first"))
    assert user.run() == MADE_ALL
    return user.tables.read_bytes()


@pytest.fixture
def user(tmp_path: Path, tables: bytes) -> User:
    """A user whose cache has only the tables of the grammar."""
    user = User(tmp_path)
    assert cachefolder.prepare(str(user.folder))
    cachefolder.replace(str(user.tables), tables)
    return user


@pytest.fixture
def as_user(user: User, monkeypatch: pytest.MonkeyPatch) -> User:
    """The same, for what is asked in this process."""
    for name in ("XDG_CACHE_HOME", "TMPDIR"):
        monkeypatch.setenv(name, user.environ[name])
    monkeypatch.setattr(tempfile, "tempdir", None)
    return user


def without_cache_folder(user: User) -> None:
    user.environ["XDG_CACHE_HOME"] = str(user.tables / "in-a-file")


def test_every_start_makes_only_what_none_before_has_made(user: User) -> None:
    assert [user.run(), user.run()] == [MADE_SHAPES, MADE_NOTHING]


def test_the_cache_is_for_nobody_else(user: User) -> None:
    user.run()
    assert user.folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in user.folder.iterdir()} == {
        "shapes.bin": 0o600,
        "grammar.bin": 0o600,
    }


def test_a_folder_that_others_can_read_is_closed_to_them(user: User) -> None:
    user.folder.chmod(0o755)
    user.run()
    assert user.folder.stat().st_mode & 0o777 == 0o700


def another_version(content: bytes) -> bytes:
    payload = content[cachefolder.DIGEST_BYTES :]
    return cachefolder.digest(payload, "another version") + payload


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut short": lambda content: content[:-1],
    "a bit": lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:],
    "something else": lambda content: b"\0" * 100,
    "another version": another_version,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_shapes_count_as_absent_and_are_replaced(user: User, damage: str) -> None:
    user.run()
    user.shapes.write_bytes(DAMAGES[damage](user.shapes.read_bytes()))
    assert [user.run(), user.run()] == [MADE_SHAPES, MADE_NOTHING]


@pytest.mark.parametrize("damage", ["cut short", "another version"])
def test_damaged_tables_count_as_absent_and_are_replaced(user: User, damage: str) -> None:
    user.tables.write_bytes(DAMAGES[damage](user.tables.read_bytes()))
    assert [user.run(), user.run()] == [MADE_ALL, MADE_NOTHING]


def test_tables_sealed_but_not_readable_are_computed_anew(as_user: User) -> None:
    cachefolder.write_sealed(str(as_user.tables), b"not marshal", grammar.tables_version())
    assert as_user.run() == MADE_ALL


def test_first_starts_at_once_all_succeed_and_leave_one_whole_cache(tmp_path: Path) -> None:
    user = User(tmp_path)
    for process in [user.start(), user.start()]:
        _, errors = process.communicate()
        assert (process.returncode, errors) == (0, "")
    assert user.run() == MADE_NOTHING
    assert sorted(path.name for path in user.folder.iterdir()) == ["grammar.bin", "shapes.bin"]


def test_without_a_cache_folder_a_folder_of_its_own_is_used(user: User) -> None:
    without_cache_folder(user)
    assert [user.run(), user.run()] == [MADE_ALL, MADE_NOTHING]
    [folder] = user.temporary.iterdir()
    assert folder.name == f"reconciler-{os.geteuid()}"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_without_any_folder_a_command_still_works(user: User) -> None:
    without_cache_folder(user)
    (user.temporary / f"reconciler-{os.geteuid()}").write_text("in the way")
    assert [user.run(), user.run()] == [MADE_ALL, MADE_ALL]


@pytest.mark.parametrize("home", ["relative", "in-a-file"])
def test_a_user_without_a_usable_home_has_a_cache_too(
    as_user: User, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", home if home == "relative" else str(as_user.tables))
    folder = as_user.temporary / f"reconciler-{os.geteuid()}"
    assert cachefolder.usable_folder() == str(folder)


def test_on_a_full_disk_nothing_is_said_and_nothing_is_left(user: User) -> None:
    user.tables.unlink()
    assert user.run(NO_SPACE + SCRIPT) == MADE_ALL
    assert list(user.folder.iterdir()) == []


def others_can_write(folder: Path) -> None:
    folder.chmod(0o770)


def is_a_link(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))


@pytest.mark.parametrize("spoil", [others_can_write, is_a_link])
def test_a_folder_that_others_may_have_filled_is_not_used(
    as_user: User, spoil: Callable[[Path], None]
) -> None:
    as_user.run()
    assert read_shapes(str(as_user.folder))
    spoil(as_user.folder)
    assert read_shapes(str(as_user.folder)) == {}
    assert cachefolder.usable_folder() == str(as_user.temporary / f"reconciler-{os.geteuid()}")


def test_a_folder_of_somebody_else_is_not_used(
    as_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: stranger)
    assert not cachefolder.prepare(str(as_user.folder))
    assert cachefolder.usable_folder() is None


@pytest.mark.parametrize("spoil", [others_can_write, is_a_link])
def test_the_temporary_folder_has_to_be_as_safe(
    as_user: User, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], None]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    folder = as_user.temporary / f"reconciler-{os.geteuid()}"
    assert cachefolder.usable_folder() == str(folder)
    spoil(folder)
    assert cachefolder.usable_folder() is None


@pytest.mark.parametrize(("mode", "is_safe"), [(0o777, False), (0o1777, True), (0o700, True)])
def test_a_temporary_folder_where_others_can_rename_is_not_used(
    as_user: User, monkeypatch: pytest.MonkeyPatch, mode: int, is_safe: bool
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    as_user.temporary.chmod(mode)
    assert (cachefolder.usable_folder() is not None) == is_safe


def test_a_filled_folder_that_cannot_be_written_is_read(
    as_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert cachefolder.usable_folder() == str(as_user.folder)
    as_user.tables.unlink()
    assert cachefolder.usable_folder() != str(as_user.folder)


def test_nothing_is_written_where_python_hcl2_is_installed() -> None:
    import hcl2

    folder = Path(hcl2.__file__).parent
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir() if path.is_file()}
    grammar.compute_tables()
    after = {path: path.stat().st_mtime_ns for path in folder.iterdir() if path.is_file()}
    assert after == before


def test_what_cannot_be_kept_is_still_parsed(tmp_path: Path, tables: bytes) -> None:
    (tmp_path / "file").write_text("")
    shapes = Shapes(str(tmp_path / "file" / "cache"))
    found = Diagnostics()
    assert len(parse_file(SourceFile("x.tf", SPEC), found, shapes=shapes).blocks) == 1
    shapes.save()
