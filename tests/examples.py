"""How many examples a test of properties tries: all of them in `make test`, a few in `make check`."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

#: The profiles of `make check` and of `make test`.
FEW, ALL = "few", "goldwire"
settings.register_profile(ALL, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(FEW, settings.get_profile(ALL), max_examples=10)


def at_most(number: int) -> int:
    """So many examples, or those of the profile `few` where that is asked for: `--hypothesis-profile few`."""
    tried = settings().max_examples
    return min(number, tried) if tried < settings.get_profile(ALL).max_examples else number
