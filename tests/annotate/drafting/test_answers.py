"""What answers say is taken as it is meant or not at all: nothing is guessed, and all of it is counted."""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import Any

import pytest
from msgspec.structs import replace

import goldwire
from goldwire.annotate.drafting.answers import read_answer, said_twice
from goldwire.annotate.drafting.client import ChatClient
from goldwire.annotate.drafting.project_drafts import draft_project
from goldwire.annotate.drafting.settings import Settings
from goldwire.corpus.quality.checks import check_articles
from goldwire.formats.jsonl import read_jsonl
from goldwire.project import Project
from goldwire.schemas import load_schema
from tests.annotate.drafting.recorded import good
from tests.annotate.drafting.stand_in import MODEL, Reply, is_repair, items, passage_of, standing_in
from tests.annotate.drafting.test_drafts import balanced, drafted, texts

BUTTER = {"label": "FOOD", "quote": "beurre"}
TOO_LONG = Reply(status=400, body=json.dumps({"error": {"message": "context length exceeded"}}))


def with_schema(project: Project, before: str, after: str) -> None:
    """The recipes' schema, a bit of it written otherwise."""
    text = project.schema_path.read_text("utf-8")
    assert before in text
    project.schema_path.write_text(text.replace(before, after), "utf-8")


def with_order(project: Project) -> None:
    """Gestures may come after each other: a relation within a layer, from one at most."""
    order = (
        "  after: {name: après, definition: Suit., head: [{layer: step}], tail: [{layer: step}], max: 1}\n"
    )
    with_schema(project, "relations:\n", f"relations:\n{order}")


def arrows(article: goldwire.Article) -> set[tuple[str, str, str]]:
    """The relations, their ends by their wording."""
    (annotation,) = article.annotations
    words = {span.id: article.document.text[span.start : span.end] for span in annotation.spans}
    return {(r.label, words[r.head], words[r.tail]) for r in annotation.relations}


# Which occurrence is meant -------------------------------------------------------------------------------

ART = goldwire.Document("art", "Le parti du sel. Un art simple. Un art rare.")


def test_the_number_that_is_asked_for_is_the_number_that_is_read(project: Project) -> None:
    """What is sent back numbers the places of a quote as `n` counts them: whole words."""
    told: list[str] = []

    def script(body: dict[str, Any]) -> Reply:
        if is_repair(body):
            told.append(body["messages"][-1]["content"])
            return items("thing", {"item": 1, "label": "FOOD", "quote": "art", "n": 1})
        return items("thing", {"label": "FOOD", "quote": "art"})

    with standing_in(script) as server:
        drafts = draft_project(project, [ART], url=server.url, layers=["thing"])
    assert "stands 2 times" in told[0] and "n: 1 Le parti du sel. Un [art] simple" in told[0]
    (span,) = drafts.articles[0].annotations[0].spans
    assert ART.text[span.start :].startswith("art simple") and drafts.account.repaired == 1
    balanced(drafts)


@pytest.mark.parametrize("n", [3, 0, -1, "3"])
def test_a_number_that_no_whole_word_has_is_sent_back(project: Project, n: object) -> None:
    """However often the letters stand in other words: nothing is placed by another count."""
    asked: list[str] = []

    def script(body: dict[str, Any]) -> Reply:
        asked.append(body["messages"][-1]["content"])
        return items("thing", {"label": "FOOD", "quote": "art", "n": n, "item": 1})

    with standing_in(script) as server:
        drafts = draft_project(project, [ART], url=server.url, layers=["thing"])
    assert len(asked) == 2 and "2 times" in asked[1]
    assert texts(drafts.articles[0]) == [] and (drafts.account.sent_back, drafts.account.dropped) == (1, 1)
    balanced(drafts)


def test_an_item_that_says_something_twice_is_sent_back(project: Project) -> None:
    """With all that it says; where both are the same nothing is unclear. A layer that stands twice is one."""
    told: list[str] = []

    def script(body: dict[str, Any]) -> Reply:
        if is_repair(body):
            told.append(body["messages"][-1]["content"])
            return items("thing", BUTTER | {"item": 1})
        return Reply(
            '{"thing": [{"label": "TOOL", "label": "FOOD", "quote": "beurre"}], "thing": '
            '[{"label": "FOOD", "label": "FOOD", "quote": "oignon cru"}]}'
        )

    drafts, _ = drafted(project, script, "soupe", layers=["thing"])
    assert 'key `label` stands twice, with "TOOL", "FOOD"' in told[0]
    assert texts(drafts.articles[0]) == [("FOOD", "oignon cru"), ("FOOD", "beurre")]
    assert (drafts.account.sent_back, drafts.account.repaired) == (1, 1)
    balanced(drafts)


