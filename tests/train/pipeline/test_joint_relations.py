"""Relations learned each for itself, between mentions or entities: drawn as taught, kept in files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc

from goldwire.errors import GoldwireError
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Annotation, Article, Document, Relation, Span
from goldwire.pipelines import load_pipeline
from goldwire.train.options import TrainingSetup, options_of
from goldwire.train.pipeline.assemble import assemble
from goldwire.train.pipeline.components import KEY, JointRelations, Linear
from goldwire.train.pipeline.entity_pairs import Pair, beside, entities, entity_pairs
from goldwire.train.pipeline.joint_relations import THRESHOLD, THRESHOLDS, threshold
from goldwire.train.pipeline.relations_and_attributes import given_spans
from goldwire.train.run.choice import Choice
from goldwire.train.run.package import package_model
from goldwire.train.run.plan import plan
from goldwire.train.run.run import run
from goldwire.train.training_data import training_data
from tests.train.conftest import NAMES, TOWNS, told, without_goldwire

CRF = {"goldwire.extents": "crf"}
EACH = {"goldwire.relations": "each", **CRF}
ENTITIES = {"goldwire.relations": "entities", "goldwire.entities": "who", **CRF}


def couple(number: int) -> Article:
    """Two people and their towns, each named again further down, where one is called `elle`; who lives where
    stands between first mentions, and `who` says which mentions are one."""
    name, other, town, place = (
        words[(number * step + first) % 8]
        for words, step, first in ((NAMES, 1, 0), (NAMES, 1, 3), (TOWNS, 3, 0), (TOWNS, 3, 1))
    )
    text = ""
    spans: list[Span] = []
    for part, label, who in (
        (name, "WHO", "a"),
        (" habite à ", "", ""),
        (town, "WHERE", "b"),
        (". Mais ", "", ""),
        (other, "WHO", "c"),
        (" habite à ", "", ""),
        (place, "WHERE", "d"),
        (". Enfin ", "", ""),
        ("elle", "WHO", "a"),
        (" quitte ", "", ""),
        (town, "WHERE", "b"),
        (".", "", ""),
    ):
        if label:
            span_id = f"s{len(spans)}"
            spans.append(Span(span_id, "thing", label, len(text), len(text) + len(part), {"who": who}))
        text += part
    relations = (Relation("home", "s0", "s1"), Relation("home", "s2", "s3"))
    annotation = Annotation(f"a{number}", "anna", "tiny@1", spans=tuple(spans), relations=relations)
    return Article(Document(f"a{number}", text), (annotation,))


def model_of(articles: list[Article], config: Path, overrides: Mapping[str, object], out: Path) -> None:
    """A model of `thing` and what goes out from it, saved."""
    data = training_data(articles, "thing", nested=True, heads=["thing"])
    setup = TrainingSetup(config, dict(overrides), parts=(("thing", config),), heads=("thing",))
    assemble(data.references, setup, "thing").nlp.to_disk(out)


def test_relations_learned_each_for_itself_are_drawn(tiny_config: Path, tmp_path: Path) -> None:
    """A saved model draws what it was taught between the right spans of an article that it has not seen."""
    data = training_data([told(number) for number in range(6)], "act", others=["thing"], heads=["act"])
    parts = (("act", tiny_config), ("thing", tiny_config))
    made = assemble(data.references, TrainingSetup(tiny_config, EACH, parts=parts, heads=("act",)), "act")
    made.nlp.to_disk(tmp_path / "model")
    unseen = told(7)
    doc = spacy.load(tmp_path / "model")(unseen.document.text)
    things = [span.text for span in doc.spans["thing"]]
    for number, act in enumerate(doc._.acts):
        drawn = {label: [end["text"] for end in ends] for label, ends in act["relations"].items()}
        assert drawn == {"agent": [things[2 * number]], "place": [things[2 * number + 1]]}
    assert len(doc._.acts) == 6


def test_relations_between_entities_are_drawn_once(tiny_config: Path, tmp_path: Path) -> None:
    """Between spans that a saved model finds, mentions of the same words are one entity, which has its
    relation once, between the first mentions, as it was taught."""
    model_of([couple(number) for number in range(7)], tiny_config, ENTITIES, tmp_path / "model")
    doc = spacy.load(tmp_path / "model")(couple(7).document.text)
    found = doc._.things
    assert [span["text"] for span in found] == ["Yann", "Metz", "Chloé", "Pau", "elle", "Metz"]
    ends = {
        (span["text"], end["text"], end["index"])
        for span in found
        for end in span["relations"].get("home", ())
    }
    # Nothing says that Yann is `elle`, and a town was never home to two.
    assert ends in (
        {("Chloé", "Pau", 3), ("Yann", "Metz", 1)},
        {("Chloé", "Pau", 3), ("elle", "Metz", 1)},
    )


def test_spans_that_are_given_bring_what_they_are(tiny_config: Path, tmp_path: Path) -> None:
    """Where the reference says which mentions are one, its spans have the relations of entities."""
    model_of([couple(number) for number in range(7)], tiny_config, ENTITIES, tmp_path / "model")
    data = training_data([couple(7)], "thing", nested=True)
    [annotation] = given_spans(load_pipeline(str(tmp_path / "model")), data.references, ["thing"])
    assert set(annotation.relations) == {Relation("home", "s0", "s1"), Relation("home", "s2", "s3")}


def test_mentions_are_one_by_name_or_by_words() -> None:
    """A name that is told makes spans one, else equal words and label do; by themselves none are."""
    doc = spacy.blank("fr")("Rome et Anna ; rome , elle")
    spans = {"thing": [doc[0:1], doc[2:3], doc[4:5], doc[6:7]]}
    labelled = {
        "thing": [
            spacy.tokens.Span(doc, span.start, span.end, label)
            for span, label in zip(spans["thing"], ("WHERE", "WHO", "WHERE", "WHO"), strict=True)
        ]
    }

    def shown(names: dict[tuple[str, int], str], *, single: bool = False) -> list[list[int]]:
        return [[index for _, index in each.places] for each in entities(labelled, names, single=single)]

    assert shown({}) == [[0, 2], [1], [3]]
    assert shown({("thing", 1): "a", ("thing", 3): "a"}) == [[0, 2], [1, 3]]
    assert shown({}, single=True) == [[0], [1], [2], [3]]


def test_pairs_are_those_allowed_and_near() -> None:
    """Entities are paired where their labels may be, by the mentions nearest to each other, in a window."""
    doc = spacy.blank("fr")("Anna part . Rome ! Anna aime Rome , dit Bruno")
    spans = [(0, 1, "WHO"), (3, 4, "WHERE"), (5, 6, "WHO"), (7, 8, "WHERE"), (10, 11, "WHO")]
    held = entities({"thing": [spacy.tokens.Span(doc, *each) for each in spans]}, {}, single=False)
    types = {"home": {"pairs": [["thing", "WHO", "thing", "WHERE", False]]}}
    pairs = entity_pairs(doc, held, types, 2)
    assert [(pair.head, pair.tail, pair.near) for pair in pairs] == [(0, 1, (1, 0))]
    assert len(entity_pairs(doc, held, types, 3)) == 2


def test_a_parse_is_looked_at_where_there_is_one() -> None:
    """The way from one end to the other, over the word that holds both; without a parse the words between."""
    words, nlp = ["Anna", "vit", "à", "Lyon"], spacy.blank("fr")
    parsed = Doc(
        nlp.vocab,
        words=words,
        heads=[1, 1, 3, 1],
        deps=["nsubj", "ROOT", "case", "obl"],
        pos=["PROPN", "VERB", "ADP", "PROPN"],
    )
    types = {"home": {"pairs": [["thing", "WHO", "thing", "WHERE", False]]}}

    def seen(doc: Doc) -> set[str]:
        spans = {"thing": [spacy.tokens.Span(doc, 0, 1, "WHO"), spacy.tokens.Span(doc, 3, 4, "WHERE")]}
        [pair] = entity_pairs(doc, entities(spans, {}, single=False), types, 9)
        return set(pair.features)

    assert {"p=nsubj|vit|obl", "av=vit", "b=à"} <= seen(parsed)
    assert "b=à" in seen(Doc(nlp.vocab, words=words))


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12, unique=True),
    st.integers(0, 2**32 - 1),
)
def test_what_stands_beside_a_pair_does_not_depend_on_its_order(
    ends: list[tuple[int, int]], seed: int
) -> None:
    """Pairs in another order have the same numbers, in that order."""
    chances = np.random.default_rng(seed).random((len(ends), 2))
    pairs = [Pair(head, tail, frozenset("ab"), (0, 0)) for head, tail in ends]
    numbers = beside(pairs, chances)
    assert np.array_equal(beside(pairs[::-1], chances[::-1]), numbers[::-1])
    assert np.isfinite(numbers).all()


def test_what_always_has_a_relation_gets_its_surest() -> None:
    """An entity of a kind that always has one gets it though none is sure enough; where it never has more,
    the surest stays alone. Others have what is sure enough."""
    doc = spacy.blank("fr")("Anna et Bruno , 40 kg et 50 kg , Rome")
    labels = ((0, 1, "WHO"), (2, 3, "WHO"), (4, 6, "WEIGHT"), (7, 9, "WEIGHT"), (10, 11, "WHERE"))
    doc.spans["thing"] = [spacy.tokens.Span(doc, *each) for each in labels]
    relations = {
        kind: {"min": 0, "max": None, "pairs": [["thing", "WHO", "thing", label, False]]}
        for kind, label in (("weighs", "WEIGHT"), ("home", "WHERE"))
    }
    component = JointRelations(spacy.blank("fr"), "relations", "")
    kinds = ["home", "weighs"]
    settings = {"layers": ["thing"], "heads": ["thing"], "single": False, "named_by": {}, "between": "first"}
    settings |= {"relations": relations, "window": 99, "least": [["thing", "WEIGHT"]], "most": []}
    # "Bruno" stands nearer to either weight, by the feature that says how many others do.
    near = Linear(kinds, ["rival=0"], [[0.0], [1.0]], [-1.0, -1.0])
    size = beside([Pair(0, 1, frozenset(kinds), (0, 0))], np.zeros((1, 2))).shape[2]
    beside_none = Linear(kinds, [f"{n}" for n in range(size)], np.zeros((2, size)), [0.0, 0.0])
    models = {"alone": near, "joint": near, "beside": beside_none}

    def drawn(bar: float, most: list[list[str]]) -> set[tuple[str, int, int]]:
        component.set(models, settings | {"thresholds": dict.fromkeys(kinds, bar), "most": most})
        return {(kind, head[1], tail[1]) for kind, head, tail in component(doc).user_data[KEY]["relations"]}

    assert drawn(0.9, []) == {("weighs", 1, 2), ("weighs", 1, 3)}
    assert ("home", 1, 4) in drawn(0.2, []) > drawn(0.2, [["thing", "WEIGHT"]])
    assert sum(kind == "weighs" for kind, *_ in drawn(0.2, [["thing", "WEIGHT"]])) == 2
    # Spans of which their finder is unsure make a relation as unsure.
    doc.spans["thing"].attrs["scores"] = [0.5, 0.5, 0.5, 0.5, 0.5]
    assert {kind for kind, *_ in drawn(0.2, [])} == {"weighs"}


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=60))
def test_few_examples_move_a_threshold_little(pairs: list[tuple[bool, float]]) -> None:
    """With none joined it is the common one; n joined pairs move it by n of n + 40 of what they would."""
    joined = np.array([is_joined for is_joined, _ in pairs])
    bar = threshold(joined, np.array([chance for _, chance in pairs]))
    furthest = max(THRESHOLDS.max() - THRESHOLD, THRESHOLD - THRESHOLDS.min())
    assert abs(bar - THRESHOLD) <= furthest * joined.sum() / (joined.sum() + 40) + 1e-9


@pytest.mark.slow
def test_a_package_draws_them_without_goldwire(tiny_config: Path, tmp_path: Path) -> None:
    """What `train package` makes needs neither goldwire nor scikit-learn to draw them between entities."""
    changed = {**ENTITIES, "nlp.lang": "xx"}  # French takes seconds to import
    model_of([couple(number) for number in range(7)], tiny_config, changed, tmp_path / "model")
    made = package_model(tmp_path / "model", tmp_path / "package", name="tiny")
    script = (
        f"import sys; sys.path[:0] = [{str(made)!r}, {str(without_goldwire(tmp_path / 'site'))!r}]; "
        f"import xx_tiny; doc = xx_tiny.load()({couple(7).document.text!r}); "
        "print(doc.user_data['goldwire']['relations'])"
    )
    # Neither its code nor its entry points: -I -S leaves out site-packages with its .pth files.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert "['home', ['thing', 2], ['thing', 3]]" in done.stdout, done.stderr


def test_a_run_says_what_relations_between_entities_are_worth(tiny_config: Path, tmp_path: Path) -> None:
    """Whichever mention stands for one, spans given and found: in figures and notes."""
    write_jsonl(tmp_path / "data.jsonl", [couple(number) for number in range(6)])
    write_jsonl(tmp_path / "test.jsonl", [couple(number) for number in (6, 7)])
    planned = plan(
        choice=Choice(every=True),
        data=tmp_path / "data.jsonl",
        test=tmp_path / "test.jsonl",
        config=tiny_config,
        out=tmp_path / "model",
        reports=tmp_path / "reports",
        overrides=[word for name, value in ENTITIES.items() for word in (f"--{name}", str(value))],
    )
    made = run(planned, resamples=0, processes=1)
    assert made.figures["given_spans"]["between_entities"]["micro"]["f1"] == 1
    assert made.figures["relations_between_entities"]["labels"]["home"]["f1"] > 0.5
    assert sum("relations between entities" in note for note in made.notes) == 2


@pytest.mark.parametrize(
    ("overrides", "fault"),
    [
        ({"goldwire.relations": "some"}, r"GW403 .*relations is `some`.*each.*entities"),
        ({"goldwire.relations": "entities", "goldwire.entities": 3}, r"GW403 .*entities is no name"),
        ({"goldwire.entities": "who"}, r"GW403 .*relations are not between entities"),
    ],
)
def test_another_way_to_learn_relations_is_refused(
    tiny_config: Path, overrides: dict[str, object], fault: str
) -> None:
    """What is neither yes nor no nor one of the ways is one plain error."""
    with pytest.raises(GoldwireError, match=fault):
        options_of(tiny_config, overrides)


def test_an_attribute_that_no_span_bears_is_refused(tiny_config: Path, tmp_path: Path) -> None:
    """Before anything is learned, with those that spans do bear."""
    with pytest.raises(GoldwireError, match=r"GW403 .*no span has such an attribute \(.*who"):
        model_of([couple(0)], tiny_config, {**ENTITIES, "goldwire.entities": "whom"}, tmp_path / "model")
