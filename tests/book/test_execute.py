"""Files that the cells of a page write for others."""

from __future__ import annotations

from pathlib import Path

import nbformat.v4 as v4
import pytest
from myst_nb.core.execute import ExecutionError

from run.execute import Executions, Page

WRITE = "from pathlib import Path\nPath('{}').write_text('{}')"


def page(folder: Path, writes: str, code: str) -> Page:
    """A page of one cell that writes files."""
    kernel = {"name": "python3", "display_name": "Python 3"}
    metadata = {"kernelspec": kernel, "writes": writes}
    notebook = v4.new_notebook(
        cells=[v4.new_code_cell(code)], metadata=metadata
    )
    kept = folder / "kept" / "page.ipynb"
    return Page(folder / "page.md", notebook, "", {}, kept)


def run(page: Page) -> int:
    """Execute a page if need be; return how often that was."""
    executions = Executions([page], timeout=60)
    executions.outputs_of(page.path)
    return executions.count


def test_what_cells_write_is_kept_beside_the_notebook(tmp_path: Path) -> None:
    """Protects the pages that need such files, whatever becomes of them."""
    written = page(tmp_path, "said.txt", WRITE.format("said.txt", "first"))
    kept = tmp_path / "kept" / "said.txt"
    assert run(written) == 1
    assert kept.read_text() == "first"
    assert run(written) == 0
    kept.unlink()
    assert run(written) == 1
    assert kept.read_text() == "first"
    second = WRITE.format("said.txt", "second")
    assert run(page(tmp_path, "said.txt", second)) == 1
    assert kept.read_text() == "second"
    assert sorted(file.name for file in kept.parent.iterdir()) == [
        "page.ipynb",
        "said.txt",
    ]


def test_what_no_cell_writes_is_told(tmp_path: Path) -> None:
    """Protects the author from a name that is misspelt, every time."""
    wrong = page(tmp_path, "a.txt b.txt", WRITE.format("a.txt", "first"))
    for _ in range(2):
        with pytest.raises(
            ExecutionError, match=r"says `writes: b\.txt`, but"
        ):
            run(wrong)