def test_an_id_that_stands_twice_leads_nowhere(project: Project) -> None:
    """A relation to it is sent back with all that bear it; where none leads to it, it means nothing."""
    with_order(project)
    answer: list[dict[str, Any]] = [
        {"id": "a", "label": "HEAT", "quote": "fondre"},
        {"id": "a", "label": "HEAT", "quote": "revenir"},
        {"id": "c", "label": "HEAT", "quote": "mijote", "after": ["a"]},
    ]
    drafts, server = drafted(project, lambda _: items("step", *answer), "soupe", layers=["step"])
    assert "id `a` stands twice" in server.asked[1]["messages"][-1]["content"]
    assert texts(drafts.articles[0]) == [("HEAT", "fondre")] and not arrows(drafts.articles[0])
    assert (drafts.account.sent_back, drafts.account.dropped) == (2, 2)
    balanced(drafts)

    def script(body: dict[str, Any]) -> Reply:
        if not is_repair(body):
            return items("step", *answer)
        return items("step", {**answer[1], "item": 1, "id": "b"}, {**answer[2], "item": 2, "after": ["b"]})

    drafts, _ = drafted(project, script, "soupe", layers=["step"])
    assert arrows(drafts.articles[0]) == {("after", "mijote", "revenir")} and drafts.account.repaired == 2
    answer[2].pop("after")
    drafts, _ = drafted(project, lambda _: items("step", *answer), "soupe", layers=["step"], refresh=True)
    assert drafts.account.placed == 3 and not drafts.account.sent_back


def test_a_corrected_item_keeps_its_id(project: Project) -> None:
    """Where the correction names none: items that were right lead to it as before."""
    with_order(project)

    def script(body: dict[str, Any]) -> Reply:
        if is_repair(body):
            return items("step", {"item": 1, "label": "HEAT", "quote": "fondre"})
        melt = {"id": "a", "label": "MELT", "quote": "fondre"}
        return items("step", melt, {"id": "b", "label": "HEAT", "quote": "mijote", "after": ["a"]})

    drafts, _ = drafted(project, script, "soupe", layers=["step"])
    assert arrows(drafts.articles[0]) == {("after", "mijote", "fondre")}
    assert (drafts.account.repaired, drafts.account.dropped) == (1, 0)


def test_an_item_is_not_blamed_for_a_wrong_one_that_marks_the_same(project: Project) -> None:
    """Only the wrong one is sent back, and where it stays wrong the other one stands for it."""
    answer = [BUTTER | {"state": "burnt"}, BUTTER, BUTTER | {"state": "cooked"}]
    drafts, server = drafted(project, lambda _: items("thing", *answer), "soupe", layers=["thing"])
    told = server.asked[1]["messages"][-1]["content"]
    assert "burnt" in told and "marked FOOD twice" in told and drafts.account.sent_back == 2
    assert [span.attributes for span in drafts.articles[0].annotations[0].spans] == [{}]
    assert [line["item"] for line in drafts.quarantine] == [answer[0], answer[2]]
    balanced(drafts)


def test_an_own_id_takes_no_given_ones_place(project: Project) -> None:
    """A relation out of the layer leads to what was given, whatever ids the items bear."""
    with_order(project)

    def script(body: dict[str, Any]) -> Reply:
        if "one layer, `thing`" in body["messages"][0]["content"]:
            return items("thing", {"label": "FOOD", "quote": "oignon cru"})
        return items("step", {"id": "thing-1", "label": "CUT", "quote": "Hachez", "object": ["thing-1"]})

    drafts, _ = drafted(project, script, "soupe")
    assert arrows(drafts.articles[0]) == {("object", "Hachez", "oignon cru")}


