"""How much of a file's making is followed, in one place: what goes beyond is refused by name, not suffered.

None of them is met by an honest file; each keeps a small hostile one from taking the machine.
"""

from __future__ import annotations

#: Levels of nesting in JSON, YAML and TOML.
DEPTH = 100
#: Nodes that the aliases of a YAML text may stand for, all together.
ALIASED = 100_000
#: Bytes that a compressed file may always hold, however small it is, and how many times its own size beyond.
INFLATED = 64 << 20
RATIO = 100
#: Zips that may lie one in the other: an export holds one for each document and annotator.
ZIPS = 3
#: Bytes of a name that is made for a file, in UTF-8, before its suffix. File systems take 255 in all.
NAME = 240

TOO_DEEP = f"nested more than {DEPTH} levels deep"


def inflated(size: int) -> int:
    """The bytes that a compressed file of `size` bytes may hold."""
    return max(INFLATED, RATIO * size)
