"""What runs the cells of a chapter, and imports the modules made of them."""

from __future__ import annotations

import builtins
import gc
import importlib
import io
import json
import os
import sys
import types
import warnings
from typing import Any

import pytest

from tangle import runner

FILE = "micrograd/m.py"


@pytest.fixture(autouse=True)
def apart(monkeypatch, tmp_path):
    """Change nothing of the process that runs the tests."""
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.chdir(tmp_path)
    runner.forget()


def step(code: str, **more: Any) -> dict[str, Any]:
    nothing = {"uses": [], "defines": [], "may define": []}
    return nothing | {"file": FILE, "code": code, "postpones": False} | more


def job(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {"before": {}, "after": {}, "defined": {}}
    nothing |= {"set": {}, "imported": {}, "import first": []}
    return nothing | {"steps": list(steps)} | more


def test_modules_are_imported_from_texts():
    package = runner.Package(
        {
            "micrograd/__init__.py": "",
            FILE: "import os\nX = __file__, os",
            "micrograd/sub/__init__.py": "",
        },
        {FILE: ["os"]},
    )
    sys.path_importer_cache["here"] = None
    package.install()
    assert sys.meta_path[0] is package
    assert "here" not in sys.path_importer_cache
    made = importlib.import_module("micrograd.m")
    assert (FILE, os) == made.X
    assert made.__spec__.origin == FILE
    assert made.__spec__.has_location
    assert importlib.import_module("micrograd.sub").__path__ == []
    assert not hasattr(made, "__path__")
    assert package.get_source("micrograd.m") == package.files[FILE]
    assert package.find_spec("json", None) is None
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module("micrograd.none")
    assert str(caught.value) == "No module named 'micrograd.none'"
    assert caught.value.name == "micrograd.none"
    runner.forget()
    assert "micrograd.m" not in sys.modules
    assert "json" in sys.modules


def test_a_module_is_compiled_as_bytes_and_alone():
    assert runner.tail({FILE: ["a", "b"]}, FILE) == "\nif 0:\n import a, b\n"
    assert runner.tail({FILE: []}, FILE) == runner.tail({}, FILE) == ""
    code = runner.compiled("# coding: latin-1\nX = 'é'", FILE, "\nY = 1\n")
    found: dict[str, Any] = {}
    exec(code, found)
    assert (found["X"], found["Y"]) == ("Ã©", 1)
    assert code.co_filename == FILE
    exec(runner.compiled("def f(x: int): ...", FILE, ""), found)
    assert found["f"].__annotations__ == {"x": int}
    assert runner.compiled("X = 1", FILE, "") is runner.compiled(
        "X = 1", FILE, ""
    )


def test_a_module_that_the_stage_has_not_is_made():
    made = runner.module_for("micrograd.a.b")
    assert made is sys.modules["micrograd.a.b"]
    assert sys.modules["micrograd"].a.b is made
    assert runner.module_for("micrograd.a.b") is made
    assert made.__name__ == "micrograd.a.b"


def test_a_class_goes_on_as_in_a_chapter():
    module = sys.modules["here"] = types.ModuleType("here")
    first = module.A = type("A", (), {"__doc__": "One.", "x": 1})
    body = type("A", (), {"__module__": "here", "y": 2, "__doc__": "Two."})
    assert runner.reopen(body) is first
    assert (first.x, first.y, first.__doc__) == (1, 2, "One.")
    for name in (
        *("__annotations__", "__annotate__", "__annotate_func__"),
        *("__annotations_cache__", "__firstlineno__"),
        "__static_attributes__",
    ):
        runner.reopen(type("A", (), {"__module__": "here", name: "new"}))
        assert vars(first).get(name) != "new"
    with pytest.raises(NameError) as caught:
        runner.reopen(type("B", (), {"__module__": "here"}))
    assert str(caught.value) == "there is no class B to reopen yet"


BEFORE = {
    "micrograd/__init__.py": "",
    FILE: "A = B = C = D = F = 'stage'",
    "micrograd/literate.py": "def reopen(body): return 'reopened'",
}


def run(*steps: dict[str, Any], **more: Any) -> tuple[Any, list[Any]]:
    """What the cells make, in short, and what is told on the way."""
    told: list[Any] = []
    result = runner.run_cells(job(*steps, before=BEFORE, **more), told.append)
    described = result["described"]
    short = {
        name.partition(":")[2]: one.get("is", one)
        for name, one in described.items()
    }
    return (short, result["extra"]), told


def test_cells_make_what_the_stage_has_another():
    made, told = run(
        step("A = 'cell' + B", uses=["B", "nothing"], defines=["A"]),
        step("E = A", uses=["A"], defines=["E"]),
        defined={FILE: ["A", "B", "E", "missing"]},
    )
    assert made == (
        {"A": "'cellstage'", "B": "'stage'", "E": "'cellstage'"},
        [],
    )
    assert told == [{"at": 0}, {"at": 1}]


def test_what_one_file_defines_is_not_another_s():
    made, _ = run(
        step("A = 1", file="micrograd/n.py", defines=["A"]),
        defined={FILE: ["A"]},
    )
    assert made[0] == {"A": "'stage'"}


def test_what_a_name_is_at_the_end_counts():
    made, _ = run(
        step("A = 1", defines=["A"]),
        step("globals()['A'] = 5"),
        defined={FILE: ["A"]},
    )
    assert made[0] == {"A": "5"}


def test_cells_that_are_not_tangled_only_import():
    line = "from micrograd.m import A as a"
    made, told = run(
        {"imports": ["from micrograd.none import x", line]},
        step("E = a", defines=["E"]),
        {"imports": []},
        step("F = a", uses=["F"], defines=["F"]),
        defined={FILE: ["E", "F"]},
    )
    assert made == ({"E": "'stage'", "F": "'stage'"}, [])
    assert told == [{"at": 1}, {"at": 3}]


def test_what_cells_make_beside_their_definitions_is_extra():
    made, _ = run(
        step(
            "import os\nE = B\nmore = other = 1",
            uses=["B"],
            defines=["E"],
            **{"may define": ["os"]},
        ),
        step("@reopen\nclass G: ...", uses=["reopen"], defines=["G"]),
        {"imports": []},
        defined={FILE: ["G"]},
    )
    assert made == ({"G": "'reopened'"}, ["more", "other"])


@pytest.mark.parametrize(
    "name",
    """
    __annotate__ __annotations__ __builtins__ __conditional_annotations__
    __doc__
    """.split(),
)
def test_what_python_puts_into_a_namespace_is_not_extra(name):
    made, _ = run(step(f"{name} = {{}}\nx: int = 1", defines=["x"]))
    assert made[1] == []


def test_what_functions_set_is_told_as_well():
    made, _ = run(
        step(
            "def f():\n    global C, D, H\n    C = H = D\n\nf()\nD = 'cell'",
            uses=["D"],
            defines=["f"],
        ),
        set={FILE: ["C", "D", "F", "H", "missing"]},
    )
    assert made == (
        {"C": "'stage'", "D": "'stage'", "F": "'stage'", "H": "'stage'"},
        [],
    )


def test_annotations_are_read_unless_they_are_postponed():
    def annotations(postpones: bool) -> Any:
        code = "def f(x: int): ...\nE = dict(f.__annotations__)"
        defines = {"defines": ["f", "E"], "postpones": postpones}
        return run(step(code, **defines), defined={FILE: ["E"]})[0][0]["E"]

    assert annotations(True) == {"dict": [[{"is": "'x'"}, {"is": "'int'"}]]}
    assert annotations(False) == {
        "dict": [[{"is": "'x'"}, {"class": "builtins.int"}]]
    }


def test_later_cells_import_what_earlier_ones_have_made():
    made, _ = run(
        step("E = 1", file="micrograd/deep/n.py", defines=["E"]),
        {"imports": ["from micrograd.deep.n import E as e"]},
        step("F = e", defines=["F"]),
        defined={FILE: ["F"]},
    )
    assert made == ({"F": "1"}, [])


def test_a_class_goes_on_where_the_stage_cannot_yet():
    result = runner.run_cells(
        job(
            step("class A:\n    x = 1", defines=["A"]),
            step("@reopen\nclass A:\n    y = 2", uses=["A", "reopen"]),
            before={"micrograd/__init__.py": ""},
            defined={"micrograd/__init__.py": ["A"]},
        ),
        print,
    )
    assert result["extra"] == []


def test_modules_are_imported_in_turn():
    files = {
        "micrograd/__init__.py": "",
        FILE: "import builtins\nbuiltins.seen.append(__name__)\nX = 1",
        "micrograd/n.py": "from micrograd.m import X\nY = 2\nZ = 3",
    }
    builtins.seen = seen = []  # type: ignore[attr-defined]
    try:
        result = runner.import_modules(
            job(
                after=files,
                defined={FILE: ["X", "missing"], "micrograd/n.py": ["Y"]},
                set={"micrograd/n.py": ["Z"]},
                **{"import first": ["micrograd/n.py", FILE]},
            ),
            print,
        )
    finally:
        del builtins.seen  # type: ignore[attr-defined]
    assert result == {
        "described": {
            "micrograd/m.py:X": {"is": "1"},
            "micrograd/n.py:Y": {"is": "2"},
            "micrograd/n.py:Z": {"is": "3"},
        }
    }
    assert seen == ["micrograd.m"] * 3


def compared(code: str, text: str = "", **more: Any) -> dict[str, Any]:
    after = {"micrograd/__init__.py": "", FILE: text}
    return runner.compare(
        job(
            step("pass"),
            step(code, defines=["A"]),
            before={"micrograd/__init__.py": ""},
            after=after,
            defined={FILE: ["A"]},
            **{"import first": [FILE]},
        )
        | more
    )


def test_what_was_opened_is_closed():
    before = len(os.listdir("/dev/fd"))
    compared("A = 1", "A = 1")
    assert len(os.listdir("/dev/fd")) == before


def test_cells_and_modules_are_compared():
    assert compared("A = 1", "A = 1") == {"extra": [], "different": []}
    assert compared("A = 1; b = 2", "A = 2") == {
        "extra": ["b"],
        "different": [["micrograd/m.py:A", "", "1", "2"]],
    }
    assert compared("A = 1", "")["different"] == [
        ["micrograd/m.py:A", "", "1", "missing"]
    ]


def test_an_end_without_a_result_is_told(told):
    for code in (
        "import os\nos._exit(3)",
        "import os\nos.kill(os.getpid(), 9)",
        "A = 1 / 0",
        "raise ValueError('one\\ntwo')",
        "A = ValueError('one')\nA.add_note('two')\nraise A",
        "exec('A = (')",
        "import os\nfor x in range(3): os.close(x)\nraise SystemExit(4)",
    ):
        result = compared(code, "A = 1")
        frames = [row for name, row in result["frames"] if name == "cell 1"]
        told.append(f"{result['cell']} {frames} {result['what']}")
    for text in (
        "A = 1 / 0",
        "A = (",
        "A = '\0'",
        "# coding: nothing\n",
        "import os\nos._exit(3)",
    ):
        result = compared("A = 1", text)
        frames = [row for name, row in result["frames"] if name == FILE]
        told.append(f"{result['module']} {frames} {result['what']}")
    broken = {FILE: "1 / 0"}
    assert compared("A = 1", "A = 1", before=broken)["cell"] is None


def test_the_end_of_what_runs_is_waited_for(monkeypatch):
    waited: list[int] = []
    wait = os.waitpid

    def waitpid(process: int, options: int) -> tuple[int, int]:
        waited.append(options)
        return wait(process, options)

    monkeypatch.setattr(os, "waitpid", waitpid)
    compared("A = 1", "A = 1")
    assert waited == [0, 0]


def test_what_does_not_end_is_ended(monkeypatch):
    assert runner.PATIENCE == 60
    monkeypatch.setattr(runner, "PATIENCE", 0.3)
    result = compared("while True: pass", "A = 1")
    assert result == {
        "cell": 1,
        "what": "does not end within 0.3 seconds",
        "frames": [],
    }


def test_cells_run_in_an_empty_folder_and_are_not_heard(tmp_path, capfd):
    code = (
        "import os\nA = [*os.listdir(), os.read(0, 9)]\n"
        "os.write(1, b'heard')\nos.write(2, b'heard')"
    )
    told = compared(code, "A = []")["different"]
    assert told == [["micrograd/m.py:A", "", "[b'']", "[]"]]
    assert capfd.readouterr() == ("", "")


def test_each_line_of_the_input_is_answered(monkeypatch, capsys, tmp_path):
    asked = json.dumps(
        job(
            step("A = 'x' * 5\nX = '0' * 5000", defines=["A", "X"]),
            before={"micrograd/__init__.py": ""},
            after={"micrograd/__init__.py": "", FILE: "A = 'x' * 5"},
            defined={FILE: ["A"]},
        )
    )
    lines = types.SimpleNamespace(buffer=io.BytesIO(f"{asked}\n".encode() * 2))
    monkeypatch.setattr(sys, "stdin", lines)
    limits = sys.getrecursionlimit(), sys.get_int_max_str_digits()
    try:
        with warnings.catch_warnings(record=True) as heard:
            runner.main()
            warnings.warn("nobody is to hear this", stacklevel=1)
        assert not heard
        assert not gc.isenabled()
        assert sys.getrecursionlimit() == 3000
        assert sys.get_int_max_str_digits() == 0
    finally:
        gc.enable()
        sys.setrecursionlimit(limits[0])
        sys.set_int_max_str_digits(limits[1])
    answer = '{"extra": [], "different": []}\n'
    assert capsys.readouterr().out == answer * 2
    assert os.getcwd() == "/"
    assert os.listdir(tmp_path) == []
