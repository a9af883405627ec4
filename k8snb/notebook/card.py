"""The card under a step's cell: what it reads and from where, what it makes, what could go wrong."""

from __future__ import annotations

import html
from dataclasses import dataclass

from k8snb.analysis.source import QUIET
from k8snb.notebook.capture import Capture
from k8snb.pipeline.model import Step

SILENCE = f"silence: # {QUIET}"
"""What ends a warning."""


@dataclass(frozen=True)
class Card:
    """What is shown; static text and HTML.

    Parameters
    ----------
    step : Step
    capture : Capture
    warnings : tuple of str
    """

    step: Step
    capture: Capture
    warnings: tuple[str, ...] = ()

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Heading and text of each row."""
        rows = [("reads", _reads(self.step)), ("makes", ", ".join(self.step.outputs) or "nothing")]
        if self.capture.groups:
            size, seconds = size_in_words(self.capture.size), self.capture.seconds
            rows.append(("captured", f"{', '.join(sorted(self.capture.groups))}: {size} in {seconds * 1000:.0f} ms"))
        if mounts := self.step.cell.options.mounts:
            rows.append(("costs", f"0.3 s more at a pod's start: {', '.join(mounts)} mounts a volume"))
        if carried := list(dict.fromkeys(c.text for c in self.step.carried if self.step.cell.depends_on(c.kinds))):
            rows.append(("repeats", ", ".join(carried)))
        return rows + [("warning", warning) for warning in self.warnings]

    def __repr__(self) -> str:
        return "\n".join((f"step {self.step.name}", *(f"  {head:<9} {text}" for head, text in self.rows)))

    def _repr_html_(self) -> str:
        cell = '<td style="text-align: left; vertical-align: top">'
        rows = "".join(
            f"<tr>{cell}{html.escape(head)}</td>{cell}{html.escape(text)}</td></tr>" for head, text in self.rows
        )
        title = html.escape(self.step.name)
        return f'<table style="font-size: smaller"><tr>{cell}step</td>{cell}<b>{title}</b></td></tr>{rows}</table>'


def _reads(step: Step) -> str:
    """Return the inputs by where they come from."""
    by_source: dict[str, list[str]] = {}
    for name, sources in sorted(step.inputs.items()):
        source = " or ".join("the notebook" if s is None else s for s in sources)
        by_source.setdefault(source, []).append(name)
    return "; ".join(f"{', '.join(names)} from {source}" for source, names in by_source.items()) or "nothing"


def size_in_words(size: float) -> str:
    """Return a number of bytes as it is read."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:  # noqa: PLR2004 - units of a thousand
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
