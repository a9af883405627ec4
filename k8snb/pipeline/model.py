"""Steps and the pipeline that they form: frozen data, no behaviour but looking things up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from k8snb.analysis.facts import CellFacts
from k8snb.analysis.state_tables import IMPLICIT
from k8snb.pipeline.options import StepOptions


@dataclass(frozen=True)
class Cell:
    """One code cell of a notebook, in the order of the first execution (or of the file).

    Parameters
    ----------
    source : str
        As it stands in the notebook, the step's line included.
    facts : CellFacts
    step : str or None
        The step's name; None for a plain cell.
    options : StepOptions
        Of a step.
    futures : frozenset of str
        Features that cells above have taken from ``__future__``.
    left_alone : frozenset of str
        Of a plain cell that a kernel has executed: results of steps that were not even fetched at its end.
    number : int or None
        What the user sees beside the cell, where it has been executed.
    put_out : frozenset of str or None
        Of a step that has run: names that it has put out or deleted. Run again it may do so with others.
    """

    source: str
    facts: CellFacts
    step: str | None = None
    options: StepOptions = field(default_factory=StepOptions)
    futures: frozenset[str] = frozenset()
    left_alone: frozenset[str] = frozenset()
    number: int | None = None
    put_out: frozenset[str] | None = None

    def depends_on(self, kinds: Iterable[str]) -> bool:
        """Say whether the cell's own code depends on state of modules of some kinds, or may without saying so."""
        uses = self.facts.state.uses
        return any(kind in uses or kind in IMPLICIT for kind in kinds)

    @property
    def leaves(self) -> frozenset[str]:
        """Of a plain cell: names whose value is the kernel's after it, or gone."""
        return (self.facts.outputs | self.facts.deletes) - self.left_alone


@dataclass(frozen=True)
class Carried:
    """A statement of a cell above that a step repeats, because it sets the state of a module.

    Parameters
    ----------
    code : str
        Stands alone.
    modules : tuple of str
        It is executed as soon as these are loaded.
    needs : tuple of str
        Top-level modules that it imports.
    text, where : str
        For people: what it sets, and which line of which cell it is.
    kinds : tuple of str
        See `k8snb.analysis.state_tables`.
    """

    code: str
    modules: tuple[str, ...]
    needs: tuple[str, ...]
    text: str
    where: str
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unshared:
    """State of a module that is set in one cell, and that another does not see as it would in one kernel.

    Parameters
    ----------
    cell, line : int
        Where it is set: the cell's place among all, from 0, and the line in it.
    reader : int
        The place of the first cell that it matters to.
    text : str
        One sentence: where, what, and the way out.
    kinds : tuple of str
        Of state, as `k8snb.analysis.state_tables` names them.
    """

    cell: int
    line: int
    reader: int
    text: str
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A step and where its inputs come from.

    Parameters
    ----------
    name : str
    cell : Cell
    inputs : mapping of str to tuple of (str or None)
        For each name it may read: the steps that may have made it, the nearest above first; None stands for the
        kernel and is always the last.
    after : frozenset of str
        Steps that must have ended before it starts.
    outputs : tuple of str
        Names whose values it puts out, sorted.
    needed : tuple of str
        Those of `outputs` that other steps read, sorted.
    submodules : tuple of str
        Modules that cells above import as ``a.b``: a step that gets `a` has them too.
    versions : mapping of str to object
        For each name that cells above bind: which of them has bound it last. Two steps with the same one mean the same
        object by a name of the kernel.
    carried : tuple of Carried
        What cells above have set of the state of modules, in their order.
    extensions : tuple of str
        Of IPython, that cells above load and one of which the step's magics may need.
    shows : str
        Which of its expressions are displayed, as IPython's ``ast_node_interactivity`` says.
    perhaps : frozenset of str
        Those of `inputs` that it does without where they cannot travel: what shares objects with what it changes,
        classes of the notebook that a pickle may name, and what these use.
    """

    name: str
    cell: Cell
    inputs: Mapping[str, tuple[str | None, ...]]
    after: frozenset[str]
    outputs: tuple[str, ...]
    needed: tuple[str, ...] = ()
    submodules: tuple[str, ...] = ()
    versions: Mapping[str, object] = field(default_factory=dict)
    carried: tuple[Carried, ...] = ()
    extensions: tuple[str, ...] = ()
    perhaps: frozenset[str] = frozenset()
    shows: str = "last_expr"

    @property
    def from_kernel(self) -> frozenset[str]:
        """Names whose value may have to come from the kernel."""
        return frozenset(name for name, sources in self.inputs.items() if None in sources)

    def means(self, name: str, maker: Step) -> bool:
        """Say whether a name means to the step what another step above has left it as."""
        return self.versions.get(name) in {maker.name, maker.versions.get(name)}


@dataclass(frozen=True)
class Pipeline:
    """The steps of a notebook in their cells' order, which is an order that respects every `after`.

    Parameters
    ----------
    name : str
        From the notebook's file name.
    steps : tuple of Step
    warnings : tuple of str
    unshared : tuple of Unshared
    cells : tuple of Cell
        All cells, in their order.
    """

    name: str
    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = field(default=())
    unshared: tuple[Unshared, ...] = ()
    cells: tuple[Cell, ...] = ()

    def __getitem__(self, name: str) -> Step:
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)