def test_a_relation_to_what_is_dropped_is_put_aside(project: Project) -> None:
    """The item that bears it stays; what it led to is in the quarantine, and so is the relation."""
    with_order(project)
    answer: list[dict[str, Any]] = [
        {"id": "a", "label": "HEAT", "quote": "brûler"},
        {"id": "b", "label": "HEAT", "quote": "mijote", "after": ["a"]},
    ]
    drafts, _ = drafted(project, lambda _: items("step", *answer), "soupe", layers=["step"])
    assert texts(drafts.articles[0]) == [("HEAT", "mijote")]
    assert (drafts.account.dropped, drafts.account.unlinked) == (1, 1)
    (line,) = [line for line in drafts.quarantine if "relation" in line]
    assert line["relation"] == "after" and line["head"]["quote"] == "mijote"
    balanced(drafts)


# Names that the schema and an answer share --------------------------------------------------------------


def test_attributes_may_be_called_as_our_own_keys(project: Project) -> None:
    """Then ours are called otherwise: in the guidelines, in the answer's form and when it is sent back."""
    with_schema(project, "note: {title: Remarque, kind: text}", "context: {title: C, kind: text}\n      "
                "item: {title: I, kind: text}")  # fmt: skip
    again: list[dict[str, Any]] = []

    def script(body: dict[str, Any]) -> Reply:
        if is_repair(body):
            again.append(body)
            return items("thing", {"item_": 1, "label": "FOOD", "quote": "beurre", "item": "v3"})
        return items(
            "thing",
            {"label": "FOOD", "quote": "oignon", "context_": "La soupe à l’oignon", "context": "v1"},
            {"label": "FOOD", "quote": "beurres", "item": "v2"},
        )

    drafts, server = drafted(project, script, "soupe", layers=["thing"])
    assert [span.attributes for span in drafts.articles[0].annotations[0].spans] == [
        {"item": "v3"}, {"context": "v1"},
    ]  # fmt: skip
    assert "`context_` gives a few words" in server.asked[0]["messages"][0]["content"]
    form = again[0]["response_format"]["json_schema"]["schema"]["properties"]["thing"]["items"]
    assert form["required"][0] == "item_" and {"context", "context_", "item"} <= form["properties"].keys()
    assert '"item_": 1' in again[0]["messages"][-1]["content"]


@pytest.mark.parametrize("name", ["n", "label", "quote", "id"])
def test_an_attribute_called_as_a_key_of_the_quotes_format_is_refused(project: Project, name: str) -> None:
    """Before anything is asked, by name."""
    with_schema(project, "note: {title: Remarque, kind: text}", f"{name}: {{title: R, kind: text}}")
    with standing_in(good) as server:
        with pytest.raises(
            goldwire.AnnotateError, match=rf"GW822.*attributes\.{name}: the attribute `{name}`"
        ):
            draft_project(project, url=server.url)
        assert not server.asked


# Passages that overlap ----------------------------------------------------------------------------------

LONG = goldwire.Document(
    "long",
    "Une phrase assez longue pour emplir la fenêtre, et encore un peu plus. Le beurre va fondre ici. "
    "Puis il mijote, une phrase assez longue à elle.",
)


def halves(first: list[dict[str, Any]], second: list[dict[str, Any]], layer: str) -> Any:
    """A script that answers so about the two passages of LONG, which overlap in the middle sentence."""
    return lambda body: items(layer, *(first if passage_of(body).startswith("Une phrase assez") else second))


def test_what_two_passages_mark_otherwise_is_told(project: Project) -> None:
    """The first one's mark stays, the other is put aside and counted; marked alike is one span."""
    for second, dropped in ((BUTTER | {"state": "raw"}, 0), (BUTTER | {"state": "cooked"}, 1),
                            (BUTTER | {"label": "TOOL"}, 1)):  # fmt: skip
        with standing_in(halves([BUTTER], [second], "thing")) as server:
            drafts = draft_project(project, [LONG], url=server.url, layers=["thing"], passage=100)
            assert len(server.asked) == 2
        assert texts(drafts.articles[0]) == [("FOOD", "beurre")]
        assert (drafts.account.joined, drafts.account.dropped) == (1 - dropped, dropped)
        assert [line["item"] for line in drafts.quarantine] == [second] * dropped
        assert drafts.account.exact == drafts.account.placed
        balanced(drafts)


