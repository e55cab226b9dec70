"""Which texts to annotate next: those that a model is unsure of, and that are not like one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix


def document_uncertainty(confidences: Sequence[float]) -> float | None:
    """How unsure a model is of what it found in one text, in [0, 1]; None where it found nothing.

    One minus the mean confidence of its spans. The mean and not the least, since a long text has a least
    confident span of lower confidence than a short one only for being long: the reason for which Shen et al.
    (2018, "Deep Active Learning for Named Entity Recognition") normalise least confidence by length.
    """
    if not confidences:
        return None
    return 1.0 - sum(confidences) / len(confidences)


def rank(
    texts: Sequence[str],
    uncertainty: Sequence[float],
    *,
    count: int | None = None,
    diversity: float = 0.5,
    known: Sequence[str] = (),
) -> list[int]:
    """The indices of `texts` in the order in which to annotate them; the first `count` where it is given.

    Greedy maximal marginal relevance (Carbonell and Goldstein 1998): the next text is the one with the
    greatest `(1 - diversity) * u + diversity * d`. `u` is the share of texts that are less uncertain (ties
    count half), so that only the order of `uncertainty` matters; `d` is one minus the greatest cosine between
    its TF-IDF vector and that of a text already taken. `known` are texts that count as taken from the start,
    since they are annotated already; without them, the first is the most uncertain. `diversity` 0 is the
    order of uncertainty alone, 1 takes always the text furthest from all taken (greedy k-centre, Gonzalez
    1985). Ties go to the earlier text: the same input gives the same order. Raises ValueError where the
    lengths differ, an uncertainty is no finite number, `count` is negative, or `diversity` not in [0, 1].
    """
    import numpy as np

    if len(texts) != len(uncertainty):
        raise ValueError(f"{len(texts)} texts, {len(uncertainty)} uncertainties")
    if not 0.0 <= diversity <= 1.0:
        raise ValueError(f"diversity is {diversity}, not in [0, 1]")
    if count is not None and count < 0:
        raise ValueError(f"count is {count}")
    uncertainties = np.asarray(uncertainty, dtype=float)
    if not np.isfinite(uncertainties).all():
        raise ValueError("an uncertainty is no finite number")
    wanted = len(texts) if count is None else min(count, len(texts))
    if wanted == 0:
        return []
    share = _share(uncertainties)
    rows = _vectors([*texts, *known])
    vectors = rows[: len(texts)]
    by_term = vectors.T.tocsr()
    nearest = np.zeros(len(texts))
    for row in range(len(texts), rows.shape[0]):
        nearest = np.maximum(nearest, (rows[row] @ by_term).toarray().ravel())
    free = np.ones(len(texts), dtype=bool)
    order: list[int] = []
    # Without texts to be far from, nothing else tells the first one.
    value = (1.0 - diversity) * share + diversity * (1.0 - nearest) if known else share.copy()
    while len(order) < wanted:
        # Rounded, so that the last bits of a sum do not decide between equals.
        best = int(np.argmax(np.where(free, value.round(9), -np.inf)))
        order.append(best)
        free[best] = False
        cosines = (vectors[best] @ by_term).toarray().ravel()
        nearest = np.maximum(nearest, cosines)
        value = (1.0 - diversity) * share + diversity * (1.0 - nearest)
    return order


def _share(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each value the share of the others that are smaller, those that are equal counted half."""
    import numpy as np

    if len(values) == 1:
        return np.ones(1)
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, side="left")
    equal = np.searchsorted(ordered, values, side="right") - below - 1
    share: NDArray[np.float64] = (below + equal / 2) / (len(values) - 1)
    return share


def _vectors(texts: Sequence[str]) -> csr_matrix:
    """TF-IDF rows of length one.

    Of ten texts or more, words of more than half are left out. Where a text has no word then, these words and
    signs count too: it would be like none, not even like its copy.
    """
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

    def rows(common: float, pattern: str) -> csr_matrix:
        vectorizer = TfidfVectorizer(sublinear_tf=True, max_df=common, token_pattern=pattern)
        try:
            return vectorizer.fit_transform(texts).tocsr()
        except ValueError:
            # No word is left: all texts are alike, or empty.
            return csr_matrix((len(texts), 1))

    vectors = rows(0.5 if len(texts) >= 10 else 1.0, r"\w+")
    return vectors if (vectors.getnnz(axis=1) > 0).all() else rows(1.0, r"\w+|[^\w\s]")
