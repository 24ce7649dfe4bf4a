"""What a statement reads, needs, calls and sets, and what it imports."""

from __future__ import annotations

import ast
import symtable
from textwrap import dedent

import pytest

from tangle import reopened
from tangle.bindings import bound_by, imports_in
from tangle.effects import is_pure
from tangle.imports import Import, Imported
from tangle.modules import Draft
from tangle.names import Reads, bound_in, names_in_strings, scopes
from tangle.notebook import differences, plain
from tangle.renames import given, identifiers

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


def test_what_is_handed_on_is_what_it_was():
    def imports(*said: str) -> Draft:
        place = (None, (0, 0), ("", 0), (), "")
        return Draft(imports=[Import(*one.split("/"), *place) for one in said])

    modules = {
        "micrograd": imports("micrograd.a/W/", "micrograd.a/V/V", "os//"),
        "micrograd.a": imports("micrograd.b/V/", "micrograd.c/V/", "json/W/"),
        "micrograd.d": imports("micrograd.e/x/"),
        "micrograd.e": imports("micrograd.d/x/"),
        "json": imports("micrograd.a/loads/"),
    }
    code = """
        from micrograd import V, W, X as Y
        from micrograd.d import x
        from json import loads
        from micrograd.none import z
    """
    assert dict(bound_by(dedent(code), modules)) == {
        "V": "micrograd.c.V",
        "W": "json.W",
        "Y": "micrograd.X",
        "x": "micrograd.e.x",
        "loads": "json.loads",
        "z": "micrograd.none.z",
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


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("@x.setter\ndef x(): ...", "setter"),
        ("@a\n@x.deleter\n@b\ndef x(): ...", "deleter"),
        ("@x.getter\nasync def x(): ...", "getter"),
        ("@x.cached\ndef x(): ...", ""),
        ("@y.setter\ndef x(): ...", ""),
        ("@setter\ndef x(): ...", ""),
        ("def x(): ...", ""),
    ],
)
def test_what_belongs_to_a_property_is_known(code, part):
    assert reopened.accessor(ast.parse(code).body[0]) == part


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("def a(): ...", "a"),
        ("async def a(): ...", "a"),
        ("class a: ...", "a"),
        ("a = 1", "a"),
        ("a: int", "a"),
        ("a: int = 1", "a"),
        ("a = b = 1", ""),
        ("a, b = 1", ""),
        ("a.b = 1", ""),
        ("a", ""),
    ],
)
def test_what_a_statement_defines_is_known(code, name):
    assert reopened.defined(ast.parse(code).body[0]) == name


IMPORTS = {
    one.bound: one
    for one in (
        Imported("", "math", ""),
        Imported("math", "exp", ""),
        Imported("", "collections.abc", ""),
        Imported("collections.abc", "Sequence", ""),
        Imported("", "os", ""),
        Imported("os", "system", ""),
        Imported("micrograd.m", "ours", ""),
        Imported("", "micrograd.n", "n"),
    )
}


@pytest.mark.parametrize(
    "call",
    """
    own own.deep.er math math.exp exp collections.OrderedDict Sequence ours
    ours.deep n.deep.er len
    """.split(),
)
def test_a_call_that_does_nothing_else_is_known(call):
    assert is_pure(call, {"own"}, IMPORTS)


@pytest.mark.parametrize(
    "call",
    """
    math.exp.x exp.x collections.abc.x Sequence.register os os.system system
    print unknown unknown.x __import__ vars
    """.split(),
)
def test_a_call_that_may_do_anything_is_known(call):
    assert not is_pure(call, {"own"}, IMPORTS)


def test_the_names_in_code_are_known():
    code = """
        import os.path as p
        from a.b import c as d
        def f(g, *h, i: j = 1, **k) -> l:
            global m
            n.o = 'not this'
            q: r = s(t=u'text')
        class V(metaclass=w): ...
        try: ...
        except X as x: ...
        match y:
            case Z(A=B): ...
    """
    names = identifiers([dedent(code), "other"])
    wanted = "os path p a b c d f g h i j k l m n o q r s t V metaclass w"
    assert names == {*f"{wanted} X x y Z A B other".split()}
    assert sorted(given([dedent(code), "a.b = a.c"])) == list("bghiko")


@pytest.mark.parametrize(
    ("code", "run"),
    [
        ("x = 1", "x = 1"),
        ("%%time\nx = 1", "\nx = 1"),
        ("%%timeit -n 1\nx = 1", "\nx = 1"),
        ("%%capture out\nx = 1", "\nx = 1"),
        ("%%prun\nx = 1", "\nx = 1"),
        (
            "%%html\n<a>",
            "get_ipython().run_cell_magic('html', '', '<a>\\n')\n",
        ),
        ("%%times\nx", "get_ipython().run_cell_magic('times', '', 'x\\n')\n"),
        (
            "x = 1\n%%time",
            "x = 1\nget_ipython().run_line_magic('%time', '')\n",
        ),
        ("!ls", "get_ipython().system('ls')\n"),
        ("x = await y", "x = await y"),
        ("x = (", ""),
        ("x = '\0'", ""),
    ],
)
def test_a_cell_is_known_as_python_runs_it(code, run):
    assert plain(code) == run


@pytest.mark.parametrize(
    "error", [SyntaxError, ValueError, RecursionError, MemoryError]
)
def test_a_cell_that_python_does_not_compile_is_nothing(monkeypatch, error):
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr("tangle.notebook.compile", fails, raising=False)
    assert plain("x = 1") == ""


@pytest.mark.parametrize(
    ("code", "rows"),
    [
        ("alias: int = 1", [1]),
        ("alias: int = 1\nx = 1", []),
        ("\n\nalias: int = 1\n", [1]),
        ("exit = 1", [1]),
        ("quit = 1", [1]),
        ("exit: int = 1", [1]),
        ("quit: int = 1", [1]),
        ("alias = 1", []),
        ("cell: int = 1", []),
        ("x = '''\n>>> a'''", [2]),
        ("x = '''\nIn [5]: a'''", [2]),
        ("x = '''\n   \n'''", [2]),
        ("x = '!'", []),
        ("x = '''\n>>> a'''\n... if x else 2", [2]),
        ("x = y = (z := 1)", [1]),
        ("x = (x := 1)", [1]),
        ("y = 1\n\nx = (y := 2), (z := 3)", [3, 3]),
        ("def f():\n    y = 1\n    return (y := 2)", []),
        ("def f():\n    return globals()", [2]),
        ("f = globals", [1]),
        ("x = vars(), dir(), vars(y), dir(y)", [1, 1]),
        ("x = eval('1'), exec('1'), eval('1', {}), exec('1', g)", [1, 1]),
        ("x = eval, exec", []),
    ],
)
def test_what_a_notebook_does_otherwise_is_known(code, rows):
    module = symtable.symtable(code, "cell", "exec")
    found = differences(code, ast.parse(code), module)
    assert [row for row, _ in found] == rows
