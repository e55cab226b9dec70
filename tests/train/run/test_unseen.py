"""What a model learned from is known: it is not scored on it unasked, and never learns the test side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import spacy
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from goldwire.cli.main import cli
from goldwire.corpus.split.groups import Rule
from goldwire.corpus.split.io import Split, write_split
from goldwire.errors import GoldwireError
from goldwire.formats.jsonl import read_jsonl, write_jsonl
from goldwire.model import Document
from goldwire.project import Project, load_project
from goldwire.train.groups import groups_of
from goldwire.train.learned_from import KEY, LearnedFrom, learned_from
from goldwire.train.run.choice import Choice
from goldwire.train.run.model_folder import fill_meta
from goldwire.train.run.plan import plan
from goldwire.train.run.predict import predict
from tests.corpus.mini import mini_project
from tests.train.conftest import article

THINGS = Choice(("thing",), spans=True)

TALE = "Une longue histoire de gens qui habitent à Lyon depuis un an et ne partent pas. "


def known(*texts: str) -> LearnedFrom:
    """What a model knows that was trained on these texts."""
    entries = learned_from(Document(f"d{number}", text) for number, text in enumerate(texts))
    return LearnedFrom({"goldwire": {KEY: json.loads(json.dumps(entries))}})


@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_a_model_knows_every_text_that_it_was_trained_on(texts: list[str]) -> None:
    """Whatever the text, also with other line ends and blanks; a model that says nothing knows none."""
    learned = known(*texts)
    for text in texts:
        assert learned.holds(text)
        assert learned.holds(text.replace("\n", "\r\n") + "\n")
    assert not LearnedFrom({}).holds(texts[0])


def test_near_copies_are_known_and_other_texts_are_not() -> None:
    """A copy with a word changed or a line added is known; another article is not, even on the same words."""
    words = [f"mot{number}" for number in range(300)]
    learned = known(" ".join(words), TALE)
    assert learned.holds(" ".join([*words[:100], "autre", *words[101:], "fin"]))
    assert learned.holds(TALE.upper() + "(AFP)")
    assert not learned.holds(" ".join(reversed(words)))
    assert not learned.holds(" ".join(words[:60]))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A pipeline that says that it was trained on the first two articles."""
    nlp = spacy.blank("fr")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "WHO", "pattern": "Anna"}])  # type: ignore[attr-defined]
    nlp.to_disk(tmp_path / "model")
    learned = learned_from(article(number).document for number in range(2))
    fill_meta(tmp_path / "model", {"goldwire": {"layer": "thing", KEY: learned}})
    return tmp_path / "model"


def run(*arguments: object) -> tuple[str, BaseException | None]:
    """What goldwire says, and the error that it raised."""
    done = CliRunner().invoke(cli, list(map(str, arguments)))
    return done.output, done.exception


def test_predictions_of_training_documents_are_marked_and_not_scored(model: Path, tmp_path: Path) -> None:
    """`predict` marks them and says how many; score and compare leave them out, and say so; the flag takes
    them in; where nothing is left it is an error that says so."""
    articles = [article(number) for number in range(3)]
    gold, pred, half = (tmp_path / name for name in ("gold.jsonl", "pred.jsonl", "half.jsonl"))
    write_jsonl(gold, articles)
    said, _ = run("predict", model, gold, pred)
    assert "the model was trained on 2 of these articles" in said
    marks = [one.annotations[0].provenance.trained_on for one in read_jsonl(pred)]
    assert marks == [True, True, False]
    scores = tmp_path / "scores.json"
    said, _ = run("eval", "score", gold, pred, "--resamples", "0", "--json", scores)
    assert "trained on 2 of 3 documents" in said
    assert json.loads(scores.read_text())["documents"] == 1
    said, _ = run("eval", "score", gold, pred, "--resamples", "0", "--trained-on", "--json", scores)
    assert "trained on 2 of 3 documents" in said
    assert json.loads(scores.read_text())["documents"] == 3
    said, _ = run("eval", "compare", gold, gold, pred, "--rounds", "100", "--json", scores)
    assert "trained on 2 of 3 documents" in said
    assert json.loads(scores.read_text())["documents"] == 1
    write_jsonl(half, predict(str(model), [one.document for one in articles[:2]]))
    write_jsonl(gold, articles[:2])
    _, error = run("eval", "score", gold, half)
    assert isinstance(error, GoldwireError)
    assert "GW543" in str(error)


def sided(folder: Path) -> Project:
    """The small project with one recipe to train on and one to test on."""
    project = mini_project(folder)
    names = [json.loads(line)["id"] for line in (folder / "seeds/articles.jsonl").read_text().splitlines()]
    write_split(project.corpus / "split.json", Split("parts", sides={names[0]: "train", names[1]: "test"}))
    return project


def test_the_test_side_is_not_learned_from_unless_told(tmp_path: Path) -> None:
    """Training takes the train side of the project's split alone and says so; sides that are named are
    taken; one that is not there is refused."""
    project = sided(tmp_path / "mini")
    everything = plan(mini_project(tmp_path / "whole"), THINGS)
    learned = plan(project, THINGS)
    assert len(everything.data.references) == 2
    assert learned.data.documents == everything.data.documents[:1]
    assert learned.corpus["sides"] == ["train"]
    assert learned.corpus["held_back"] == {"test": 1}
    assert any("side train of split.json; held back: 1 of test" in note for note in learned.notes)
    both = plan(project, THINGS, sides=["train", "test"])
    assert both.data.documents == everything.data.documents
    with pytest.raises(GoldwireError, match="no document is on the side `validation`"):
        plan(project, THINGS, sides=["validation"])
    with pytest.raises(GoldwireError, match="the project keeps no split"):
        plan(load_project(tmp_path / "whole"), THINGS, sides=["train"])


def test_stories_and_near_copies_are_one_group() -> None:
    """Documents of a story, near copies, and what only a chain of both ties stand in one fold together."""
    copy = TALE + "Fin."
    documents = [
        Document("a", TALE),
        Document("b", copy, {"story": "s"}),
        Document("c", "Tout autre chose, sans rapport.", {"story": "s"}),
        Document("d", "Encore un autre texte, tout seul."),
    ]
    one, two, three, alone = groups_of(documents, Rule()) or []
    assert one == two == three != alone
    assert groups_of([documents[0], documents[3]], Rule()) is None
