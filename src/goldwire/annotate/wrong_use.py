"""What a function of this room is asked for and can't be, or not together: one error for all."""

from __future__ import annotations

from goldwire.errors import GoldwireError


def wrong_use(message: str, hint: str) -> GoldwireError:
    """The error to raise, GW958."""
    return GoldwireError.of("GW958", message, hint=hint)
