"""The state of modules across cells: what of it each step repeats, and where a cell sees another than in one kernel."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from k8snb.analysis import state_tables as known
from k8snb.analysis.facts import CellFacts, ModuleState, Pass, Replay, Setting
from k8snb.analysis.replay import of_call
from k8snb.pipeline.model import Carried, Cell, Unshared
from k8snb.pipeline.sources import code_of, with_uses

_STAYS = frozenset({known.FOLDER, known.PATH})
"""Kinds that cannot be repeated in a pod: its folders are others."""

_LOGGERS = "logging.getLogger"
_SCIENTIFIC = frozenset({"numpy", "pandas", "scipy", "sklearn", "matplotlib", "seaborn", "statsmodels"})
"""Modules that do not ask the environment for secrets."""


@dataclass
class Sharing:
    """What was found.

    Parameters
    ----------
    carried : dict of int to list of Carried
        By the place of the step's cell.
    unshared : list of Unshared
        One for each place that sets state.
    """

    carried: dict[int, list[Carried]] = field(default_factory=dict)
    unshared: list[Unshared] = field(default_factory=list)


def share(cells: Sequence[Cell], kernel_uses: Mapping[str, frozenset[str]]) -> Sharing:
    """Work out how the state that cells set reaches the cells below.

    Parameters
    ----------
    cells : sequence of Cell
        All of the notebook, in their order.
    kernel_uses : mapping of str to frozenset of str
        For the kernel's functions and classes the names that their code uses.
    """
    if not any(cell.step is not None for cell in cells):
        return Sharing()
    if not any(cell.facts.functions or cell.facts.state.settings for cell in cells):
        return Sharing()
    does = _with_functions(cells, kernel_uses)
    sharing = Sharing()
    for place in range(len(cells)):
        for setting in does[place].settings:
            _share(place, setting, cells, does, sharing)
    return sharing


def may_matter(facts: CellFacts, above: Iterable[CellFacts]) -> bool:
    """Say quickly whether what cells above set of modules' state may matter to a plain cell."""
    kinds = set[str]()
    through: set[str] = set()  # names by which it may come to more than its own code says
    for other in above:
        through |= {name for name, by in other.made_by.items() if by == _LOGGERS}
        if not (other.state.settings or other.functions or other.drawing_later):
            continue
        states = (other.state, *other.functions.values())
        kinds.update(kind for state in states for setting in state.settings for kind in setting.kinds)
        through |= other.functions.keys() | other.drawing_later
    return bool(kinds) and not (kinds.isdisjoint(facts.state.uses) and through.isdisjoint(facts.reads))


def _with_functions(cells: Sequence[Cell], kernel_uses: Mapping[str, frozenset[str]]) -> list[ModuleState]:
    """Return what executing each cell does with the state of modules, functions of cells above included."""
    done = []
    matter = False
    estimators = frozenset[str]()  # that draw when they are fitted
    loggers = frozenset[str]()
    for place, cell in enumerate(cells):
        settings, uses = list(cell.facts.state.settings), dict(cell.facts.state.uses)
        fitted = [p for p in cell.facts.passes if _fits(p) and not p.names.isdisjoint(estimators)]
        uses |= {known.NUMPY: min(p.line for p in fitted)} if fitted and known.NUMPY not in uses else {}
        loggers = loggers.difference(cell.facts.binds) | {n for n, by in cell.facts.made_by.items() if by == _LOGGERS}
        if logging := [line for name, line in cell.facts.reads.items() if name in loggers]:
            uses[known.LOGGING] = min(*logging, uses.get(known.LOGGING, sys.maxsize))
        estimators = estimators.difference(cell.facts.binds, *(p.names for p in fitted)) | cell.facts.drawing_later
        for name in with_uses(cell.facts.reads, cells[:place], kernel_uses) if matter else ():
            for facts, bound in code_of(name, cells[:place]):
                inner, line = facts.functions.get(bound, ModuleState()), cell.facts.reads.get(name, 1)
                args = cell.facts.state.calls.get(name)
                is_instance = bound != name and bound in facts.codes and facts.codes[bound].is_class
                for setting in inner.settings if not is_instance else ():
                    again = of_call(setting.replay, inner.parameters, args)
                    settings.append(Setting(line, setting.kinds, f"{name}()", again))
                for kind in inner.uses:
                    uses[kind] = min(line, uses.get(kind, line))
        matter = matter or bool(cell.facts.functions)
        settings.sort(key=lambda setting: setting.line)
        done.append(ModuleState(tuple(settings), uses))
    return done


def _fits(one: Pass) -> bool:
    """Say whether a call may fit an estimator that it is given or called on."""
    name = one.callee.name
    return name.startswith(("fit", "partial_fit", "train", "split")) or name in known.FITTERS


def _share(place: int, setting: Setting, cells: Sequence[Cell], does: Sequence[ModuleState], sharing: Sharing) -> None:
    carried = _carried(place, setting, cells)
    if seeds := known.SEEDS.intersection(setting.kinds):
        reader = _share_seed(place, setting, seeds, carried, cells, does, sharing)
    else:
        reader = _share_option(place, setting, carried, cells, does, sharing)
    if reader is not None and not setting.quiet:
        found = Unshared(place, setting.line, reader, _words(place, setting, cells, reader), setting.kinds)
        told = [(one.cell, one.line, one.reader) for one in sharing.unshared]
        if (found.cell, found.line, found.reader) not in told:  # a line may set several things
            sharing.unshared.append(found)


