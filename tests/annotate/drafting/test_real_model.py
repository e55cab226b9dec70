"""A real language model behind a real server: far too small to be good, and its answers break nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import goldwire
from goldwire.annotate.drafting.project_drafts import draft_project
from goldwire.annotate.drafting.settings import KEY_VARIABLE
from goldwire.corpus.quality.checks import check_articles
from goldwire.project import Project
from goldwire.schemas import load_schema

KEY = "key-for-the-tests-123"
#: Tokens that the server is started with: enough for the recipes, too few for long guidelines.
CONTEXT = 4096


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the model's server, which `make test-llm` has an environment for."""
    python = os.environ.get("LLM_TEST_PYTHON")
    if not python:
        pytest.skip("no environment with a language model: make test-llm")
    command = [python, str(Path(__file__).with_name("serve_model.py")), str(tmp_path_factory.mktemp("llm"))]
    with subprocess.Popen(
        [*command, str(CONTEXT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"LLM_TEST_KEY": KEY},
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, "the server has not started"
        try:
            yield f"{address}/v1"
        finally:
            process.kill()


@pytest.mark.slow
def test_a_wrong_key_is_refused(server: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own 401 is one plain message."""
    monkeypatch.setenv(KEY_VARIABLE, "another-key-987654")
    with pytest.raises(goldwire.AnnotateError, match="GW804"):
        draft_project(project, url=server)


@pytest.mark.slow
def test_real_answers_break_nothing(server: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every item is accounted for, what is kept follows the schema, a second run asks nothing."""
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    options: dict[str, Any] = {"url": server, "max_tokens": 80, "jobs": 1, "timeout": 1200.0}
    drafts = draft_project(project, ["soupe"], **options)
    account = drafts.account
    assert not drafts.left and len(drafts.articles) == 1
    assert account.answered == account.repeated + account.placed + account.dropped
    assert account.dropped == sum("item" in line for line in drafts.quarantine)
    assert account.tokens_in > 500 and account.tokens_out > 0
    assert not check_articles(drafts.articles, load_schema(project.schema_path)).faults
    made = drafts.articles[0].annotations[0].provenance
    assert made.name.endswith("small-model.gguf") and made.drafting is not None
    again = draft_project(project, ["soupe"], **options)
    assert again.account.spent_in == 0 and list(again.articles) == list(drafts.articles)
    for name in ("answered", "placed", "repaired", "dropped", "unreadable", "cut", "tokens_out"):
        print(f"{name}: {getattr(account, name)}")
    for article in drafts.articles:
        print([(s.label, article.document.text[s.start : s.end]) for s in article.annotations[0].spans])


@pytest.mark.slow
def test_a_context_too_short_for_the_guidelines_is_met_with_shorter_ones(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example's guidelines are several times as long as this model takes: less is asked, and told.

    Its answer is bound by a JSON schema of several kinds of items, which the server takes.
    """
    from goldwire.project import copy_example

    monkeypatch.setenv(KEY_VARIABLE, KEY)
    example = copy_example(tmp_path / "example")
    document = goldwire.Document("x", "Washington a retiré ses troupes de Bagdad mercredi.")
    drafts = draft_project(example, [document], url=server, layers=["entity"], max_tokens=40)
    assert any("guidelines" in note for note in drafts.notes) and len(drafts.articles) == 1
    assert not any("takes no answer" in note for note in drafts.notes)
