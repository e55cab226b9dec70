"""Small articles and a small config, so that training takes seconds."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Annotation, Article, AttributeValue, Document, Relation, Span
from goldwire.train.run.choice import Choice
from goldwire.train.run.plan import plan
from goldwire.train.run.run import run

#: What both recognisers and span categorisers of the tests read text by.
TOK2VEC = """
@architectures = "spacy.HashEmbedCNN.v2"
width = 16
depth = 1
embed_size = 300
window_size = 1
maxout_pieces = 2
subword_features = true
pretrained_vectors = null
"""

TINY = (
    """
[paths]
train = null
dev = null

[system]
gpu_allocator = null
seed = 0

[nlp]
lang = "fr"
pipeline = ["ner"]

[components]

[components.ner]
factory = "ner"

[components.ner.model]
@architectures = "spacy.TransitionBasedParser.v2"
state_type = "ner"
extra_state_tokens = false
hidden_width = 16
maxout_pieces = 2
use_upper = true

[components.ner.model.tok2vec]"""
    + TOK2VEC
    + """
[corpora]

[corpora.train]
@readers = "spacy.Corpus.v1"
path = ${paths.train}

[corpora.dev]
@readers = "spacy.Corpus.v1"
path = ${paths.dev}

[training]
train_corpus = "corpora.train"
dev_corpus = "corpora.dev"
seed = ${system.seed}
gpu_allocator = ${system.gpu_allocator}
dropout = 0.1
max_epochs = 8
max_steps = 0
patience = 0

[training.optimizer]
@optimizers = "Adam.v1"
learn_rate = 0.02

[training.batcher]
@batchers = "spacy.batch_by_words.v1"
size = 40
tolerance = 0.2
discard_oversize = false

[initialize]
vectors = null
"""
)

NAMES = ("Anna", "Bruno", "Chloé", "David", "Emma", "Farid", "Zoé", "Yann")
TOWNS = ("Lyon", "Brest", "Nantes", "Dijon", "Lille", "Metz", "Pau", "Albi")


def article(number: int) -> Article:
    """Six sentences about people in towns, both marked, the names moved along by `number`."""
    text = ""
    spans: list[Span] = []
    for i in range(6):
        name, town = NAMES[(i + number) % 8], TOWNS[(3 * i + number) % 8]
        for part, label in ((name, "WHO"), (" habite à ", ""), (town, "WHERE"), (" depuis un an.\n", "")):
            if label:
                spans.append(Span(f"s{len(spans)}", "thing", label, len(text), len(text) + len(part)))
            text += part
    annotation = Annotation(f"a{number}", "anna", "tiny@1", spans=tuple(spans))
    return Article(Document(f"a{number}", text, {"title": f"Article {number}"}), (annotation,))


@pytest.fixture
def articles() -> list[Article]:
    """Three articles with two labels."""
    return [article(number) for number in range(3)]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config that trains in seconds, with neither vectors nor a stock model."""
    path = tmp_path / "tiny.cfg"
    path.write_text(TINY, encoding="utf-8")
    return path


def told(number: int) -> Article:
    """The same sentences with what happens in them: an act, who does it and where, and how sure it is."""
    base = article(number)
    text = base.document.text
    spans = list(base.annotations[0].spans)
    relations: list[Relation] = []
    at = 0
    for i in range(6):
        start = text.index("habite", at)
        at = start + 6
        attributes: dict[str, AttributeValue] = {"sure": "no"} if i % 2 else {}
        spans.append(Span(f"e{i}", "act", "LIVE", start, at, attributes))
        relations += [Relation("agent", f"e{i}", f"s{2 * i}"), Relation("place", f"e{i}", f"s{2 * i + 1}")]
    annotation = Annotation(
        base.document.id, "anna", "tiny@1", spans=tuple(spans), relations=tuple(relations)
    )
    return Article(base.document, (annotation,))


@pytest.fixture(scope="session")
def tiny_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small config, for fixtures that outlive a test."""
    path = tmp_path_factory.mktemp("config") / "tiny.cfg"
    path.write_text(TINY, encoding="utf-8")
    return path


class Trained:
    """What `goldwire train --all` made of three articles: model, figures, and the articles."""

    def __init__(self, folder: Path, config: Path) -> None:
        self.articles = [told(number) for number in range(3)]
        self.data, self.model = folder / "data.jsonl", folder / "model"
        write_jsonl(self.data, self.articles)
        settings = ["--training.max_epochs", "6"]
        places = {"out": self.model, "reports": folder / "reports"}
        planned = plan(choice=Choice(every=True), data=self.data, config=config, **places, overrides=settings)  # type: ignore[arg-type]
        self.run = run(planned, resamples=50, processes=2)
        self.figures = self.run.figures


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_config: Path) -> Trained:
    """A pipeline of two layers, trained once for all tests of a process."""
    return Trained(tmp_path_factory.mktemp("trained"), tiny_config)


def without_goldwire(folder: Path) -> Path:
    """Links to all that is installed here, but for goldwire and what models are trained with."""
    folder.mkdir()
    for one in Path(sysconfig.get_path("purelib")).iterdir():
        if not any(name in one.name for name in ("goldwire", "pycrfsuite", "sklearn", "scipy")):
            (folder / one.name).symlink_to(one)
    return folder
