"""What a reader is told about an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verdict import Verdict, asserts_in, judge

SOLUTION = """\
def double(x):
    assert x is not None
    return 2 * x


total = 0
for x in [1, 2]:
    total += x
    assert double(x) == x + x, "Twice as much."
print(total)
assert double(0) == 0
"""


def failed(source: str, **names: object) -> Verdict:
    """The verdict by the one check that the code has."""
    verdict = judge(asserts_in([source]), names)
    assert not verdict.right
    assert verdict.lines[0] == "Not yet: the check doesn't pass."
    return verdict


def hint(source: str, **names: object) -> str:
    """What there is to say at once, and nothing more."""
    verdict = failed(source, **names)
    assert not verdict.checked
    return "\n".join(verdict.lines[1:])


def checked(source: str, **names: object) -> str:
    """What there is to say about the check to who wants to know."""
    (told,) = failed(source, **names).checked
    return told


# Collecting


def test_checks_are_the_statements_that_assert() -> None:
    """Protects readers from running the solution in place of their code."""
    assert asserts_in([SOLUTION, "assert done", "x = 1"]) == [
        "for x in [1, 2]:\n    total += x\n"
        '    assert double(x) == x + x, "Twice as much."',
        "assert double(0) == 0",
        "assert done",
    ]


def test_what_a_function_asserts_is_no_check() -> None:
    """Protects from checks that check nothing, as nobody calls them."""
    functions = "def f():\n    assert 0\n\nclass A:\n    assert 1\n"
    assert asserts_in([functions]) == []


@given(st.lists(st.sampled_from(["x = 1", "assert x", "if x:\n  assert x"])))
def test_each_statement_that_asserts_is_one_check(code: list[str]) -> None:
    """Protects the number that a reader is told."""
    wanted = [statement for statement in code if "assert" in statement]
    assert asserts_in(["\n".join(code)]) == wanted
    assert asserts_in(code) == wanted


# Right answers


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "the check passes"),
        (2, "both checks pass"),
        (3, "all 3 checks pass"),
    ],
)
def test_a_right_answer_is_called_right(count: int, words: str) -> None:
    """Protects readers from doubt."""
    verdict = judge(["assert x == 1"] * count, {"x": 1})
    assert verdict == Verdict(True, (f"Right: {words}.",))


# Wrong ones


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        (", 'What is it at 3?'", "What is it at 3?"),
        ("", "A value isn't right yet."),
    ],
)
def test_a_hint_comes_before_the_value(message: str, hint: str) -> None:
    """Protects the answer from being given away at the first try."""
    verdict = failed(f"assert dc_da == 24.0{message}", dc_da=12.0)
    assert verdict.lines[1:] == (hint,)
    assert verdict.checked == ("`dc_da == 24.0` isn't true: `dc_da` is 12.0.",)


def test_an_exception_s_hint_does_not_give_the_check_away() -> None:
    """Protects the answer where the check doesn't come to its end."""
    verdict = failed("assert d[2] == 24.0", d={1: 1})
    assert verdict.lines[1:] == ("The check stops with KeyError (2).",)


def test_values_are_those_of_the_expressions_that_say_most() -> None:
    """Protects readers from a list of everything there is."""

    class Knob:
        grad = 2.0

    told = checked(
        "assert abs(a.grad - slope(3.0)) < 1e-9 and path[0]",
        a=Knob(),
        slope=lambda x: 2 * x,
        path=[0],
    )
    assert told.partition(": ")[2] == "`a.grad` is 2.0, `slope(3.0)` is 6.0."


def test_a_check_in_a_loop_tells_where_it_failed() -> None:
    """Protects readers from not knowing for which number."""
    source = "for x in [1, 2, 3]:\n    y = double(x)\n    assert y == 2 * x"
    told = checked(source, double=lambda x: 2 if x == 1 else 5)
    assert told == "`y == 2 * x` isn't true: `y` is 5, `x` is 2."


def test_nothing_is_evaluated_twice() -> None:
    """Protects what a check calls from being called once more to tell."""
    calls: list[int] = []

    def counted(x: int) -> int:
        calls.append(x)
        return x

    assert "`counted(7)` is 7" in checked("assert counted(7) == 8", **locals())
    assert calls == [7]


def test_a_missing_name_is_named() -> None:
    """Protects readers from a NameError in code that they haven't written."""
    assert hint("assert dc_da == 24.0") == (
        "The check looks for `dc_da`, which your code doesn't define."
    )


def test_a_missing_name_in_the_reader_s_code_is_an_error_there() -> None:
    """Protects from laying at the check's door what the answer does."""
    names: dict[str, object] = {}
    exec("def f():\n    return missing", names)
    told = checked("assert f() == 1", f=names["f"])
    assert told == (
        "`f() == 1` stops with NameError (name 'missing' is not defined)."
    )


@pytest.mark.parametrize(
    "test", ["x == 1", "x.grad == 1", "x[0] == 1", "abs(x - 1) < 1", "-x > 1"]
)
def test_an_ellipsis_is_still_to_be_replaced(test: str) -> None:
    """Protects readers from TypeErrors about ellipses."""
    assert hint(f"assert {test}, 'Why?'", x=...) == "`x` is still `...`."


@pytest.mark.parametrize("x", [[1, ...], (..., 2), {...}])
def test_so_is_one_in_a_list(x: object) -> None:
    """Protects readers who have filled in but a part."""
    assert (
        hint("assert set(x) == {1, 2}", x=x)
        == "There is still a `...` in `x`."
    )


def test_a_function_that_is_not_written_returns_none() -> None:
    """Protects readers from puzzling over None."""

    class Value:
        def __sub__(self, other: object) -> None: ...

    told = "returns None: is a `return` missing?"
    assert hint("assert abs(f(2)) < 1", f=lambda x: None) == f"`f(2)` {told}"
    assert hint("assert (v - v).data", v=Value()) == f"`v - v` {told}"


def test_an_exception_is_told_with_its_words() -> None:
    """Protects readers from a traceback through the check."""
    assert checked("assert d[2] == 1", d={1: 1}) == (
        "`d[2] == 1` stops with KeyError (2): `d` is {1: 1}."
    )


def test_an_assert_in_the_reader_s_code_is_an_exception() -> None:
    """Protects from taking it for the check's own."""
    names: dict[str, object] = {}
    exec("def strict(x):\n    assert x > 3, 'too small'", names)
    assert checked("assert strict(2) == 2", **names) == (
        "`strict(2) == 2` stops with AssertionError (too small)."
    )


def test_some_may_hold() -> None:
    """Protects those who are on their way from losing heart."""
    asserts = ["assert x == 1", "assert y == 1", "assert x == y", "assert x"]
    verdict = judge(asserts, {"x": 1, "y": 2})
    assert verdict.lines == (
        "Not yet: 2 of 4 checks pass.",
        "A value isn't right yet.",
    )
    assert verdict.checked == (
        "`y == 1` isn't true: `y` is 2.",
        "`x == y` isn't true: `x` is 1, `y` is 2.",
    )
    first = [judge(asserts[:n], {"x": 1, "y": ...}).lines[0] for n in (2, 3)]
    assert first == [
        "Not yet: 1 of 2 checks passes.",
        "Not yet: 1 of 3 checks passes.",
    ]
    assert judge(asserts[:3], {}).lines == (
        "Not yet: none of 3 checks passes.",
        "The check looks for `x`, which your code doesn't define.",
        "The check looks for `y`, which your code doesn't define.",
    )


def test_what_is_not_written_yet_comes_before_all_else() -> None:
    """Protects readers from faults that only follow from that."""
    asserts = ["assert a.grad == 1", "assert answer == 1", "assert [][0]"]
    assert judge(asserts, {"a": 1, "answer": ...}).lines == (
        "Not yet: none of 3 checks passes.",
        "`answer` is still `...`.",
    )


def test_a_long_value_is_cut() -> None:
    """Protects the page from a thousand numbers."""
    told = checked("assert x == []", x=list(range(1000)))
    assert len(told) < 120
    assert told.endswith("…."), told


# What checks leave alone


def test_the_namespace_stays_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Protects the cells that the reader runs next."""
    names: dict[str, object] = {"x": 1}
    source = "for i in [1]:\n    x = i + 1\n    print(x)\n    assert x == 2"
    assert judge([source], names).right
    assert names == {"x": 1}
    assert capsys.readouterr() == ("", "")


def test_what_interrupts_a_check_goes_on() -> None:
    """Protects the way out of an endless loop."""

    def stopped() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge(["assert stopped()"], {"stopped": stopped})


NUMBERS = st.integers(-3, 3)
TESTS = st.recursive(
    st.sampled_from(["x", "y", "1", "f(x)", "[x, y][0]", "len([x])"]),
    lambda inner: st.tuples(
        inner, st.sampled_from("+ - * < == and or".split()), inner
    ).map(lambda parts: "({} {} {})".format(*parts)),
    max_leaves=6,
)


@given(TESTS, NUMBERS, NUMBERS)
def test_taking_notes_changes_no_result(test: str, x: int, y: int) -> None:
    """Protects right answers from a check that computes otherwise."""
    names: dict[str, object] = {"x": x, "y": y, "f": lambda n: n * n}
    holds = bool(eval(test, dict(names)))
    assert judge([f"assert {test}"], names).right == holds
