"""Writes the inventories beside this file, from what is documented where.

    python book/_ext/weave/documented/make.py html/objects.inv

is given the inventory of Python's documentation (Debian's ``python3-doc``
has it, or docs.python.org/3/objects.inv). PyTorch and matplotlib have a page
for each name, at an address that follows from the name, and llvmlite a place
for each; the names are those that the book uses, and a few that it may.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.util.inventory import InventoryFile

HERE = Path(__file__).parent

BYTES = ("bytes.", "bytearray.", "memoryview.")
"""Whose methods the book has no use for."""

PYTHON = "https://docs.python.org/3/"
WHOLE_PAGES = """
    __future__ collections.abc constants contextlib exceptions fractions
    functions functools gc itertools math numbers random stdtypes
"""
SINGLE_NAMES = """
    array array.array cProfile collections collections.defaultdict ctypes
    ctypes.CFUNCTYPE ctypes.c_double ctypes.c_int64 ctypes.c_void_p dataclasses
    dataclasses.dataclass dataclasses.replace decimal decimal.Context
    decimal.Context.exp decimal.Context.ln decimal.Context.multiply
    decimal.Decimal html html.escape importlib importlib.util
    importlib.util.find_spec json json.loads os os.environ pathlib pathlib.Path
    pathlib.Path.read_text pstats pstats.Stats re re.findall re.split re.sub
    reprlib reprlib.repr shutil shutil.which struct struct.pack struct.unpack
    sys sys.getrecursionlimit sys.getsizeof sys.modules sys.setrecursionlimit
    timeit timeit.timeit time time.perf_counter time.process_time tracemalloc
    tracemalloc.get_traced_memory tracemalloc.start tracemalloc.stop types
    types.ModuleType types.SimpleNamespace typing typing.Any typing.Literal
    typing.NoReturn typing.Protocol typing.SupportsFloat typing.SupportsIndex
    typing.TypeAlias typing.TYPE_CHECKING unittest unittest.mock
    unittest.mock.patch unittest.mock.patch.dict urllib urllib.parse
    urllib.parse.parse_qsl urllib.parse.urlencode
"""
# What Python's inventory has under another name, or not at all.
STDTYPES = "library/stdtypes.html"
ELSEWHERE = {
    "type.__name__": f"{STDTYPES}#definition.__name__",
    "type.__qualname__": f"{STDTYPES}#definition.__qualname__",
    "__future__.annotations": "library/__future__.html",
    "cProfile.Profile": "library/profile.html#profile.Profile",
    "cProfile.Profile.runcall": (
        "library/profile.html#profile.Profile.runcall"
    ),
    "pathlib.Path.name": "library/pathlib.html#pathlib.PurePath.name",
    **{
        f"list.{name}": f"{STDTYPES}#mutable-sequence-types"
        for name in (
            "append clear copy extend insert pop remove reverse".split()
        )
    },
    **{
        f"set.{name}": f"{STDTYPES}#frozenset.{name}"
        for name in "add clear discard pop remove update".split()
    },
}

TORCH = "https://docs.pytorch.org/docs/stable/"
TORCH_PAGES = {
    "torch": "torch.html",
    "torch.nn": "nn.html",
    "torch.optim": "optim.html",
    "torch.float32": "tensor_attributes.html#torch.dtype",
    "torch.float64": "tensor_attributes.html#torch.dtype",
}
# A page for each of these, and places on it for the members after the colon.
TORCH_NAMES = """
    torch.Tensor.backward torch.Tensor.copy_ torch.Tensor.detach
    torch.Tensor.exp torch.Tensor.grad torch.Tensor.item torch.Tensor.log
    torch.Tensor.mean torch.Tensor.relu torch.Tensor.requires_grad_
    torch.Tensor.retain_grad torch.Tensor.sigmoid torch.Tensor.squeeze
    torch.Tensor.sum torch.Tensor.tanh torch.Tensor.tolist torch.exp
    torch.log torch.manual_seed torch.nn.Linear torch.nn.ReLU
    torch.nn.Sequential torch.nn.Tanh torch.no_grad torch.optim.Adam
    torch.optim.SGD torch.relu torch.sigmoid torch.sum torch.tanh torch.tensor
    torch.zeros
    torch.nn.Module:double torch.nn.Module:parameters
    torch.nn.Module:zero_grad torch.optim.Adam:step torch.optim.Adam:zero_grad
    torch.optim.SGD:step torch.optim.SGD:zero_grad
