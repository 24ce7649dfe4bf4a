"""The sources are in order."""

import subprocess
from pathlib import Path


def test_make_check_finds_nothing(
    root: Path, clean_env: dict[str, str]
) -> None:
    """Protects the library from drift, bad form and wrong types.

    It is one of the tests so that it runs beside the others.
    """
    ran = subprocess.run(
        ["make", "--no-print-directory", "check"],
        cwd=root,
        env=clean_env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout
