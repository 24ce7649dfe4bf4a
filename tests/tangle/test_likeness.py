"""What things are described as, so that two of two processes are compared."""

from __future__ import annotations

import abc
import collections
import contextvars
import copyreg
import fractions
import functools
import itertools
import json
import math
import re
import sys
import threading
import types
import typing
import weakref
from textwrap import dedent

import pytest

from tangle import likeness
from tangle.likeness import Likeness, brief, difference, is_found

OURS = """
    from __future__ import annotations
    import abc
    import functools


    def f(x: int, /, y=1, *, z="z") -> str:
        '''Do it.'''
        try:
            return x, y, z
        except ValueError:
            return [lambda: x]


    f.tag = "tagged"
    f.__module__ = "micrograd.m"


    def outer():
        if 0:
            empty = 1
        full = "full"
        return lambda: (empty, full)


    class A:
        '''A class.'''
        x: int = 1

        def __init__(self):
            self.y = 2

        def method(self):
            class Inner:
                pass
            return super().__init__, Inner

        @property
        def half(self):
            return 0.5

        @staticmethod
        def of():
            pass

        @classmethod
        def made(cls):
            pass


    class Outer:
        class Inner:
            pass

        def method(self):
            return super()


    class Slots:
        __slots__ = ("a", "b")

        def __init__(self):
            self.a = 1


    class Slot:
        __slots__ = "only"

        def __init__(self):
            self.only = 1


    class Abstract(abc.ABC):
        @abc.abstractmethod
        def f(self):
            pass


    class Concrete:
        pass


    Abstract.register(Concrete)


    class Hidden:
        def __init__(self):
            self.__dict__["a"] = 1

        @property
        def __dict__(self):
            return {}


    class Odd:
        __slots__ = ()
        __dict__ = 5


    class Number(int):
        def __repr__(self):
            return "a number"


    class Uncopied:
        def __reduce_ex__(self, protocol):
            raise RuntimeError("no")


    class Bare:
        __slots__ = ()

        def __reduce_ex__(self, protocol):
            return "a name"


    class State:
        def __reduce_ex__(self, protocol):
            return State, (protocol,), ["state"], iter([1]), iter([(2, 3)])


    @functools.lru_cache(maxsize=3)
    def cached():
        pass


    Global = [1]


    def with_global():
        return Global, Nowhere
"""


def ours() -> types.SimpleNamespace:
    """What a library's module has."""
    module = types.ModuleType("micrograd.m")
    code = compile(dedent(OURS), "m.py", "exec", dont_inherit=True)
    exec(code, vars(module))
    return types.SimpleNamespace(**vars(module))


def in_modules() -> types.SimpleNamespace:
    """The same in a module that is imported."""
    sys.modules["micrograd.m"] = module = types.ModuleType("micrograd.m")
    exec(
        compile(dedent(OURS), "m.py", "exec", dont_inherit=True), vars(module)
    )
    return module


def itself() -> list[object]:
    found: list[object] = [1]
    found.append(found)
    return found


def local() -> threading.local:
    made = threading.local()
    made.x = 1
    return made


def variable() -> contextvars.ContextVar[int]:
    made: contextvars.ContextVar[int] = contextvars.ContextVar("v")
    made.set(1)
    return made


def others_cached() -> object:
    sys.modules["others"] = module = types.ModuleType("others")
    module.cached = ours().cached
    module.cached.__module__ = "others"
    return module.cached


def new_type() -> object:
    made = typing.NewType("N", int)
    made.__module__ = "micrograd.deep.m"
    return made


