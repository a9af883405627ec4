"""What a cell reads, binds and changes, from its source alone."""

from __future__ import annotations
import __future__

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType

from k8snb.analysis import closure, kept, magics, mutation, state
from k8snb.analysis.facts import CellFacts, Code, Pass, Warning_
from k8snb.analysis.files import files
from k8snb.analysis.flow import BOUND, UNBOUND, Deferred, Module, Origin, State, join
from k8snb.analysis.hints import hints
from k8snb.analysis.imported import by_imports, known
from k8snb.analysis.ipython import Scripts, parse
from k8snb.analysis.items import put_names
from k8snb.analysis.makers import makers, unpickles
from k8snb.analysis.scopes import Key
from k8snb.analysis.source import body, quiet_lines, step_line
from k8snb.analysis.statements import Statements
from k8snb.analysis.tables import GIVEN

__all__ = ["CellFacts", "Warning_", "analyse", "body", "step_line"]


def analyse(
    source: str,
    also: Collection[str] = frozenset(),
    futures: Collection[str] = frozenset(),
    scripts: Scripts = MappingProxyType({}),
    imported: Collection[tuple[str, str]] = (),
    opaque: Collection[tuple[str, str]] = (),
) -> CellFacts:
    """Say what executing a cell reads, binds and changes in the notebook's namespace.

    Parameters
    ----------
    source : str
        The cell as it stands in the notebook, with its step line and IPython's syntax.
    also : collection of str
        Names of builtins that other cells bind: reading these counts.
    futures : collection of str
        Features that cells above have taken from ``__future__``.
    scripts : mapping of str to sequence of str
        The sources of files that the cell executes with ``%run``.
    imported : collection of (str, str)
        Names that imports of cells above have bound, with what they stand for (`k8snb.analysis.imported`).
    opaque : collection of (str, str)
        Functions of cells above of which it cannot be known what they do, with the code of the warning.

    Returns
    -------
    CellFacts

    Raises
    ------
    AnnotationError
        The cell is not Python; with the line.
    """
    tree, ipython = parse(source, scripts)
    nodes = put_names(tree)
    own_futures = frozenset(_futures(tree))
    walker = Statements(nodes, lazy_annotations="annotations" in own_futures.union(futures))
    walker.block(tree.body)
    cell = walker.cell
    closure.close(cell, walker.deferred.values(), walker.definitions, walker.rebound)
    end = dict(walker.state.flags) if walker.state else {}
    anywhere = join(walker.state, walker.exits.raised)
    ever = dict(anywhere.flags) if anywhere else {}
    for key, flag in cell.binds.items():
        for flags in (end, ever):
            flags[key] = flags.get(key, 1) | flag
    binds = _named(key for key, flag in end.items() if flag == BOUND)
    touched = _named(key for key, flag in ever.items() if flag & BOUND)
    hidden = GIVEN - touched - _named(end) - walker.shared - frozenset(also)
    reads = _lines(cell.reads, hidden)
    certain = frozenset() if walker.state is None else _named(walker.state.read) - hidden
    own_imports = by_imports(nodes)
    names = known(own_imports, touched, dict(imported))
    told = hints(tree, touched, source, dict(opaque))
    estimators = state.estimators(tree, nodes)
    module_state, functions = state.of_cell(tree, nodes, source, names, estimators)
    extensions, scripts_run = (magics.extensions(tree), magics.scripts(tree)) if ipython else ((), ())
    effects = _effects(walker.holds, hidden)
    brought = ((name, {code for code in codes if not code.label}) for name, codes in walker.holds.items())
    lambdas = {name: codes for name, codes in brought if codes}
    return CellFacts(
        reads=reads,
        binds=binds,
        may_bind=touched - binds,
        deletes=_named(key for key, flag in end.items() if flag & UNBOUND),
        gone=_named(key for key, flag in end.items() if flag == UNBOUND),
        changes={name: line for name, line in _lines(cell.changes, hidden).items() if name in reads},
        deep=_named(cell.deep) & reads.keys(),
        same=_others(anywhere.origins if anywhere else {}, touched, hidden),
        holds=_others(anywhere.held if anywhere else {}, touched | reads.keys(), hidden),
        passes=_passes(cell, hidden),
        codes=_codes(walker.definitions, hidden),
        nameless={code.mark: _code(code, hidden) for code in walker.nameless.union(*lambdas.values())},
        lambdas={name: frozenset(code.mark for code in codes) for name, codes in lambdas.items()},
        results={name: frozenset(functions) - hidden for name, functions in walker.results.items()},
        called=_called(nodes, reads.keys() | walker.results.keys() | touched),
        looked_up=_looked_up(nodes, reads),
        resized=_resized(nodes, reads),
        methods={n: frozenset(m.attr for m in found) for n, found in walker.bound_methods.items() if n in touched},
        uses=_uses(walker.holds, hidden),
        effects=effects,
        made_by=makers(tree, names),
        drawing_later=frozenset(estimators.values()),
        unpickles=unpickles(nodes, names),
        queries=frozenset(walker.queries),
        instances={name: frozenset(made) for name, made in walker.instances.items() if made},
        given={name: frozenset(given) for name, given in walker.given.items() if given},
        certain=certain,
        modules=frozenset(name for name in walker.modules if not _is_bound_anew(name, walker.state)),
        imports=_imports(nodes).union(map(magics.module_of, extensions), _for_notebooks(scripts_run)),
        imported={name: path for name, path in own_imports.items() if name in touched},
        submodules=frozenset(walker.submodules),
        futures=own_futures,
        ipython=ipython,
        warnings=told.warnings,
        opaque=told.opaque,
        state=module_state,
        functions=functions,
        constants={name: text for name, text in _constants(tree, nodes) if name in binds},
        shows=magics.shows(tree) if "ast_node_interactivity" in source else "",
        refused=magics.refusals(tree) if ipython else (),
        extensions=extensions,
        scripts=scripts_run,
        installs=magics.installed(tree) if ipython else (),
        files=files(tree, nodes),
        kept=kept.of_cell(tree, source, names, effects, quiet_lines(source)),
    )


