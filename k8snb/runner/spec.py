"""What is written down about one attempt: its order (``spec.json``) and its outcome (``result.json``).

Both sides read and write these: the engine on the notebook's side and the runner in the pod. They are plain JSON in
the artifact store, under ``runs/<run>/<step>/<index or ->/<attempt>/``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from k8snb.artifacts.groups import Group

VERSION = 1

SAYS = "k8snb: "
"""Stands before what a runner says in its log where it cannot write a result."""

HASH_SEED = "0"
"""``PYTHONHASHSEED`` of all steps: a set of texts has the same order in each."""

State = Literal["succeeded", "failed", "died", "timed out"]
SUCCEEDED: Literal["succeeded"] = "succeeded"
FAILED: Literal["failed"] = "failed"
DIED: Literal["died"] = "died"
TIMED_OUT: Literal["timed out"] = "timed out"


@dataclass(frozen=True, order=True)
class Key:
    """The name of an attempt, in records, labels, paths and Job names.

    Parameters
    ----------
    run : str
        The run's id.
    step : str
        The step's name.
    index : int or None
        Which of a mapped step's instances; None for an ordinary step.
    attempt : int
        Counts from 1.
    """

    run: str
    step: str
    index: int | None = None
    attempt: int = 1

    @property
    def folder(self) -> str:
        """The folder of the attempt, relative to the store."""
        index = "-" if self.index is None else str(self.index)
        return f"runs/{self.run}/{self.step}/{index}/{self.attempt}"


@dataclass(frozen=True)
class Ref:
    """Where an input comes from: a step's result record, or the kernel (``step`` None)."""

    step: str | None
    index: int | None = None
    attempt: int = 1


KERNEL = Ref(step=None)


@dataclass(frozen=True)
class Carried:
    """A statement of a cell above that sets the state of modules.

    Parameters
    ----------
    code : str
    modules : list of str
        It is executed as soon as these are loaded.
    where : str
        Which line of which cell it is, and what it sets.
    """

    code: str
    modules: list[str]
    where: str


@dataclass(frozen=True)
class Gate:
    """Data sets that must not be further apart than thresholds say, at the end of the cell.

    Parameters
    ----------
    sets : dict of str to str
        What each is called, and the name that it is bound to; the others are compared with the first.
    limits : dict of str to float or None
        As `k8snb.distributions.verdict.Thresholds` has them.
    """

    sets: dict[str, str]
    limits: dict[str, float | None]


@dataclass(frozen=True)
class Spec:
    """The whole order of an attempt.

    Parameters
    ----------
    key : Key
    nonce : str
        16 hexadecimal digits, random; authenticates the control strings in the log.
    source : str
        The file of the cell's source, relative to the code's root.
    source_digest : str
        sha256 of that file, hexadecimal.
    label : str
        The file name shown in tracebacks. Line 1 of `source` is line 1 of the cell (the step's line stands there).
    inputs : dict of str to list of Ref
        For each name the cell may read: where it may come from, the nearest first. The runner takes the first whose
        record binds the name; one whose record deletes it ends the search (the name is unbound).
    captured : list of Group
        Values of the kernel, already in the store.
    outputs : list of str
        Names whose values are put out if the cell leaves them bound.
    needed : list of str
        Those of `outputs` that other steps read: one that cannot be packed fails the step.
    handshake : float
        Seconds to wait for a line on stdin before the cell starts; 0: do not wait.
    python : str
        The Python version (``"3.11"``) that values were packed with.
    changes : list of str
        Those of `outputs` whose objects the cell's code changes in place.
    deletes : list of str
        Names that the cell's code may unbind; with the inputs that came in, those whose absence at the end is told.
    ipython : bool
        The cell uses IPython's syntax.
    submodules : list of str
        Modules ``a.b`` to import where an input is the module ``a``.
    futures : list of str
        Features of ``__future__`` that hold in the cell.
    shows : str
        Which expressions are displayed: ``"all"``, ``"last_expr"``, ``"last"``, ``"last_expr_or_assign"``, ``"none"``.
    timeout : float or None
        Seconds that the cell may take, from its start until its outputs are in the store.
    carried : list of Carried
        What is executed before the inputs are bound.
    looked_at : dict of str to list of str
        Names of inputs that the cell's code does not change where they stand for plain data, each with the names whose
        objects may contain parts of it at the end.
    extensions : list of str
        Of IPython, to load before the cell.
    gate : Gate or None
    """

    key: Key
    nonce: str
    source: str
    source_digest: str
    label: str
    inputs: dict[str, list[Ref]]
    captured: list[Group]
    outputs: list[str]
    needed: list[str]
    handshake: float
    python: str
    changes: list[str] = field(default_factory=list)
    deletes: list[str] = field(default_factory=list)
    ipython: bool = False
    submodules: list[str] = field(default_factory=list)
    futures: list[str] = field(default_factory=list)
    shows: str = "last_expr"
    timeout: float | None = None
    carried: list[Carried] = field(default_factory=list)
    looked_at: dict[str, list[str]] = field(default_factory=dict)
    extensions: list[str] = field(default_factory=list)
    gate: Gate | None = None
    version: int = VERSION

    def dumps(self) -> bytes:
        """Return the JSON form."""
        said = asdict(self)
        said["gate"] = said["gate"] and [[*said["gate"]["sets"].items()], said["gate"]["limits"]]  # sets in their order
        return json.dumps(said, sort_keys=True).encode()

    @classmethod
    def loads(cls, data: bytes) -> Spec:
        """Read the JSON form."""
        d = json.loads(data)
        d["key"] = Key(**d["key"])
        d["inputs"] = {name: [Ref(**r) for r in refs] for name, refs in d["inputs"].items()}
        d["carried"] = [Carried(**c) for c in d.get("carried", ())]
        d["captured"] = [Group.load(g) for g in d["captured"]]
        if gate := d.get("gate"):
            d["gate"] = Gate(dict(gate[0]), gate[1])
        return cls(**d)


