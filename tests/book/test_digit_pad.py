"""The place of the digit pad, and the network that comes into the page."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from bs4 import BeautifulSoup
from one_extension import build_with

from weave.digit_pad import SCRIPT

TEXT = """# Digits

{ref}`Draw one <digit-pad>`.

```{digit-pad} network.json
Draw a *digit*.
```
"""


def network(*sizes: int) -> dict[str, Any]:
    """A network of these sizes, as it is saved."""
    rng = Random(1)
    return {
        "format": "micrograd network",
        "version": 1,
        "inputs": sizes[0],
        "layers": [
            {
                "activation": "relu" if n < len(sizes) - 2 else None,
                "neurons": [
                    {
                        "weights": [rng.random() / 3 for _ in range(width)],
                        "bias": 0.0,
                    }
                    for _ in range(sizes[n + 1])
                ],
            }
            for n, width in enumerate(sizes[:-1])
        ],
    }


class Book:
    """A book of one page, with a pad, and one without."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "book").mkdir()
        (folder / "index.md").write_text(
            "# A book\n\n```{toctree}\nbook/digits\nbook/other\n```\n"
        )
        (folder / "book/digits.md").write_text(TEXT)
        (folder / "book/other.md").write_text("# Other\n")
        self.script = folder / SCRIPT
        self.script.parent.mkdir(parents=True)
        self.script.touch()
        self.network = folder / "_build/jupyter_execute/book/network.json"
        self.network.parent.mkdir(parents=True)
        self.network.write_text(json.dumps(network(64, 3, 10)))

    def build(self) -> BeautifulSoup:
        """The page with the pad; there must be nothing to say."""
        assert build_with("weave.digit_pad", self.folder) == ""
        return BeautifulSoup(self.page.read_text(), "html.parser")

    @property
    def page(self) -> Path:
        return self.folder / "html/book/digits.html"


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def embedded(page: BeautifulSoup) -> Any:
    """The network that a page brings along."""
    script = page.select_one("#digit-pad script[type='application/json']")
    assert script
    return json.loads(script.get_text())


def test_the_network_is_on_the_page_to_the_last_digit(book: Book) -> None:
    """Protects the pad from numbers that are not the library's."""
    page = book.build()
    saved = json.loads(book.network.read_text())
    assert embedded(page)["layers"] == saved["layers"]
    pad = page.select_one("#digit-pad.digit-pad")
    assert pad
    assert len(pad.select(".digit-pad-neurons svg")) == 3
    still = pad.select_one(".digit-pad-still")
    assert still and still.get_text().strip() == "Draw a digit."
    assert page.select('a[href="#digit-pad"]')


def test_another_network_comes_onto_the_page(book: Book) -> None:
    """Protects the pad from a network that the book no longer trains."""
    book.build()
    other = book.folder / "html/book/other.html"
    before = other.stat().st_mtime_ns
    book.network.write_text(json.dumps(network(64, 4, 5, 10)))
    page = book.build()
    assert len(embedded(page)["layers"]) == 3
    assert other.stat().st_mtime_ns == before
    written = book.page.stat().st_mtime_ns
    book.build()
    assert book.page.stat().st_mtime_ns == written


def test_without_the_live_parts_there_are_only_words(book: Book) -> None:
    """Protects the book that is built where npm's registry isn't."""
    book.script.unlink()
    page = book.build()
    assert page.select(".digit-pad, .digit-pad-live, script[type$=json]") == []
    assert "Draw a digit." in page.get_text()


def with_activations(*names: str | None) -> str:
    """A network for digits, but with other activations."""
    told = network(64, 3, 10)
    for layer, name in zip(told["layers"], names, strict=True):
        layer["activation"] = name
    return json.dumps(told)


WRONG = {
    "nothing": ("", "this isn't JSON"),
    "something else": ("[1]", "not a network that was saved"),
    "other inputs": (
        json.dumps(network(2, 3, 10)),
        "it takes 2 inputs and gives 10 scores, not 64 and 10",
    ),
    "other classes": (
        json.dumps(network(64, 3)),
        "it takes 64 inputs and gives 3 scores, not 64 and 10",
    ),
    "tanh": (
        with_activations("tanh", None),
        "the pad computes relu, and none in the last layer, not ['tanh', None",
    ),
    "relu in the end": (
        with_activations("relu", "relu"),
        "the pad computes relu, and none in the last layer, not ['relu', 'rel",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_network_for_digits_fails_the_build(
    book: Book, what: str
) -> None:
    """Protects readers from a pad that reads nothing, or nonsense."""
    text, told = WRONG[what]
    book.network.write_text(text)
    with pytest.raises(
        Exception, match=r"digits\.md:5: the pad can't"
    ) as error:
        book.build()
    assert told in str(error.value)


def test_a_network_that_nobody_writes_fails_the_build(book: Book) -> None:
    """Protects authors from looking long for what they forgot."""
    book.network.unlink()
    told = r"digits\.md:5: no page has written .*: one must say `writes: net"
    with pytest.raises(Exception, match=told):
        book.build()
