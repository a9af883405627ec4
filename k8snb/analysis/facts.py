"""What the analysis says about one cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from k8snb.analysis.files import Files
from k8snb.analysis.installs import Install

READS_ANY = frozenset({"eval", "exec", "globals", "locals", "vars", "magic", "namespace", "main"})
"""Codes of warnings about lines that may read any name."""

BINDS_ANY = READS_ANY - {"eval", "main"} | {"get_ipython", "star-import", "script"}
"""Codes of warnings about lines that may bind any name."""

TELLS_PART = frozenset({"partial"})
"""Codes of warnings about lines that list what there is."""


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

    @property
    def short(self) -> str:
        """Where and what it is, without the way out."""
        return f"line {self.line}: {self.text.partition(': ')[0]}"


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
    parameters : mapping of str to str or None
        Of a function: its parameters, with literals that are their defaults.
    calls : mapping of str to tuple
        Of a cell: functions that it calls once, in a statement that does no more, with the arguments, as they are
        written, and their places or names.
    """

    settings: tuple[Setting, ...] = ()
    uses: Mapping[str, int] = field(default_factory=dict)
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    calls: Mapping[str, tuple[tuple[int | str, str], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Function:
    """What is called, or what a call is given and may call.

    Parameters
    ----------
    name : str
        Of the namespace, of a method, of a parameter of the function around, or a mark of `CellFacts.nameless`.
    method, parameter : bool
        It is called on an object; it is a parameter.
    bound : int
        How many arguments it has already (``partial``).
    """

    name: str
    method: bool = False
    parameter: bool = False
    bound: int = 0


KEEPING = Function("__setattr__", method=True)
"""What an assignment to an object's attribute or item calls."""

RESULT = "()"
"""The place of a `Pass` that hands over nothing: it says that what the call returns is changed."""


@dataclass(frozen=True)
class Pass:
    """An object that is handed to a call of which the code here does not tell what it does with it.

    Parameters
    ----------
    callee : Function
        The function, the class or the method.
    position : int or str
        Which argument it is: its place, from 0, or its name; ``"self"``: what the method is called on.
    names : frozenset of str
        Names of the namespace whose objects it may be or contain.
    parameters : frozenset of str
        In a function: parameters of its own whose objects it may be or contain.
    into : frozenset of str
        Names that are bound to what the call returns.
    line : int
    functions : tuple of (int or str, Function)
        What else the call is given that may be a function, with its place among the arguments.
    methods : frozenset of (str, str)
        Methods that the call is given, uncalled, with the names of their objects.
    keepers : frozenset of str
        Names that stand then for what a method is called on: those too that the cell has bound itself.
    later : bool
        The call is made by calling what `into` stands for (``partial``).
    waits : bool
        The cell itself does not make that call.
    altered, altered_inside, called, returned : bool
        What the call returns is changed in place; something inside it is; it is called; the function here returns it in
        turn.
    """

    callee: Function
    position: int | str
    names: frozenset[str]
    parameters: frozenset[str]
    into: frozenset[str]
    line: int
    functions: tuple[tuple[int | str, Function], ...] = ()
    methods: frozenset[tuple[str, str]] = frozenset()
    keepers: frozenset[str] = frozenset()
    later: bool = False
    waits: bool = False
    altered: bool = False
    altered_inside: bool = False
    called: bool = False
    returned: bool = False


@dataclass(frozen=True)
class Code:
    """What calling a function or a class comes to, as far as it shows.

    Parameters
    ----------
    parameters : tuple of str
    changes, returns : frozenset of str
        Parameters whose objects it changes in place, and those whose objects its result may be or contain.
    returns_itself : frozenset of str
        Of these, those whose objects its result may be, or be a part of.
    gives, touches : frozenset of str
        Names of the namespace whose objects its result may be or contain, and those that calling it rebinds, or whose
        objects it changes.
    passes : tuple of Pass
    methods : mapping of str to Code
        Of a class.
    inner, inner_changes : frozenset of str
        Names of the namespace that functions inside it use, and those whose objects these change: what it returns may
        be one of them.
    stateful, makes_stateful : bool
        Calling it changes it (variables that it closes over, its defaults); calling what it returns does.
    is_class : bool
    changes_class : bool
        A method that changes the class of what it is called on.
    getters : frozenset of str
        Methods of a class that reading an attribute runs.
    methods_out : frozenset of str
        Methods, uncalled, that what it returns may be or contain.
    inner_passes : tuple of Pass
        What functions inside it hand to methods of what its parameters stand for.
    """

    parameters: tuple[str, ...] = ()
    changes: frozenset[str] = frozenset()
    returns: frozenset[str] = frozenset()
    passes: tuple[Pass, ...] = ()
    methods: Mapping[str, Code] = field(default_factory=dict)
    inner: frozenset[str] = frozenset()
    inner_changes: frozenset[str] = frozenset()
    gives: frozenset[str] = frozenset()
    stateful: bool = False
    makes_stateful: bool = False
    is_class: bool = False
    changes_class: bool = False
    returns_itself: frozenset[str] = frozenset()
    touches: frozenset[str] = frozenset()
    getters: frozenset[str] = frozenset()
    methods_out: frozenset[str] = frozenset()
    inner_passes: tuple[Pass, ...] = ()

    def beside(self, other: Code | None) -> Code:
        """Return what calling one of the two comes to."""
        if other is None:
            return self
        return Code(
            self.parameters,
            self.changes | other.changes,
            self.returns | other.returns,
            self.passes + other.passes,
            {**other.methods, **self.methods},
            self.inner | other.inner,
            self.inner_changes | other.inner_changes,
            self.gives | other.gives,
            self.stateful or other.stateful,
            self.makes_stateful or other.makes_stateful,
            self.is_class or other.is_class,
            self.changes_class or other.changes_class,
            self.returns_itself | other.returns_itself,
            self.touches | other.touches,
            self.getters | other.getters,
            self.methods_out | other.methods_out,
            self.inner_passes + other.inner_passes,
        )


@dataclass(frozen=True)
class Refusal:
    """Something that works in a kernel and surely fails in a step.

    Parameters
    ----------
    line : int
        Line of the cell, from 1.
    what, fix : str
        What is wrong, and the way out.
    foreign : bool
        It is a magic that an extension may have.
    """

    line: int
    what: str
    fix: str
    foreign: bool = False


@dataclass(frozen=True)
class Kept:
    """What a cell leaves behind in a process that is no variable.

    Parameters
    ----------
    displays, annotates : int
        The line of the expression whose value it displays, and of the first name that it annotates; 0: none.
    derives, one_dict, cached, maps : mapping of str to int
        Classes that it derives from others, classes whose instances share one dict for their attributes, functions that
        keep their results (``lru_cache``), and names of arrays that change a file (``np.memmap``), with their lines.
    doing, calls : frozenset of str
        Of `cached`: functions that do more than compute, and those that the cell calls itself.
    """

    displays: int = 0
    annotates: int = 0
    derives: Mapping[str, int] = field(default_factory=dict)
    one_dict: Mapping[str, int] = field(default_factory=dict)
    cached: Mapping[str, int] = field(default_factory=dict)
    maps: Mapping[str, int] = field(default_factory=dict)
    doing: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()


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
    gone : frozenset of str
        Those of `deletes` that surely are.
    changes : mapping of str to int
        Names whose object the cell may change in place, as far as the code tells (``x[0] = 1``, ``x += y``,
        ``x.append(1)``, ``x.attr = 1``, ``model.fit(...)``), with the line. Only names in `reads`.
    uses : mapping of str to frozenset of str
        For each function or class that the cell binds: the names of the namespace that its code uses. A later cell
        that reads the function needs these too, as they are then.
    deep : frozenset of str
        Those of `changes` in which perhaps not the object itself is changed but one inside it.
    same, holds : mapping of str to frozenset of str
        For names whose objects may be (or be a part of), or contain, those of names at the cell's end: these. A name
        that may still stand for the object that it came in with is among its own.
    given : mapping of str to frozenset of (str, str)
        For names whose objects calls have made: what is called, and a name that it is given.
    inside : mapping of str to frozenset of str
        For these: the names among those given whose functions the object may call, as other cells tell.
    passes : tuple of Pass
        What the cell hands to functions and methods.
    codes : mapping of str to Code
        Functions and classes that the cell binds.
    nameless : mapping of str to Code
        Lambdas and functions inside others that are called or handed to calls, by marks that no other cell has.
    lambdas : mapping of str to frozenset of str
        For names whose values may be, or contain, some of these: their marks.
    results : mapping of str to frozenset of str
        For names that may stand for what functions return (a decorator is one): these functions.
    made_by : mapping of str to str
        For names that are bound to what a call returns, no more and no less: what is called (``sqlite3.connect``), or
        `k8snb.analysis.makers.GENERATOR`.
    drawing_later : frozenset of str
        Names that stand for estimators which draw from numpy's global state when they are fitted.
    unpickles : bool
        The cell loads pickles.
    queries : frozenset of str
        Names of texts that pandas is asked by: these may name variables.
    called : mapping of str to int
        Names that are called, or a part of which is, or that are handed to a call, with the line; those that the cell
        binds too.
    looked_up : mapping of str to int
        Names an item of which is read by its key, with the line: a ``defaultdict`` has that key from then on.
    resized : mapping of str to int
        Names that a statement calls ``resize`` of, with the line: of an array, it fails where another owns the memory.
    methods : mapping of str to frozenset of str
        For names that may stand for methods of objects, or for what holds such: the methods' names.
    imports : frozenset of str
        Top-level modules imported, at any depth.
    imported : mapping of str to str
        Names that imports in the cell bind, with what they stand for (`k8snb.analysis.imported`).
    submodules : frozenset of str
        ``a.b`` for ``import a.b``, which binds only `a`.
    futures : frozenset of str
        Features of ``from __future__ import ...``: they hold for the cells below too.
    ipython : bool
        The cell uses IPython's syntax (magics, ``!``, ``?``).
    warnings : tuple of Warning_
    opaque : mapping of str to str
        Functions of the cell of which it cannot be known what they do, with the code of the warning for their callers.
    shows : str
        Which expressions IPython is told to display from the next cell on (``ast_node_interactivity``), if it is.
    refused : tuple of Refusal
        What keeps the cell from being a step.
    extensions : tuple of str
        Of IPython, that the cell loads.
    scripts : tuple of str
        Files that it executes with ``%run``.
    installs : tuple of Install
        Packages that the cell installs.
    files : Files
        Whose names stand in the code.
    state : ModuleState
        Of what executing the cell does.
    functions : mapping of str to ModuleState
        Of the functions and classes that the cell binds, where they have to do with any.
    beside : frozenset of str
        Those of `reads` that its code has nothing to do with: they share objects with what it changes.
    constants : mapping of str to str
        Names that the cell surely binds to a literal, and only once; with the literal.
    kept : Kept
    """

    reads: Mapping[str, int] = field(default_factory=dict)
    binds: frozenset[str] = frozenset()
    may_bind: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    changes: Mapping[str, int] = field(default_factory=dict)
    deep: frozenset[str] = frozenset()
    same: Mapping[str, frozenset[str]] = field(default_factory=dict)
    holds: Mapping[str, frozenset[str]] = field(default_factory=dict)
    given: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    inside: Mapping[str, frozenset[str]] = field(default_factory=dict)
    passes: tuple[Pass, ...] = ()
    codes: Mapping[str, Code] = field(default_factory=dict)
    nameless: Mapping[str, Code] = field(default_factory=dict)
    lambdas: Mapping[str, frozenset[str]] = field(default_factory=dict)
    results: Mapping[str, frozenset[str]] = field(default_factory=dict)
    made_by: Mapping[str, str] = field(default_factory=dict)
    drawing_later: frozenset[str] = frozenset()
    unpickles: bool = False
    queries: frozenset[str] = frozenset()
    called: Mapping[str, int] = field(default_factory=dict)
    looked_up: Mapping[str, int] = field(default_factory=dict)
    resized: Mapping[str, int] = field(default_factory=dict)
    methods: Mapping[str, frozenset[str]] = field(default_factory=dict)
    uses: Mapping[str, frozenset[str]] = field(default_factory=dict)
    effects: Mapping[str, frozenset[str]] = field(default_factory=dict)
    instances: Mapping[str, frozenset[str]] = field(default_factory=dict)
    certain: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    imported: Mapping[str, str] = field(default_factory=dict)
    submodules: frozenset[str] = frozenset()
    futures: frozenset[str] = frozenset()
    ipython: bool = False
    warnings: tuple[Warning_, ...] = ()
    opaque: Mapping[str, str] = field(default_factory=dict)
    shows: str = ""
    refused: tuple[Refusal, ...] = ()
    extensions: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    installs: tuple[Install, ...] = ()
    files: Files = field(default_factory=Files)
    state: ModuleState = field(default_factory=ModuleState)
    functions: Mapping[str, ModuleState] = field(default_factory=dict)
    beside: frozenset[str] = frozenset()
    constants: Mapping[str, str] = field(default_factory=dict)
    kept: Kept = field(default_factory=Kept)

    def warned(self, codes: frozenset[str]) -> Warning_ | None:
        """Return the first warning of some codes, where there is one."""
        return next((warning for warning in self.warnings if warning.code in codes), None)

    @property
    def outputs(self) -> frozenset[str]:
        """Names whose value may be another after the cell."""
        return self.binds | self.may_bind | frozenset(self.changes)

    def with_changes(self, lines: Mapping[str, int], *, beside: bool = False) -> CellFacts:
        """Return the facts of a cell that changes the objects of more names in place, with the lines."""
        more = lines.keys() - self.reads.keys() if beside else frozenset[str]()
        return replace(
            self, reads={**lines, **self.reads}, changes={**lines, **self.changes}, beside=self.beside | more
        )
