"""Writing the package: all or nothing, and nothing that is right already."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tangle.__main__ import main
from tangle.chapters import read_chapters
from tangle.disk import UNFINISHED, write
from tangle.package import Package, tangle


@pytest.fixture
def two_packages(book) -> tuple[Package, Package]:
    """An old package and a new one, every file of which differs."""
    book.chapter("01-one", "x = 1", file="micrograd/a.py")
    book.chapter("02-two", "y = 1", file="micrograd/b.py")
    book.chapter("03-three", "z = 1", file="micrograd/deep/c.py")
    old = book.package()
    book.chapter("04-four", "x = 2", file="micrograd/a.py")
    book.chapter("05-five", "y = 2", file="micrograd/b.py")
    new = book.package()
    del new.files["micrograd/deep/c.py"]
    del new.files["micrograd/deep/__init__.py"]
    return old, new


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def texts(package: Package) -> dict[str, str]:
    return {file: module.text for file, module in package.files.items()}


def test_what_is_written_is_the_package(two_packages, tmp_path):
    old, new = two_packages
    assert write(old, tmp_path / "x") == sorted(old.files)
    assert contents(tmp_path / "x") == texts(old)
    assert write(new, tmp_path / "x") == [
        "micrograd/a.py",
        "micrograd/b.py",
        "micrograd/deep/__init__.py",
        "micrograd/deep/c.py",
    ]
    assert contents(tmp_path / "x") == texts(new)
    assert not (tmp_path / "x/micrograd/deep").exists()


def test_a_file_that_is_right_is_not_touched(two_packages, tmp_path):
    old, _ = two_packages
    write(old, tmp_path)
    for path in (tmp_path / "micrograd").rglob("*"):
        os.utime(path, (1, 1))
    edited = "# Tangled from book/01-one.md: edit there, not here.\nx = 2\n"
    (tmp_path / "micrograd/a.py").write_text(edited)
    assert write(old, tmp_path) == ["micrograd/a.py"]
    assert texts(old).items() <= contents(tmp_path).items()
    assert (tmp_path / "micrograd/b.py").stat().st_mtime == 1
    assert write(old, tmp_path) == []


def test_what_is_no_module_of_the_package_is_let_be(two_packages, tmp_path):
    old, new = two_packages
    write(old, tmp_path)
    cache = tmp_path / "micrograd/deep/__pycache__"
    cache.mkdir()
    (cache / "c.cpython-311.pyc").write_bytes(b"")
    (tmp_path / "micrograd/__pycache__").mkdir()
    (tmp_path / "micrograd/__pycache__/x.py").write_text("")
    (tmp_path / "micrograd/notes.txt").write_text("mine")
    (tmp_path / "other.py").write_text("mine")
    write(new, tmp_path)
    assert not cache.parent.exists()
    assert (tmp_path / "micrograd/__pycache__/x.py").exists()
    assert (tmp_path / "micrograd/notes.txt").exists()
    assert (tmp_path / "other.py").exists()


def test_nothing_changes_when_a_file_cannot_be_written(
    two_packages, tmp_path, monkeypatch
):
    old, new = two_packages
    write(old, tmp_path / "x")
    write_bytes = Path.write_bytes

    def fails_at_b(path: Path, data: bytes) -> int:
        if path.name.startswith("b.py"):
            raise OSError("disk full")
        return write_bytes(path, data)

    monkeypatch.setattr(Path, "write_bytes", fails_at_b)
    with pytest.raises(OSError, match="disk full"):
        write(new, tmp_path / "x")
    assert contents(tmp_path / "x") == texts(old)


def test_nothing_is_left_where_a_file_cannot_be_moved(
    two_packages, tmp_path, monkeypatch
):
    old, new = two_packages
    replace, unlink = Path.replace, Path.unlink

    def not_moved(path: Path, target: Path) -> Path:
        if target.name == "b.py":
            raise OSError("busy")
        return replace(path, target)

    def not_removed(path: Path, missing_ok: bool = False) -> None:
        if path.name == "c.py":
            raise OSError("busy")
        unlink(path, missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", not_moved)
        with pytest.raises(OSError, match="busy"):
            write(old, tmp_path / "x")
    assert contents(tmp_path / "x") == {}
    write(old, tmp_path / "x")
    monkeypatch.setattr(Path, "unlink", not_removed)
    with pytest.raises(OSError, match="busy"):
        write(new, tmp_path / "x")
    assert contents(tmp_path / "x") == texts(old)


def test_empty_folders_go_at_any_depth(book, tmp_path):
    book.chapter("01-one", "x = 1", file="micrograd/a.py")
    small = book.package()
    book.chapter("02-two", "y = 1", file="micrograd/deep/er/b.py")
    write(book.package(), tmp_path)
    write(small, tmp_path)
    assert not (tmp_path / "micrograd/deep").exists()


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (lambda place: place.symlink_to("x"), "it leads nowhere"),
        (os.mkfifo, "it is no file"),
        (os.mkdir, "it is a folder"),
    ],
)
def test_what_is_in_the_way_is_told(two_packages, tmp_path, block, why):
    old, _ = two_packages
    (tmp_path / "micrograd").mkdir()
    block(tmp_path / "micrograd/b.py")
    with pytest.raises(OSError) as caught:
        write(old, tmp_path)
    assert str(caught.value) == f"micrograd/b.py is in the way: {why}"
    assert os.listdir(tmp_path / "micrograd") == ["b.py"]


def test_a_file_where_a_folder_is_to_be_is_told(two_packages, tmp_path):
    old, _ = two_packages
    (tmp_path / "micrograd").write_text("mine")
    with pytest.raises(NotADirectoryError) as caught:
        write(old, tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/micrograd is in the way: it is not a folder"
    )


@pytest.mark.parametrize("missing", [os.W_OK, os.X_OK])
def test_a_folder_that_cannot_be_written_is_told(
    two_packages, tmp_path, monkeypatch, missing
):
    old, _ = two_packages
    monkeypatch.setattr("os.access", lambda _, mode: not mode & missing)
    with pytest.raises(PermissionError) as caught:
        write(old, tmp_path)
    assert str(caught.value) == (
        f"micrograd/__init__.py can't be written: {tmp_path} is read-only"
    )


KILL = """
import itertools, os, shutil, sys
from pathlib import Path

