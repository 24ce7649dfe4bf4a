"""What an object is, as plain data: equal for two that behave the same.

A value is described by its content, a function by its code, a class by what it
holds, anything else by what ``copy`` would copy. Objects that have a name of
their own in the library are described once, there, and elsewhere called by it;
so are objects that are met twice. Line numbers and addresses don't count.

No library does this for objects of two processes: pickle and its like call
functions and classes by their names, and these are what is to be compared.
"""

from __future__ import annotations

import _thread
import abc
import contextvars
import copyreg
import functools
import json
import re
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterable, Mapping
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
LOCKS = (type(_thread.allocate_lock()), type(_thread.RLock()))
# How the content is asked for of what is also a list, a number and so on,
# whatever methods a class of ours has.
CONTENT: dict[type, Callable[[Any], Any]] = {
    int: int.__repr__,
    float: float.__repr__,
    complex: complex.__repr__,
    str: str.__str__,
    bytes: bytes.__repr__,
    bytearray: bytearray.__repr__,
    list: lambda thing: list(list.__iter__(thing)),
    tuple: lambda thing: list(tuple.__iter__(thing)),
    dict: lambda thing: dict(dict.items(thing)),
    set: lambda thing: set(set.__iter__(thing)),
    frozenset: lambda thing: set(frozenset.__iter__(thing)),
    property: lambda thing: (thing.fget, thing.fset, thing.fdel),
    staticmethod: lambda thing: thing.__func__,
    classmethod: lambda thing: thing.__func__,
}
# What every class has, or what only says how it was written; annotations and
# registered subclasses are looked at in their own way.
NOT_COMPARED = {
    *("__module__", "__annotations__", "__annotate__", "__annotate_func__"),
    *("__annotations_cache__", "__firstlineno__", "__static_attributes__"),
    *("__classcell__", "__classdictcell__", "_abc_impl"),
}
ABSTRACT = 1 << 20  # Py_TPFLAGS_IS_ABSTRACT
ADDRESS = re.compile(r" at 0x[0-9a-f]+")
PREFIX = re.compile(r"\b(?:__main__|micrograd(?:\.[a-z_]\w*)*)\.")
OURS = re.compile(r"(?:__main__|micrograd(?:\.\w+)*)(?![\w.])")


def is_plain(thing: object) -> bool:
    """Whether a thing is nothing but its content."""
    return type(thing) in (*PLAIN, tuple, frozenset, slice)