"""

MATPLOTLIB = "https://matplotlib.org/stable/"
MATPLOTLIB_PAGES = {
    "matplotlib.pyplot": "api/pyplot_summary.html#module-matplotlib.pyplot",
    "matplotlib.axes.Axes.spines": (
        "api/spines_api.html#matplotlib.spines.Spines"
    ),
    "matplotlib.axes.Axes.xaxis": "api/axis_api.html#matplotlib.axis.XAxis",
    "matplotlib.axes.Axes.yaxis": "api/axis_api.html#matplotlib.axis.YAxis",
    "matplotlib.axis.XAxis.set_minor_locator": (
        "api/_as_gen/matplotlib.axis.Axis.set_minor_locator.html"
        "#matplotlib.axis.Axis.set_minor_locator"
    ),
    "matplotlib.ticker": "api/ticker_api.html#module-matplotlib.ticker",
    "matplotlib.ticker.FuncFormatter": (
        "api/ticker_api.html#matplotlib.ticker.FuncFormatter"
    ),
    "matplotlib.ticker.NullLocator": (
        "api/ticker_api.html#matplotlib.ticker.NullLocator"
    ),
    # A frame's lines hand it on to each of them, as to any artist.
    "matplotlib.spines.Spines.set_visible": (
        "api/_as_gen/matplotlib.artist.Artist.set_visible.html"
        "#matplotlib.artist.Artist.set_visible"
    ),
}
MATPLOTLIB_NAMES = """
    annotate axhline axvline bar barh contour contourf errorbar fill_between
    grid hist imshow legend loglog plot scatter semilogx semilogy set
    set_aspect set_title set_xlabel set_xlim set_xscale set_xticks set_ylabel
    set_ylim set_yticks text tick_params
