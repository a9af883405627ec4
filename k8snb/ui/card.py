"""The card under a step's cell: what it reads and from where, what it makes, how it runs, what could go wrong."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

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
    together : tuple of (tuple of str, int)
        The names of each object, or of objects that share one, and their size.
    numbers : mapping of str to str
        The values of those that are numbers.
    """

    names: tuple[str, ...]
    size: int
    seconds: float
    together: tuple[tuple[tuple[str, ...], int], ...] = ()
    numbers: Mapping[str, str] = field(default_factory=dict)

    @property
    def sizes(self) -> dict[str, str]:
        """How large the value of each name is, in words; what shares an object is told once, a number itself."""
        found = {}
        for (first, *others), size in self.together:
            found[first] = size_in_words(size)
            found |= dict.fromkeys(others, f"with {first}")
        return {**found, **self.numbers}


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
    imported : tuple of str
        What it reads that plain cells import.
    is_old : bool
        Another cell is the step by now.
    stays : mapping of str to str
        What it makes that cannot travel to other steps, and what that is.
    anew : tuple of str
        Names of the kernel's values that are others now than those that it has been given.
    """

    step: Step
    captured: Captured
    warnings: tuple[str, ...] = ()
    last_ran: str = ""
    imported: tuple[str, ...] = ()
    is_old: bool = False
    stays: Mapping[str, str] = field(default_factory=dict)
    anew: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """The warnings, with what is to be said of values that are others now."""
        if not self.anew or self.is_old:
            return self.warnings
        was = f"gets {', '.join(self.anew)} as it was when this cell was executed; execute it again for what it is now"
        return (*self.warnings, was)

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Heading and text of each row, without the warnings."""
        if self.is_old:
            return [("is", "another cell's step now")]
        outputs, by_import = self.step.outputs, self.step.cell.facts.imported.keys() | self.step.cell.facts.modules
        makes = [name for name in outputs if name not in by_import and name not in self.stays]
        rows = [("reads", self._reads()), ("makes", ", ".join(makes) or "nothing")]
        if self.stays:
            rows.append(("keeps in its process", ", ".join(f"{name} ({kind})" for name, kind in self.stays.items())))
        if imported := sorted({*self.imported, *(name for name in outputs if name in by_import)}):
            rows.append(("imports", ", ".join(imported)))
        if captured := self._captured():
            rows.append(("captured", captured))
        if asked := ", ".join(_asked(self.step.cell.options)):
            rows.append(("runs with", asked))
        if mounts := self.step.cell.options.mounts:
            rows.append(("costs", f"0.3 s more at a pod's start: {', '.join(mounts)} mounts a volume"))
        if carried := list(dict.fromkeys(c.text for c in self.step.carried if self.step.cell.depends_on(c.kinds))):
            rows.append(("repeats", ", ".join(carried)))
        if self.last_ran:
            rows.append(("last ran", self.last_ran))
        return rows

    def _reads(self) -> str:
        """Return the inputs by where they come from, those of the kernel with their sizes."""
        by_source: dict[str, list[str]] = {}
        sizes = self.captured.sizes
        for name, sources in sorted(self.step.inputs.items()):
            if name not in self.imported:
                source = " or ".join("the notebook" if s is None else s for s in sources)
                by_source.setdefault(source, []).append(f"{name} ({sizes[name]})" if name in sizes else name)
        return "; ".join(f"{', '.join(names)} from {source}" for source, names in by_source.items()) or "nothing"

    def _captured(self) -> str:
        """Return how much of the kernel was captured and how long it took, with what is not among the inputs."""
        names = [name for name in self.captured.names if name not in self.imported]
        others = ", ".join(name for name in names if name not in self.captured.sizes or name not in self.step.inputs)
        told = f"{size_in_words(self.captured.size)} in {self.captured.seconds * 1000:.0f} ms" if names else ""
        return f"{others}: {told}" if others else told

    def __repr__(self) -> str:
        rows = [*self.rows, *(("warning", warning) for warning in self.told)]
        return "\n".join((f"step {self.step.name}", *(f"  {head:<9} {text}" for head, text in rows)))

    def _repr_html_(self) -> str:
        facts = "".join(
            f'<span style="display: inline-block; padding-right: 14px">'
            f'<span style="{QUIET}">{html.escape(head)}</span> {html.escape(text)}</span>'
            for head, text in self.rows
        )
        warnings = "".join(f"<div>{badge(YELLOW, '⚠ warning')} {html.escape(text)}</div>" for text in self.told)
        name = f'<b style="padding-right: 14px">{html.escape(self.step.name)}</b>'
        return f'<div style="font-size: smaller; line-height: 1.5"><div>{name}{facts}</div>{warnings}</div>'


def _asked(options: StepOptions) -> Iterator[str]:
    """Yield what a step asks for of its pod, in the words of its options; values of variables stay untold."""
    single = {"cpu": options.cpu, "memory": options.memory, "gpu": options.gpu, "shm": options.shm}
    single |= {"image": options.image, "requirements": options.requirements, "retries": options.retries}
    single |= {"service account": options.service_account}
    yield from (f"{name} {value}" for name, value in single.items() if value)
    if options.timeout is not None:
        yield f"timeout {time_in_words(options.timeout)}"
    several: dict[str, Collection[str]] = {"files": options.files, "env": options.env, "secrets": options.secrets}
    several |= {"volumes": options.volumes}
    several |= {"node selector": [f"{key}={value}" for key, value in options.node_selector.items()]}
    several |= {"tolerations": options.tolerations}
    yield from (f"{name} {', '.join(values)}" for name, values in several.items() if values)