def _share_option(
    place: int,
    setting: Setting,
    carried: Carried | None,
    cells: Sequence[Cell],
    does: Sequence[ModuleState],
    sharing: Sharing,
) -> int | None:
    """Let the steps below repeat what is set; return the first cell that it does not reach but matters to."""
    for below in range(place + 1, len(cells)):
        to_step = cells[below].step is not None
        if to_step and carried is not None:
            sharing.carried.setdefault(below, []).append(carried)
        elif (to_step or cells[place].step is not None) and _matters(setting, cells[below], does[below]):
            return below
    return None


def _share_seed(
    place: int,
    setting: Setting,
    seeds: frozenset[str],
    carried: Carried | None,
    cells: Sequence[Cell],
    does: Sequence[ModuleState],
    sharing: Sharing,
) -> int | None:
    """Let the one step that draws first repeat a seed; return the first cell that would have to continue from there."""
    drawing = [place] if any(does[place].uses.get(kind, 0) >= setting.line for kind in seeds) else []
    drawing += list(_drawing(place, seeds, does))
    first = drawing[0] if drawing else None
    if first is not None and first != place and cells[first].step is not None and carried is not None:
        sharing.carried.setdefault(first, []).append(carried)
        owner, drawing = first, drawing[1:]
    else:
        owner = place
    for cell in drawing:
        same_kernel = cells[owner].step is None and cells[cell].step is None
        if cell != owner and not same_kernel:
            return cell
    return None


def _drawing(place: int, seeds: frozenset[str], does: Sequence[ModuleState]) -> Iterator[int]:
    """Yield the cells below that draw from what was seeded, up to the next seed."""
    for below in range(place + 1, len(does)):
        line = min((does[below].uses[kind] for kind in seeds & does[below].uses.keys()), default=None)
        anew = [s.line for s in does[below].settings if not seeds.isdisjoint(s.kinds)]
        if line is not None and not (anew and anew[0] <= line):
            yield below
        if anew:
            return


def _matters(setting: Setting, cell: Cell, does: ModuleState) -> bool:
    """Say whether what a cell does depends on what was set, and it does not set it itself first."""
    for kind in setting.kinds:
        own = [s.line for s in does.settings if kind in s.kinds]
        line = does.uses.get(kind)
        if kind in known.IN_ANY_STEP:
            line = (line or sys.maxsize) if cell.step is not None else line
        if kind == known.ENVIRONMENT and setting.secret and cell.step is not None and not own:
            line = line or (1 if _may_ask(cell) else None)
        if line is not None and not (own and own[0] <= line):
            return True
    return False


def _may_ask(cell: Cell) -> bool:
    """Say whether a library that a step imports may ask the environment for a secret."""
    return bool(cell.facts.imports - sys.stdlib_module_names - _SCIENTIFIC)


def _carried(place: int, setting: Setting, cells: Sequence[Cell]) -> Carried | None:
    """Return what steps below can repeat of a setting."""
    replay = setting.replay
    if replay is None or setting.secret or not _STAYS.isdisjoint(setting.kinds):
        return None
    values = _constants(replay, place, cells)
    if values is None:
        return None
    when = {known.MATTERS_WITH[kind] for kind in setting.kinds if kind in known.MATTERS_WITH}
    when |= {module for kind in setting.kinds if (module := known.module_in(kind)) is not None}
    if not when:
        when |= set(replay.modules)
    code = "\n".join([*(f"{name} = {value}" for name, value in sorted(values.items())), replay.code])
    where = _where(place, setting, cells)
    return Carried(code, tuple(sorted(when)), replay.modules, setting.text, where, setting.kinds)


def _constants(replay: Replay, place: int, cells: Sequence[Cell]) -> dict[str, str] | None:
    """Return the literals that the names of a statement stand for; None where one may be something else."""
    found: dict[str, str] = {}
    for name in replay.names:
        makers = (c.facts for c in reversed(cells[: place + 1]) if name in c.facts.outputs | c.facts.deletes)
        facts = next(makers, None)
        if facts is None or name not in facts.constants:
            return None
        found[name] = facts.constants[name]
    return found


def name_of(place: int, cell: Cell) -> str:
    """Return what a cell is called where the user is told of it."""
    if cell.step is not None:
        return f"step {cell.step}"
    return f"cell [{cell.number}]" if cell.number is not None else f"code cell {place + 1}"


def _where(place: int, setting: Setting, cells: Sequence[Cell]) -> str:
    return f"{name_of(place, cells[place])}, line {setting.line}"


def _words(place: int, setting: Setting, cells: Sequence[Cell], reader: int) -> str:
    what, other = setting.text, name_of(reader, cells[reader])
    where = _where(place, setting, cells)
    if known.SEEDS.intersection(setting.kinds):
        return (
            f"{where}: {what} seeds one process, and {other} would have to go on from there in another: "
            "seed in each, or pass a generator on as a variable"
        )
    if setting.secret:
        return f"{where}: {what} may be a secret and does not travel to {other}: give it the step with --secret"
    if known.PATH in setting.kinds:
        return f"{where}: {what} is not known to {other}: put what it imports beside the notebook"
    if known.FOLDER in setting.kinds:
        return f"{where}: {what} does not hold for {other}, which has its own folder: give paths from the notebook's"
    return f"{where}: {what} sets state that {other} does not have: repeat it there"
