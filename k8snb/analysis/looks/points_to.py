"""Which objects the names of some code may stand for, which objects are in which, and which of them it may change.

Objects are what came under a name, with all that is in it, and what each expression makes. The order of statements
counts for nothing, but for names that statements bind anew which run once.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from k8snb.analysis import scopes, tables
from k8snb.analysis.looks import tables as known
from k8snb.analysis.looks.model import ANY, Handed, Look
from k8snb.analysis.scopes import Function
from k8snb.analysis.syntax import Expansion, Inner

_Object = str | ast.AST
"""What came under a name, with all that is in it; or what an expression has made."""

_Objects = frozenset[_Object]

_NONE: _Objects = frozenset()

_CONTAINERS = (ast.List, ast.Dict, ast.Set, ast.Tuple, ast.ListComp, ast.DictComp, ast.SetComp, ast.BinOp)
"""What makes containers of Python's own."""


class PointsTo:
    """Goes through code again and again until it learns nothing more.

    Parameters
    ----------
    body : list of stmt
    came : frozenset of str
        Names that may stand for what came from outside.
    imported : mapping of str to str
        Names and the modules, or what is in modules, that they stand for.
    makers : collection of str
        Functions of the notebook whose results are new.
    """

    def __init__(
        self, body: list[ast.stmt], came: frozenset[str], imported: Mapping[str, str], makers: Collection[str]
    ) -> None:
        self._came, self._imported, self._makers = came, imported, makers
        self._once = {id(statement) for statement in body}
        nodes = walked(body)
        shared = {name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
        targets = [target for s in body if isinstance(s, ast.Assign) for target in s.targets]
        self._most = Counter(t.id for t in targets if isinstance(t, ast.Name) and t.id not in shared)
        self._times: dict[str, int] = {}  # how often statements that run once have bound a name, up to here
        self._bound: dict[tuple[str, int], set[_Object]] = {}
        self._depth = 0  # of functions, which may run later
        self._estimators: set[_Object] = set()
        self.returned: set[_Object] = set()
        self._held: dict[_Object, set[_Object]] = {}
        self._changed: set[_Object] = set()
        self._needs: dict[_Object, set[Handed]] = {}
        self._defined = {node.name for node in nodes if isinstance(node, Function)}
        self._called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        self._escaping = {n.id for n in nodes if isinstance(n, ast.Name) and id(n) not in self._called}
        self._unknowable = any(_is_unknowable(node) for node in nodes)
        before = -1
        while before != (now := self._learned()) and not self._unknowable:
            before = now
            self._times.clear()
            self._block(body)

    def leaves_alone(self, name: str) -> bool:
        """Say whether what came under a name is only looked at, if the calls do so that it is handed to."""
        return not self._unknowable and self._changed.isdisjoint({name, ANY})

    def look(self, name: str) -> Look:
        """Return what that hangs on."""
        bound = self._bound.items()
        into = {other for (other, _), objects in bound if not {name, ANY}.isdisjoint(self._within(objects))}
        into |= {o for o in self._held if isinstance(o, str) and not {name, ANY}.isdisjoint(self._within([o]))}
        needs = self._needs.get(name, set()) | self._needs.get(ANY, set())
        return Look(frozenset(needs), frozenset(into - {name}))

    def _learned(self) -> int:
        by_object = (self._bound, self._held, self._needs)
        alone = (self._changed, self.returned, self._estimators)
        return sum(map(len, alone)) + sum(len(found) for known in by_object for found in known.values())

    # Objects

    def _within(self, objects: Iterable[_Object]) -> _Objects:
        """Return objects with all that they may contain."""
        found: set[_Object] = set()
        left = list(objects)
        while left:
            one = left.pop()
            if one not in found:
                found.add(one)
                left += self._held.get(one, ())
        return frozenset(found)

    def _parts(self, objects: _Objects) -> _Objects:
        """Return what elements and attributes of objects may be."""
        came = {one for one in objects if isinstance(one, str)}
        return frozenset(came).union(*(self._held.get(one, ()) for one in objects))

    def _new(self, node: ast.AST, contents: _Objects) -> _Objects:
        """Return the object that an expression makes, which contains others."""
        self._held.setdefault(node, set()).update(contents)
        return frozenset({node})

    def _unknown(self, node: ast.AST, objects: Iterable[_Object]) -> _Objects:
        """Return what a call may return that may do anything with what it is given."""
        found = self._within(objects)
        self._changed |= found
        return found | self._new(node, found) | self.returned

    def _bind(self, name: str, objects: _Objects) -> None:
        self._bound.setdefault((name, self._times.get(name, 0)), set()).update(objects)

    def _bind_anew(self, targets: Iterable[ast.expr]) -> None:
        """Note that names stand for nothing any more that they stood for."""
        for target in targets:
            if isinstance(target, ast.Name) and target.id in self._most:
                self._times[target.id] = self._times.get(target.id, 0) + 1

    def _of(self, name: str) -> _Objects:
        """Return what a name may stand for: here, or in a function that runs at any time."""
        times = self._times.get(name, 0)
        ever = range(self._most.get(name, 0) + 1) if self._depth else [times]
        objects = _NONE.union(*(self._bound.get((name, time), ()) for time in ever))
        return objects | {name} if name in self._came and 0 in ever else objects

    def _fill(self, owner: ast.expr, contents: _Objects) -> None:
        """Note that an object is changed, and contains others from now on."""
        into = self._value(owner)
        self._changed |= into
        for one in into:
            self._held.setdefault(one, set()).update(contents - {one})

    def _hand(self, objects: _Objects, callee: str, position: int | str, *, method: bool = False) -> None:
        for one in self._within(objects):
            self._needs.setdefault(one, set()).add(Handed(callee, method, position))

    # Statements

    def _block(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self._visit(node)

    def _visit(self, node: ast.AST) -> None:  # noqa: C901, PLR0912 - one for each kind of statement
        match node:
            case ast.Assign(targets=targets, value=value):
                found = self._value(value)
                if id(node) in self._once:
                    self._bind_anew(targets)
                for target in targets:
                    self._put(target, found)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._put(target, self._value(value))
            case ast.AugAssign(target=target, value=value):
                self._augment(node, target, self._value(value))
            case ast.Return(value=ast.expr() as value):
                self.returned |= self._value(value)
            case ast.Delete(targets=targets):
                for target in targets:
                    self._put(target, _NONE)
            case ast.For(target=target, iter=iterable) | ast.AsyncFor(target=target, iter=iterable):
                self._put(target, self._parts(self._value(iterable)))
                self._block([*node.body, *node.orelse])
            case ast.withitem(context_expr=manager, optional_vars=target):
                found = self._value(manager) | self.returned
                if target is not None:
                    self._put(target, found)
            case ast.Match(subject=subject, cases=cases):
                found = self._within(self._value(subject))
                for name in _captured(cases):
                    self._bind(name, found)
                self._block(part for case in cases for part in (*([case.guard] if case.guard else []), *case.body))
            case ast.ClassDef():
                self._block(ast.iter_child_nodes(node))
                members = set(stored(walked(node.body)))
                self._bind(node.name, self._new(node, _NONE.union(*map(self._of, members))))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._block(node.decorator_list)
                self._define(node.args, escapes=self._escapes(node))
                self._depth += 1
                self._block(node.body)
                self._depth -= 1
            case ast.expr():
                self._value(node)
            case _:
                self._block(ast.iter_child_nodes(node))

    def _escapes(self, node: Function) -> bool:
        """Say whether a function may be called by others than the calls of it that are seen."""
        return bool(node.decorator_list) or node.name in self._escaping

    def _define(self, args: ast.arguments, *, escapes: bool) -> None:
        """Bind parameters; a function that others may call may be called with anything."""
        defaults = [d for d in (*args.defaults, *args.kw_defaults) if d]
        for parameter in scopes.parameters(args):
            self._bind(parameter.arg, _NONE.union(*map(self._value, defaults)))
            self._bind(parameter.arg, frozenset({ANY if escapes else parameter.arg}))

    def _augment(self, node: ast.AugAssign, target: ast.expr, value: _Objects) -> None:
        """Note ``target += value``: what is there gets the value's elements, or something new does."""
        there = self._value(target)
        self._changed |= there
        for one in there:
            self._held.setdefault(one, set()).update(self._parts(value) - {one})
        self._put(target, there | self._new(node, self._parts(value) | self._parts(there)))

    def _put(self, target: ast.AST, objects: _Objects) -> None:
        """Bind, store or delete what stands left of ``=``."""
        match target:
            case ast.Name(id=name):
                self._bind(name, objects)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._put(part, self._parts(objects))
            case ast.Starred(value=inner):
                self._put(inner, self._new(target, objects))
            case ast.Attribute(value=owner):
                self._fill(owner, objects)
            case ast.Subscript(value=owner, slice=place):
                self._value(place)
                self._fill(owner, objects)

    # Expressions

    def _value(self, node: ast.AST) -> _Objects:  # noqa: C901, PLR0911, PLR0912 - one for each kind of expression
        match node:
            case ast.Constant():
                return _NONE
            case ast.Name(id=name):
                return self._of(name)
            case ast.Attribute(value=owner, attr=attribute):
                return self._attribute(node, self._value(owner), attribute)
            case ast.Subscript(value=owner, slice=place):
                self._value(place)
                return self._parts(self._value(owner))
            case ast.Call():
                return self._call(node)
            case ast.NamedExpr(target=target, value=value):
                found = self._value(value)
                self._put(target, found)
                return found
            case ast.IfExp(test=test, body=one, orelse=other):
                self._value(test)
                return self._value(one) | self._value(other)
            case ast.BoolOp(values=values):
                return _NONE.union(*map(self._value, values))
            case ast.BinOp(left=left, right=right):
                return self._new(node, self._parts(self._value(left) | self._value(right)))
            case ast.Compare() | ast.JoinedStr() | ast.UnaryOp(op=ast.Not()):
                self._all_of(node)
                return _NONE
            case ast.Starred(value=value):
                return self._parts(self._value(value))
            case ast.Lambda(args=args, body=body):
                self._define(args, escapes=True)
                self._depth += 1
                result = self._value(body)
                self._depth -= 1
                return self._new(node, result)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                for generator in node.generators:
                    self._put(generator.target, self._parts(self._value(generator.iter)))
                    for test in generator.ifs:
                        self._value(test)
        return self._new(node, self._all_of(node))

    def _all_of(self, node: ast.AST) -> _Objects:
        """Return what the parts of an expression may be."""
        parts = [part for part in ast.iter_child_nodes(node) if not isinstance(part, ast.comprehension)]
        return _NONE.union(*(self._value(p) if isinstance(p, ast.expr) else self._all_of(p) for p in parts))

    def _attribute(self, node: ast.Attribute, owner: _Objects, attribute: str) -> _Objects:
        if attribute in tables.INDEXERS:
            return owner
        if id(node) not in self._called and attribute in tables.CHANGING_METHODS | known.FILLING:
            self._changed |= owner  # a method to be called from elsewhere: ``put = x.append``
        return self._parts(owner) | (self.returned if attribute in self._defined else _NONE)

    # Calls

    def _call(self, node: ast.Call) -> _Objects:
        given: list[tuple[int | str, _Objects]] = [(place, self._value(value)) for place, value in enumerate(node.args)]
        given += [(keyword.arg or ANY, self._value(keyword.value)) for keyword in node.keywords]
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            given = [(ANY, objects) for _, objects in given]
        everything = _NONE.union(*(objects for _, objects in given))
        match node.func:
            case function if path := self._path(function):
                return self._library(node, path, everything)
            case ast.Name(id=name) if not self._value(node.func) - {name}:
                return self._function(node, name, given, everything)
            case ast.Attribute(value=owner, attr=name):
                return self._method(node, owner, name, given, everything)
        return self._unknown(node, everything | self._value(node.func))

    def _path(self, function: ast.AST) -> str | None:
        """Return what a callee is by imports: ``numpy.linalg.norm``."""
        match function:
            case ast.Name(id=name):
                return self._imported.get(name)
            case ast.Attribute(value=owner, attr=attribute):
                path = self._path(owner)
                return path and f"{path}.{attribute}"
        return None

    def _library(self, node: ast.Call, path: str, given: _Objects) -> _Objects:
        if (
            not _leaves_alone(path)
            or _fills_argument(path, node)
            or _works_in_place(node)
            or not self._knows_callbacks(node, path, given)
        ):
            return self._unknown(node, given)
        new = self._new(node, given | self._parts(given))
        if path.startswith("sklearn.") and self._is_of_library(path, given):
            self._estimators |= new
        return new if path.rpartition(".")[2] in known.NEW_CONTAINER else new | self._within(given)

    def _is_of_library(self, path: str, given: _Objects) -> bool:
        """Say whether what a call of scikit-learn makes runs none of the notebook's code when it is used."""
        parts = self._within(given)
        literals = (ast.List, ast.Tuple, ast.Dict)
        return path.rpartition(".")[2] not in known.CALLS_LATER and all(
            part in self._estimators or isinstance(part, literals) for part in parts
        )

    def _function(
        self, node: ast.Call, name: str, given: list[tuple[int | str, _Objects]], everything: _Objects
    ) -> _Objects:
        builtin = name in tables.GIVEN
        if builtin and not (name in known.BUILTINS and self._knows_callbacks(node, name, everything)):
            return self._unknown(node, everything)
        for place, objects in given:
            self._hand(objects, name, place)
        if builtin and name in known.PLAIN_RESULT:
            return _NONE
        if builtin and name in known.ELEMENTS:
            return everything | self._parts(everything)
        new = self._new(node, everything | self._parts(everything))
        return new if builtin or name in self._makers else new | self._within(everything) | self.returned

    def _method(  # noqa: PLR0911 - one for each kind of method
        self,
        node: ast.Call,
        owner: ast.expr,
        name: str,
        given: list[tuple[int | str, _Objects]],
        everything: _Objects,
    ) -> _Objects:
        receiver = self._value(owner)
        both = receiver | everything
        if name in known.OF_ESTIMATORS and receiver and receiver <= self._estimators:
            self._fill(owner, everything)
            return receiver | self._new(node, self._within(both))
        if not all(isinstance(one, _CONTAINERS) for one in receiver):
            self._hand(self._within(receiver) - receiver, name, "self", method=True)
        for place, objects in given:
            self._hand(objects, name, place, method=True)
        if (
            name in self._defined
            or name not in known.METHODS
            or _works_in_place(node)
            or not self._knows_callbacks(node, name, both)
        ):
            return self._unknown(node, both)
        if name not in known.TAKING_METHODS and any(isinstance(one, str) for one in self._within(everything)):
            return self._unknown(node, both)
        if name in known.KEYED:
            everything = _NONE.union(*(objects for place, objects in given if place != 0))
        if name in known.FILLING:
            if everything and not receiver:
                return self._unknown(node, everything)  # nobody knows who else has what a call has returned
            self._fill(owner, everything | (_NONE if name in known.FILLING_ONE else self._parts(everything)))
            return self._parts(receiver)
        if name in known.PLAIN_METHODS:
            return _NONE
        new = self._new(node, everything | self._parts(both))
        return new if name in known.NEW_FROM_METHOD else new | both | self._parts(both)

    def _knows_callbacks(self, node: ast.Call, path: str, given: _Objects) -> bool:
        """Note the functions of the notebook that a call is given; say whether all that it may call is known."""
        name = path.rpartition(".")[2]
        takes = name in known.TAKES_FUNCTIONS or name == "assign"
        functions = [k.value for k in node.keywords if k.arg in known.CALLED_BACK or takes]
        functions += node.args[:1] if name in known.TAKES_FUNCTIONS else []
        while functions:
            function = functions.pop()
            path_there = self._path(function)
            match function:
                case ast.Lambda() | ast.Constant():
                    pass
                case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(values=parts):
                    functions += parts
                case ast.Call(func=maker) if self._path(maker) in known.GETTERS:
                    pass
                case ast.Attribute(value=ast.Name(id="str"), attr=method) if method in known.PLAIN_METHODS:
                    pass
                case ast.Name() | ast.Attribute() if path_there is not None:
                    if not _leaves_alone(path_there):
                        return False
                case ast.Name(id=callee) if not self._value(function) - {callee}:
                    self._hand(given, callee, ANY)
                case _:
                    return False
        return True


def _leaves_alone(path: str) -> bool:
    """Say whether a function of a library leaves alone what it is given; methods of classes are not known here."""
    *packages, name = path.split(".")
    known_package = len(packages) > 0 and packages[0] in known.LOOKING_PACKAGES
    if path.startswith("sklearn."):
        known_package = name[:1].isupper() or name == "train_test_split" or path.startswith("sklearn.metrics.")
    changes = name in known.CALLS_LATER | tables.CHANGING_FUNCTIONS | tables.CHANGING_ARGUMENTS
    return known_package and not changes and not any(p[:1].isupper() or p == "ndarray" for p in packages)


def _fills_argument(path: str, call: ast.Call) -> bool:
    """Say whether a function of numpy may be given an array for its result by its place: ``np.add(a, b, a)``."""
    package, *_, name = path.split(".")
    return package == "numpy" and len(call.args) > 2 and name != "where"  # noqa: PLR2004


def _works_in_place(call: ast.Call) -> bool:
    """Say whether arguments of a call let it work in place."""
    return any(
        keyword.arg is None
        or (keyword.arg in known.IN_PLACE and not _is_constant(keyword.value, value=keyword.arg == "copy"))
        for keyword in call.keywords
    )


def _is_constant(node: ast.expr, *, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def is_operator(method: str) -> bool:
    """Say whether Python itself may call a method, with other objects: ``__add__``."""
    return method.startswith("__") and method not in known.NO_OPERATORS


def _is_unknowable(node: ast.AST) -> bool:
    match node:
        case ast.Name(id=name):
            return name in known.UNKNOWABLE
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return is_operator(name)
        case ast.ImportFrom(names=names):
            return any(alias.name == "*" for alias in names)
        case Expansion(magic=magic):
            return magic != "!"
    return isinstance(node, Inner | ast.Yield | ast.YieldFrom | ast.Await)


def _captured(cases: Iterable[ast.match_case]) -> Iterator[str]:
    """Yield the names that patterns bind."""
    for node in (node for case in cases for node in ast.walk(case.pattern)):
        match node:
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield name


def walked(body: Iterable[ast.stmt]) -> list[ast.AST]:
    """Return all nodes of some statements."""
    return [node for statement in body for node in ast.walk(statement)]


def stored(nodes: Iterable[ast.AST], *, functions: bool = True) -> Iterator[str]:
    """Yield the names that code binds other than by imports, in whatever scope; with or without those of functions."""
    for node in nodes:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if not functions:
                pass
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield name