_REASON = 300


@dataclass(frozen=True)
class Failure:
    """An exception raised by the step's code.

    Parameters
    ----------
    ename, evalue : str
        The class's name and ``str()`` of the exception.
    traceback : list of str
        Lines as the user sees them (ANSI colours allowed), from the cell's own frames on.
    pickled : Group or None
        The exception itself under the name ``"error"``, where it can be packed.
    """

    ename: str
    evalue: str
    traceback: list[str]
    pickled: Group | None = None

    @property
    def reason(self) -> str:
        """The class and the first line of the text, of a long one its beginning."""
        first = self.evalue.strip().partition("\n")[0]
        if not first:
            return self.ename
        return f"{self.ename}: {first}" if len(first) <= _REASON else f"{self.ename}: {first[: _REASON - 1]}…"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002 - IPython calls it so
        """Show the traceback where a notebook shows this."""
        printer.text("\n".join(self.traceback) or self.reason)


@dataclass(frozen=True)
class Result:
    """What became of an attempt. Written once, after all that it names is in the store.

    Parameters
    ----------
    key : Key
    state : {"succeeded", "failed", "died", "timed out"}
        ``failed``: the code raised; ``died``: its process ended without a word; ``timed out``: it was ended.
    groups : list of Group
        The values bound at the end (also where the cell raised half-way).
    deleted : list of str
        Names that the cell has unbound: they came in, or its code says so, and are unbound at the end.
    unpackable : dict of str to str
        Names that are bound to something that cannot travel, and why (type and reason).
    failure : Failure or None
    code : int or None
        Exit code of the process; negative: the signal that ended it.
    started, ended : float
        Unix time in seconds, of the user's code.
    log_parts : int
        Number of parts of the log in the store (``log/000000`` ...).
    log_bytes, log_lines : int
        Length of the whole raw log, and the number of lines that the program printed.
    changed : dict of str to Ref
        Names among `groups` that the spec's outputs do not have: they stand for objects that came in and were changed,
        and where these came from. The step need not have read a name of them: the object has it elsewhere.
    shared : dict of str to Ref
        The same for objects that were not changed, and that the outputs share.
    """

    key: Key
    state: State
    groups: list[Group] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    unpackable: dict[str, str] = field(default_factory=dict)
    failure: Failure | None = None
    code: int | None = None
    started: float = 0.0
    ended: float = 0.0
    log_parts: int = 0
    log_bytes: int = 0
    log_lines: int = 0
    changed: dict[str, Ref] = field(default_factory=dict)
    shared: dict[str, Ref] = field(default_factory=dict)
    version: int = VERSION

    def dumps(self) -> bytes:
        """Return the JSON form."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def loads(cls, data: bytes) -> Result:
        """Read the JSON form."""
        d: dict[str, Any] = json.loads(data)
        return cls.of({**d, "key": Key(**d["key"])})

    @classmethod
    def of(cls, d: dict[str, Any]) -> Result:
        """Return the result whose fields are given in their JSON form, but for the key."""
        d["groups"] = [Group.load(g) for g in d["groups"]]
        for kind in ("changed", "shared"):
            d[kind] = {name: Ref(**ref) for name, ref in d[kind].items()}
        if d["failure"] is not None:
            pickled = d["failure"]["pickled"]
            d["failure"] = Failure(**{**d["failure"], "pickled": Group.load(pickled) if pickled else None})
        return cls(**d)

    @property
    def taken_over(self) -> dict[str, Ref]:
        """Names whose objects came in and were put out anew, and where they came from."""
        return self.changed | self.shared
