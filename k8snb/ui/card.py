"""The card under a step's cell: what it reads and from where, what it makes, how it runs, what could go wrong."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass

from k8snb.analysis.source import QUIET as SILENT
from k8snb.pipeline.model import Step
from k8snb.pipeline.options import StepOptions
from k8snb.ui.colours import QUIET, YELLOW, badge
from k8snb.ui.words import size_in_words, time_in_words

SILENCE = f"silence: # {SILENT}"
"""What ends a warning."""


@dataclass(frozen=True)
class Captured:
    """The values of the kernel that a step has been given when its cell was executed.

    Parameters
    ----------
    names : tuple of str
    size : int
        In bytes.
    seconds : float
        That it took.
    """

    names: tuple[str, ...]
    size: int
    seconds: float


@dataclass(frozen=True)
class Card:
    """What is shown; static text and HTML.

    Parameters
    ----------
    step : Step
    captured : Captured
    warnings : tuple of str
    last_ran : str
        When it did, and what has changed since.
    """

    step: Step
    captured: Captured
    warnings: tuple[str, ...] = ()
    last_ran: str = ""

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Heading and text of each row, without the warnings."""
        modules = self.step.cell.facts.modules
        rows = [("reads", _reads(self.step))]
        rows.append(("makes", ", ".join(name for name in self.step.outputs if name not in modules) or "nothing"))
        if imported := [name for name in self.step.outputs if name in modules]:
            rows.append(("imports", ", ".join(imported)))
        if names := self.captured.names:
            size, seconds = size_in_words(self.captured.size), self.captured.seconds
            rows.append(("captured", f"{', '.join(names)}: {size} in {seconds * 1000:.0f} ms"))
        if asked := ", ".join(_asked(self.step.cell.options)):
            rows.append(("runs with", asked))
        if mounts := self.step.cell.options.mounts:
            rows.append(("costs", f"0.3 s more at a pod's start: {', '.join(mounts)} mounts a volume"))
        if carried := list(dict.fromkeys(c.text for c in self.step.carried if self.step.cell.depends_on(c.kinds))):
            rows.append(("repeats", ", ".join(carried)))
        if self.last_ran:
            rows.append(("last ran", self.last_ran))
        return rows

    def __repr__(self) -> str:
        rows = [*self.rows, *(("warning", warning) for warning in self.warnings)]
        return "\n".join((f"step {self.step.name}", *(f"  {head:<9} {text}" for head, text in rows)))

    def _repr_html_(self) -> str:
        facts = "".join(
            f'<span style="display: inline-block; padding-right: 14px">'
            f'<span style="{QUIET}">{html.escape(head)}</span> {html.escape(text)}</span>'
            for head, text in self.rows
        )
        warnings = "".join(f"<div>{badge(YELLOW, '⚠ warning')} {html.escape(text)}</div>" for text in self.warnings)
        name = f'<b style="padding-right: 14px">{html.escape(self.step.name)}</b>'
        return f'<div style="font-size: smaller; line-height: 1.5"><div>{name}{facts}</div>{warnings}</div>'


def _reads(step: Step) -> str:
    """Return the inputs by where they come from."""
    by_source: dict[str, list[str]] = {}
    for name, sources in sorted(step.inputs.items()):
        source = " or ".join("the notebook" if s is None else s for s in sources)
        by_source.setdefault(source, []).append(name)
    return "; ".join(f"{', '.join(names)} from {source}" for source, names in by_source.items()) or "nothing"


def _asked(options: StepOptions) -> Iterator[str]:
    """Yield what a step asks for of its pod, in the words of its options; values of variables stay untold."""
    single = {"cpu": options.cpu, "memory": options.memory, "gpu": options.gpu, "shm": options.shm}
    single |= {"image": options.image, "requirements": options.requirements, "retries": options.retries}
    yield from (f"{name} {value}" for name, value in single.items() if value)
    if options.timeout is not None:
        yield f"timeout {time_in_words(options.timeout)}"
    several = {"files": options.files, "env": options.env, "secrets": options.secrets, "volumes": options.volumes}
    yield from (f"{name} {', '.join(values)}" for name, values in several.items() if values)
