"""The chapters keep the book's own promises, as they are written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from reading import (
    CHAPTERS,
    PAGES,
    ROOT,
    cells,
    code_cells,
    exercises,
    is_starter,
)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
each_chapter = pytest.mark.parametrize(
    "page", CHAPTERS, ids=lambda page: page.stem
)


@each_page
def test_code_fits_the_page(page: Path) -> None:
    """Protects readers from scrolling code sideways: 79 columns."""
    wide = [
        line
        for cell in code_cells(page)
        for line in cell.source.split("\n")
        if len(line) > 79
    ]
    assert wide == []


@each_page
def test_every_figure_is_described_and_captioned(page: Path) -> None:
    """Protects readers who don't see a figure, or don't know where to look."""
    for cell in code_cells(page):
        shown = cell.metadata.get("mystnb", {})
        drawn = re.search(r"^draw_dot\(|^fig, ", cell.source, re.M)
        if drawn or {"image", "figure"} & set(shown):
            alt = shown.get("image", {}).get("alt", "").strip()
            caption = shown.get("figure", {}).get("caption", "").strip()
            assert alt, cell.source
            assert caption, cell.source
            assert alt != caption


def named(page: Path) -> list[str]:
    """What has a number on a page: figures, tables, equations."""
    figures = [
        cell.metadata["mystnb"]["figure"]["name"]
        for cell in code_cells(page)
        if "figure" in cell.metadata.get("mystnb", {})
    ]
    tables = re.findall(r"^:name: (.*)", prose(page), re.M)
    equations = re.findall(r"^\$\$ \((.*)\)$", prose(page), re.M)
    return figures + tables + equations


def referred_to(page: Path) -> set[str]:
    """What a page refers to by its number, in prose and in captions."""
    roles = r"\{(?:numref|eq)\}`(?:[^`]*<)?([\w-]+)>?`"
    return set(re.findall(roles, page.read_text()))


def prose(page: Path) -> str:
    return "\n".join(c.source for c in cells(page) if c.cell_type != "code")


@each_chapter
def test_figures_and_tables_are_referred_to_where_they_stand(
    page: Path,
) -> None:
    """Protects readers from pictures that the text doesn't speak of."""
    assert all(re.match("fig-|tab-|eq-", name) for name in named(page))
    seen = {name for name in named(page) if not name.startswith("eq-")}
    assert seen - referred_to(page) == set()


def test_an_equation_has_a_number_because_something_refers_to_it() -> None:
    """Protects readers from numbers in the margin that mean nothing."""
    names = [name for page in CHAPTERS for name in named(page)]
    equations = {name for name in names if name.startswith("eq-")}
    referred = set[str]().union(*map(referred_to, CHAPTERS))
    assert len(equations) > 10
    assert equations - referred == set()


TYPED = re.compile(
    r"\b(chapter|section|figure|table|equation|exercise)s?\s+\(?(\d[\d.]*)",
    re.I,
)
LINKED = re.compile(r"\[chapter (\d+)\]\((?:\S*/)?0*(\d+)-\S*?\)", re.I)


@each_page
def test_no_number_of_a_chapter_is_typed(page: Path) -> None:
    """Protects links from missing, and numbers from being another's.

    So it is in prose, in captions and in comments. A docstring can have no
    link: it may say the number of the chapter that it stands in.
    """
    code = "\n".join(cell.source for cell in code_cells(page))
    own = {
        ("chapter", str(int(number)))
        for number in [page.stem[:2]]
        if number.isdigit()
    }
    typed = {(kind.lower(), number) for kind, number in TYPED.findall(code)}
    assert typed <= own
    text = page.read_text()
    for cell in code_cells(page):
        text = text.replace(cell.source, "", 1)
    linked = LINKED.findall(text)
    assert [link for link in linked if link[0] != link[1]] == []
    assert TYPED.findall(LINKED.sub("", text)) == []


@each_chapter
def test_a_term_is_marked_where_it_is_first_used(page: Path) -> None:
    """Protects the prose from being all links."""
    marked = re.findall(r"\{term\}`(?:[^`]*<)?([^`>]+)>?`", prose(page))
    terms = [" ".join(term.split()) for term in marked]
    assert terms, "mark the terms that are new with {term}, in bold"
    assert len(terms) == len(set(terms))


@each_chapter
def test_a_chapter_sums_up_the_library_before_its_exercises(
    page: Path,
) -> None:
    """Protects the shape in which every chapter ends."""
    text = page.read_text()
    headings = re.findall(r"^## (.*)", text, re.M)
    assert headings[-2:] == ["The library so far", "Exercises"], (
        "a chapter ends with these two sections"
    )
    summed_up = text.partition("\n## The library so far\n")[2]
    assert "```{library-so-far}" in summed_up.partition("\n## Exercises")[0]


@each_chapter
def test_a_chapter_has_exercises_with_solutions_that_check_themselves(
    page: Path,
) -> None:
    """Protects readers from solutions that don't work."""
    assert 2 <= len(exercises(page)) <= 4, "a chapter has two to four"
    assert page.read_text().count("{exercise-start}") == len(exercises(page))
    assert "{exercise}" not in page.read_text()
    for exercise in exercises(page):
        solution = [code_cells(page)[number] for number in exercise.solved]
        code = "\n".join(cell.source for cell in solution)
        assert re.search(r"^\s*assert ", code, re.M), exercise.label


