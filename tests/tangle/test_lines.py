"""Lines of text: compared, renamed, remembered; and what YAML has them say."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml

from tangle import contents
from tangle.errors import TangleError, raise_all
from tangle.lines import changes, place, says, with_name, with_word
from tangle.memory import recall, remember


def test_a_name_is_a_word_of_its_own():
    assert says("a", "x = a.b")
    assert not says("a", "ab = ba")
    assert with_word("a ab a.b # a", "a", "c") == "c ab c.b # c"
    assert place(("book/01-one.md", 5)) == "book/01-one.md:5"


@pytest.mark.parametrize(
    ("code", "renamed"),
    [
        ("a = a.a", "c = c.c"),
        ("x = a  # a\n\ny = 'a', a", "x = c  # a\n\ny = 'a', c"),
        ("b = f'a {a} {b[a]!r}', F'{a}'", "b = f'a {c} {b[c]!r}', F'{c}'"),
        ("b = rf'{a}', fr'{a}', '{a}'", "b = rf'{c}', fr'{c}', '{a}'"),
        ("def a(\n    a,\n): ...\n", "def c(\n    c,\n): ...\n"),
        ("a1 = aa", "a1 = aa"),
        ("b = 'if {a}', 'f{a}'", "b = 'if {a}', 'f{a}'"),
    ],
)
def test_code_is_renamed_and_strings_are_not(code, renamed):
    assert with_name(code, "a", "c") == renamed


def test_changes_are_told_by_their_rows():
    assert changes("abcd", "abcd") == []
    assert changes("abcde", "axcdyz") == [(1, 2, 1, 2), (4, 5, 4, 6)]
    many = ["same"] * 300
    assert changes([*many, "a"], [*many, "b"]) == [(300, 301, 300, 301)]


def test_errors_are_raised_as_one():
    raise_all([])
    one, two, three = (TangleError("p.md", n, f"{n}!") for n in (1, 2, 3))
    with pytest.raises(TangleError) as caught:
        raise_all(iter([one, two, three]))
    assert caught.value is one
    assert one.also == (two, three)
    assert str(one) == "p.md:1: 1!\np.md:2: 2!\np.md:3: 3!"
    assert one.args == ("p.md", 1, "1!")
    assert two.also == ()


def test_what_is_remembered_is_whole_or_not_there(tmp_path, monkeypatch):
    file = tmp_path / "deep/er/known.json"
    assert recall(file) == {}
    remember({"é": "1"}, file)
    remember({"é": "2"}, file)
    assert recall(file) == {"é": "2"}
    assert json.loads(file.read_text("utf-8")) == {"é": "2"}
    assert os.listdir(file.parent) == ["known.json"]
    file.write_text('{"1": 2}')
    assert recall(file) == {"1": "2"}
    halves = []
    monkeypatch.setattr(Path, "replace", lambda half, _: halves.append(half))
    remember({}, file)
    assert [half.name for half in halves] == [f"known.{os.getpid()}"]


def deep(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    "text",
    [
        deep(51),
        f"a: {deep(50)}",
        f"a: &a {deep(25)}\nb: [*a, *a]",
        f"a: &a {deep(30)}\nb: {'[' * 20}*a{']' * 20}",
    ],
)
def test_what_is_not_too_deep_is_read(text):
    assert contents.read_yaml(text, "page.md") is not None


@pytest.mark.parametrize(
    "text",
    [
        deep(52),
        f"[a, {deep(51)}, b]",
        f"a: {deep(51)}",
        f"{deep(51)}: a",
        f"a: &a {deep(30)}\nb: {'[' * 21}*a{']' * 21}",
        "a: &a [*a]",
        "a: [",
        "x: 1\na: \x01",
        "a: 1\n b: 2",
        "a: \udce9",
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(told, text):
    for first in (1, 7):
        with pytest.raises(TangleError) as caught:
            contents.read_yaml(text, "page.md", first)
        told.append(str(caught.value))
    with pytest.raises(TangleError, match=r"^page\.md:[12]: "):
        contents.read_yaml(text, "page.md")


@pytest.mark.parametrize("error", [ValueError, RecursionError])
def test_what_stops_yaml_is_told(monkeypatch, error):
    def fails(*_: object) -> None:
        raise error("told")

    monkeypatch.setattr(yaml, "compose", fails)
    with pytest.raises(TangleError) as caught:
        contents.read_yaml("a: 1", "page.md", 3)
    assert str(caught.value) == "page.md:3: is not YAML: told"


def test_values_are_got_by_their_keys():
    node = contents.read_yaml("a:\n  b: 1\n  c: 2\n  b: 3\nd: x", "page.md")
    assert [(n, r) for n, _, r in contents.pairs(node)] == [("a", 0), ("d", 4)]
    value, row = contents.get(node, "a", "b")
    assert (value.value, row) == ("3", 3)
    assert contents.get(node, "a", "x") == (None, 0)
    assert contents.get(node, "d", "x") == (None, 4)
    assert contents.get(node, "x", "y") == (None, 0)
    assert contents.get(None, "x") == (None, 0)
    assert contents.is_kind(contents.get(node, "d")[0], "str")
    assert not contents.is_kind(contents.get(node, "a")[0], "str")
    assert not contents.is_kind(None, "str")


def test_values_that_cannot_be_made_are_found():
    text = (
        "a: 1\nb: !!timestamp z\nc: 2020-99-99\nd: !foo 1\n? [e]\n: [!!int x]"
    )
    node = contents.read_yaml(text, "page.md")
    assert [row for _, row in contents.unmade(node)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "error", [yaml.YAMLError, AttributeError, TypeError, ValueError]
)
def test_a_value_that_stops_yaml_is_found(monkeypatch, error):
    def fails(*_: object, **__: object) -> None:
        raise error

    node = contents.read_yaml("x: 1\na: 1", "page.md")
    monkeypatch.setattr(yaml.SafeLoader, "construct_object", fails)
    assert list(contents.unmade(node)) == [("x", 0), ("a", 1)]


@pytest.mark.parametrize("mode", ["auto", "cache", "force", "inline"])
def test_a_book_may_be_run_in_more_than_one_way(tmp_path, mode):
    for text in (
        f"execute:\n  execute_notebooks: {mode}\n",
        f"sphinx:\n  config:\n    nb_execution_mode: {mode}\n",
        "parse:\nexecute:\n",
        "parse:\n  myst_enable_extensions:\n",
    ):
        (tmp_path / "_config.yml").write_text(text)
        settings = contents.settings(tmp_path)
        assert settings.not_run == ()
        assert settings.extensions == contents.EXTENSIONS
        assert settings.line_that_excludes("book/01-one.md") is None


def test_yaml_is_read_by_the_faster_of_its_readers():
    assert contents.LOADER.__name__ == (
        "CSafeLoader" if yaml.__with_libyaml__ else "SafeLoader"
    )


def test_settings_are_told_with_their_lines(tmp_path):
    assert contents.settings(tmp_path) == (contents.EXTENSIONS, 1, ())
    (tmp_path / "_config.yml").write_text(
        "parse:\n  a: 1\n  myst_enable_extensions: [amsmath, deflist]\n"
        "execute:\n  exclude_patterns:\n    - x/*\n    - '*/y.md'\n"
        "  execute_notebooks: 'off'\n"
    )
    settings = contents.settings(tmp_path)
    assert settings.extensions == ["amsmath", "deflist"]
    assert settings.extensions_line == 3
    assert settings.not_run == (("*", 8), ("x/*", 5), ("*/y.md", 5))
    assert settings.line_that_excludes("x/a.md") == 8
    only = settings._replace(not_run=settings.not_run[1:])
    assert only.line_that_excludes("x/a.md") == 5
    assert only.line_that_excludes("z/a.md") is None
