"""Runs modules of tests: python at_stage.py test_03_value.py ...

On the package that is first on the path; MICROGRAD_STAGE says of which stage.
"""

import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1] / "library"

if __name__ == "__main__":
    sys.exit(
        pytest.main(
            [
                *(str(TESTS / module) for module in sys.argv[1:]),
                *("--hypothesis-profile=few", "--tb=short"),
                *("-p", "no:xdist"),
                # Pytest says this where a plugin was imported before.
                *("-W", "ignore:Module already imported"),
            ]
        )
    )
