"""What goldwire adds to spaCy's config language: starting from another pipeline's weights.

Used while training only: a trained pipeline loads without goldwire.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from spacy.util import registry

from goldwire.errors import GoldwireError
from goldwire.pipelines import load_pipeline

if TYPE_CHECKING:
    from spacy.language import Language
    from thinc.api import Model


def _tok2vec(pipe: Any, *, bare: bool) -> Model[Any, Any]:
    """A component's tok2vec; in those that parse it ends in a layer to their own width, `bare` is without."""
    model: Model[Any, Any] = pipe.model
    if not model.has_ref("tok2vec"):
        return model
    inner = model.get_ref("tok2vec")
    return inner.layers[0] if bare and hasattr(pipe, "moves") else inner


@lru_cache(maxsize=4)
def _weights(source: str, component: str, *, bare: bool) -> bytes:
    """The tok2vec weights of one component of a pipeline, read once per process."""
    return _tok2vec(load_pipeline(source, only=[component]).get_pipe(component), bare=bare).to_bytes()


def copy_tok2vec(source: str, source_component: str, component: str) -> Callable[[Language], Language]:
    """Start `component`'s tok2vec from the weights of `source_component` in the pipeline `source`.

    From a component that shares its tok2vec (`tok2vec`) as from one that has its own (`ner`), to one that
    parses (`ner`) as to one that does not (`spancat`).

    Both must have the same shape; raises GW406 where they have not.
    """

    def copy(nlp: Language) -> Language:
        # Inner layers are wrapped alike in every pipeline, so that the bytes fit where the shape does.
        try:
            pipe = nlp.get_pipe(component)
            bare = source_component == "tok2vec" or not hasattr(pipe, "moves")
            _tok2vec(pipe, bare=bare).from_bytes(_weights(source, source_component, bare=bare))
        except (ValueError, KeyError) as error:
            raise GoldwireError.of(
                "GW406",
                f"`{component}` can't start from `{source_component}` of {source}: {error}",
                where="[initialize.after_init]",
                hint="give its tok2vec the shape of the source's, or remove [initialize.after_init]",
            ) from None
        return nlp

    return copy


registry.callbacks("goldwire.copy_tok2vec.v1", func=copy_tok2vec)