def dies(function):
    def call(*arguments, **options):
        global left
        left -= 1
        if left == 0:
            if function is write_bytes:  # half of it is on the disk
                write_bytes(arguments[0], arguments[1][:20])
            os._exit(9)
        return function(*arguments, **options)
    return call
write_bytes = Path.write_bytes
os.replace = dies(os.replace)
Path.unlink = dies(Path.unlink)
Path.write_bytes = dies(write_bytes)

from tangle.chapters import read_chapters
from tangle.disk import write
from tangle.package import tangle
root, old, into = map(Path, sys.argv[1:])
package = tangle(read_chapters(root))
for left in itertools.count(1):
    folder = into / str(left)
    shutil.copytree(old, folder)
    if not os.fork():
        write(package, folder)
        os._exit(0)
    _, status = os.wait()
    if status == 0:
        break
    assert os.waitstatus_to_exitcode(status) == 9
"""


def test_a_kill_leaves_whole_files_that_the_next_run_completes(book, tmp_path):
    book.chapter("01-one", "x = 1\n" + "# long\n" * 50 + "y = 1")
    book.chapter("02-two", "z = 1", file="micrograd/n.py")
    book.chapter("03-three", "o = 1", file="micrograd/orphan.py")
    old = book.package()
    for name in ("01-one", "02-two", "03-three"):
        page = book.root / f"book/{name}.md"
        text = page.read_text().replace(" = 1", " = 2")
        page.write_text(text.replace("orphan", "renamed"))
    new = book.package()
    write(old, tmp_path / "old")
    into = tmp_path / "killed at"
    subprocess.run(
        [sys.executable, "-c", KILL, book.root, tmp_path / "old", into],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    *killed, whole = sorted(into.iterdir(), key=lambda path: int(path.name))
    # Three written, three moved, an orphan removed; temporary files go, too.
    assert len(killed) >= 7
    assert contents(whole) == texts(new)
    for folder in killed:
        for file, text in contents(folder).items():
            if not file.endswith(UNFINISHED):
                assert text in (texts(old).get(file), texts(new).get(file))
        write(new, folder)
        assert contents(folder) == texts(new)


def test_a_broken_chapter_leaves_the_old_package_whole(book):
    book.chapter("01-one", "x = 1")
    assert main(["--root", str(book.root)]) == 0
    before = contents(book.root / "micrograd")
    book.chapter("02-two", "x = 2", "print(x)")
    assert main(["--root", str(book.root)]) == 2
    assert contents(book.root / "micrograd") == before


def test_tangling_twice_gives_the_same(book):
    book.chapter("01-one", "import os, sys, re\n\nx = os, sys, re")
    first = texts(tangle(read_chapters(book.root)))
    assert first == texts(tangle(read_chapters(book.root)))
