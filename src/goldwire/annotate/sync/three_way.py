"""Which version of an annotation a pull keeps: the stored one and the server's, by what was pulled last."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from goldwire.annotate.records.pulled import PulledAnnotation, local_hash
from goldwire.annotations.meaning import content, later
from goldwire.model import Annotation


class PullChoice(Enum):
    """What is done with an annotation that a pull meets."""

    TAKE = auto()  # the server's is stored
    TAKE_ANEW = auto()  # … though it was removed here: it was changed there since
    TAKE_OVER_EDIT = auto()  # … and the stored one put aside first: both were changed, or it is not known
    LEAVE_SAME = auto()  # both say the same
    LEAVE_REMOVED = auto()  # removed here, as it was on the server
    LEAVE_EDITED = auto()  # changed here alone, or it is to win
    REFUSE = auto()  # what is stored is later: from another project or server


def choose_version(
    stored: Annotation | None,
    incoming: Annotation,
    *,
    same: bool,
    known: PulledAnnotation,
    source: str,
    remote: str,
    prefer: str,
    store_is_new: bool,
    as_noted: bool,
    set_back: bool,
    new_there: Callable[[Annotation], bool],
) -> PullChoice:
    """Compare what is `stored`, what the server has (`incoming`), and what was pulled last (`known`).

    `same`: both say the same. `source` names the Label Studio project, `remote` is the hash of what it has,
    `prefer` is `ours`, `theirs` or "". `as_noted`: nobody changed it on the server since the last pull;
    `set_back`: its time went back, to content that no pull has seen: a clock had been ahead, or a backup was
    restored. `new_there` is asked of what is stored, where its time is the later one: whether the server's is
    new all the same, since a clock was ahead.
    """
    pulled_hash = known.remote.get(source)
    if stored is None:
        removed = pulled_hash is not None and prefer != "theirs" and not store_is_new
        if not removed:
            return PullChoice.TAKE
        return PullChoice.LEAVE_REMOVED if pulled_hash == remote else PullChoice.TAKE_ANEW
    if same:
        return PullChoice.LEAVE_SAME
    same_time = (stored.provenance.updated, stored.schema) == (incoming.provenance.updated, incoming.schema)
    edited = known.local != local_hash(stored)
    if pulled_hash == remote or (pulled_hash is None and same_time) or (edited and as_noted):
        return PullChoice.LEAVE_EDITED
    if later(stored, incoming) and not (known.source == source and new_there(stored)):
        if known.source != source or not set_back:
            return PullChoice.REFUSE
        edited = True  # which of them is the later nobody can tell: none is lost
    if not edited or content(stored) == content(incoming) or prefer == "theirs":
        return PullChoice.TAKE
    return PullChoice.LEAVE_EDITED if prefer == "ours" else PullChoice.TAKE_OVER_EDIT