def test_relations_of_what_two_passages_mark_are_kept(project: Project) -> None:
    """They lead to and from the one span that it is; what would be one too many is put aside."""
    with_order(project)
    melt = {"id": "x", "label": "HEAT", "quote": "fondre"}
    simmer = {"id": "y", "label": "HEAT", "quote": "mijote", "after": ["x"]}
    both = halves([melt], [melt, simmer], "step")
    with standing_in(both) as server:
        drafts = draft_project(project, [LONG], url=server.url, layers=["step"], passage=100)
    assert arrows(drafts.articles[0]) == {("after", "mijote", "fondre")} and drafts.account.joined == 1
    balanced(drafts)
    fill = {"id": "z", "label": "CUT", "quote": "emplir"}
    go = {"id": "v", "label": "HEAT", "quote": "va", "after": ["x"]}
    with_schema(project, "  - {labels: [CUT], relation: object}", "  []")
    both = halves(
        [fill, melt | {"after": ["z"]}], [melt | {"after": ["y"]}, simmer | {"after": []}, go], "step"
    )
    with standing_in(both) as server:
        drafts = draft_project(project, [LONG], url=server.url, layers=["step"], passage=100)
    assert arrows(drafts.articles[0]) == {("after", "fondre", "emplir"), ("after", "va", "fondre")}
    (line,) = drafts.quarantine
    assert (line["relation"], line["tail"]["quote"]) == ("after", "mijote") and drafts.account.unlinked == 1
    assert not check_articles(drafts.articles, load_schema(project.schema_path)).faults
    balanced(drafts)


def test_what_no_longer_follows_the_rules_is_dropped(project: Project) -> None:
    """A gesture that must follow one that another passage marks otherwise goes with it."""
    with_schema(project, "relations:\n", "relations:\n  after: {name: après, definition: Suit., head: [{"
                "layer: step, labels: [CUT]}], tail: [{layer: step}], min: 1}\n")  # fmt: skip
    with_schema(project, "  - {labels: [CUT], relation: object}", "  []")
    melt = {"id": "x", "label": "HEAT", "quote": "fondre"}
    cut = {"id": "y", "label": "CUT", "quote": "mijote", "after": ["x"]}
    boil = {"id": "z", "label": "HEAT", "quote": "beurre"}
    both = halves([melt], [melt | {"label": "CUT", "after": ["z"]}, boil, cut], "step")
    with standing_in(both) as server:
        drafts = draft_project(project, [LONG], url=server.url, layers=["step"], passage=100)
    assert texts(drafts.articles[0]) == [("HEAT", "beurre"), ("HEAT", "fondre")]
    assert not check_articles(drafts.articles, load_schema(project.schema_path)).faults
    assert drafts.account.dropped == 2
    balanced(drafts)


# What can't be written down -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        Reply('{"thing": [{"label": "FOOD", "quote": "\\ud83d"}]}'),
        Reply('{"thing": [{"label": "FOOD", "quote": "\ud83d", "\ude00": 1}]}'),
        Reply("No list: \ud83d", finish="\ud83d"),
        Reply(body=json.dumps({"model": "m\ud83d", "choices": [{"message": {"content": '{"thing": []}'}}]})),
        Reply(status=500, body=json.dumps({"error": {"message": "bad \ud83d"}})),
    ],
    ids=["escaped in the answer", "in the answer", "in prose", "in the model's name", "in an error"],
)
def test_half_a_surrogate_pair_breaks_nothing(project: Project, reply: Reply) -> None:
    """U+FFFD stands in its place; what is made of it can be written, and read again from the cache."""
    out = project.root / "d.jsonl"
    with standing_in(lambda _: reply) as server:
        for _ in range(2):
            drafts = draft_project(project, ["soupe"], url=server.url, layers=["thing"], retries=0)
            drafts.write_quarantine(out)
            goldwire.write(drafts.articles, out, "jsonl")
            assert read_jsonl(out) == list(drafts.articles) and str(drafts.left).encode()
    balanced(drafts)


# What is counted ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ('{"result": {"thing": [{"label": "FOOD", "quote": "beurre"}]}}', 0),
        ('[1] {"thing": [{"label": "FOOD", "quote": "beurre"}]}', 0),
        ('{"result": {"thing": [{"label": "FOOD", "quote": "beurre"}, ', 1),
        ('{"result": {"thing": [{"label": "FOOD", "quote": "beurre"}', 1),
    ],
)
def test_only_an_answer_that_does_not_end_is_cut_off(project: Project, text: str, cut: int) -> None:
    """And not one that lies in another object, or behind something else."""
    drafts, _ = drafted(project, lambda _: Reply(text), "soupe", layers=["thing"])
    assert texts(drafts.articles[0]) == [("FOOD", "beurre")] and drafts.account.cut == cut


