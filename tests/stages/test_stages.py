"""The library as it stood after each chapter passes all tests due by then."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tangle import read_chapters, tangle, write

ROOT = Path(__file__).parents[2]
CHAPTERS = read_chapters(ROOT)
# The landing page and the appendices have no numbers, and no tests.
STAGES = [c.name for c in CHAPTERS if re.match(r"\d\d-", c.name)]
*EARLIER, LAST = STAGES
NOTHING_COLLECTED = 5


def test_the_last_stage_is_the_library(tmp_path: Path) -> None:
    """Protects the last chapter's reader: tests/library is about this one."""
    write(tangle(CHAPTERS, through=LAST), tmp_path)
    stage, library = (
        {
            path.relative_to(folder): path.read_text()
            for path in (folder / "micrograd").glob("*.py")
        }
        for folder in (tmp_path, ROOT)
    )
    assert stage == library


@pytest.mark.parametrize("stage", EARLIER)
def test_the_stage_passes_every_test_that_holds_by_then(
    stage: str, tmp_path: Path
) -> None:
    """Protects the reader who stops here: what there is, works."""
    write(tangle(CHAPTERS, through=stage), tmp_path)
    done = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "pytest", "tests/library"),
            *("--hypothesis-profile=stage", "-p", "no:xdist", "--tb=short"),
        ],
        cwd=ROOT,
        env=os.environ
        | {"PYTHONPATH": str(tmp_path), "MICROGRAD_STAGE": stage},
        capture_output=True,
        text=True,
    )
    told = f"the stage {stage}:\n{done.stdout}\n{done.stderr}"
    if done.returncode not in {0, NOTHING_COLLECTED}:
        pytest.fail(told, pytrace=False)
    where = tmp_path / "micrograd" / "__init__.py"
    assert f"micrograd: {where}\n" in done.stdout, told


MODULES = [m.name for m in (ROOT / "tests" / "library").glob("test_*.py")]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_of_tests_is_named_for_a_chapter(module: str) -> None:
    """Protects tests from waiting for a chapter that never comes."""
    number = module.removeprefix("test_")[:2]
    assert number in {stage[:2] for stage in STAGES}
