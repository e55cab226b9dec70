"""How sure a transition-based entity recogniser is of each entity, which spaCy itself does not say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from spacy.language import Language
    from spacy.pipeline import EntityRecognizer
    from spacy.tokens import Doc

#: Documents parsed together; their states are in memory at once.
_BATCH = 32


def recogniser(nlp: Language) -> EntityRecognizer | None:
    """The pipeline's last transition-based entity recogniser; None where it has none."""
    from spacy.pipeline import EntityRecognizer

    recognisers = [part for _, part in nlp.pipeline if isinstance(part, EntityRecognizer)]
    return recognisers[-1] if recognisers else None


def entity_confidences(ner: EntityRecognizer, docs: Sequence[Doc]) -> list[list[float | None]]:
    """For each of `docs`, as their pipeline left them, the confidence in [0, 1] of each of `doc.ents`.

    The probability that the recogniser gives to the moves that make the entity, given the moves before:
    P(U) for one token, else P(B) P(I) … P(L), each a softmax over the scores of the moves that are possible
    there. That is the distribution that training fits (spaCy's `cpu_log_loss`). Summing over a beam instead
    (`beam_parse`, `scored_ents`) misses much of what the greedy parser finds, since the scores that it adds
    up are not normalised; what was measured is in docs/assist.md. None for an entity whose label
    is not the recogniser's: a rule made it.
    """
    confidences: list[list[float | None]] = []
    for start in range(0, len(docs), _BATCH):
        confidences.extend(_batch(ner, docs[start : start + _BATCH]))
    return confidences


def _batch(ner: EntityRecognizer, docs: Sequence[Doc]) -> list[list[float | None]]:
    import numpy as np

    # Not `ner.move_names`, which leaves out one that has a column of its own.
    moves = {ner.moves.get_class_name(column): column for column in range(ner.moves.n_moves)}
    labels = {label: number for number, label in enumerate(ner.labels)}
    entities = [list(doc.ents) for doc in docs]
    moves_taken, states_of = _steps(docs, moves, labels)
    allowed = _allowed(moves, labels)
    logs = [np.zeros(len(doc)) for doc in docs]
    try:
        for doc in docs:
            # Entities that stand would forbid all other moves.
            doc.set_ents([], default="missing")
        step = ner.model.predict(docs)
        active = list(zip(range(len(docs)), ner.moves.init_batch(docs), strict=True))
        active = [(number, state) for number, state in active if not state.is_final()]
        position = 0
        while active:
            numbers = [number for number, _ in active]
            scores = step.predict([state for _, state in active])
            columns = np.asarray([moves_taken[number][position] for number in numbers])
            possible = allowed[[states_of[number][position] for number in numbers]]
            chosen = _log_softmax(scores, possible, columns)
            for number, value in zip(numbers, chosen, strict=True):
                logs[number][position] = value
            # The moves of what was found, whatever scores best here.
            forced = np.zeros_like(scores)
            forced[np.arange(len(numbers)), columns] = 1.0
            ner.transition_states([state for _, state in active], forced)
            active = [(number, state) for number, state in active if not state.is_final()]
            position += 1
        step.clear_memory()
    finally:
        for doc, some_ents in zip(docs, entities, strict=True):
            doc.set_ents(some_ents, default="outside")
    return [
        [float(np.exp(log[ent.start : ent.end].sum())) if ent.label_ in labels else None for ent in some_ents]
        for log, some_ents in zip(logs, entities, strict=True)
    ]


def _steps(
    docs: Sequence[Doc], moves: dict[str, int], labels: dict[str, int]
) -> tuple[list[list[int]], list[list[int]]]:
    """For each token the column of its move, and the row of `_allowed` for where the parser stands."""
    taken, rows = [], []
    for doc in docs:
        last = [token.i + 1 == len(doc) or bool(doc[token.i + 1].is_sent_start) for token in doc]
        columns = [moves["O"]] * len(doc)
        row = [2 * (len(labels)) + end for end in last]
        for ent in doc.ents:
            if (label := labels.get(ent.label_)) is None:
                continue
            marks = "U" if len(ent) == 1 else "B" + "I" * (len(ent) - 2) + "L"
            for token, mark in zip(ent, marks, strict=True):
                columns[token.i] = moves[f"{mark}-{ent.label_}"]
                if mark in "IL":
                    row[token.i] = 2 * label + last[token.i]
        taken.append(columns)
        rows.append(row)
    return taken, rows


def _allowed(moves: dict[str, int], labels: dict[str, int]) -> NDArray[np.bool_]:
    """Which moves are possible: two rows for each label of an open entity, then two for none open.

    The second row of each two is for the last token of a sentence or text, where no entity goes on.
    """
    import numpy as np

    table = np.zeros((2 * len(labels) + 2, len(moves)), dtype=bool)
    for name, column in moves.items():
        mark, _, label = name.partition("-")
        if mark in ("I", "L") and label in labels:
            table[2 * labels[label], column] = True
            table[2 * labels[label] + 1, column] = mark == "L"
        elif label in labels or mark == "O":
            table[-2, column] = True
            table[-1, column] = mark != "B"
    return table


def _log_softmax(
    scores: NDArray[np.float32], possible: NDArray[np.bool_], columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The log probability of one column in each row, among the possible ones and itself."""
    import numpy as np

    rows = np.arange(len(scores))
    possible = possible.copy()
    possible[rows, columns] = True
    shown = np.where(possible, scores.astype(np.float64), -np.inf)
    top = shown.max(axis=1)
    logs: NDArray[np.float64] = shown[rows, columns] - top - np.log(np.exp(shown - top[:, None]).sum(axis=1))
    return logs
