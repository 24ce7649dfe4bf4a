"""What an object is, as plain data: equal for two that behave the same.

A value is described by its content, a function by its code, a class by what it
holds, anything else by what ``copy`` would copy. Objects that have a name of
their own in the library are described once, there, and elsewhere called by it;
so are objects that are met twice. Line numbers and addresses don't count.

No library does this for objects of two processes: pickle and its like call
functions and classes by their names, and these are what is to be compared.
"""

from __future__ import annotations

import abc
import json
import re
import sys
import types
from collections.abc import Iterable, Mapping
from typing import Any

PLAIN = (
    int,
    float,
    complex,
    bool,
    str,
    bytes,
    type(None),
    type(...),
    type(NotImplemented),
)
BUILT_IN = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
)
# What every class has, or what only says how it was written; annotations and
# registered subclasses are looked at in their own way.
NOT_COMPARED = {
    *("__module__", "__annotations__", "__annotate__", "__annotate_func__"),
    *("__annotations_cache__", "__firstlineno__", "__static_attributes__"),
    "_abc_impl",
}
ABSTRACT = 1 << 20  # Py_TPFLAGS_IS_ABSTRACT
ADDRESS = re.compile(r" at 0x[0-9a-f]+")
OURS = re.compile(r"__main__|micrograd(\.|$)")


def is_plain(thing: object) -> bool:
    """Whether a thing is nothing but its content."""
    return type(thing) in (*PLAIN, tuple, frozenset)


class Likeness:
    """Describes objects of one process."""

    def __init__(self, named: Mapping[str, object]) -> None:
        """Describe by name what is ``named`` in the library."""
        self.names: dict[int, str] = {}
        for name, thing in named.items():
            if not is_plain(thing):
                self.names.setdefault(id(thing), name)
        self.met: dict[int, int] = {}
        self.alive: list[object] = []  # so that no id is given twice

    def of_named(self, name: str, thing: object) -> Any:
        """The description of what bears a name."""
        first = self.names.get(id(thing), name)
        return self.whole(thing) if first == name else {"same as": first}

    def of(self, thing: object) -> Any:
        """The description of a part of something."""
        if id(thing) in self.names:
            return {"named": self.names[id(thing)]}
        return self.whole(thing)

    def whole(self, thing: Any) -> Any:
        """The description of a thing itself."""
        kind = type(thing)
        if kind in PLAIN:
            return {"is": repr(thing)}
        if kind is tuple:
            return {"tuple": [self.of(part) for part in thing]}
        if kind is frozenset:
            return {"frozenset": self.unordered(thing)}
        if id(thing) in self.met:
            return {"met": self.met[id(thing)]}
        self.met[id(thing)] = len(self.met)
        self.alive.append(thing)
        match thing:
            case list():
                if kind is list:
                    return {"list": [self.of(part) for part in thing]}
            case set():
                if kind is set:
                    return {"set": self.unordered(thing)}
            case types.MappingProxyType():
                return {"mapping": self.pairs(thing)}
            case dict():
                if kind is dict:
                    return {"dict": self.pairs(thing)}
            case types.ModuleType():
                return {"module": thing.__name__}
            case types.CodeType():
                return self.code(thing)
            case types.FunctionType():
                return self.function(thing)
            case types.MethodType():
                return {
                    "method": self.of(thing.__func__),
                    "self": self.of(thing.__self__),
                }
            case staticmethod() | classmethod():
                return {kind.__name__: self.of(thing.__func__)}
            case property():
                parts = (thing.fget, thing.fset, thing.fdel, thing.__doc__)
                return {"property": [self.of(part) for part in parts]}
            case type():
                return self.class_(thing)
        if kind in BUILT_IN:
            owner = getattr(thing, "__objclass__", None)
            owner = owner or getattr(thing, "__self__", None)
            return {"built-in": thing.__qualname__, "of": self.of(owner)}
        return self.other(thing)

    def unordered(self, things: Any) -> list[Any]:
        return sorted((self.of(part) for part in things), key=json.dumps)

    def pairs(self, mapping: Mapping[Any, Any]) -> list[Any]:
        return [[self.of(k), self.of(v)] for k, v in mapping.items()]

    def code(self, code: types.CodeType) -> Any:
        constants = list(code.co_consts)
        if "__firstlineno__" in code.co_names:  # the body of an inner class
            constants = [c for c in constants if c != code.co_firstlineno]
        return {
            "code": code.co_qualname,
            "names": [*code.co_names, "/", *code.co_varnames],
            "free": [*code.co_freevars, "/", *code.co_cellvars],
            "parameters": [
                code.co_argcount,
                code.co_posonlyargcount,
                code.co_kwonlyargcount,
                code.co_flags,
            ],
            "constants": [self.of(constant) for constant in constants],
        }

    def function(self, function: types.FunctionType) -> Any:
        told: dict[str, Any] = {
            "function": function.__qualname__,
            "name": function.__name__,
            "defaults": self.of(function.__defaults__),
            "keyword defaults": self.of(function.__kwdefaults__),
            "closure": [self.cell(c) for c in function.__closure__ or ()],
            "attributes": self.of(dict(vars(function))),
        }
        if OURS.match(str(function.__globals__.get("__name__"))):
            told["docstring"] = self.of(function.__doc__)
            told["annotations"] = self.of(hints(function))
            told["code"] = self.of(function.__code__)
        else:
            told["of"] = function.__code__.co_filename
        return told

    def cell(self, cell: types.CellType) -> Any:
        try:
            return self.of(cell.cell_contents)
        except ValueError:
            return "empty"

    def class_(self, class_: type) -> Any:
        called = f"{class_.__module__}.{class_.__qualname__}"
        if not OURS.match(class_.__module__):
            return {"class": called}
        registered: list[Any] = []
        if "_abc_impl" in vars(class_):
            references = abc._get_dump(class_)[0]  # type: ignore[attr-defined]
            registered = self.unordered([one() for one in references])
        return {
            "class": class_.__qualname__,
            "metaclass": self.of(type(class_)),
            "bases": [self.of(base) for base in class_.__bases__],
            "abstract": bool(class_.__flags__ & ABSTRACT),
            "registered": registered,
            "annotations": self.of(hints(class_)),
            "attributes": {
                name: self.of(value)
                for name, value in sorted(vars(class_).items())
                if name not in NOT_COMPARED
            },
        }

    def other(self, thing: Any) -> Any:
        """Any other object: as ``copy`` sees it, or by what can be seen."""
        told: dict[str, Any] = {"type": self.of(type(thing))}
        try:
            reduced = thing.__reduce_ex__(4)
        except Exception:  # whatever an object that can't be copied raises
            reduced = None
        if isinstance(reduced, tuple):
            function, arguments, state, *items = (*reduced, *[None] * 5)[:5]
            told["made by"] = self.of(function)
            told["of"] = self.of(arguments)
            told["attributes"] = self.state(state)
            told["items"] = [self.of(list(x)) if x else None for x in items]
            return told
        if "object at 0x" not in repr(thing):
            told["looks like"] = ADDRESS.sub("", repr(thing))
        told["attributes"] = self.state(getattr(thing, "__dict__", None))
        return told

    def state(self, state: object) -> Any:
        """An object's attributes by name, where they have names."""
        if isinstance(state, dict) and all(isinstance(k, str) for k in state):
            return {name: self.of(value) for name, value in state.items()}
        return self.of(state)


