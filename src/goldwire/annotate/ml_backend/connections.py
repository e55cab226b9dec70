"""Connections of the ML backend that keep nobody else out: there is an end to what each may take.

uvicorn waits for ever for the rest of a head, for a body, and for a client that does not read its answer.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol

#: Seconds for a request's head, for its body, and for a client to go on reading its answer.
PATIENCE = 20.0
#: Connections at a time. One more takes the place of the oldest whose request has not come whole.
CONNECTIONS = 256


def limited(patience: float) -> type[H11Protocol]:
    """uvicorn's protocol with these limits. Who half-closes after a whole request gets an answer."""
    import h11
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Limited(H11Protocol):
        _deadline: asyncio.TimerHandle | None = None
        _stuck: asyncio.TimerHandle | None = None
        _ended = False
        since = 0.0

        @property
        def owes(self) -> bool:
            """Whether its request has not come whole."""
            return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

        def connection_made(self, transport: Any) -> None:
            owing = [other for other in self.connections if isinstance(other, Limited) and other.owes]
            super().connection_made(transport)
            self.since = time.monotonic()
            self._wait_for_a_head()
            if len(self.connections) > CONNECTIONS:
                oldest = min(owing, key=lambda other: other.since, default=self)
                oldest.transport.abort()
                self.connections.discard(oldest)

        def connection_lost(self, exc: Exception | None) -> None:
            self._unset("_deadline")
            self._unset("_stuck")
            super().connection_lost(exc)

        def handle_events(self) -> None:
            super().handle_events()
            if self.cycle is not None and not self.cycle.response_complete:
                self._unset("_deadline")

        def on_response_complete(self) -> None:
            self.since = time.monotonic()
            super().on_response_complete()
            if self._ended and not self.transport.is_closing():
                self.transport.close()
            elif self.cycle.response_complete:
                self._wait_for_a_head()

        def eof_received(self) -> bool:  # type: ignore[override]
            """True leaves the other direction open, for the answer."""
            self._ended = self.cycle is not None and not self.cycle.response_complete and not self.owes
            return self._ended

        def pause_writing(self) -> None:
            super().pause_writing()
            self._unset("_stuck")
            self._stuck = self.loop.call_later(patience, self.transport.abort)

        def resume_writing(self) -> None:
            self._unset("_stuck")
            super().resume_writing()

        def _wait_for_a_head(self) -> None:
            # Not begun anew with each byte: those that come one by one would take for ever.
            self._unset("_deadline")
            self._deadline = self.loop.call_later(patience, self.transport.abort)

        def _unset(self, name: str) -> None:
            if timer := getattr(self, name):
                timer.cancel()
            setattr(self, name, None)

    return Limited
