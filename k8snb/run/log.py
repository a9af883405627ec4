"""An attempt's raw log as events: what a step printed and showed, from the control strings between."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from k8snb.artifacts.store import Store
from k8snb.run.events import Clear, Display, Event, StepState, Text
from k8snb.runner.protocol import Decoder


@dataclass(frozen=True)
class Stored:
    """A display that was too large for the log.

    Parameters
    ----------
    step : str
    digest : str
        Of its JSON form, in the store.
    """

    step: str
    digest: str

    def fetch(self, store: Store) -> Display:
        """Read it from the store."""
        return _display(self.step, json.loads(store.get(f"blobs/{self.digest}")))


class RawLog:
    """Turns a raw log, fed in any pieces, into events.

    Parameters
    ----------
    step : str
    nonce : str
        The attempt's.

    Attributes
    ----------
    state : str or None
        The word of the end.
    begun : bool
        The runner has said something: it is up and has read its order.
    bytes, lines : int
        Of the raw log so far; that the step has printed so far.
    """

    def __init__(self, step: str, nonce: str) -> None:
        self.step = step
        self.state: str | None = None
        self.begun = False
        self.bytes = self.lines = 0
        self._stream: Literal["stdout", "stderr"] = "stdout"
        self._decoder = Decoder(nonce)

    def feed(self, data: bytes) -> Iterator[Event | Stored]:
        """Yield what is complete."""
        self.bytes += len(data)
        for piece in self._decoder.feed(data):
            if isinstance(piece, bytes):
                yield self._text(piece)
            elif (event := self._control(piece)) is not None:
                yield event

    def flush(self) -> Iterator[Event]:
        """Yield what was held back, at the end of the log."""
        if rest := self._decoder.flush():
            yield self._text(rest)

    def _text(self, data: bytes) -> Text:
        self.lines += data.count(b"\n")
        return Text(self.step, self._stream, data)

    def _control(self, fields: dict[str, Any]) -> Event | Stored | None:
        self.begun = True
        match fields["k"]:
            case "start":
                return StepState(self.step, "running")
            case "out":
                self._stream = "stdout"
            case "err":
                self._stream = "stderr"
            case "show" if "blob" in fields:
                return Stored(self.step, fields["blob"])
            case "show":
                return _display(self.step, fields)
            case "clear":
                return Clear(self.step, bool(fields.get("wait")))
            case "end":
                self.state = str(fields["state"])
        return None


def _display(step: str, fields: Mapping[str, Any]) -> Display:
    return Display(
        step,
        data=fields["data"],
        metadata=fields.get("meta") or {},
        display_id=fields.get("id"),
        update=bool(fields.get("update")),
        result=bool(fields.get("result")),
    )