def test_what_is_no_item_is_seen_in_a_wrapped_list_too() -> None:
    """As in one that stands alone; and two lists are read as one."""
    read = read_answer('{"x": {"thing": [1, {"quote": "a"}, "b"]}}', "thing")
    assert read is not None and (read.items, read.strange, read.cut) == ([{"quote": "a"}], [1, "b"], False)
    read = read_answer('{"thing": [{"a": 1, "a": 2}], "thing": [{"b": 1}]}', "thing")
    assert read is not None and read.items == [{"a": 2}, {"b": 1}]
    assert [said_twice(item) for item in read.items] == [{"a": [1, 2]}, {}]


@pytest.mark.parametrize("answer", [Reply("Sorry, no."), items("thing", BUTTER | {"label": "PET"})])
def test_what_is_too_long_to_be_sent_back_is_told(project: Project, answer: Reply) -> None:
    """It was not asked, so it is no request; the first answer is in the quarantine, with both reasons."""
    drafts, server = drafted(
        project, lambda body: TOO_LONG if is_repair(body) else answer, "soupe", layers=["thing"]
    )
    account = drafts.account
    assert (account.requests, account.cached, account.sent_back, len(server.asked)) == (1, 0, 0, 2)
    (line,) = drafts.quarantine
    assert line.get("answer", "Sorry, no.") == "Sorry, no." and "not sent back" in line["reasons"][1]
    assert drafts.articles[0].annotations[0].provenance.name == MODEL
    balanced(drafts)


def test_an_answer_that_becomes_a_list_when_asked_again_is_counted(project: Project) -> None:
    """In a rate of its own; one that does not has both answers in the quarantine."""
    drafts, _ = drafted(
        project, lambda body: items("thing", BUTTER) if is_repair(body) else Reply("No."), "soupe",
        layers=["thing"],
    )  # fmt: skip
    assert (drafts.account.reread, drafts.account.unreadable) == (1, 0)
    assert ("  a list when asked again", 1) in drafts.account.rows()
    drafts, _ = drafted(
        project, lambda body: Reply("Never." if is_repair(body) else "No."), "soupe", layers=["thing"],
        refresh=True,
    )  # fmt: skip
    assert (drafts.account.reread, drafts.account.unreadable) == (0, 1)
    assert (drafts.quarantine[0]["answer"], drafts.quarantine[0]["corrected"]) == ("No.", "Never.")


def test_seconds_are_those_of_the_answer() -> None:
    """And not of tries that failed, or of waits between them."""
    replies = [Reply(status=503, wait=0.3), Reply(status=429, headers={"Retry-After": "0.3"})]
    with (
        standing_in(lambda _: replies.pop(0) if replies else Reply("{}")) as server,
        closing(ChatClient(Settings(url=server.url, retries=2))) as client,
    ):
        begin = time.monotonic()
        answer = client.ask({"model": MODEL, "messages": [{"role": "user", "content": "one layer"}]})
        assert not replies and 0 < answer.seconds <= time.monotonic() - begin - 0.6


def test_the_hash_of_what_was_asked_is_of_all_of_it(project: Project) -> None:
    """What was sent back, and the form of the answer, too; the same questions have the same hash."""

    def hash_of(*answers: dict[str, Any]) -> str:
        drafts, _ = drafted(
            project, lambda _: items("thing", *answers), "soupe", layers=["thing"], refresh=True
        )
        made = drafts.articles[0].annotations[0].provenance.drafting
        assert made is not None
        return made.prompt

    whole, wrong = hash_of(BUTTER), hash_of(BUTTER | {"label": "PET"})
    assert whole == hash_of({"label": "FOOD", "quote": "poivron rouge"}) != wrong
    assert wrong != hash_of(BUTTER | {"label": "CAT"})
    # Only the form of the answer tells of this.


def test_a_document_that_is_not_normalised_is_not_misplaced(project: Project) -> None:
    """What the reader of quotes can't find a passage for has no spans, rather than some elsewhere."""
    document = replace(ART, text="Le cafe\u0301 au beurre.")
    with standing_in(lambda _: items("thing", BUTTER)) as server:
        drafts = draft_project(project, [document], url=server.url, layers=["thing"])
    spans = drafts.articles[0].annotations[0].spans
    assert all(document.text[span.start : span.end] == "beurre" for span in spans)
    balanced(drafts)