@each_chapter
def test_an_exercise_has_one_starter_to_write_the_answer_in(
    page: Path,
) -> None:
    """Protects readers from not knowing where to begin, or reading on."""
    asked = [number for e in exercises(page) for number in e.asked]
    assert [len(exercise.asked) for exercise in exercises(page)] == [
        1 for _ in exercises(page)
    ]
    tagged = [n for n, cell in enumerate(code_cells(page)) if is_starter(cell)]
    assert tagged == asked
    for number in asked:
        code = code_cells(page)[number].source
        lines = [line for line in code.split("\n") if line.strip()]
        assert 2 <= len(lines) <= 8, code
        assert not re.search(r"\b(?:assert|print)\b", code), code


def test_no_two_exercises_have_one_label() -> None:
    """Protects a solution from being put under another exercise."""
    labels = [e.label for page in CHAPTERS for e in exercises(page)]
    assert len(labels) == len(set(labels))


MODELS = {"Neuron", "Layer", "MLP", "Experiment"}


def run_by(code: ast.Module, functions: dict[str, ast.stmt]) -> list[ast.AST]:
    """What runs when a cell does: its statements, and the page's functions."""
    definitions = (ast.FunctionDef, ast.ClassDef)
    run: list[ast.AST] = [
        statement
        for statement in code.body
        if not isinstance(statement, definitions)
    ]
    for part in run:
        called = {functions.get(name) for name in calls(part)} - {None, *run}
        run += [function for function in called if function]
    return run


def calls(code: ast.AST) -> set[str]:
    """What is called, by its name; methods after a dot."""
    return {
        node.func.id
        if isinstance(node.func, ast.Name)
        else f".{getattr(node.func, 'attr', '')}"
        for node in ast.walk(code)
        if isinstance(node, ast.Call)
    }


def trains(code: ast.AST) -> bool:
    """Whether there is a loop that turns knobs, step by step.

    To go once through all parameters is one step.
    """
    return any(
        ".step" in calls(loop)
        or any(
            isinstance(turn, ast.AugAssign)
            and isinstance(turn.target, ast.Attribute)
            and turn.target.attr == "data"
            and ast.unparse(turn.target.value)
            != ast.unparse(getattr(loop, "target", turn))
            for turn in ast.walk(loop)
        )
        for loop in ast.walk(code)
        if isinstance(loop, ast.For | ast.While)
    )


@each_chapter
def test_what_a_cell_trains_is_new_or_said_to_go_on(page: Path) -> None:
    """Protects who tries another rate from training what is trained already.

    A cell that trains what an earlier one has made says so in a comment: that
    it "goes on".
    """
    functions: dict[str, ast.stmt] = {}
    wrong = []
    for cell in code_cells(page):
        try:
            code = ast.parse(cell.source)
        except SyntaxError:  # which a chapter shows
            continue
        defined = (s for s in code.body if isinstance(s, ast.FunctionDef))
        functions |= {function.name: function for function in defined}
        run = run_by(code, functions)
        # A loss is made with Value, too, but not where the knobs are turned.
        makers = [
            calls(part) & (MODELS | {"Value"} if part in code.body else MODELS)
            for part in run
        ]
        if any(map(trains, run)) and not any(makers):
            line = page.read_text().partition(cell.source)[0].count("\n") + 1
            if not re.search(r"#.*\bgoes on\b", cell.source):
                wrong.append(f"book/{page.name}:{line}")
    assert wrong == []


# Terms

GLOSSARY = (ROOT / "book/appendix/glossary.md").read_text()
ENTRIES = GLOSSARY.partition(":sorted:")[2].rpartition("```")[0]
BOLD = re.compile(r"\*\*\{term\}`(?:[^`<]*<)?([^`>]+)>?`\*\*")


def entries() -> Iterator[tuple[set[str], str]]:
    """The terms that a chapter introduces, by all their names, and which.

    Words of every day aren't introduced.
    """
    for entry in re.split(r"\n\n(?=\S)", ENTRIES.strip()):
        names = re.findall(r"^\S.*", entry, re.M)
        chapter = re.search(r"\(\.\./(\d\d-.+?)\.md\)", entry)
        if chapter and "% everyday" not in entry:
            yield {name.lower() for name in names}, chapter[1]


@pytest.mark.parametrize(
    ("names", "chapter"), [pytest.param(*e, id=min(e[0])) for e in entries()]
)
def test_a_term_is_introduced_in_its_chapter_alone(
    names: set[str], chapter: str
) -> None:
    """Protects readers from a term that nobody introduces, or that two do.

    Where a term is introduced it is in bold.
    """
    introduced = [
        page.stem
        for page in CHAPTERS
        for name in BOLD.findall(page.read_text())
        if " ".join(name.lower().split()) in names
    ]
    assert introduced == [chapter]
