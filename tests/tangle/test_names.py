"""What a statement reads, needs, calls and sets, and what it imports."""

from __future__ import annotations

import ast
import symtable
from textwrap import dedent

import pytest

from tangle.bindings import bound_by, imports_in
from tangle.imports import Imported
from tangle.names import Reads, bound_in, names_in_strings, scopes

# What a statement reads at once; what is called; what annotations read.
READS = {
    "x = a + b.c[d]": ("a b d", "", ""),
    "x = a.b(c)(d)[e].f()": ("a c d e", "a a.b", ""),
    "x = a[b].c()": ("a b", "a", ""),
    "x = a.b.c()": ("a", "a.b.c", ""),
    "x = 'a'.join(b)": ("b", "", ""),
    "x: a = b": ("b", "", "a"),
    "x: a[b.c, 'd']": ("", "", "a b"),
    "@a.b\n@c(d)\ndef f(): return e": ("a c d", "a.b c", ""),
    "@a\nasync def f(x: b, /, y: c = d, *z: e, k: g = h, **m: i) -> j: k": (
        "a d h",
        "a",
        "b c e g i j",
    ),
    "@a\nclass A(b, c=d):\n    x = e\n    def f(y=g): h": (
        "a b d e g",
        "a",
        "",
    ),
    "x = lambda y=a, *, z=b, w: c": ("a b", "", ""),
    "x = [y(z) for y in a if b(y)]": ("a b z", "b y", ""),
    "x = {y for y in a}, {y: z for y, z in b}, (y for y in c)": (
        "a b c",
        "",
        "",
    ),
}


@pytest.mark.parametrize("code", READS)
def test_what_is_read_is_known(code):
    reads = Reads()
    (node,) = ast.parse(code).body
    reads.visit(node)
    found = (reads.now, reads.calls, reads.annotations)
    assert tuple(" ".join(sorted(names)) for names in found) == READS[code]


def test_a_class_has_what_its_body_binds():
    body = """
        def f(): inner = 1
        async def g(): ...
        class C:
            x = 1
        a = b = c
        d.e = 1
        for i, j in h: k = 1
        l: int = 2
    """
    names = bound_in(ast.parse(dedent(body)).body)
    assert names == frozenset("f g C a b i j k l".split())


def test_the_scopes_of_functions_are_found_at_any_depth():
    code = "class A:\n    def f(self):\n        def g(): ...\nx = lambda: 1"
    found = scopes(symtable.symtable(code, "cell", "exec"))
    assert sorted(one.get_name() for one in found) == ["f", "g", "lambda"]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("__all__ = ['a', 'b']", "a b"),
        ("__all__: list[str] = ['a']", "a"),
        ("__all__: 'a'", "a"),
        ("other = ['a']", ""),
        ("def f(x: 'a', y: list['b.c']) -> 'd[e]': 'g'", "a b d e"),
        ("def f(x: Literal['not a name', 'a']): ...", "a"),
        ("x: 'a' = 1", "a"),
    ],
)
def test_names_in_strings_are_known(code, names):
    (node,) = ast.parse(code).body
    assert sorted(names_in_strings(node)) == names.split()


def test_what_a_cell_binds_is_known_at_any_depth():
    code = """
        import os.path, math as m
        from json import loads as l, dumps
        from micrograd.none import x
        def f():
            global g
            g = inner = 1
            def h():
                global i
                i = read
            global never
        class A:
            def __init__(self): self.y = 1
        for j in (): pass
        m = 2
    """
    assert dict(bound_by(dedent(code), {})) == {
        "os": "os",
        "m": "math",
        "l": "json.loads",
        "dumps": "json.dumps",
        "x": "micrograd.none.x",
        **dict.fromkeys(["f", "g", "i", "A", "j"], ""),
    }


def test_only_imports_of_the_library_are_for_it():
    code = (
        "import os, micrograd.a\nfrom json import x\nfrom micrograd import y"
    )
    assert imports_in(f"%matplotlib inline\n{code}\nz = 1") == [
        "import os, micrograd.a",
        "from micrograd import y",
    ]
    assert imports_in("%%html\n<a>") == []


@pytest.mark.parametrize(
    ("said", "bound", "origin", "ours", "for_others"),
    [
        (("", "os.path", ""), "os", "os", False, False),
        (("", "os.path", "p"), "p", "os.path", False, False),
        (("json", "loads", ""), "loads", "json.loads", False, False),
        (("json", "loads", "l"), "l", "json.loads", False, False),
        (("json", "loads", "loads"), "loads", "json.loads", False, True),
        (("__future__", "x", ""), "x", "__future__.x", False, True),
        (("micrograd.m", "A", ""), "A", "micrograd.m.A", True, False),
        (("", "micrograd.m", ""), "micrograd", "micrograd", True, False),
        (("micrograds", "A", ""), "A", "micrograds.A", False, False),
    ],
)
def test_what_an_import_gives_is_known(said, bound, origin, ours, for_others):
    one = Imported(*said)
    assert one.said == said
    assert (one.bound, one.origin) == (bound, origin)
    assert (one.is_ours, one.for_others) == (ours, for_others)
