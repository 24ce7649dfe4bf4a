"""The style sheets, fonts and scripts of the pages: what they use, no more.

The theme brings two thousand icons, as fonts and once more as a script, and
the whole of Bootstrap. The pages draw a few icons, with a font that is made
of those alone, and need no Bootstrap; ``book/_templates/layout.html`` names
neither. Of the style sheets that others wrote, PurgeCSS keeps the rules that
can hold for something on a page or in a script. What Jupyter Book loads on
every page, for things that a page may have, is loaded by the pages that have
them. (The theme has no settings for any of this.)
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydata_sphinx_theme
import sphinx_book_theme
import sphinx_exercise
from fontTools import subset
from myst_nb import sphinx_ext as myst_nb
from sphinx.errors import ExtensionError

from figures import palette
from pages.offline import NODE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.config import Config

# The icons in the pages' HTML, by Font Awesome's names. Those that style
# sheets draw are found there.
ICONS = """
    angle-left angle-right bars chevron-down circle-half-stroke code download
    github gitlab lightbulb list magnifying-glass moon pencil-alt sun
""".split()

# What the HTML of a page has that needs a file.
NEEDED_FOR = {
    "copy.js": r'class="highlight',
    "in-sight.js": r'data-names="[^"]',
    "design-tabs.js": r"\bsd-tab-set\b",
    "sphinx-design.min.css": r'class="(?:[^"]* )?sd-',
    "exercise.css": r'class="(?:[^"]* )?(?:exercise|solution)\b',
}

# What can wait until the page is there, but by Sphinx and the theme doesn't.
# (Where the search is, its own scripts need `doctools.js`.)
NOT_AT_ONCE = {"sphinx_highlight.js", "sphinx-book-theme.js", "doctools.js"}
NEEDED_BY_SEARCH = {"doctools.js"}

# What the theme and Sphinx publish though no page refers to it.
UNUSED = (
    "images",
    "locales",
    "minus.png",
    "plus.png",
    "sbt-webpack-macros.html",
    "scripts/*.LICENSE.txt",
    "scripts/*.map",
    "scripts/bootstrap.js",
    "scripts/fontawesome.js",
    "styles/*.map",
    "styles/pydata-sphinx-theme.css",
    "vendor/fontawesome/webfonts/*.ttf",
    "vendor/fontawesome/webfonts/*.woff2",
    "webpack-macros.html",
)

MADE = "_build/theme"
MINIFIED = b"/**/"
"""How a script begins that has been made smaller, and a style sheet ends."""
MODULES = "_build/node/node_modules"
"""What makes files smaller; the book is whole without: see the Makefile."""
ESBUILD = "esbuild/bin/esbuild"
PURGECSS = "purgecss/bin/purgecss.js"
SHORTENED = (
    "styles/sphinx-book-theme.css",
    "scripts/pydata-sphinx-theme.js",
    "scripts/sphinx-book-theme.js",
)
FONTS = "vendor/fontawesome/webfonts"
SHEET = "styles/pydata-sphinx-theme.css"
# The theme takes its own style sheet out of a page's list, by its name.
OUR_SHEET = "styles/theme-as-used.css"
IMPORTED = "basic.css"
"""What the theme's other sheet begins with."""
DARK = "dark-without-script.css"
ICON = Path(__file__).parents[2] / "_static" / "favicon.svg"

ICON_RULE = re.compile(r'((?:,?\.fa-[\w-]+:before)+)\{content:"(.+?)"\}')
FONT_RULE = re.compile(r"@font-face\{([^}]*)src:url\(([^)]*)\.woff2\)[^}]*\}")
SOURCE_MAP = re.compile(r"\n(?:/\*|//)# sourceMappingURL=.*")


def theme_file(name: str) -> Path:
    """A file that one of the two themes, one on top of the other, brings."""
    for theme in (sphinx_book_theme, pydata_sphinx_theme):
        package = Path(str(theme.__file__)).parent
        path = package / "theme" / package.name / "static" / name
        if path.exists():
            return path
    raise FileNotFoundError(name)