T = typing.TypeVar("T", bound=int)
U = typing.TypeVar("U", int, str)
THINGS = {
    "a whole number": lambda: 1,
    "a number": lambda: 1.5,
    "a complex number": lambda: 1j,
    "a truth": lambda: True,
    "a text": lambda: "a",
    "bytes": lambda: b"a",
    "nothing": lambda: None,
    "an ellipsis": lambda: ...,
    "what isn't implemented": lambda: NotImplemented,
    "a tuple": lambda: (1, "a"),
    "a frozen set": lambda: frozenset({2, 1, 3}),
    "a slice": lambda: slice(1, 2, 3),
    "a list": lambda: [1, [2]],
    "a list of itself": itself,
    "a set": lambda: {3, 2, 1},
    "a dictionary": lambda: {1: 2, "a": [3]},
    "a view of a dictionary": lambda: types.MappingProxyType({1: 2}),
    "a module": lambda: math,
    "a code": lambda: ours().f.__code__,
    "a code with a class in it": lambda: ours().A.method.__code__,
    "a function": lambda: ours().f,
    "a function with a closure": lambda: ours().outer(),
    "a function with its globals": lambda: ours().with_global,
    "a function that is imported": lambda: in_modules().with_global,
    "another's function": lambda: json.dumps,
    "a method": lambda: ours().A().method,
    "a generic type": lambda: list[int],
    "a union": lambda: int | str,
    "a built-in function": lambda: len,
    "a built-in method": lambda: "a".upper,
    "a built-in descriptor": lambda: str.upper,
    "a built-in slot": lambda: int.__add__,
    "a bound slot": lambda: (1).__add__,
    "a built-in class method": lambda: dict.__dict__["fromkeys"],
    "a built-in property": lambda: int.real,
    "a member": lambda: ours().Slots.a,
    "a class": lambda: ours().A,
    "an abstract class": lambda: ours().Abstract,
    "another's class": lambda: fractions.Fraction,
    "an optional type": lambda: typing.Optional[int],  # noqa: UP045
    "a type of typing": lambda: typing.List[T],  # noqa: UP006
    "a bound type variable": lambda: T,
    "a constrained type variable": lambda: U,
    "a new type": new_type,
    "an object": lambda: ours().A(),
    "an object with slots": lambda: ours().Slots(),
    "an object with a slot": lambda: ours().Slot(),
    "an object that hides": lambda: ours().Hidden(),
    "an object with another dictionary": lambda: ours().Odd(),
    "an object with a state": lambda: ours().State(),
    "an object that can't be copied": lambda: ours().Uncopied(),
    "an object of which nothing is seen": lambda: ours().Bare(),
    "a partial": lambda: functools.partial(print, 1, sep=""),
    "a number of ours": lambda: ours().Number(5),
    "a default dictionary": lambda: collections.defaultdict(list, {1: [2]}),
    "a queue": lambda: collections.deque([1, 2], 5),
    "an array of bytes": lambda: bytearray(b"ab"),
    "a property": lambda: property(len, print),
    "a static method": lambda: staticmethod(len),
    "a class method": lambda: classmethod(len),
    "a counter": lambda: itertools.count(3),
    "a generator": lambda: (x for x in ()),
    "a fraction": lambda: fractions.Fraction(1, 2),
    "a pattern": lambda: re.compile("a"),
    "a lock": lambda: threading.Lock(),
    "a lock that nests": lambda: threading.RLock(),
    "a weak reference": lambda: weakref.ref(fractions.Fraction),
    "a variable of a context": variable,
    "a variable of a thread": local,
    "a cached function": lambda: ours().cached,
    "another's cached function": others_cached,
}


@pytest.fixture
def fresh(monkeypatch):
    monkeypatch.setattr(sys, "modules", dict(sys.modules))


@pytest.mark.parametrize("what", THINGS)
def test_a_thing_is_described(told, fresh, what):
    thing = THINGS[what]()
    described = json.dumps(Likeness({}, "here").of(thing))
    told.append(re.sub(r'"[0-9a-f]{12,}"', '"…"', described))
    assert json.dumps(Likeness({}, "here").of(THINGS[what]())) == described


def test_what_has_a_name_is_told_by_it(fresh):
    made = ours()
    named = {"m.py:A": made.A, "m.py:B": made.A, "m.py:L": [made.A], "x": 1}
    like = Likeness(named, "here")
    assert like.of(made.A) == {"named": "m.py:A"}
    assert like.of_named("m.py:B", made.A) == {"same as": "m.py:A"}
    assert like.of_named("m.py:L", named["m.py:L"]) == {
        "list": [{"named": "m.py:A"}]
    }
    assert like.of_named("x", 1) == like.of(1) == {"is": "1"}
    assert like.of_named("m.py:A", made.A)["class"] == "A"
    assert like.of([]) == {"list": []}


def test_what_is_met_twice_is_told_once():
    like = Likeness({}, "here")
    twice = [1]
    assert like.of([twice, twice]) == {
        "list": [{"list": [{"is": "1"}]}, {"met": 1}]
    }
    assert like.alive == [[twice, twice], twice]


def test_a_class_that_goes_on_is_its_methods_class(fresh):
    """What `super()` means in them."""
    method = Likeness({}, "here").of(ours().A)["attributes"]["method"]
    assert method["closure"] == ["its class"]
    method = Likeness({}, "here").of(ours().Outer)["attributes"]["method"]
    assert method["closure"] == ["its class"]
    alone = Likeness({}, "here").of(ours().A.method)
    assert alone["closure"][0]["class"] == "A"


def test_the_line_of_an_inner_class_does_not_count():
    """From Python 3.13 on it is in the code of its body."""
    code = ours().f.__code__
    parts = {name: getattr(code, name) for name in dir(code)}
    parts |= {"co_consts": (5, 6), "co_firstlineno": 5}
    inner = types.SimpleNamespace(**parts)
    like = Likeness({}, "here")
    assert like.code(inner)["constants"] == [{"is": "5"}, {"is": "6"}]
    inner.co_names = ("__firstlineno__",)
    assert like.code(inner)["constants"] == [{"is": "6"}]


