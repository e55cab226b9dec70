"""Many articles drafted, several at once: what is left says why, what would befall all ends the run."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from goldwire.annotate.drafting.account import AnswerCounts
from goldwire.annotate.drafting.asker import NotKept, OutOfBudget
from goldwire.annotate.drafting.client import FormatRefused, MustWait, NoAnswer, ServerFailed, TooLong
from goldwire.annotate.drafting.drafter import Drafted, Drafter
from goldwire.errors import GoldwireError
from goldwire.model import Document
from goldwire.number_format import amount

#: Articles that may fail one after the other before no more are asked.
_FAILURES = 3
#: What may befall one article and no other.
_OF_ONE = (ServerFailed, TooLong, FormatRefused, NoAnswer)


class Advance(Protocol):
    """Told of articles that are done, and of what the run has come to."""

    def __call__(self, steps: int, note: str = "") -> None:
        """So many articles more; `note` says what was spent."""


@dataclass
class DraftRun:
    """What a run came to: drafts in the order of the articles, articles that are left and why, notes; and
    how many of those left failed, since a budget that is used up is no failure."""

    drafts: list[Drafted] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    account: AnswerCounts = field(default_factory=AnswerCounts)
    failed: int = 0


def run_drafts(drafter: Drafter, documents: Iterable[Document], advance: Advance | None = None) -> DraftRun:
    """Draft articles, as many at once as requests go out. What is left is named with its reason.

    Once the run is stopped, by its budget, by articles that fail one after the other or by what would befall
    each of them, no more is asked; articles whose answers are all kept from before are drafted all the same.
    Raises what would befall every article (no server, a refused key, an unknown model) where none is done.
    """
    asker, run, documents = drafter.asker, DraftRun(), list(documents)
    if documents:
        _ = asker.server  # what ails the server is told before anything is begun
    coming = iter(documents)
    done: dict[str, Drafted] = {}
    failures = 0
    stopped = ""
    left: dict[str, str] = {}
    general: GoldwireError | None = None
    with ThreadPoolExecutor(drafter.settings.jobs, thread_name_prefix="draft") as pool:
        under_way: dict[Future[Drafted], Document] = {}
        try:
            while True:
                for document in islice(coming, drafter.settings.jobs - len(under_way)):
                    work = pool.submit(drafter.article, document, kept_only=bool(stopped))
                    under_way[work] = document
                if not under_way:
                    break
                finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in finished:
                    document = under_way.pop(future)
                    try:
                        done[document.id] = future.result()
                        failures = 0
                    except OutOfBudget:
                        left[document.id] = f"the budget of {amount(asker.budget or 0)} tokens"
                        stopped = stopped or left[document.id]
                    except NotKept:
                        left[document.id] = f"not asked: {stopped}"
                    except GoldwireError as error:
                        left[document.id] = str(error)
                        failures, run.failed = failures + 1, run.failed + 1
                        if not isinstance(error, _OF_ONE):
                            general = general or error
                        if not isinstance(error, _OF_ONE) or isinstance(error, MustWait):
                            stopped = stopped or str(error)
                        elif failures == _FAILURES:
                            stopped = stopped or f"{_FAILURES} articles failed one after the other"
                    if advance is not None:
                        advance(1, asker.spent())
        finally:
            if under_way:  # it was broken off: nobody waits for these
                drafter.close()
            for future in under_way:
                future.cancel()
    if general is not None and not done:
        raise general
    run.left = {document.id: left[document.id] for document in documents if document.id in left}
    run.drafts = [done[document.id] for document in documents if document.id in done]
    for drafted in run.drafts:
        run.account += drafted.account
    # Answers for articles that are not done were paid for too.
    run.account.spent_in, run.account.spent_out = asker.spent_in, asker.spent_out
    run.notes = list(asker.notes)
    return run
