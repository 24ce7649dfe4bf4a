"""What was measured, as tables, and what was hoped for."""

from collections.abc import Iterator
from typing import Any

from variants import BASELINE

Rows = list[dict[str, Any]]

#: The limits that are computed, not measured, have no memory or spread.
UNKNOWN = "–"


def seconds(value: float | None) -> str:
    """A time with three digits and a unit: 12.3 µs."""
    if value is None:
        return UNKNOWN
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= unit:
            return f"{value / unit:.3g} {name}".replace("e+03", "000")
    return f"{value / 1e-9:.3g} ns"


def number(value: float | None, digits: int = 0) -> str:
    """A number with its thousands marked off: 12,345."""
    return UNKNOWN if value is None else f"{value:,.{digits}f}"


def table(heads: list[str], lines: list[list[str]]) -> str:
    """Columns as wide as they must be; all but the first to the right."""
    cells = [heads, *lines]
    widths = [max(map(len, column)) for column in zip(*cells)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths))
        ).rstrip()
        for line in cells
    )


def comparison(rows: Rows) -> str:
    """A line for each variant, against the baseline."""
    heads = "variant,median,min,max,peak MB,compiling,times faster,from,to"
    return table(
        heads.split(","),
        [
            [
                row["variant"],
                *(seconds(row[key]) for key in ("median_s", "min_s", "max_s")),
                number(row["peak_mb"]),
                seconds(row.get("compile_s")),
                *(
                    factor(row.get(f"times_faster{end}"))
                    for end in ("", "_min", "_max")
                ),
            ]
            for row in rows
        ],
    )


def factor(value: float | None) -> str:
    """A ratio, with a digit after the point if it is a small one."""
    return number(value, 1 if value is not None and value < 100 else 0)


def growth(rows: Rows, what: str, key: str) -> str:
    """A line for each size, a column for each variant."""
    chosen = [row for row in rows if row["what"] == what]
    names = list(dict.fromkeys(row["variant"] for row in chosen))
    show = number if key == "bytes_per_node" else seconds
    cells = {(r["size"], r["variant"]): show(r.get(key)) for r in chosen}
    sizes = dict.fromkeys(row["size"] for row in chosen)
    return table(
        [what, *names],
        [
            [f"{size:,}", *(cells.get((size, name), "") for name in names)]
            for size in sizes
        ],
    )


#: What is shown of each kind of growth, and how it is called.
SHOWN = [
    ("chain", "per_node_s", "Forward and backward, each operation"),
    ("chain", "bytes_per_node", "Bytes, each operation"),
    ("mlp", "per_node_s", "Forward and backward, each operation"),
    ("mlp", "bytes_per_node", "Bytes, each operation"),
    ("examples", "median_s", "A step"),
    ("width", "median_s", "A step, 100 examples"),
    ("width", "compile_s", "Compiling, before the first step"),
]


def tables(results: dict[str, Any]) -> Iterator[str]:
    """All that was measured, piece by piece."""
    yield "A step on the moons (wall time)\n" + comparison(results["moons"])
    yield "A step on four points, MLP(3, [4, 4, 1])\n" + comparison(
        results["small"]
    )
    graphs = [
        [r["variant"], number(r["nodes"]), number(r.get("bytes_per_node"))]
        for r in results["graphs"]
    ]
    heads = ["variant", "nodes", "bytes a node"]
    yield "The graph of the moons' loss\n" + table(heads, graphs)
    calls = [
        [r["shape"], seconds(r.get("first_s")), number(r.get("grown_mb"))]
        for r in results["first_calls"]
    ]
    heads = ["shape", "first call", "MB more"]
    yield "Compiling to machine code\n" + table(heads, calls)
    for what, key, title in SHOWN:
        yield f"{title}\n{growth(results['growth'], what, key)}"
    for row in results["growth"]:
        if row["failed"]:
            yield (
                f"{row['what']} of {row['size']:,}, {row['variant']}: "
                f"{row['failed']}"
            )
    for name, reason in results["left_out"].items():
        yield f"{name} is left out: {reason}"


#: How many times faster than another a variant is hoped to be on the moons.
FASTER = [
    ("eager", BASELINE, 20),
    ("eager-dot", BASELINE, 75),
    ("python", BASELINE, 250),
    ("columns", BASELINE, 1_100),
    ("native", BASELINE, 70_000),
    ("native", "torch-batched", 15),
    ("native", "numpy", 2),
    ("native", "jax-step", 3),
    ("native-loop", "jax-loop", 1),
]
#: ... and on the small network.
FASTER_SMALL = [("eager", BASELINE, 5), ("eager-dot", BASELINE, 5)]
#: How many times longer an operation may take in a graph of a million of them
#: than in one of a thousand.
LONGER = 1.3
#: Seconds, and MB of memory, that a first call may take.
FIRST_S, FIRST_MB = 1.0, 150.0
#: Bytes that a node may take in the moons' graph.
BYTES = 180


def goals(results: dict[str, Any]) -> Rows:
    """What was hoped for, what was measured, and whether that's enough."""
    found = []

    def note(goal: str, wanted: float, measured: float | None) -> None:
        enough = None
        if measured is not None:
            most = goal.endswith("at most")
            enough = measured <= wanted if most else measured >= wanted
        found.append(
            {
                "goal": goal,
                "wanted": wanted,
                "measured": measured,
                "reached": enough,
            }
        )

    for key, where, wishes in (
        ("moons", "on the moons", FASTER),
        ("small", "on four points", FASTER_SMALL),
    ):
        times = {row["variant"]: row["median_s"] for row in results[key]}
        for name, other, wanted in wishes:
            note(
                f"times that {name} is faster than {other} {where}",
                wanted,
                ratio(times.get(other), times.get(name)),
            )
    for what in ("chain", "mlp"):
        each = {
            round(row["size"], 1 - len(str(row["size"]))): row["per_node_s"]
            for row in results["growth"]
            if (row["what"], row["variant"]) == (what, "eager")
            and "per_node_s" in row
        }
        note(
            f"time of an operation, 10^6 to 10^3, {what}: at most",
            LONGER,
            ratio(each.get(10**6), each.get(10**3)),
        )
    for row in results["first_calls"]:
        for unit, key, most in (
            ("seconds", "first_s", FIRST_S),
            ("MB", "grown_mb", FIRST_MB),
        ):
            note(
                f"{unit} of the first call, {row['shape']}: at most",
                most,
                row.get(key),
            )
    for row in results["graphs"]:
        note(
            f"bytes a node on the moons, {row['variant']}: at most",
            BYTES,
            row.get("bytes_per_node"),
        )
    return found


def ratio(a: float | None, b: float | None) -> float | None:
    """The quotient, if both were measured."""
    return None if a is None or b is None else a / b


def goal_lines(found: Rows) -> str:
    """A line for each goal."""
    words = {True: "reached", False: "not reached", None: "not measured"}
    return table(
        ["goal", "wanted", "measured", ""],
        [
            [
                goal["goal"],
                f"{goal['wanted']:,}",
                number(goal["measured"], 2),
                words[goal["reached"]],
            ]
            for goal in found
        ],
    )