def test_a_reducer_that_is_registered_is_asked(fresh, monkeypatch):
    made = ours()
    monkeypatch.setitem(
        copyreg.dispatch_table, made.Uncopied, lambda _: (len, ("abc",))
    )
    described = Likeness({}, "here").of(made.Uncopied())
    assert described["made by"][1] == {"tuple": [{"is": "'abc'"}]}


def test_others_things_are_found_by_their_names():
    assert is_found(json.dumps, "json")
    assert is_found(abc.ABC.register, "abc") is False
    assert not is_found(json.dumps, "json.decoder")
    assert not is_found(json.dumps, "nowhere")
    assert not is_found(1, None)


DIFFERENT = {
    "nothing": ({"is": "1"}, {"is": "1"}),
    "a value": ({"is": "1"}, {"is": "2"}),
    "a place": ({"list": [{"is": "1"}]}, {"list": [{"is": "2"}]}),
    "a length": ({"list": [{"is": "1"}]}, {"list": []}),
    "a kind": ({"list": []}, {"tuple": []}),
    "a list and a word": (["a"], "a"),
    "a program": ({"code": "f", "a": 1}, {"code": "f", "a": 2}),
    "what is missing": (None, {"is": "1"}),
    "what can't be compared": (
        {"not comparable": "lock here"},
        {"not comparable": "lock there"},
    ),
    "what can't be compared here": (
        {"not comparable": "lock here", "x": {"attributes": 1}},
        {"is": "1"},
    ),
    "what can't be compared there": (
        {"is": "1"},
        {"not comparable": "lock there"},
    ),
    "an attribute": (
        {"attributes": {"a": {"is": "1"}, "b": {"is": "2"}}},
        {"attributes": {"a": {"is": "1"}, "b": {"is": "3"}}},
    ),
    "an attribute of one alone": (
        {"attributes": {"b": {"is": "1"}}},
        {"attributes": {"a": {"is": "1"}, "b": {"is": "1"}}},
    ),
    "attributes of one alone": (
        {"attributes": {}, "type": {"class": "A"}},
        {"attributes": {"a": {"is": "1"}}, "type": {"class": "A"}},
    ),
    "attributes that are equal": (
        {"attributes": {"a": 1}, "state": {"is": "1"}},
        {"attributes": {"a": 1}, "state": {"is": "2"}},
    ),
    "attributes deep inside": (
        {"attributes": {"a": {"attributes": {"b": {"is": "1"}}}}},
        {"attributes": {"a": {"attributes": {"b": {"is": "2"}}}}},
    ),
    "attributes that are none": (
        {"attributes": {"named": "m.py:x"}},
        {"attributes": ["x"]},
    ),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_a_difference_is_told_where_it_is(told, what):
    told.append(f"{difference(*DIFFERENT[what], 'at')}")


BRIEF = {
    "a value": {"is": "1"},
    "a long value": {"is": "x" * 61},
    "a value that just fits": {"is": "x" * 60},
    "nothing": None,
    "a lock": {"not comparable": "lock here"},
    "a name": {"named": "m.py:A"},
    "a name without file": {"same as": "A"},
    "a list": {"list": [{"is": "1"}, {"is": "2"}]},
    "a tuple": {"tuple": [{"is": "1"}]},
    "a set": {"set": [{"is": "1"}]},
    "parts": [{"is": "1"}],
    "a dictionary": {"dict": [[{"is": "1"}, {"is": "2"}], [None, None]]},
    "an object": {"type": {"named": "m.py:A"}},
    "an object of an own class": {"type": {"class": "A"}},
    "a class": {"class": "A"},
    "a function": {"function": "f"},
    "something else": {"module": "math"},
    "an empty one": {},
    "a word": "word",
}


@pytest.mark.parametrize("what", BRIEF)
def test_a_description_in_few_words(told, what):
    told.append(brief(BRIEF[what]))


def test_annotations_are_asked_for_as_this_python_has_them():
    def f(x: int) -> str: ...

    class A:
        x: int

    class B(A):
        pass

    assert likeness.hints(f) == {"x": "int", "return": "str"}
    assert likeness.hints(A) == {"x": "int"}
    assert likeness.hints(B) == {}


@pytest.mark.parametrize("version", [(3, 13), (3, 14), (3, 15)])
def test_annotations_are_asked_for_as_later_pythons_have_them(
    monkeypatch, version
):
    fake = types.SimpleNamespace(
        Format=types.SimpleNamespace(FORWARDREF="forward"),
        get_annotations=lambda thing, format: {thing.__name__: format},
    )
    monkeypatch.setitem(sys.modules, "annotationlib", fake)
    old = types.SimpleNamespace(__name__="f", __annotations__={"x": 1})
    with monkeypatch.context() as patched:
        patched.setattr("tangle.likeness.sys", FakeSys(version))
        found = likeness.hints(old)
    new = version >= (3, 14)
    assert found == ({"f": "forward"} if new else {"x": 1})


class FakeSys(types.SimpleNamespace):
    def __init__(self, version: tuple[int, int]) -> None:
        super().__init__(version_info=version)
