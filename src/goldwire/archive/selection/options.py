"""What is asked of a selection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from goldwire.annotations.values import is_date
from goldwire.errors import GoldwireError
from goldwire.near_duplicates import SIMILAR

#: Orders that are no metadata.
RANDOM, UNCERTAINTY = "random", "uncertainty"
#: From which similarity on texts may be said to be copies: below it most are.
LEAST_SIMILAR = 0.1
_CODE = "GW955"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which articles of an archive are wanted, and how many.

    The archive's articles in one of `languages`, of `least` to `most` words (0: no bound), published from
    `since` to `until` (ISO 8601, both inclusive) are the population, of which `test` are drawn at random.
    Of those that hold one of `keywords` (none: all) `number` are chosen, spread over the values of the fields
    `by`, with `at_most` so many of one value of a field: in the order of a metadata field, the greatest
    first, of a model's `uncertainty`, or `random`, and by `diversity` in [0, 1] unlike one another. Texts
    whose Jaccard similarity reaches `near` are never taken twice.
    """

    number: int = 200
    test: int = 40
    languages: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    since: str = ""
    until: str = ""
    keywords: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    spread: Literal["even", "proportional"] = "even"
    at_most: tuple[tuple[str, int], ...] = ()
    order: str = RANDOM
    diversity: float = 0.5
    near: float = SIMILAR
    seed: int = 0
    columns: tuple[tuple[str, str], ...] = ()

    def check(self) -> None:
        """Raise GW955 for what can't be meant."""
        for name in ("since", "until"):
            value = getattr(self, name)
            if value and not is_date(value):
                raise wrong_choice(f"`{value}` is no date", "2024, 2024-05 or 2024-05-31")
        counts = {"number": self.number, "test": self.test, "least": self.least, "most": self.most}
        for name, count in (*counts.items(), *self.at_most):
            if not isinstance(count, int) or isinstance(count, bool) or count < 0:
                raise wrong_choice(f"`{name}` is {count!r}", "a whole number, 0 or more")
        for name, share, lowest in (("diversity", self.diversity, 0), ("near", self.near, LEAST_SIMILAR)):
            if not lowest <= share <= 1:
                raise wrong_choice(f"`{name}` is {share}", f"from {lowest} to 1")
        if self.spread not in ("even", "proportional"):
            raise wrong_choice(f"`spread` is {self.spread!r}", "even or proportional")
        if self.most and self.most < self.least:
            raise wrong_choice(f"at most {self.most} words, at least {self.least}", "the other way round?")
        if not all(map(str.strip, self.keywords)):
            raise wrong_choice("a keyword is empty", "--keyword WORD, as often as wanted")
        if "keyword" in self.fields and not self.keywords:
            raise wrong_choice("by keyword, and none is named", "--keyword WORD, as often as wanted")

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields whose values are counted."""
        return (*self.by, *(name for name, _ in self.at_most))

    def as_dict(self) -> dict[str, Any]:
        """As it stands in the file that repeats the choice."""
        return {**asdict(self), "at_most": dict(self.at_most), "columns": dict(self.columns)}

    @classmethod
    def of(cls, stored: Mapping[str, Any], where: str) -> Choice:
        """The choice that such a file holds; raises GW955 where it is none."""
        values = dict(stored)
        known = {each.name: each.default for each in fields(cls)}
        try:
            for name in ("at_most", "columns"):
                values[name] = tuple(sorted(values.get(name, {}).items()))
            for name in ("languages", "keywords", "by"):
                values[name] = tuple(map(str, values.get(name, ())))
            if unknown := sorted(set(values) - set(known)):
                raise wrong_choice(f"`{unknown[0]}` is no option of a selection", "", where)
            for name, value in values.items():
                if not isinstance(value, type(known[name])) and not (
                    isinstance(known[name], float) and isinstance(value, int)
                ):
                    raise wrong_choice(f"`{name}` can't be {value!r}", "", where)
        except (AttributeError, TypeError) as error:
            raise wrong_choice(f"no selection: {error}", "", where) from None
        return cls(**values)


def wrong_choice(what: str, hint: str, where: str = "") -> GoldwireError:
    """The error of a choice that can't be met."""
    return GoldwireError.of(_CODE, what, where=where, hint=hint)
