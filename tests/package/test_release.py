"""What GitHub does when a version is tagged is what can be done here."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / ".github"
NUMBER = re.search(
    r'__version__ = "(.+)"', (ROOT / "micrograd/__init__.py").read_text()
)


def step(name: str) -> str:
    """What a step of the release runs."""
    workflow = yaml.safe_load((GITHUB / "workflows/release.yml").read_text())
    steps = {s.get("name"): s for s in workflow["jobs"]["release"]["steps"]}
    return str(steps[name]["run"])


@pytest.mark.parametrize("tag", ["v0.0.1", "0.0.1", "v", ""])
def test_only_the_version_is_released(tag: str) -> None:
    """Protects: what is installed as a version calls itself so."""
    assert NUMBER
    check = ("bash", "-e", "-c", step("The tag is the version"))
    for name, good in {tag: False, f"v{NUMBER[1]}": True}.items():
        ran = subprocess.run(
            check,
            cwd=ROOT,
            env=os.environ | {"GITHUB_REF_NAME": name},
            capture_output=True,
            text=True,
        )
        assert (ran.returncode == 0) == good
        assert good or f"The tag is {name}, the library v" in ran.stderr


def test_all_that_names_the_version_names_this_one() -> None:
    """Protects: a citation, and the changes, are of what is released."""
    assert NUMBER
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert str(citation["version"]) == NUMBER[1]
    assert NUMBER[1] in (ROOT / "CHANGELOG.md").read_text()


def test_the_forms_can_be_filled_in() -> None:
    """Protects: GitHub drops a form without these, and says so nowhere."""
    for name in ("book", "library"):
        form = yaml.safe_load(
            (GITHUB / f"ISSUE_TEMPLATE/{name}.yml").read_text()
        )
        assert form["name"] and form["description"]
        ids = [field["id"] for field in form["body"]]
        assert len(ids) == len(set(ids)) > 0
        assert all(field["attributes"]["label"] for field in form["body"])