def hints(thing: Any) -> dict[str, Any]:
    """The annotations of a function, or of a class itself."""
    if sys.version_info >= (3, 14):
        from annotationlib import Format, get_annotations

        return dict(get_annotations(thing, format=Format.FORWARDREF))
    if isinstance(thing, type):
        return dict(vars(thing).get("__annotations__", {}))
    return dict(thing.__annotations__)


def difference(one: Any, other: Any, path: str = "") -> list[str] | None:
    """Where two descriptions differ first: a path, and what is there."""
    if one == other:
        return None
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(one, list) and isinstance(other, list):
        if len(one) == len(other):
            pairs = zip(one, other, strict=True)
    elif isinstance(one, dict) and isinstance(other, dict):
        inner, outer = one.get("attributes"), other.get("attributes")
        if inner and outer and inner != outer:
            return attributes(inner, outer, path)
        if one.keys() == other.keys():
            pairs = [(one[key], other[key]) for key in one]
    for ours, theirs in pairs:
        if found := difference(ours, theirs, path):
            return found
    return [path, brief(one), brief(other)]


def attributes(one: Any, other: Any, path: str) -> list[str] | None:
    """Where the attributes of two objects differ first."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return difference([one], [other], path)
    for name in sorted(one.keys() | other.keys()):
        found = difference(one.get(name), other.get(name), f"{path}.{name}")
        if found:
            return found
    return None


def brief(described: Any) -> str:
    """A description in few words."""
    match described:
        case None:
            return "missing"
        case {"named": str(name)} | {"same as": str(name)}:
            return f"`{name.rpartition(':')[2]}`"
        case {"is": str(said)}:
            pass
        case list() as parts:
            said = f"[{', '.join(map(brief, parts))}]"
        case {"list": parts} | {"tuple": parts} | {"set": parts}:
            said = brief(parts)
        case {"dict": pairs}:
            said = ", ".join(f"{brief(k)}: {brief(v)}" for k, v in pairs)
            said = f"{{{said}}}"
        case {"type": {"named": str(name)} | {"class": str(name)}}:
            said = f"a {name.rpartition(':')[2]}"
        case {"class": str(name)} | {"function": str(name)}:
            said = f"a {next(iter(described))} `{name}`"
        case dict():
            said = f"another {next(iter(described))}"
        case _:
            said = str(described)
    return said if len(said) <= 60 else f"{said[:59]}…"
