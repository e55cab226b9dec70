"""How many examples a test of properties tries: all of them in `make test`, a few in `make check`."""

from __future__ import annotations

from hypothesis import settings

#: The profile of `make check`; `tests/conftest.py` registers both.
FEW, ALL = "few", "goldwire"


def at_most(number: int) -> int:
    """So many examples, or those of the profile `few` where that is asked for: `--hypothesis-profile few`."""
    tried = settings().max_examples
    return min(number, tried) if tried < settings.get_profile(ALL).max_examples else number
