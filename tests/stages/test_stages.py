"""The library as it stood after each chapter passes all tests due by then.

Most chapters leave most of the library as it was. So a module of tests is run
at the first of the stages at which it reaches the same code; not at all where
this is the finished library's, with which tests/library runs it.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

import forked
from reach import TESTS, reached
from tangle.chapters import read_chapters
from tangle.disk import write
from tangle.package import stages, tangle

ROOT = Path(__file__).parents[2]
CHAPTERS = read_chapters(ROOT)
# The landing page and the appendices have no numbers, and no tests.
STAGES = [c.name for c in CHAPTERS if re.match(r"\d\d-", c.name)]
*EARLIER, LAST = STAGES
MODULES = sorted(module.name for module in TESTS.glob("test_*.py"))


def test_the_last_stage_is_the_library(tmp_path: Path) -> None:
    """Protects the last chapter's reader: tests/library is about this one."""
    write(tangle(CHAPTERS, through=LAST), tmp_path)
    stage, library = (
        {
            path.relative_to(folder): path.read_text()
            for path in (folder / "micrograd").rglob("*.py")
        }
        for folder in (tmp_path, ROOT)
    )
    assert stage == library


@cache
def codes() -> dict[tuple[str, str], dict[str, str]]:
    """The code that a module of tests reaches, for every stage it is due."""
    return {
        (module, stage): reached(
            module, {file: one.text for file, one in package.files.items()}
        )
        for stage, package in stages(CHAPTERS)
        if stage in STAGES
        for module in MODULES
        if module.removeprefix("test_")[:2] <= stage[:2]
    }


def same(module: str, stage: str) -> list[str]:
    """The stages at which a module reaches the same code as at this one."""
    return [
        other
        for other in STAGES
        if codes().get((module, other)) == codes()[module, stage]
    ]


def due(stage: str) -> list[str]:
    """The modules of tests that are run at a stage."""
    return [
        module
        for module, due_at in codes()
        if due_at == stage
        and stage == same(module, stage)[0]
        and LAST not in same(module, stage)
    ]


@pytest.mark.parametrize("stage", EARLIER)
def test_the_stage_passes_every_test_that_holds_by_then(
    stage: str, tmp_path: Path
) -> None:
    """Protects the reader who stops here: what there is, works."""
    write(tangle(CHAPTERS, through=stage), tmp_path)
    modules = due(stage)
    if not modules:
        return
    status = forked.run(
        Path(__file__).with_name("at_stage.py"),
        *modules,
        path=[tmp_path],
        cwd=ROOT,
        env={"MICROGRAD_STAGE": stage},
        said=tmp_path / "said",
    )
    told = f"the stage {stage}:\n{(tmp_path / 'said').read_text()}"
    if status:
        pytest.fail(told, pytrace=False)
    where = tmp_path / "micrograd" / "__init__.py"
    assert f"micrograd: {where}\n" in told


def test_no_code_is_left_out(reported: Callable[[str, str], None]) -> None:
    """Protects a stage from going untested, as if it were another."""
    runs = {stage: due(stage) for stage in EARLIER} | {LAST: MODULES}
    pairs = [pair for pair in codes() if pair[1] != LAST]
    for module, stage in pairs:
        assert any(module in runs[other] for other in same(module, stage))
    ran = sum(len(runs[stage]) for stage in EARLIER)
    reported("modules of tests run at a stage", f"{ran} of {len(pairs)}")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_of_tests_is_named_for_a_chapter(module: str) -> None:
    """Protects tests from waiting for a chapter that never comes."""
    number = module.removeprefix("test_")[:2]
    assert number in {stage[:2] for stage in STAGES}
