"""Names whose objects a cell only looks at: its code proves that it changes neither them nor what is in them.

This holds for plain data alone (see `k8snb.analysis.looks.tables`), and as far as the functions of the notebook that
the cell hands them to do the same: which ones these are is told.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from k8snb.analysis import scopes
from k8snb.analysis.imported import by_imports, dotted
from k8snb.analysis.ipython import parse
from k8snb.analysis.looks.model import Looking, Looks
from k8snb.analysis.looks.points_to import PointsTo, stored, walked
from k8snb.analysis.scopes import Function


@lru_cache(maxsize=4096)
def imports(source: str) -> Mapping[str, str]:
    """Return the names that a cell's imports alone bind, with what they stand for: ``{"np": "numpy"}``."""
    tree, _ = parse(source)
    nodes = walked(tree.body)
    found = {name: dotted(path) for name, path in by_imports(nodes).items()}
    for name in stored(nodes) if found else ():
        found.pop(name, None)
    return found


@lru_cache(maxsize=4096)
def look(
    source: str, reads: frozenset[str], imported: frozenset[tuple[str, str]], makers: frozenset[str] = frozenset()
) -> Looks:
    """Say what a cell only looks at.

    Parameters
    ----------
    source : str
        The cell as it stands in the notebook.
    reads : frozenset of str
        Names that it may read before it binds them.
    imported : frozenset of (str, str)
        The names that imports of this cell and those above have bound, with what they stand for.
    makers : frozenset of str
        Functions of cells above whose results are new.
    """
    tree, _ = parse(source)
    nodes = walked(tree.body)
    bound = set(stored(nodes))
    stands_for = {name: path for name, path in imported if name not in bound}
    functions: dict[str, tuple[Looking, ...]] = {}
    methods: dict[str, tuple[Looking, ...]] = {}
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            for method in (n for n in node.body if isinstance(n, Function)):
                methods[method.name] = (*methods.get(method.name, ()), _looking(method, stands_for, makers))
        elif isinstance(node, Function):
            functions[node.name] = (*functions.get(node.name, ()), _looking(node, stands_for, makers))
    walk = PointsTo(tree.body, reads, stands_for, (makers - functions.keys()) | makers_among(functions))
    names = {name: walk.look(name) for name in reads if walk.leaves_alone(name)}
    return Looks(names, functions, methods, frozenset(stored(nodes, functions=False)) | imports(source).keys())


def makers_among(functions: Mapping[str, Iterable[Looking]]) -> frozenset[str]:
    """Return the names of functions whose results are new."""
    return frozenset(name for name, ones in functions.items() if all(one.is_maker for one in ones))


def _looking(node: Function, imported: Mapping[str, str], makers: Collection[str]) -> Looking:
    own = [a.arg for a in scopes.parameters(node.args)]
    nodes = walked(node.body)
    bound = set(stored(nodes))
    outer = {name for one in nodes if isinstance(one, ast.Global | ast.Nonlocal) for name in one.names}
    used = {one.id for one in nodes if isinstance(one, ast.Name)}
    walk = PointsTo(node.body, frozenset({*own, *(used - bound), *outer}), imported, makers)
    looks = {name: walk.look(name) for name in own if walk.leaves_alone(name)}
    kept_nowhere = {name: found for name, found in looks.items() if found.into <= bound - outer - {*own}}
    by_place = tuple(a.arg for a in (*node.args.posonlyargs, *node.args.args))
    if node.decorator_list:
        return Looking(by_place, frozenset(own), {})
    return Looking(by_place, frozenset(own), kept_nowhere, is_maker=not any(isinstance(o, str) for o in walk.returned))