class Likeness:
    """Describes objects of one process."""

    def __init__(self, named: Mapping[str, object], side: str) -> None:
        """Describe by name what is ``named`` in the library.

        What can't be described is something of this ``side``, and so like
        nothing of the other.
        """
        self.side = side
        self.names: dict[int, str] = {}
        for name, thing in named.items():
            if not is_plain(thing):
                self.names.setdefault(id(thing), name)
        self.met: dict[int, int] = {}
        self.inside: list[str] = []  # of which classes things are described
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
        if kind is slice:
            parts = (thing.start, thing.stop, thing.step)
            return {"slice": [self.of(part) for part in parts]}
        if id(thing) in self.met:
            return {"met": self.met[id(thing)]}
        self.met[id(thing)] = len(self.met)
        self.alive.append(thing)
        if kind is list:
            return {"list": [self.of(part) for part in thing]}
        if kind is set:
            return {"set": self.unordered(thing)}
        if kind is dict or kind is types.MappingProxyType:
            return {kind.__name__: self.pairs(thing)}
        if kind is types.ModuleType:
            return {"module": thing.__name__}
        if kind is types.CodeType:
            return self.code(thing)
        if kind is types.FunctionType:
            return self.function(thing)
        if kind is types.MethodType:
            function, self_ = self.of(thing.__func__), self.of(thing.__self__)
            return {"method": function, "self": self_}
        if isinstance(thing, types.GenericAlias):
            origin = self.of(thing.__origin__)
            return {"of": origin, "arguments": self.of(thing.__args__)}
        if kind is types.UnionType:
            return {"union": [self.of(part) for part in thing.__args__]}
        if kind in BUILT_IN:
            owner = getattr(thing, "__objclass__", None)
            owner = owner or getattr(thing, "__self__", None)
            return {"built-in": thing.__qualname__, "of": self.of(owner)}
        if isinstance(thing, type):
            return self.class_(thing)
        if kind.__module__ == "typing":
            return self.annotation(thing)
        if is_found(thing, getattr(thing, "__module__", None)):
            return {"function": f"{thing.__module__}.{thing.__qualname__}"}
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
            "instructions": [
                code.co_code.hex(),
                code.co_exceptiontable.hex(),
                code.co_flags,
            ],
            "names": [*code.co_names, "/", *code.co_varnames],
            "free": [*code.co_freevars, "/", *code.co_cellvars],
            "parameters": [
                code.co_argcount,
                code.co_posonlyargcount,
                code.co_kwonlyargcount,
            ],
            "constants": [self.of(constant) for constant in constants],
        }

    def function(self, function: types.FunctionType) -> Any:
        module = str(function.__globals__.get("__name__"))
        if is_found(function, function.__module__):
            return {"function": f"{module}.{function.__qualname__}"}
        told = {
            "function": function.__qualname__,
            "name": function.__name__,
            "docstring": self.of(function.__doc__),
            "defaults": self.of(function.__defaults__),
            "keyword defaults": self.of(function.__kwdefaults__),
            "closure": [
                self.cell(*both)
                for both in zip(
                    function.__code__.co_freevars,
                    function.__closure__ or (),
                    strict=True,
                )
            ],
            "attributes": self.attributes(vars(function)),
            "annotations": self.of(hints(function)),
            "code": self.of(function.__code__),
        }
        loaded = sys.modules.get(module)
        if loaded is None or vars(loaded) is not function.__globals__:
            told["globals"] = {
                name: self.of(function.__globals__[name])
                for name in function.__code__.co_names
                if name in function.__globals__
            }
        return told

    def cell(self, name: str, cell: types.CellType) -> Any:
        """What a variable of an outer function holds.

        The class of a reopened body is meant for the one that goes on.
        """
        try:
            content = cell.cell_contents
        except ValueError:
            return "empty"
        own = self.inside[-1] if self.inside else None
        if name == "__class__" and content.__qualname__ == own:
            return "its class"
        return self.of(content)

    def class_(self, class_: type) -> Any:
        if is_found(class_, class_.__module__):
            return {"class": f"{class_.__module__}.{class_.__qualname__}"}
        self.inside.append(class_.__qualname__)
        attributes = {
            name: self.of(value)
            for name, value in sorted(vars(class_).items())
            if name not in NOT_COMPARED
        }
        self.inside.pop()
        registered: list[Any] = []
        if "_abc_impl" in vars(class_):
            references = abc._get_dump(class_)[0]  # type: ignore[attr-defined]
            registered = self.unordered([one() for one in references])
        return {
            "class": class_.__qualname__,
            "name": class_.__name__,
            "metaclass": self.of(type(class_)),
            "bases": [self.of(base) for base in class_.__bases__],
            "abstract": bool(class_.__flags__ & ABSTRACT),
            "registered": registered,
            "annotations": self.of(hints(class_)),
            "attributes": attributes,
        }

    def annotation(self, thing: Any) -> Any:
        """One of the forms that annotations are made of."""
        parts = {
            name: self.of(getattr(thing, name))
            for name in (
                "__args__",
                "__bound__",
                "__constraints__",
                "__supertype__",
            )
            if hasattr(thing, name)
        }
        return {"annotation": PREFIX.sub("", repr(thing)), "parts": parts}

    def attributes(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Attributes by name; a module of ours has two names."""
        return {
            str(name): self.of(value)
            for name, value in attributes.items()
            if name != "__module__" or not OURS.match(str(value))
        }

    def other(self, thing: Any) -> Any:
        """Any other object: its attributes and content, and what copies it."""
        kind = type(thing)
        try:  # not what an alias would give for another
            own = dict(object.__getattribute__(thing, "__dict__"))
        except (AttributeError, TypeError):
            own = dict(thing.__dict__) if kind is threading.local else {}
        for base in kind.__mro__:
            slots = vars(base).get("__slots__", ())
            for slot in [slots] if isinstance(slots, str) else slots:
                if hasattr(thing, slot):
                    own[slot] = getattr(thing, slot)
        told: dict[str, Any] = {
            "type": self.of(kind),
            "attributes": self.attributes(own),
        }
        for base, content in CONTENT.items():
            if isinstance(thing, base):
                told["content"] = self.of(content(thing))
        try:
            reduce = copyreg.dispatch_table.get(kind)
            reduced = reduce(thing) if reduce else thing.__reduce_ex__(4)
        except Exception:  # whatever what can't be copied raises
            reduced = None
        if isinstance(reduced, tuple):
            function, arguments, state, *items = (*reduced, None, None, None)[
                :5
            ]
            told["made by"] = [self.of(function), self.of(arguments)]
            if not isinstance(state, dict):
                told["state"] = self.of(state)
            told["items"] = [self.of(list(x)) if x else None for x in items]
        else:
            told |= self.special(thing, bool(own) or "content" in told)
        return told

    def special(self, thing: Any, is_told: bool) -> dict[str, Any]:
        """What can be seen of things that can't be copied."""
        if isinstance(thing, LOCKS):
            return {"looks like": ADDRESS.sub("", repr(thing))}
        if isinstance(thing, weakref.ref):
            return {"refers to": self.of(thing())}
        if isinstance(thing, contextvars.ContextVar):
            return {"name": thing.name, "value": self.of(thing.get(None))}
        if isinstance(thing, functools._lru_cache_wrapper):
            seen = [thing.cache_parameters(), list(thing.cache_info())]
            return {"cached": self.of(seen)}
        if is_told:
            return {}
        return {"not comparable": f"{type(thing).__name__} {self.side}"}


def is_found(thing: Any, module: object) -> bool:
    """Whether others' code has a class or function under its own name."""
    if OURS.match(str(module)):
        return False
    found: Any = sys.modules.get(str(module))
    for name in str(getattr(thing, "__qualname__", "")).split("."):
        found = getattr(found, name, None)
    return found is thing


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
        if isinstance(one.get("code"), str):
            return [path, "one program", "another"]
        if "not comparable" in one or "not comparable" in other:
            return [path, brief(one), brief(other)]
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
        case {"not comparable": str(name)}:
            said = f"a {name.split()[0]}, which can't be compared"
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
            said = f"another {next(iter(described), 'one')}"
        case _:
            said = str(described)
    return said if len(said) <= 60 else f"{said[:59]}…"