def _is_bound_anew(module: str, end: State | None) -> bool:
    """Say whether the name of a module that the cell imports surely stands for something else at its end."""
    return end is not None and end.flag(module) == BOUND and Module() not in end.origins[module]


def _named(keys: Iterable[Key]) -> frozenset[str]:
    return frozenset(key for key in keys if isinstance(key, str))


def _lines(found: Mapping[Key, int], hidden: frozenset[str]) -> dict[str, int]:
    return {key: line for key, line in found.items() if isinstance(key, str) and key not in hidden}


def _uses(holds: Mapping[str, list[Deferred]], hidden: frozenset[str]) -> dict[str, frozenset[str]]:
    names = {name: {used for code in codes for used in code.names} for name, codes in holds.items() if codes}
    return {name: frozenset(used - hidden) for name, used in names.items()}


def _effects(holds: Mapping[str, list[Deferred]], hidden: frozenset[str]) -> dict[str, frozenset[str]]:
    """For each name what calling it may rebind, delete or change: of a class calling any of its methods."""
    run = {name: [part for code in codes for part in (code, *code.methods.values())] for name, codes in holds.items()}
    found = {name: _named(k for code in codes for k in (*code.binds, *code.changes)) for name, codes in run.items()}
    return {name: names - hidden for name, names in found.items() if names - hidden}


def _others(
    found: Mapping[Key, frozenset[Origin]], names: Collection[str], hidden: frozenset[str]
) -> dict[str, frozenset[str]]:
    """Return for each name the others that its object is said to be, or to contain."""
    others = {key: _named(o for o in origins if isinstance(o, str | tuple)) for key, origins in found.items()}
    return {
        key: held - hidden for key, held in others.items() if isinstance(key, str) and key in names and held - hidden
    }


def _passes(code: Deferred, hidden: frozenset[str]) -> tuple[Pass, ...]:
    found = [
        replace(
            one,
            names=one.names - hidden,
            keepers=one.keepers - hidden,
            altered=call in code.altered_results,
            altered_inside=call in code.altered_parts,
            called=call in code.called_results,
            returned=call in code.returned_results,
        )
        for (call, _, _), one in code.passes.items()
    ]
    return tuple(
        one
        for one in found
        if one.names or one.parameters or one.keepers or one.altered or one.altered_inside or one.later
    )


def _codes(definitions: Mapping[Key, Sequence[Deferred]], hidden: frozenset[str]) -> dict[str, Code]:
    """Return what calling each function or class comes to that the cell defines; those of one name together."""
    found: dict[str, Code] = {}
    for key, codes in definitions.items():
        if isinstance(key, str):
            for code in codes:
                found[key] = _code(code, hidden).beside(found.get(key))
    return found


def _code(code: Deferred, hidden: frozenset[str]) -> Code:
    return Code(
        code.parameters,
        frozenset(code.altered),
        frozenset(code.returned),
        _passes(code, hidden),
        {name: _code(method, hidden) for name, method in code.methods.items()},
        frozenset(code.inner) - hidden,
        _named(code.inner_changes) - hidden,
        frozenset(code.gives).union(*(names for name, names in code.defaults.items() if name in code.returned))
        - hidden,
        code.stateful,
        code.makes_stateful,
        code.is_class,
        code.changes_class,
        frozenset(code.returned_itself),
        _named((*code.binds, *code.changes)) - hidden,
        code.getters,
        frozenset(code.methods_out),
        tuple(code.inner_passes),
    )


def _called(nodes: Iterable[ast.AST], reads: Collection[str]) -> dict[str, int]:
    """Return the names that are called, or a part of them, or handed to a call, anywhere in the cell."""
    found: dict[str, int] = {}
    for node in nodes:
        if isinstance(node, ast.Call):
            function = mutation.roots(node.func)
            given = (*node.args, *(keyword.value for keyword in node.keywords))
            for part in (*function, *(arg for arg in given if isinstance(arg, ast.Name))):
                if part.id in reads:
                    found.setdefault(part.id, node.lineno)
    return found


def _looked_up(nodes: Iterable[ast.AST], reads: Collection[str]) -> dict[str, int]:
    """Return the names an item of which is read by its key."""
    found: dict[str, int] = {}
    for node in nodes:
        match node:
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Load()) if name in reads:
                found.setdefault(name, node.lineno)
    return found


def _resized(nodes: Iterable[ast.AST], reads: Collection[str]) -> dict[str, int]:
    """Return the names that a statement calls ``resize`` of."""
    found: dict[str, int] = {}
    for node in nodes:
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="resize"))) if name in reads:
                found.setdefault(name, node.lineno)
    return found


def _constants(tree: ast.Module, nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield names that the cell binds once, to a literal."""
    stored = [node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)]
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if stored.count(name) == 1:
                with suppress(ValueError):
                    ast.literal_eval(value)
                    yield name, ast.unparse(value)


def _for_notebooks(scripts: Iterable[str]) -> tuple[str, ...]:
    """Return what IPython imports where ``%run`` executes a notebook."""
    return ("nbformat",) if any(script.endswith(".ipynb") for script in scripts) else ()


def _futures(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            yield from (alias.name for alias in node.names if alias.name in __future__.all_feature_names)


def _imports(nodes: Iterable[ast.AST]) -> frozenset[str]:
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return frozenset(found)
