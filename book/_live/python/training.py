"""What the playground's page asks of Python: a network, compiled, and data.

All goes in and out as plain data. What the library refuses comes back as
``{"refused": words}``, for the reader. The build asks for the same, for what
the page begins with.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

# The library is imported when it is needed, and not before: the cells of most
# pages run on a stage of it that has no experiments yet.
if TYPE_CHECKING:
    from micrograd.compiler import Recording
    from micrograd.experiment import Task


def network(query: str) -> dict[str, Any]:
    """The network of a query, as the page runs it.

    ``training`` and ``neurons`` are modules of WebAssembly. The first makes
    steps. In the second, the mean is what the network says, and its
    derivatives are what the features and the hidden neurons say, in turn.
    ``start`` has the parameters to start from, as both have them in memory.
    """
    from micrograd.compiler import record
    from micrograd.compiler.running import packed

    task = task_of(query)
    if isinstance(task, dict):
        return task
    parameters = task.model.parameters()
    return {
        "sizes": [len(task.settings.features), *task.settings.hidden, 1],
        "start": encoded(packed([p.data for p in parameters])),
        "training": module(record(task.objective, parameters, (2, None))),
        "neurons": module(neurons(task)),
    }


def examples(query: str) -> dict[str, Any]:
    """The examples of a query, and those for the test."""
    task = task_of(query)
    if isinstance(task, dict):
        return task
    return {
        "examples": list(map(list, task.examples)),
        "tests": list(map(list, task.tests)),
    }


def task_of(query: str) -> Task | dict[str, Any]:
    """The task of a query, or why there is none."""
    from micrograd.experiment import Settings, Task

    try:
        return Task(Settings.from_query(query))
    except ValueError as error:
        return {"refused": str(error)}


def neurons(task: Task) -> Recording:
    """A recording of what every feature and every neuron says of a point."""
    from micrograd.compiler import record
    from micrograd.compiler.recording import Products

    layers: list[list[Any]] = []

    def score(point: Any) -> Any:
        layers[:] = [task.features(point)]
        for layer in task.model.layers:
            layers.append(layer(layers[-1]))
        return layers[-1][0]

    recording = record(score, task.model.parameters(), (2,))
    features, *hidden, [output] = layers
    said = [output, *(neuron for layer in hidden for neuron in layer)]
    first, *others = (neuron.data for neuron in said)
    recording.results = [
        Products([i], [1.0], number)
        for i, number in enumerate([first, *features, *others])
    ]
    return recording


def module(recording: Recording) -> str:
    """What a recording becomes, for a browser."""
    from micrograd.compiler import straighten
    from micrograd.compiler.wasm import training_module

    code = training_module(straighten(recording))
    # A tape and its symbols hold each other: this lets them go.
    recording.tape.instructions.clear()
    return encoded(code)


def encoded(content: bytes) -> str:
    """Bytes as text."""
    return b64encode(content).decode()


def begin() -> dict[str, Any]:
    """What the page has to know before it asks anything."""
    from micrograd.experiment import FIELDS, LIMIT, MARGIN, Settings

    return {
        "fields": [
            {
                "name": name,
                "what": field.what,
                "choices": list(field.choices),
                "limits": list(field.limits or ()),
                "default": field.write(getattr(Settings, name)),
            }
            for name, field in FIELDS.items()
        ],
        "limit": LIMIT,
        "margin": MARGIN,
        "network": network(""),
        "examples": examples(""),
    }
