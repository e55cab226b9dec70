"""What a pipeline says of words before spans are looked for: lemmas, parts of speech, a parse, names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from goldwire.errors import GoldwireError
from goldwire.pipelines import blank_pipeline, load_pipeline, quiet
from goldwire.train.pipeline.fit_layer import LONG
from goldwire.train.training_data import Cut, Reference, to_doc

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

#: What the components of an analysing pipeline are called in a trained one, before their own names.
PREFIX = "analysis_"
#: Components that others listen to: one is copied into those that do, the others stay as they are.
_COPIED, SHARED = "tok2vec", ("transformer", "curated_transformer")


def add_analysis(nlp: Language, source: str | None) -> None:
    """Put the components of the pipeline `source` before all others, and set aside the names that it finds.

    Raises GW410 and GW411 for a pipeline that can't be loaded, GW418 where its vectors are others than those
    of `nlp`.
    """
    first = nlp.pipe_names[0] if nlp.pipe_names else None
    if source is not None:
        theirs = load_pipeline(source)
        if needs_other_vectors(theirs, nlp):
            hint = f'set vectors = "{source}" in [paths], or neither syntax nor [paths] source'
            raise unfit_pipeline(
                source, "it needs its own vectors, and the config names others or none", hint
            )
        copied: Any = theirs.get_pipe(_COPIED) if _COPIED in theirs.pipe_names else None
        listening = getattr(copied, "listener_map", {})
        for name in theirs.pipe_names:
            factory = theirs.get_pipe_meta(name).factory
            if factory == _COPIED:
                continue
            if listening.get(name):
                theirs.replace_listeners(_COPIED, name, ["model.tok2vec"])
            own = name if factory in SHARED else f"{PREFIX}{name}"
            nlp.add_pipe(name, source=theirs, name=own, before=first)
    nlp.add_pipe("goldwire_names", name="names", before=first)
    nlp.add_pipe("goldwire_names", name="names_end", config={"end": True})


def needs_other_vectors(theirs: Language, nlp: Language) -> bool:
    """Whether components of one pipeline look up vectors that another has not."""
    needed, ours = theirs.vocab.vectors, nlp.vocab.vectors
    return bool(needed.size) and not (needed.shape == ours.shape and bool((needed.data == ours.data).all()))


def unfit_pipeline(source: str, why: str, hint: str) -> GoldwireError:
    """Says that the components of a pipeline don't fit."""
    return GoldwireError.of(
        "GW418", f"can't be used: {why}", where=f"[goldwire] syntax = {source}", hint=hint
    )


class Analysis:
    """Documents as the trained pipeline will have analysed them, each analysed once."""

    def __init__(self, language: str, source: str | None, vectors: str | None) -> None:
        self.source = source
        with quiet():
            self.nlp = blank_pipeline(language)
            self.nlp.max_length = LONG
            if vectors is not None:
                self.nlp.vocab.vectors = load_pipeline(vectors, only=[]).vocab.vectors
            add_analysis(self.nlp, source)
            self.nlp.remove_pipe("names_end")
        self._docs: dict[str, Doc] = {}

    def make_doc(self, text: str) -> Doc:
        """A copy of the analysed text, without spans."""
        if text not in self._docs:
            with quiet():
                self._docs[text] = self.nlp(text)
        return self._docs[text].copy()

    def docs(
        self, references: Sequence[Reference], layer: str, *, inner: bool = False
    ) -> tuple[list[Doc], list[Cut]]:
        """The references with the outermost or `inner`most spans of a layer in `doc.ents`; and the spans that
        cut a token."""
        every = [to_doc(self, reference, layer, inner=inner) for reference in references]
        return [doc for doc, _ in every], [cut for _, cuts in every for cut in cuts]


@lru_cache(maxsize=1)
def analysis_of(language: str, source: str | None, vectors: str | None) -> Analysis:
    """The same one for all trainings of a process."""
    return Analysis(language, source, vectors)
