"""`make mutants` tells the faults that a test finds from those that none does.

Holds without any chapter: its project is a module of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

MODULE = """
    \"\"\"A docstring is no code.\"\"\"


    def sign(x: float) -> int:
        return 1 if x > 0 else -1


    def count(n: int) -> int:
        i = 0
        while i < n:
            i += 1
        return i
"""
TESTS = """
    from module import count, sign


    def test_sign():
        assert (sign(5), sign(-5)) == (1, -1)


    def test_count():
        assert (count(0), count(3)) == (0, 3)
"""
SURVIVORS = {"(x >= 0)", "1"}
"""What zero and one half are, no test asks."""
ENDLESS = {"i -= 1", "pass"}


@pytest.fixture
def trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Any]:
    """Begin to test the mutants of a tiny module."""
    root = Path(__file__).resolve().parents[2]
    monkeypatch.syspath_prepend(root / "tests/mutants")
    from testing import Target, Trial

    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "module.py").write_text(dedent(MODULE))
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_module.py").write_text(dedent(TESTS))
    target = Target("tiny", ("module.py",), "tests", patience=0.2)
    return lambda: Trial(tmp_path, target)


def test_what_survives_is_told_and_what_is_killed_is_not(
    trial: Callable[[], Any], tmp_path: Path
) -> None:
    """Protects the score, from mutants that die or live for a wrong reason."""
    said: list[str] = []
    verdicts = trial().verdicts(say=said.append)
    alive = [one.mutant for one in verdicts if one.killer is None]
    assert {one.now for one in alive} == SURVIVORS
    assert {one.source for one in alive} == {"return 1 if x > 0 else -1"}
    assert [line for line in said if line.startswith("survived")] == [
        f"survived: {one}" for one in alive
    ]
    killers = {one.mutant.source: one.killer for one in verdicts if one.killer}
    assert killers["i += 1"] == "tests/test_module.py::test_count"
    endless = [one for one in verdicts if one.mutant.now in ENDLESS]
    assert all(one.killer for one in endless) and len(endless) > 1
    # And nothing was done to the module itself.
    assert (tmp_path / "module.py").read_text() == dedent(MODULE)


def test_a_run_goes_on_where_another_was_interrupted(
    trial: Callable[[], Any], tmp_path: Path
) -> None:
    """Protects hours of work, and verdicts from outliving what they are of."""

    class Interrupt(Exception):
        pass

    def interrupt(line: str) -> None:
        if line.startswith("survived"):
            raise Interrupt

    def left() -> int:
        said: list[str] = []
        trial().verdicts(say=said.append)
        return int(said[0].split()[-3])

    with pytest.raises(Interrupt):
        trial().verdicts(say=interrupt)
    drawn = len(trial().drawn)
    assert 0 < left() < drawn
    assert left() == 0
    tests = tmp_path / "tests/test_module.py"
    tests.write_text(tests.read_text() + "\n")
    assert trial().known() == {}


def test_the_same_seed_draws_the_same_mutants(
    trial: Callable[[], Any],
) -> None:
    """Protects a sample from being another each time, or always the same."""
    from mutate import of_all, of_each_line

    candidates = trial().candidates
    samples = [of_each_line(candidates, 1, seed) for seed in (1, 1, 2, 3)]
    assert samples[0] == samples[1]
    assert any(sample != samples[0] for sample in samples[2:])
    lines = [one.line for one in samples[0]]
    assert lines == sorted({one.line for one in candidates})
    assert len(of_all(candidates, 3, 1)) == 3
    assert of_all(candidates, 99, 1) == candidates


def test_an_equivalent_mutant_is_known_wherever_its_line_stands(
    trial: Callable[[], Any], tmp_path: Path
) -> None:
    """Protects the list, which is to tell what it lists without need."""
    from equivalents import Equivalents
    from testing import Verdict

    file = tmp_path / "equivalent.toml"
    entry = (
        '[[mutant]]\nfile = "module.py"\nwithin = "sign"\n'
        'line = "return 1 if x > 0 else -1"\n'
        'was = "x > 0"\nnow = "(x {} 0)"\nwhy = "for this test"\n'
    )
    file.write_text(entry.format(">=") + entry.format("=="))
    listed = Equivalents(file)
    module = tmp_path / "module.py"
    module.write_text("\n" + module.read_text())
    candidates = trial().candidates
    (one,) = [mutant for mutant in candidates if mutant in listed]
    assert one.now == "(x >= 0)"
    assert len(list(listed.stale(candidates, {"module.py"}))) == 1
    assert list(listed.stale([], {"other.py"})) == []
    assert list(listed.killed([Verdict(one, None)])) == []
    assert len(list(listed.killed([Verdict(one, "a test")]))) == 1
