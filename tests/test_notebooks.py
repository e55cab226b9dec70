"""The notebooks of the docs run from beginning to end, and are kept without outputs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[1] / "docs/notebooks"
MKDOCS = FOLDER.parents[1] / "mkdocs.yml"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

pytestmark = pytest.mark.slow


def run(notebook: nbformat.NotebookNode) -> None:
    """Execute all cells where the notebook lies."""
    from nbclient import NotebookClient

    NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(FOLDER)}}).execute()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs_and_nothing_that_it_printed_is_kept(path: Path) -> None:
    """No cell fails; no output is in git; nothing is written beside the notebook."""
    before = sorted(FOLDER.rglob("*"))
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    nbformat.validate(notebook)
    run(notebook)
    shown = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    assert any("text/html" in output.get("data", {}) for outputs in shown for output in outputs)
    assert sorted(FOLDER.rglob("*")) == before


def test_a_cell_that_fails_is_seen() -> None:
    """The check bites: an error in any cell ends the run."""
    from nbclient.exceptions import CellExecutionError

    broken = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import goldwire; goldwire.no_such")])
    with pytest.raises(CellExecutionError, match="no_such"):
        run(broken)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_is_a_page_of_the_site_with_all_its_words_and_code(path: Path) -> None:
    """Who reads the site sees what a notebook does; nothing of it is left out, and it is linked."""
    spec = importlib.util.spec_from_file_location("site_tools", FOLDER.parent / "tools/site.py")
    assert spec and spec.loader
    site = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(site)
    page = site.notebook_page(path)
    assert f"]({path.name})" in page and f"notebooks/{path.stem}.md" in MKDOCS.read_text(encoding="utf-8")
    for cell in nbformat.read(path, as_version=4).cells:
        assert (f"```python\n{cell.source}\n```" if cell.cell_type == "code" else cell.source) in page


def test_there_are_notebooks() -> None:
    """Three: the corpus, scores, agreement."""
    assert len(NOTEBOOKS) >= 3
