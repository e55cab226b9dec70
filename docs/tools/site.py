"""What the site has besides the pages in `docs/`: hooks that MkDocs calls, named in `mkdocs.yml`.

CONTRIBUTING, SECURITY and CHANGELOG of the root come along; the index of decisions and the pages of the
Python API, of its results and of the notebooks are made from what there is. Links are those of the checkout,
and are turned to the site's here.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

import goldwire

ROOT = Path(__file__).parents[2]
#: Pages of the checkout's root that the site shows.
FROM_ROOT = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
#: Of results only what a docstring tells of; the heading is the page's own.
_RESULT = """    options:
      show_root_heading: false
      show_root_toc_entry: false
      show_bases: false
      show_if_no_docstring: false
      merge_init_into_class: false
      filters: ["!^_", "!^as_json$"]
"""
_CODE = re.compile(r"<strong>(GW\d{3})</strong>")


def decisions() -> dict[str, str]:
    """Each decision's file and its title, in their order."""
    titles = {}
    for path in sorted((ROOT / "docs/decisions").glob("[0-9]*.md")):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        words = re.sub(r"^#\s*(\d+[.:]?)?\s*", "", first)
        titles[path.name] = f"{int(path.name[:4])}. {words[:1].upper()}{words[1:]}"
    return titles


def decisions_index() -> str:
    """A page with the title of each decision."""
    head = (
        "# Decisions\n\nWhat somebody might question: what was decided, why, and what was turned down.\n\n"
        "| |\n|---|\n"
    )
    return head + "".join(f"| [{title}]({name}) |\n" for name, title in decisions().items())


def api_page() -> str:
    """A page with everything that `goldwire.__all__` names: functions, then classes, then errors."""
    parts: dict[str, list[str]] = {"Functions": [], "Classes": [], "Errors": []}
    for name in goldwire.__all__:
        value = getattr(goldwire, name)
        if isinstance(value, type):
            parts["Errors" if issubclass(value, Exception) else "Classes"].append(name)
        elif not name.startswith("__"):
            parts["Functions"].append(name)
    text = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    for title, names in parts.items():
        if names:
            text += f"\n## {title}\n" + "".join(f"\n::: goldwire.{name}\n" for name in names)
    return text


def results() -> dict[str, list[str]]:
    """Classes that public functions give back and that are not public themselves, each with the functions."""
    given: dict[str, list[str]] = {}
    for name in goldwire.__all__:
        function = getattr(goldwire, name)
        if inspect.isfunction(function):
            for place in _classes(function.__module__, function.__annotations__["return"]):
                given.setdefault(place, []).append(name)
    return given


def _classes(module: str, annotation: str) -> Iterator[str]:
    """The classes of goldwire's that an annotation names; those for types alone are not imported there."""
    imports = ast.walk(ast.parse(inspect.getsource(import_module(module))))
    places = {
        alias.name: each.module
        for each in imports
        if isinstance(each, ast.ImportFrom)
        for alias in each.names
    }
    for kind in re.findall(r"\w+", annotation):
        place = places.get(kind) or module
        is_ours = place.startswith("goldwire.") and kind not in goldwire.__all__
        if is_ours and inspect.isclass(getattr(import_module(place), kind, None)):
            yield f"{place}.{kind}"


def results_page() -> str:
    """A page with what is documented of each class that functions give back."""
    text = (ROOT / "docs/reference/results.md").read_text(encoding="utf-8")
    for place, functions in sorted(results().items(), key=lambda entry: entry[0].rpartition(".")[2]):
        givers = ", ".join(f"[`{name}`](api.md#goldwire.{name})" for name in functions)
        text += f"\n## {place.rpartition('.')[2]} {{#{place}}}\n\nFrom {givers}.\n\n::: {place}\n{_RESULT}"
    return text


def notebook_page(notebook: Path) -> str:
    """A notebook's words and code, with a link to itself; what it shows is for who runs it."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = [("".join(cell["source"]), cell["cell_type"] == "code") for cell in cells]
    parts = [f"```python\n{source}\n```" if is_code else source for source, is_code in sources]
    parts.insert(1, f"[The notebook itself]({notebook.name}) runs as it is, from a checkout.")
    return "\n\n".join(parts) + "\n"


def on_config(config: Any) -> Any:
    """Put all decisions under *Why*, by their titles."""
    for part in config.nav:
        if part.get("Why") == "decisions/index.md":
            listed = [{title: f"decisions/{name}"} for name, title in decisions().items()]
            part["Why"] = ["decisions/index.md", *listed]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that do not lie in `docs/`."""
    made = {name: (ROOT / name).read_text(encoding="utf-8") for name in FROM_ROOT}
    made |= {"decisions/index.md": decisions_index(), "reference/api.md": api_page()}
    made["reference/results.md"] = results_page()
    notebooks = sorted((ROOT / "docs/notebooks").glob("*.ipynb"))
    made |= {f"notebooks/{notebook.stem}.md": notebook_page(notebook) for notebook in notebooks}
    for name, text in made.items():
        if (there := files.get_file_from_path(name)) is not None:
            files.remove(there)
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn the links of the checkout to those of the site; what the site lacks stays as words."""
    inside = Path("docs") / page.file.src_uri
    here = Path(page.file.src_uri) if page.file.src_uri in FROM_ROOT else inside

    def turned(link: re.Match[str]) -> str:
        words, (target, mark, anchor) = link[1], link[2].partition("#")
        if not target or re.match(r"[a-z]+:", target):
            return link[0]
        aim = (ROOT / here.parent / target).resolve().relative_to(ROOT)
        if aim.as_posix() in FROM_ROOT:
            name = aim.as_posix()
        elif aim.parts[:1] == ("docs",):
            name = aim.relative_to("docs").as_posix()
            name = "decisions/index.md" if name == "decisions" else name
            if not page.file.src_uri.startswith("notebooks/"):
                name = re.sub(r"\.ipynb$", ".md", name)
        else:
            return words  # a file of the checkout
        up = "../" * page.file.src_uri.count("/")
        return f"[{words}]({up}{name}{mark}{anchor})"

    return _LINK.sub(turned, markdown)


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Each error code can be linked to (`errors.html#gw101`); an option without a default shows none."""
    if page.file.src_uri == "errors.md":
        return _CODE.sub(lambda code: f'<strong id="{code[1].lower()}">{code[1]}</strong>', html)
    if page.file.src_uri == "reference/cli.md":
        return html.replace("<code>Sentinel.UNSET</code>", "")
    return html