"""
FIGURE_NAMES = "colorbar legend savefig suptitle tight_layout"

LLVMLITE = "https://llvmlite.readthedocs.io/en/stable/user-guide/"
# The names that the book uses, by the page that describes them.
LLVMLITE_NAMES = {
    "ir/ir-builder": """
        ir.IRBuilder ir.IRBuilder.add ir.IRBuilder.append_basic_block
        ir.IRBuilder.bitcast ir.IRBuilder.block ir.IRBuilder.branch
        ir.IRBuilder.call ir.IRBuilder.cbranch ir.IRBuilder.fadd
        ir.IRBuilder.fcmp_ordered ir.IRBuilder.fcmp_unordered ir.IRBuilder.fdiv
        ir.IRBuilder.fmul ir.IRBuilder.fsub ir.IRBuilder.gep
        ir.IRBuilder.icmp_signed ir.IRBuilder.load ir.IRBuilder.module
        ir.IRBuilder.mul ir.IRBuilder.phi ir.IRBuilder.position_at_end
        ir.IRBuilder.ret ir.IRBuilder.ret_void ir.IRBuilder.select
        ir.IRBuilder.shl ir.IRBuilder.sitofp ir.IRBuilder.store
        ir.IRBuilder.sub
    """,
    "ir/modules": "ir.Module",
    "ir/types": """
        ir.DoubleType ir.FunctionType ir.IntType ir.Type ir.Type.as_pointer
        ir.VectorType ir.VoidType
    """,
    "ir/values": """
        ir.Constant ir.Function ir.Function.append_basic_block ir.Function.args
        ir.Undefined ir.Value
    """,
    "binding/execution-engine": """
        binding.ExecutionEngine.finalize_object
        binding.ExecutionEngine.get_function_address
        binding.create_mcjit_compiler
    """,
    "binding/initialization-finalization": """
        binding.initialize_native_asmprinter binding.initialize_native_target
    """,
    "binding/modules": "binding.ModuleRef.verify binding.parse_assembly",
    "binding/target-information": """
        binding.Target binding.Target.create_target_machine
        binding.Target.from_default_triple binding.TargetMachine.emit_assembly
        binding.get_host_cpu_features binding.get_host_cpu_name
    """,
}
# What has no place of its own there.
LLVMLITE_PLACES = {
    "llvmlite": "index.html",
    "llvmlite.binding": "binding/index.html",
    "llvmlite.ir": "ir/index.html",
    "llvmlite.ir.DoubleType.as_pointer": (
        "ir/types.html#llvmlite.ir.Type.as_pointer"
    ),
    "llvmlite.ir.IRBuilder.fneg": "ir/ir-builder.html#floating-point",
    "llvmlite.ir.IRBuilder.insert_element": "ir/ir-builder.html",
    "llvmlite.ir.IRBuilder.shuffle_vector": "ir/ir-builder.html",
    "llvmlite.ir.Module.globals": "ir/modules.html#llvmlite.ir.Module",
    "llvmlite.ir.Value.type": "ir/values.html#llvmlite.ir.Value",
}


def python(inventory: Path) -> dict[str, str]:
    """What of Python's inventory the book has a use for."""
    pages = {f"library/{page}.html" for page in WHOLE_PAGES.split()}
    names = SINGLE_NAMES.split()
    with inventory.open("rb") as file:
        kinds = InventoryFile.load(file, "", lambda base, path: path)
    found = {
        name: address
        for kind, found in kinds.items()
        if kind.startswith("py:")
        for name, (_, _, address, _) in found.items()
        if address.partition("#")[0] in pages or name in names
        if not name.startswith(BYTES)
    }
    # The module's functions are the methods of a generator of its own.
    methods = {
        name.replace("random.", "random.Random.", 1): address
        for name, address in found.items()
        if name.startswith("random.") and name.islower()
    }
    return methods | found | ELSEWHERE


def torch() -> dict[str, str]:
    """Each name has a page; a method of a module or optimiser hasn't."""
    found = dict(TORCH_PAGES)
    for name in TORCH_NAMES.split():
        page, _, member = name.partition(":")
        whole = f"{page}.{member}" if member else page
        found[whole] = f"generated/{page}.html#{whole}"
    for name in ("weight", "bias"):  # told on the page, without a place of it
        address = "generated/torch.nn.Linear.html#torch.nn.Linear"
        found[f"torch.nn.Linear.{name}"] = address
    return found


def matplotlib() -> dict[str, str]:
    """Each name has a page."""
    names = [f"axes.Axes.{name}" for name in MATPLOTLIB_NAMES.split()]
    names += [f"figure.Figure.{name}" for name in FIGURE_NAMES.split()]
    names += ["pyplot.figure", "pyplot.subplots"]
    return MATPLOTLIB_PAGES | {
        f"matplotlib.{name}": (
            f"api/_as_gen/matplotlib.{name}.html#matplotlib.{name}"
        )
        for name in names
    }


def llvmlite() -> dict[str, str]:
    """Each name has a place on a page."""
    return LLVMLITE_PLACES | {
        f"llvmlite.{name}": f"{page}.html#llvmlite.{name}"
        for page, names in LLVMLITE_NAMES.items()
        for name in names.split()
    }


def write(name: str, base: str, found: dict[str, str]) -> None:
    """Write an inventory: the base address, then a name and its place."""
    lines = [base, *(f"{key}\t{found[key]}" for key in sorted(found))]
    (HERE / f"{name}.txt").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    write("python", PYTHON, python(Path(sys.argv[1])))
    write("torch", TORCH, torch())
    write("matplotlib", MATPLOTLIB, matplotlib())
    write("llvmlite", LLVMLITE, llvmlite())