def make_theme_files(app: Sphinx, config: Config) -> None:
    """Make the book's versions of the theme's files, and what has colours.

    They go over the theme's own, as `html_static_path` says.
    """
    made = Path(app.srcdir) / MADE
    shutil.rmtree(made, ignore_errors=True)
    config.html_static_path.append(MADE)
    (made / "styles").mkdir(parents=True)
    (made / "scripts").mkdir()
    for name in SHORTENED:
        (made / name).write_text(without_source_map(name), "utf-8")
    (made / "palette.css").write_text(palette.style_sheet(), "utf-8")
    icon = palette.in_light(ICON.read_text("utf-8"))
    (made / ICON.name).write_text(icon, "utf-8")
    sheet = with_icons_used(without_source_map(SHEET))
    (made / OUR_SHEET).write_text(sheet, "utf-8")
    other = without_source_map("styles/sphinx-book-theme.css")
    make_icon_fonts(made / FONTS, characters(sheet + other))


def without_source_map(name: str) -> str:
    """A file of the themes, naming no other file for those who debug it."""
    return SOURCE_MAP.sub("", theme_file(name).read_text("utf-8"))


def with_icons_used(sheet: str) -> str:
    """The theme's style sheet, with the rules of our icons, and our fonts."""

    def if_used(rule: re.Match[str]) -> str:
        names = re.findall(r"\.fa-([\w-]+):before", rule[1])
        return rule[0] if set(names) & set(ICONS) else ""

    sheet = ICON_RULE.sub(if_used, sheet)
    return FONT_RULE.sub(
        r'@font-face{\1src:url(\2.woff) format("woff")}', sheet
    )


def characters(sheets: str) -> set[int]:
    """The icons that style sheets draw, as Unicode's private characters."""
    escaped = re.findall(r'"\\([ef][0-9a-f]{3})"', sheets)
    plain = re.findall("[\ue000-\uf8ff]", sheets)
    # sphinx-exercise marks exercises with a pencil, which the theme has too.
    return {int(code, 16) for code in escaped} | set(map(ord, plain))


def make_icon_fonts(folder: Path, wanted: set[int]) -> None:
    """Make fonts of the icons that are wanted, as small as they can be."""
    folder.mkdir(parents=True)
    unicodes = ",".join(f"{code:x}" for code in sorted(wanted))
    for name in ("fa-solid-900", "fa-regular-400", "fa-brands-400"):
        subset.main(
            [
                str(theme_file(f"{FONTS}/{name}.ttf")),
                f"--unicodes={unicodes}",
                f"--output-file={folder / name}.woff",
                "--flavor=woff",
                "--notdef-outline",
            ]
        )


def copy_early(app: Sphinx) -> None:
    """Have all style sheets in place when the pages are written.

    Pages name each with a digest of what it says. Two extensions copy theirs
    when the pages have been written, so that the digest would be missing in
    a first build, and there in a second.
    """
    (Path(app.outdir) / "_static").mkdir(parents=True, exist_ok=True)
    sphinx_exercise.copy_asset_files(app, None)
    myst_nb.add_global_html_resources(app, None)


