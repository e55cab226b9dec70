"""What the arguments of brat's events and relations are called, numbers and order aside."""

from __future__ import annotations

import re
from collections.abc import Collection

from goldwire.formats.brat.conf import Conf

_NUMBERED = re.compile(r"(.*[^0-9])[0-9]+", re.DOTALL)


class RoleNames:
    """brat numbers a role that stands several times in an event (Theme, Theme2), and keeps the number where
    the first one is deleted.

    A number is part of the name where `annotation.conf` declares it so. It is taken off where the conf
    declares the name without it, or, where the conf says nothing, some event of the corpus has it without.
    """

    def __init__(self, declared: Collection[str], used: Collection[str]) -> None:
        self.declared, self.used = declared, used

    def name(self, role: str, conf: Conf) -> str:
        """The role's name."""
        match = _NUMBERED.fullmatch(role)
        if match is None or role in self.declared:
            return role
        bare = match[1]
        return bare if conf.own or bare in self.declared or bare in self.used else role


def in_order(label: str, first: str, second: str, conf: Conf) -> tuple[str, str]:
    """The two ends of a relation (`Arg1:T1`), by their names: as the conf orders them, else by number."""
    names = [argument.partition(":")[0] for argument in (first, second)]
    declared = conf.ends.get(label)
    if declared is not None and set(names) == set(declared):
        swapped = names[0] != declared[0]
    else:
        numbers = [match and (match[1], match[2]) for match in map(_ENDS.fullmatch, names)]
        swapped = (
            numbers[0] is not None
            and numbers[1] is not None
            and numbers[0][0] == numbers[1][0]
            and int(numbers[0][1]) > int(numbers[1][1])
        )
    ids = [argument.partition(":")[2] for argument in (first, second)]
    return (ids[1], ids[0]) if swapped else (ids[0], ids[1])


_ENDS = re.compile(r"(.*?)([0-9]{1,3})")
