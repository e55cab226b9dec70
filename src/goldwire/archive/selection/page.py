"""The page of a selection: what was chosen, what was left out and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldwire.html.templates import page_templates, render_page
from goldwire.number_format import amount, counted, number

if TYPE_CHECKING:
    from goldwire.archive.selection.choose import Selection, Taken

#: Characters of a text, and copies, that are shown.
_BEGIN, _COPIES = 160, 100


def selection_page(selection: Selection) -> str:
    """One HTML page without scripts or network; all that comes from articles is escaped."""
    chosen, choice = selection.chosen, selection.choice
    label, test = chosen.pool("label"), chosen.pool("test")
    way = [("rows in the archive", amount(selection.read))]
    way += [(f"not in question: {why}", amount(n)) for why, n in selection.out.most_common()]
    way += [("the population", amount(selection.population))]
    way += [(f"not to be chosen: {why}", amount(n)) for why, n in selection.unfit.most_common()]
    way += [(f"left out: {why}", amount(n)) for why, n in chosen.left.most_common() if n]
    way += [("drawn at random, as a test pool", amount(len(test))), ("chosen to label", amount(len(label)))]
    return render_page(
        page_templates("goldwire.archive.selection", "").get_template("select.html.j2"),
        title=f"{counted(len(label), 'article')} to label, {amount(len(test))} to test",
        short=[
            f"{amount(asked - len(pool))} fewer {what} than were asked for"
            for asked, pool, what in ((choice.number, label, "to label"), (choice.test, test, "to test"))
            if asked > len(pool)
        ],
        is_exhausted=selection.is_exhausted,
        way=way,
        asked=_asked(selection),
        fields=choice.by,
        strata=[
            ([value or "–" for value in values], amount(size), amount(wanted), amount(taken))
            for values, size, wanted, taken in chosen.strata
        ],
        pools=[
            ("label", "To label", [_shown(each) for each in label]),
            ("test", "Drawn at random: the test pool", [_shown(each) for each in test]),
        ],
        copies=[
            (copy.document.id, _title(copy.document.meta), copy.of, number(copy.similarity, 2))
            for copy in chosen.copies[:_COPIES]
        ],
        more_copies=max(len(chosen.copies) - _COPIES, 0),
        refused=selection.refused,
    )


def _title(meta: dict[str, object]) -> str:
    return str(meta.get("title") or "")


def _shown(taken: Taken) -> dict[str, str]:
    meta, text = taken.document.meta, " ".join(taken.document.text.split())
    text = text.removeprefix(" ".join(_title(meta).split())).lstrip()
    return {
        "id": taken.document.id,
        "title": _title(meta),
        "source": str(meta.get("source") or ""),
        "published": str(meta.get("published") or ""),
        "stratum": ", ".join(value or "–" for value in taken.stratum),
        "characters": amount(len(taken.document.text)),
        "begin": text[:_BEGIN] + ("…" if len(text) > _BEGIN else ""),
    }


def _asked(selection: Selection) -> list[tuple[str, str]]:
    """What was asked for, in words."""
    choice = selection.choice
    rows = [
        ("Languages", ", ".join(choice.languages)),
        ("Words", " to ".join(amount(n) if n else "any" for n in (choice.least, choice.most))),
        ("Published", " to ".join(d or "any" for d in (choice.since, choice.until))),
        ("Keywords", ", ".join(choice.keywords)),
        ("Spread over", f"{', '.join(choice.by)} ({choice.spread})" if choice.by else ""),
        ("At most", ", ".join(f"{n} of one {name}" for name, n in choice.at_most)),
        ("Order", choice.order),
        ("Diversity", number(choice.diversity, 2)),
        ("Near copies", f"from a similarity of {number(choice.near, 2)}"),
        ("Seed", str(choice.seed)),
        ("Inputs", counted(len(selection.inputs), "shard")),
    ]
    return [(name, value) for name, value in rows if value and value != "any to any"]