def load_what_is_needed(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Leave out the files for things that the page doesn't have.

    And have scripts wait that can.
    """
    body = context.get("body", "")
    for kind in ("css_files", "script_files"):
        context[kind] = [
            file
            for file in context[kind]
            if re.search(NEEDED_FOR.get(name_of(file), ""), body)
        ]
    later = NOT_AT_ONCE - (NEEDED_BY_SEARCH if pagename == "search" else set())
    context["script_files"] = [
        deferred(file) if name_of(file) in later else file
        for file in context["script_files"]
    ]


def deferred(script: Any) -> Any:
    """The same script of Sphinx's, run when the page is there."""
    attributes = script.attributes | {"defer": "defer"}
    return type(script)(
        script.filename, priority=script.priority, **attributes
    )


def name_of(file: Any) -> str:
    """``copybutton.js``, of a script or style sheet of Sphinx's."""
    return Path(str(file.filename or "")).name


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Remove what no page refers to; write what pages in the dark need."""
    if exception or app.builder.name != "html":
        return
    static = Path(app.outdir) / "_static"
    for pattern in UNUSED:
        for path in static.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    ours = {f"_static/{name}" for name, _ in app.config.html_css_files}
    sheets = sorted(app.builder._css_files, key=lambda file: file.priority)  # type: ignore[attr-defined]
    names = [str(sheet.filename) for sheet in sheets]
    modules = Path(app.srcdir) / MODULES
    minify(
        app,
        static,
        *(
            script
            for script in static.glob("*.js")
            if not script.read_bytes().startswith(MINIFIED)  # before
        ),
    )
    # Sphinx copies the sheets anew, but not if it had no page to write.
    purged = (static / OUR_SHEET).read_bytes().endswith(MINIFIED)
    if (modules / PURGECSS).exists() and not purged:
        theirs = [name for name in names if name not in ours]
        purge(modules, static.parent, [f"_static/{IMPORTED}", *theirs])
    dark = ""
    for name in names:
        text = (static.parent / name).read_text("utf-8")
        # Ours go over all the others, and must do so again.
        dark += in_the_dark(text if name in ours else dark_rules(text))
    (static / DARK).write_text(dark, "utf-8")


def minify(app: Sphinx, static: Path, *files: str | Path) -> None:
    """Leave out of files what is there for those who read them."""
    esbuild = Path(app.srcdir) / MODULES / ESBUILD
    if files and esbuild.exists():
        run_node(
            static,
            esbuild,
            *files,
            "--minify",
            f"--banner:js={MINIFIED.decode()}",
            "--legal-comments=inline",
            "--allow-overwrite",
            f"--outdir={static}",
            f"--outbase={static}",
            "--log-level=warning",
        )


def purge(modules: Path, site: Path, sheets: Sequence[str]) -> None:
    """Leave out of style sheets the rules that hold for nothing in a site.

    Its pages name each sheet with a digest, for browsers that have one of
    before: they are told the new one.
    """
    # But the page at the very top: it leads to the first one, and comes last.
    content = ("*/**/*.html", "{genindex,search}.html", "**/*.js")
    made = run_node(
        site, modules / PURGECSS, "--css", *sheets, "--content", *content
    )
    digests: dict[str, str] = {}
    for sheet in json.loads(made):
        rules_kept = sheet["css"].encode() + MINIFIED
        path = site / sheet["file"]
        path.write_bytes(rules_kept)
        digests[path.name] = f"{zlib.crc32(rules_kept):08x}"
    named = re.compile(rf"({'|'.join(map(re.escape, digests))})\?v=[0-9a-f]+")
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        new = named.sub(lambda m: f"{m[1]}?v={digests[m[1]]}", text)
        if new != text:
            page.write_text(new, "utf-8")


def run_node(folder: Path, program: Path, *arguments: str | Path) -> str:
    """What a program of npm's prints. What it complains of ends the build.

    It runs in a folder, so that no name of a folder above is a pattern to it.
    """
    command = [NODE, program, *arguments]
    ran = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise ExtensionError(ran.stderr)
    return ran.stdout


def in_the_dark(sheet: str) -> str:
    """What a style sheet says for the dark, for pages that say light.

    Which of the two it is to be, a script says. A page without scripts says
    that it is light, and asks for these rules too if its reader prefers the
    dark.
    """
    return re.sub(r"""\[data-theme=["']?dark["']?\]""", "[data-theme]", sheet)


def dark_rules(sheet: str) -> str:
    """The rules of a style sheet that are for the dark."""
    return "".join(
        rule
        for rule in rules(re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL))
        if "data-theme=" in rule and "dark" in rule.rpartition("{")[0]
    )


def rules(sheet: str) -> Iterator[str]:
    """The rules of a style sheet, each within its @media."""
    around: list[str] = []
    for text, mark in re.findall(r"([^{}]*)([{}])", sheet):
        head = text.rpartition(";")[2].strip()
        if mark == "{" and head.startswith("@"):
            around.append(head)
        elif mark == "{":
            around.append("")
            selector = head
        elif around and around.pop() == "":
            media = [f"{at} {{" for at in around]
            yield f"{''.join(media)}{selector} {{{text}}}{'}' * len(media)}\n"


def setup(app: Sphinx) -> None:
    app.add_css_file("styles/theme.css", priority=100)
    app.add_css_file(OUR_SHEET, priority=101)
    app.add_js_file("scripts/pydata-sphinx-theme.js", loading_method="defer")
    app.connect("config-inited", make_theme_files)
    app.connect("builder-inited", copy_early)
    app.connect("html-page-context", load_what_is_needed, priority=900)
    app.connect("build-finished", finish, priority=900)
