"""What the analysis says about one cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Warning_:  # noqa: N801 - the builtin has the plain name
    """Something that cannot be known from the code, or that does not travel.

    Parameters
    ----------
    line : int
        Line of the cell, from 1.
    code : str
        A stable short name (``"eval"``, ``"module-state"`` ...).
    text : str
        One sentence: what, and the way out.
    quiet : bool
        The user does not want to be told.
    """

    line: int
    code: str
    text: str
    quiet: bool = False


@dataclass(frozen=True)
class Replay:
    """A statement that sets the state of modules, so written that it can be executed elsewhere.

    Parameters
    ----------
    code : str
        The statement, with the imports that it needs.
    modules : tuple of str
        Modules that it is about: it means nothing where these are not loaded.
    names : frozenset of str
        Names of the notebook that it reads besides.
    """

    code: str
    modules: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Setting:
    """A place where a cell, or a function in it, sets the state of a module.

    Parameters
    ----------
    line : int
    kinds : tuple of str
        What state; see `k8snb.analysis.state_tables`.
    text : str
        As it is written.
    replay : Replay or None
        None: it cannot be executed on its own.
    quiet : bool
        The user does not want to be told.
    secret : bool
        It sets an environment variable that is called like a secret.
    """

    line: int
    kinds: tuple[str, ...]
    text: str
    replay: Replay | None = None
    quiet: bool = False
    secret: bool = False


@dataclass(frozen=True)
class ModuleState:
    """What code has to do with the state of modules.

    Parameters
    ----------
    settings : tuple of Setting
        In the order of their lines.
    uses : mapping of str to int
        Kinds of state that what the code does depends on, with the first such line.
    """

    settings: tuple[Setting, ...] = ()
    uses: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class CellFacts:
    """What a cell's source says about names of the notebook's namespace.

    Lines are lines of the cell as it stands in the notebook, from 1.

    Parameters
    ----------
    reads : mapping of str to int
        Names that executing the cell may read before it has surely bound them, with the first such line. Functions and
        classes defined in the cell count with all they use where the cell may call them or let them escape.
        Names of builtins are left out, unless the cell or the notebook binds them.
    binds : frozenset of str
        Names surely bound at the cell's normal end.
    may_bind : frozenset of str
        Names bound on some path only (conditions, loops, ``except``, ``global`` in a function).
    deletes : frozenset of str
        Names that may be unbound at the end through ``del`` or ``except ... as``.
    changes : mapping of str to int
        Names whose object the cell may change in place, as far as the code tells (``x[0] = 1``, ``x += y``,
        ``x.append(1)``, ``x.attr = 1``, ``model.fit(...)``), with the line. Only names in `reads`.
    uses : mapping of str to frozenset of str
        For each function or class that the cell binds: the names of the namespace that its code uses. A later cell
        that reads the function needs these too, as they are then.
    imports : frozenset of str
        Top-level modules imported, at any depth.
    submodules : frozenset of str
        ``a.b`` for ``import a.b``, which binds only `a`.
    futures : frozenset of str
        Features of ``from __future__ import ...``: they hold for the cells below too.
    ipython : bool
        The cell uses IPython's syntax (magics, ``!``, ``?``).
    warnings : tuple of Warning_
    state : ModuleState
        Of what executing the cell does.
    functions : mapping of str to ModuleState
        Of the functions and classes that the cell binds, where they have to do with any.
    constants : mapping of str to str
        Names that the cell surely binds to a literal, and only once; with the literal.
    """

    reads: Mapping[str, int] = field(default_factory=dict)
    binds: frozenset[str] = frozenset()
    may_bind: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()
    changes: Mapping[str, int] = field(default_factory=dict)
    uses: Mapping[str, frozenset[str]] = field(default_factory=dict)
    effects: Mapping[str, frozenset[str]] = field(default_factory=dict)
    instances: Mapping[str, frozenset[str]] = field(default_factory=dict)
    certain: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    submodules: frozenset[str] = frozenset()
    futures: frozenset[str] = frozenset()
    ipython: bool = False
    warnings: tuple[Warning_, ...] = ()
    state: ModuleState = field(default_factory=ModuleState)
    functions: Mapping[str, ModuleState] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    @property
    def outputs(self) -> frozenset[str]:
        """Names whose value may be another after the cell."""
        return self.binds | self.may_bind | frozenset(self.changes)
