"""The command line: what it prints, writes and answers with."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import tangle
from tangle import validation
from tangle.__main__ import main
from tangle.imports import Imported


@pytest.fixture
def run(book, capsys, monkeypatch):
    """Run the command line on the book: status, output, errors."""

    def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        try:
            status = main(["--root", str(book.root), *arguments])
        except SystemExit as exit:
            status = int(exit.code or 0)
        output = capsys.readouterr()
        # How it is used is told by --help alone.
        book.told.extend(
            text.rpartition(": error: ")[2] for text in output if text
        )
        return status, output.out, output.err

    return run


@pytest.fixture
def small_book(book):
    book.chapter("01-one", "import os\n\n\nx = os")
    book.chapter("02-two", "def f():\n    return 1")
    return book


def test_it_tangles_into_the_root_and_says_what_changed(small_book, run):
    assert run() == (
        0,
        "micrograd/__init__.py\nmicrograd/m.py\nmicrograd/py.typed\n"
        "micrograd/: 3 files, 10 lines, 3 changed\n",
        "",
    )
    assert run()[1] == "micrograd/: 3 files, 10 lines, 0 changed\n"
    old = small_book.root / "micrograd/old.py"
    old.write_text("# Tangled from book/00-gone.md: edit there, not here.\n")
    assert run()[1].startswith("micrograd/old.py removed\n")


def test_what_no_chapter_has_written_is_left_alone_and_named(small_book, run):
    folder = small_book.root / "micrograd"
    (folder / "data").mkdir(parents=True)
    for mine in ("mine.py", "data/table.csv"):
        (folder / mine).write_text("mine")
    status, output, _ = run()
    assert status == 0
    for mine in ("mine.py", "data/table.csv"):
        assert f"micrograd/{mine} is left alone: no chapter" in output
        assert (folder / mine).read_text() == "mine"


def test_a_file_of_ones_own_is_not_overwritten(small_book, run):
    mine = small_book.root / "micrograd/m.py"
    mine.parent.mkdir()
    mine.write_text("mine")
    status, _, errors = run()
    assert status == 2
    assert errors.startswith("micrograd/m.py is in the way: no chapter has")
    assert [p.name for p in mine.parent.iterdir()] == ["m.py"]
    assert mine.read_text() == "mine"


def test_check_is_quiet_when_all_is_in_step(small_book, run):
    run()
    assert run("--check") == (0, "micrograd/ is what the chapters say\n", "")


def test_check_shows_the_difference_and_writes_nothing(small_book, run):
    run()
    module = small_book.root / "micrograd/m.py"
    edited = module.read_text().replace("return 1", "return 2")
    module.write_text(edited)
    (small_book.root / "micrograd/py.typed").unlink()
    (small_book.root / "micrograd/mine.py").write_text("mine = 1\n")
    status, output, errors = run("--check")
    assert (status, errors) == (1, "")
    assert "--- a/micrograd/m.py\n+++ b/micrograd/m.py\n" in output
    assert "-    return 2\n+    return 1\n" in output
    assert "micrograd/mine.py: no chapter has written it" in output
    assert "--- /dev/null\n+++ b/micrograd/py.typed\n" in output
    assert output.endswith("was edited by hand: run `make stitch`\n")
    assert module.read_text() == edited
    assert not (small_book.root / "micrograd/py.typed").exists()


def test_check_shows_a_file_without_a_last_line_end(small_book, run):
    run()
    module = small_book.root / "micrograd/m.py"
    module.write_text(module.read_text().rstrip("\n"))
    status, output, _ = run("--check")
    assert status == 1
    assert "-    return 1\n+    return 1\n" in output


def test_check_shows_what_is_no_text_and_what_is_no_chapter_s(small_book, run):
    run()
    folder = small_book.root / "micrograd"
    with (folder / "m.py").open("ab") as file:
        file.write(b"# \xff\n")
    (folder / "old.py").write_text("# Tangled from book/00-gone.md: edit\n")
    (folder / "empty.py").write_text("")
    assert run("--check")[0] == 1


def test_check_of_what_was_never_tangled_says_to_tangle(small_book, run):
    status, output, _ = run("--check")
    assert status == 1
    assert output.endswith("is not what the chapters say: run `make tangle`\n")
    run()
    module = small_book.root / "micrograd/m.py"
    module.write_text(module.read_text().replace("return 1", "return 2"))
    (small_book.root / "_build/tangled.json").unlink()
    assert run("--check")[1].endswith("say: run `make tangle`\n")


def test_check_finds_what_no_chapter_has_written(small_book, run):
    run()
    (small_book.root / "micrograd/mine.py").write_text("mine = 1\n")
    assert run("--check")[0] == 1


@pytest.mark.parametrize("name", ["01-one", "book/01-one.md", "book/01-one"])
def test_a_stage_goes_into_a_folder(small_book, run, tmp_path, name):
    to = tmp_path / "to/there"
    status, output, _ = run("--through", name, "--into", str(to))
    assert status == 0
    assert output.endswith("micrograd/: 3 files, 6 lines, 3 changed\n")
    assert "def f" not in (to / "micrograd/m.py").read_text()
    assert os.listdir(to) == ["micrograd"]
    assert not (small_book.root / "micrograd").exists()


def test_a_later_stage_goes_over_an_earlier_one(small_book, run, tmp_path):
    run("--through", "01-one", "--into", str(tmp_path))
    assert run("--through", "02-two", "--into", str(tmp_path))[0] == 0
    assert "def f" in (tmp_path / "micrograd/m.py").read_text()


def test_what_is_wrong_later_does_not_matter_to_a_stage(
    small_book, run, tmp_path
):
    small_book.chapter("03-three", "print()")
    assert run("--through", "02-two", "--into", str(tmp_path / "to"))[0] == 0


def test_an_unknown_chapter_is_told_which_there_are(small_book, run, tmp_path):
    status, _, errors = run("--through", "09-no", "--into", str(tmp_path))
    assert status == 2
    assert "no chapter '09-no'; there are\n  index\n  01-one\n" in errors


def test_a_stage_takes_the_place_of_nothing_else(small_book, run, tmp_path):
    theirs = tmp_path / "micrograd/engine.py"
    theirs.parent.mkdir()
    theirs.write_text("class Value: ...\n")
    status, _, errors = run("--through", "01-one", "--into", str(tmp_path))
    assert status == 2
    assert f"{theirs} was not tangled: choose another --into" in errors
    assert os.listdir(theirs.parent) == ["engine.py"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--through", "01-one"],
        ["--into", "x"],
        ["--check", "--where", "micrograd/m.py:1"],
        ["--check", "--into", "x"],
        ["surplus"],
    ],
)
def test_arguments_that_make_no_sense_are_refused(small_book, run, arguments):
    status, output, errors = run(*arguments)
    assert (status, output) == (2, "")
    assert "usage:" in errors


def test_where_answers_with_the_chapter_s_line(small_book, run):
    module = small_book.package().files["micrograd/m.py"]
    texts = [line.text for line in module.lines]
    line = texts.index("def f():") + 1
    expected = small_book.line("book/02-two.md", "def f")
    answer = f"book/02-two.md:{expected}\n"
    for place in (
        f"micrograd/m.py:{line}",
        f"micrograd/m.py:{line - 1}",
        f"./micrograd/m.py:{line}:5",
        f"{small_book.root}/micrograd/m.py:{line}",
    ):
        assert run("--where", place) == (0, answer, "")


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("micrograd/no.py:1", "no file 'micrograd/no.py'; there are"),
        ("micrograd/m.py:99", "micrograd/m.py has 9 lines, no 99"),
        ("micrograd/m.py:0", "micrograd/m.py has 9 lines, no 0"),
        ("micrograd/m.py", "write FILE:LINE"),
        ("micrograd/m.py:x", "write FILE:LINE"),
        ("micrograd/__init__.py:1", "comes from no chapter"),
    ],
)
def test_where_says_what_is_wrong_with_a_place(
    small_book, run, place, message
):
    status, output, errors = run("--where", place)
    assert (status, output) == (2, "")
    assert message in errors


def test_translate_tells_places_by_their_chapters(small_book, run):
    two = f"book/02-two.md:{small_book.line('book/02-two.md', 'return 1')}"
    one = small_book.line("book/01-one.md", "x = os")
    status, output, _ = run(
        "--translate",
        stdin="micrograd/m.py:9:5: F401 oh\n"
        " --> micrograd/m.py:9:5\n"
        f"see {small_book.root}/micrograd/m.py:9, please\n"
        '  File "/a b/_build/stages/01-one/micrograd/m.py", line 5, in f\n'
        "micrograd/m.py:99: and micrograd/other.py:1\n"
        "_build/stages/01-one/micrograd/m.py:9\n"
        "notmicrograd/m.py:9\n"
        "the end, with no line end",
    )
    # The root's own path has a space in it, which only quotes can tell.
    before = str(small_book.root).rpartition(" ")[0]
    assert status == 0
    assert output.split("\n") == [
        f"{two}:5: F401 oh",
        f" --> {two}:5",
        f"see {before} {two}, please",
        f'  File "book/01-one.md", line {one}, in f',
        "micrograd/m.py:99: and micrograd/other.py:1",
        "_build/stages/01-one/micrograd/m.py:9",
        "notmicrograd/m.py:9",
        "the end, with no line end",
    ]


def test_translate_tells_each_line_at_once(small_book, run, monkeypatch):
    told: list[str] = []

    class Output(io.StringIO):
        def flush(self) -> None:
            told.append(self.getvalue())

    monkeypatch.setattr(sys, "stdout", Output())
    assert run("--translate", stdin="one\ntwo\n")[0] == 0
    assert told == ["one\n", "one\ntwo\n"]


def test_translate_loses_nothing_when_a_chapter_is_broken(book, run):
    book.chapter("01-one", "print()")
    status, output, errors = run("--translate", stdin="micrograd/m.py:1 x\n")
    assert (status, output) == (2, "micrograd/m.py:1 x\n")
    assert errors.startswith("book/01-one.md:")


def test_errors_go_to_the_error_output_without_a_traceback(book, run):
    book.chapter("01-one", "print()", "%magic")
    status, output, errors = run()
    assert (status, output) == (2, "")
    assert [line[:14] for line in errors.splitlines()] == [
        "book/01-one.md"
    ] * 2


def test_a_folder_in_the_way_is_an_error_too(small_book, run):
    (small_book.root / "micrograd/m.py").mkdir(parents=True)
    status, _, errors = run()
    assert status == 2
    assert "m.py" in errors


def test_help_tells_of_every_option(book, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "999")
    monkeypatch.setattr(sys, "argv", ["tangle"])
    with pytest.raises(SystemExit):
        main(["--help"])
    root = Path(tangle.__file__).resolve().parents[3]
    said = " ".join(capsys.readouterr().out.split())
    said = said.replace(f"(default: {root})", "(default: ROOT)")
    book.told.append(said.replace(" --", "\n--"))


def test_it_finds_its_book_from_anywhere(tmp_path):
    tools = Path(tangle.__file__).resolve().parents[1]
    run = subprocess.run(
        [sys.executable, "-m", "tangle", "--help"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tools)},
        capture_output=True,
        text=True,
        check=True,
    )
    root = tools.parents[1]
    assert str(root) in "".join(run.stdout.split()).replace("(default:", "")


def test_what_was_edited_by_hand_is_kept_aside(small_book, run):
    run()
    module = small_book.root / "micrograd/m.py"
    module.write_text(module.read_text() + "# mine\n")
    _, output, _ = run()
    copy = small_book.root / "_build/edited/micrograd/m.py"
    assert "_build/edited/micrograd/m.py has what was edited by hand" in output
    assert copy.read_text().endswith("# mine\n")
    assert "# mine" not in module.read_text()
    assert "edited" not in run()[1]
    module.write_text(module.read_text() + "# more\n")
    run()
    assert copy.read_text().endswith("# more\n")


def test_edits_are_not_mixed_with_those_of_chapters(small_book, run):
    run()
    module = small_book.root / "micrograd/m.py"
    module.write_text(module.read_text().replace("return 1", "return 3"))
    page = small_book.root / "book/01-one.md"
    page.write_text(page.read_text().replace("x = os", "x = os.path"))
    before = page.read_text()
    status, _, errors = run("--stitch")
    assert status == 2
    assert errors.startswith("micrograd/m.py:1: a chapter has changed since")
    assert page.read_text() == before


@pytest.mark.parametrize("text", ["[1]", "5", '{"a": [1]}', "no JSON"])
@pytest.mark.parametrize("name", ["validated", "tangled"])
def test_a_memory_that_makes_no_sense_is_forgotten(
    small_book, run, name, text
):
    run()
    (small_book.root / f"_build/{name}.json").write_text(text)
    assert run()[0] == 0


def test_a_memory_that_cannot_be_written_is_no_fault(small_book, run):
    (small_book.root / "_build").write_text("in the way")
    assert run()[0] == 0


def test_what_was_shown_is_not_shown_again(small_book, run, monkeypatch):
    asked: list[int] = []
    run_jobs = validation._run

    def counted(jobs):
        asked.append(len(jobs))
        return run_jobs(jobs)

    monkeypatch.setattr("tangle.validation._run", counted)
    known = small_book.root / "_build/validated.json"
    page = small_book.root / "book/02-two.md"

    def chapters() -> list[str]:
        return sorted(json.loads(known.read_text()).values())

    run()
    assert chapters() == ["01-one", "02-two"]
    before = known.stat().st_mtime_ns
    run()
    assert known.stat().st_mtime_ns == before
    page.write_text(page.read_text().replace("return 1", "return 2"))
    run()
    assert chapters() == ["01-one", "02-two"]
    small_book.chapter("03-three", "y = x")
    run()
    small_book.listed.remove("book/03-three")
    (small_book.root / "book/03-three.md").unlink()
    page.write_text(page.read_text().replace("return 2", "return 3"))
    small_book.page("book/04-four", "# Four\n")
    run()
    assert chapters() == ["01-one", "02-two"]
    assert asked == [2, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("processors", "shares"),
    [(None, [5]), (1, [5]), (2, [3, 2]), (3, [2, 2, 1]), (9, [1] * 5)],
)
def test_jobs_are_shared_out(monkeypatch, processors, shares):
    asked: list[int] = []

    def run(command, *, input, env, **_):
        assert command == [sys.executable, "-P", "-m", "tangle.runner"]
        assert env["PYTHONHASHSEED"] == "0"
        jobs = [json.loads(line) for line in input.splitlines()]
        asked.append(len(jobs))
        return SimpleNamespace(stdout="".join(f"{one}\n" for one in jobs))

    monkeypatch.setattr("os.cpu_count", lambda: processors)
    monkeypatch.setattr("subprocess.run", run)
    assert validation._run([1, 2, 3, 4, 5]) == [1, 2, 3, 4, 5]
    assert sorted(asked, reverse=True) == shares
    assert validation._run([]) == []


def test_what_imports_what_has_changed_is_imported_first():
    imports = {
        "micrograd/b.py": [Imported("micrograd.a", "x", "")],
        "micrograd/c.py": [Imported("", "micrograd.b", "")],
        "micrograd/d.py": [Imported("micrograd", "c", "")],
        "micrograd/e.py": [Imported("json", "a", ""), Imported("", "a", "")],
    }
    before = dict.fromkeys(["micrograd/a.py", *imports], "old")
    after = before | {"micrograd/a.py": "new", "micrograd/f.py": "new"}
    stage = SimpleNamespace(imports=imports)
    assert validation._to_import(stage, before, after) == [
        f"micrograd/{name}.py" for name in "abcdf"
    ]


def test_jobs_that_are_not_done_are_told_of(monkeypatch):
    ran = SimpleNamespace(stdout="1\n")
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    monkeypatch.setattr("subprocess.run", lambda *_, **__: ran)
    ended = {"what": "it ends all Pythons", "frames": [], "cell": None}
    assert validation._run([5, 6, 7]) == [1, ended, ended]


def test_files_that_programs_keep_are_nobody_s(small_book, run):
    run()
    folder = small_book.root / "micrograd"
    (folder / "__pycache__").mkdir()
    for name in (".hidden", "m.py~", "__pycache__/x.py", "m.py.tangling"):
        (folder / name).write_text("theirs")
    assert run("--check")[0] == 0
    run()
    assert (folder / ".hidden").exists()
    assert (folder / "m.py~").exists()
    assert not (folder / "m.py.tangling").exists()


def test_a_book_without_chapters_has_an_empty_library(book, run):
    (book.root / "_toc.yml").write_text("root: book/data")
    (book.root / "book/data.ipynb").write_text("{}")
    (book.root / "book/index.md").unlink()
    assert run() == (0, "micrograd/: 0 files, 0 lines, 0 changed\n", "")


def test_a_stage_does_not_go_where_the_library_is(small_book, run):
    run()
    root = str(small_book.root)
    status, _, errors = run("--through", "01-one", "--into", root)
    assert status == 2
    assert "--into has the whole library" in errors


def test_two_that_tangle_take_turns(small_book, tmp_path):
    command = [sys.executable, "-m", "tangle", "--root", small_book.root]
    tools = Path(tangle.__file__).resolve().parents[1]
    runs = [
        subprocess.Popen(
            command,
            env=os.environ | {"PYTHONPATH": str(tools)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    said = sorted(one.communicate()[0].splitlines()[-1] for one in runs)
    assert [one.returncode for one in runs] == [0] * 4
    assert said == [
        *["micrograd/: 3 files, 10 lines, 0 changed"] * 3,
        "micrograd/: 3 files, 10 lines, 3 changed",
    ]


def test_check_says_what_to_run(small_book, run):
    run()
    page = small_book.root / "book/01-one.md"
    page.write_text(page.read_text().replace("x = os", "x = os.path"))
    assert run("--check")[1].endswith("run `make tangle`\n")


def test_a_class_that_loses_its_members_is_told_of(book, run):
    book.chapter("01-one", "class A:\n    def f(self): ...\n\n    x = 1")
    book.chapter("02-two", "class A:\n    x = 2")
    status, output, _ = run()
    line = book.line("book/02-two.md", "class A")
    assert status == 0
    assert f"note: book/02-two.md:{line}: `A` (book/01-one.md" in output
    assert "has no f any more: put `@reopen` above it" in output
    book.chapter("03-three", "class B(A):\n    y = A().f()")
    _, _, errors = run()
    assert f"book/02-two.md:{line}: `A`" in errors.splitlines()[-1]


def test_one_mistake_is_told_once(book, run):
    book.page(
        "book/01-one",
        "```{code-cell}\n:tangle: micrograd/m.py\n\n"
        "class Value:\n    x = 1\n```"
        "\n\n```{code-cell}\n:tangle: micrograd/m.py\n:after: Value.x\n\n"
        "@reopen\nclass Vlaue:\n    y = 2\n```"
        "\n\n```{code-cell}\n:tangle: micrograd/m.py\n:after: Vlaue.y\n\n"
        "@reopen\nclass Vlaue:\n    z = 2\n```\n",
    )
    _, _, errors = run()
    assert len(errors.splitlines()) == 1
    assert "there is no class `Vlaue`" in errors
