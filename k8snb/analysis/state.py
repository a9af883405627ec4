"""The state of modules: where a cell sets it (seeds, options, the environment), and what of a cell depends on it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from k8snb.analysis import mutation, replay, tables
from k8snb.analysis import state_tables as known
from k8snb.analysis.facts import ModuleState, Setting
from k8snb.analysis.imported import dotted, is_module, path_of
from k8snb.analysis.makers import bound_to
from k8snb.analysis.mutation import last_name
from k8snb.analysis.scopes import with_defaults
from k8snb.analysis.source import quiet_lines
from k8snb.analysis.syntax import Expansion

_ENVIRONMENT_MAGICS = frozenset({"env", "set_env"})
_FOLDER_MAGICS = frozenset({"cd", "pushd", "popd"})
_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@")
"""In an address."""
_GET_LOGGER = frozenset({"logging.getLogger", "getLogger"})
_SHELL = frozenset({"!", "", "sx", "system"})


def of_cell(
    tree: ast.Module,
    nodes: Sequence[ast.AST],
    source: str,
    names: Mapping[str, str],
    for_later: Container[ast.AST] = (),
) -> tuple[ModuleState, dict[str, ModuleState]]:
    """Return what executing a cell has to do with the state of modules, and what its functions have.

    Parameters
    ----------
    tree : ast.Module
    nodes : sequence of AST
        All of it.
    source : str
        The cell's, whose comments may ask for quiet.
    names : mapping of str to str
        What those of the cell's names stand for that imports bind (`k8snb.analysis.imported`).
    for_later : container of AST
        Calls that make `estimators`.
    """
    finder = _Finder(tree, nodes, quiet_lines(source), names, for_later)
    functions = {name: _Code() for name in finder.definitions}
    for name, node in finder.definitions.items():
        finder.into(functions[name], node)
    cell = finder.cell
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for decorator in statement.decorator_list:
                finder.into(cell, decorator)
        else:
            finder.into(cell, statement)
    for code in (cell, *functions.values()):
        if code.moves and finder.goes_back(code.moves):
            code.settings = [setting for setting in code.settings if setting.kinds != (known.FOLDER,)]
    whole = {name: _with_calls(code, functions, {name}, finder.quiet) for name, code in functions.items()}
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr) and not finder.sets(last.value) and _may_show_data(last.value):
        cell.use(known.FRAMES, last.lineno)
        cell.use(known.ARRAYS, last.lineno)
    own = _with_calls(cell, functions, set(), finder.quiet)
    return own, {name: state for name, state in whole.items() if state.settings or state.uses}


class _Code:
    """What was found in a piece of code."""

    def __init__(self) -> None:
        self.settings: list[Setting] = []
        self.moves: list[ast.AST] = []
        self.uses: dict[str, int] = {}
        self.reads: dict[str, int] = {}
        self.parameters: dict[str, str | None] = {}
        self.calls: dict[str, tuple[tuple[int | str, str], ...] | None] = {}

    def use(self, kind: str, line: int) -> None:
        self.uses[kind] = min(line, self.uses.get(kind, line))


def _with_calls(code: _Code, functions: Mapping[str, _Code], seen: set[str], quiet: frozenset[int]) -> ModuleState:
    """Add what the cell's own functions do that the code may call, at the line where it names them."""
    settings, uses = list(code.settings), dict(code.uses)
    todo = [(name, line) for name, line in code.reads.items() if name in functions]
    while todo:
        name, line = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        inner = functions[name]
        for setting in inner.settings:
            hushed = setting.quiet or line in quiet
            again = replay.of_call(setting.replay, inner.parameters, code.calls.get(name))
            settings.append(replace(setting, line=line, replay=again, text=f"{name}()", quiet=hushed))
        for kind in inner.uses:
            uses[kind] = min(line, uses.get(kind, line))
        todo += [(other, line) for other in inner.reads if other in functions]
    calls = {name: args for name, args in code.calls.items() if args is not None}
    return ModuleState(tuple(sorted(settings, key=lambda setting: setting.line)), uses, code.parameters, calls)


class _Finder(ast.NodeVisitor):
    def __init__(
        self,
        tree: ast.Module,
        nodes: Sequence[ast.AST],
        quiet: frozenset[int],
        names: Mapping[str, str],
        for_later: Container[ast.AST],
    ) -> None:
        self.quiet, self.names = quiet, names
        self.modules = {name: path for name, path in names.items() if is_module(path)}
        self.objects = {name: dotted(path) for name, path in names.items() if not is_module(path)}
        self.loggers: dict[str, ast.expr] = {}
        self.attributes_with_loggers = {"logger"}
        self.folders: set[str] = set()
        """Names that stand for the folder that the cell was in."""
        self.definitions: dict[str, ast.AST] = {}
        self.cell = self.code = _Code()
        self.statement: ast.stmt | None = None
        self.for_later = for_later
        self.restored: frozenset[str] = frozenset()
        """Kinds of state that the ``with`` statements around restore."""
        for node in nodes:
            self._note_names(node)
        for statement in tree.body:
            match statement:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    self.definitions[name] = statement
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda()):
                    self.definitions[name] = statement

    def _note_names(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=function) as call):
                if ast.unparse(function) in _GET_LOGGER:
                    self.loggers[name] = call
                elif last_name(call) in {"getcwd", "cwd"}:
                    self.folders.add(name)
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=ast.Call(func=function)):
                if ast.unparse(function) in _GET_LOGGER:
                    self.attributes_with_loggers.add(name)

    def into(self, code: _Code, node: ast.AST) -> None:
        """Note in `code` what is found in a statement of the cell."""
        self.code = code
        match node:
            case ast.FunctionDef() if _goes_straight(node):
                self._may_call_itself(node)
                code.parameters = dict(_parameters(node))
                self.visit(node.args)
                for statement in (*node.decorator_list, *node.body):
                    self.state_alone(statement)
            case ast.Expr(value=ast.Call(func=ast.Name(id=name)) as call):
                code.calls[name] = _arguments(call) if name not in code.calls else None
                self.state_alone(node)
            case _:
                self.state_alone(node)

    def state_alone(self, node: ast.AST) -> None:
        """Visit a statement, which another process may repeat if it does nothing but set something."""
        match node:
            case ast.If(test=ast.Call(func=ast.Attribute(attr="is_available")), body=body, orelse=[]):
                for statement in body:  # of a device: without it, setting it does nothing
                    self.state_alone(statement)
            case _:
                top = isinstance(node, ast.Expr | ast.Assign | ast.AugAssign | ast.Delete)
                self.statement = node if top else None  # type: ignore[assignment]
                self.visit(node)
                self.statement = None

    # --- what is set -------------------------------------------------------------------------------------------

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            self.visit(item)
        before = self.restored
        calls = (self.dotted(item.context_expr.func) for item in node.items if isinstance(item.context_expr, ast.Call))
        self.restored |= {known.RESTORED_BY[name] for name in calls if name in known.RESTORED_BY}
        for statement in node.body:
            self.visit(statement)
        self.restored = before

    def set(self, node: ast.AST, kinds: tuple[str, ...], *, secret: bool = False) -> None:
        if self.restored.issuperset(kinds):
            return
        if kinds == (known.FOLDER,):
            self.code.moves.append(node)
        line: int = node.lineno  # type: ignore[attr-defined]
        text = f"%{node.magic} {node.text}" if isinstance(node, Expansion) else _short(node)
        again = None
        if self.statement is not None and self._alone(node):
            again = replay.of(self.statement, self.modules, self.objects, self.loggers)
        if known.ENVIRONMENT in kinds and self.statement is not None:
            secret |= (
                _PASSWORD.search(node.text if isinstance(node, Expansion) else ast.unparse(self.statement)) is not None
            )
        self.code.settings.append(Setting(line, kinds, text, again, line in self.quiet, secret))

    def goes_back(self, moves: Sequence[ast.AST]) -> bool:
        """Say whether the last of several changes of the folder undoes the others."""
        before, last = moves[:-1], moves[-1]
        match last:
            case Expansion(magic="cd", text=text) if len(before) == 1:
                return text.strip() in {"-", ".."}
            case ast.Call(args=[ast.Name(id=name)]):
                return bool(before) and name in self.folders
            case ast.Call(args=[ast.Constant(value="..")]) if len(before) == 1:
                return True
        return False

    def sets(self, node: ast.expr) -> bool:
        """Say whether an expression is there for what it sets."""
        return isinstance(node, Expansion) or (isinstance(node, ast.Call) and self.dotted(node.func) in known.CALLS)

    def _alone(self, node: ast.AST) -> bool:
        """Say whether a statement does nothing but set this."""
        match self.statement:
            case ast.Expr(value=value):
                return value is node
            case ast.Assign(targets=[target]) | ast.AugAssign(target=target) | ast.Delete(targets=[target]):
                return target is node
        return False

    def visit_Call(self, node: ast.Call) -> None:
        dotted = self.dotted(node.func) or ""
        if dotted in known.CALLS:
            kinds = known.CALLS[dotted]
            names = [ast.unparse(a) for a in (*node.args[:1], *(k.value for k in node.keywords if k.arg is None))]
            names += [k.arg for k in node.keywords if k.arg]
            secret = known.ENVIRONMENT in kinds and (dotted == "dotenv.load_dotenv" or any(map(_secret, names)))
            if dotted == "os.environ.pop":
                self._reads_first(node)
            self.set(node, kinds, secret=secret)
            for argument in ast.iter_child_nodes(node):
                if argument is not node.func:
                    self.visit(argument)
            return
        match node.func:
            case ast.Attribute(value=owner, attr=method) if method in known.ON_LOGGERS and self._logger(owner):
                self.set(node, (known.LOGGING,))
                return
            case ast.Attribute(value=ast.Attribute() as owner, attr=method) if self._list_of_logger(owner):
                if method in tables.CHANGING_METHODS:
                    self.set(node, (known.LOGGING,))
        self._used_by_call(node, dotted)
        self.generic_visit(node)

    def _logger(self, owner: ast.expr) -> bool:
        match owner:
            case ast.Name(id=name):
                return name in self.loggers or name in {"logger", "log"}
            case ast.Attribute(attr=name):
                return name in self.attributes_with_loggers
            case ast.Call(func=function):
                return self.dotted(function) == "logging.getLogger"
        return False

    def _list_of_logger(self, owner: ast.expr) -> bool:
        match owner:
            case ast.Attribute(value=logger, attr=name):
                return name in known.LISTS_OF_LOGGERS and self._logger(logger)
        return False

    def visit_Expansion(self, node: Expansion) -> None:
        shows = len(node.text.replace("=", " ").split()) < len(("name", "value"))
        if node.magic in _ENVIRONMENT_MAGICS and shows:
            self.code.use(known.ENVIRONMENT, node.lineno)
        elif node.magic in _ENVIRONMENT_MAGICS:
            self.set(node, (known.ENVIRONMENT,), secret=_secret(node.text.replace("=", " ").split()[0]))
        elif node.magic in _FOLDER_MAGICS:
            self.set(node, (known.FOLDER,))
        elif replay.is_of_figures(node):
            self.set(node, (known.PLOTS,))
        elif node.magic in _SHELL:
            self.code.use(known.ENVIRONMENT, node.lineno)
            self.code.use(known.FOLDER, node.lineno)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load) and (kind := self._kind(node)):
            if kind == known.ENVIRONMENT and isinstance(node.ctx, ast.Del):
                self._reads_first(node)
            self.set(node, (kind,), secret=kind == known.ENVIRONMENT and _secret(ast.unparse(node.slice)))
            self.visit(node.slice)
            return
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Subscript) and self._kind(node.target) == known.ENVIRONMENT:
            self._reads_first(node)
        self.generic_visit(node)

    def _reads_first(self, node: ast.expr | ast.stmt) -> None:
        """Note that what sets a variable of the environment, or takes it out, asks for its value before."""
        self.code.use(known.ENVIRONMENT, node.lineno - 1)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load) and (kind := self._kind(node)):
            self.set(node, (kind,))
            return
        if node.attr in {known.SUBCLASSES, known.CACHE}:
            self.code.use(node.attr, node.lineno)
        if node.attr in known.OF_LOGGERS and self._logger(node.value):
            self.code.use(known.LOGGING, node.lineno)
        if isinstance(node.ctx, ast.Load) and (dotted := self.dotted(node)):
            self._used(dotted, node.lineno)
        else:
            self.generic_visit(node)

    def _kind(self, node: ast.Attribute | ast.Subscript) -> str | None:
        """Return what state the object of an assignment is."""
        match node.value:
            case ast.Call(func=function) if self.dotted(function) in {"decimal.getcontext", "getcontext"}:
                return known.NUMBERS
            case value if self._list_of_logger(value) or (isinstance(node, ast.Attribute) and self._logger(value)):
                return known.LOGGING
        owner, whole = self.dotted(node.value), self.dotted(node)
        for name in (whole, owner):
            for prefix, kind in known.OBJECTS.items():
                if name is not None and f"{name}.".startswith(f"{prefix}."):
                    return kind
        root: ast.expr = node.value
        while isinstance(root, ast.Attribute):
            root = root.value
        if owner is None or not isinstance(root, ast.Name) or root.id not in self.modules:
            return None
        return known.of_module(owner)

    # --- what depends on it ------------------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.code.reads.setdefault(node.id, node.lineno)
            if node.id == known.ANNOTATIONS:
                self.code.use(known.ANNOTATIONS, node.lineno)
            if self._logger(node):
                self.code.use(known.LOGGING, node.lineno)
            if dotted := self.dotted(node):
                self._used(dotted, node.lineno)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._may_call_itself(node)
        self.generic_visit(node)

    def _may_call_itself(self, node: ast.FunctionDef) -> None:
        named = (getattr(inner, "id", getattr(inner, "attr", None)) for inner in ast.walk(node))
        if node.name in named:
            self.code.use(known.RECURSION, node.lineno)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._imported(alias.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module and not node.level:
            self._imported(node.module, node.lineno)

    def _imported(self, module: str, line: int) -> None:
        top = module.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in tables.KNOWN_PACKAGES:
            self.code.use(known.PATH, line)

    def _used(self, dotted: str, line: int) -> None:
        for kind in _kinds_used(dotted):
            self.code.use(kind, line)

    def _used_by_call(self, node: ast.Call, dotted: str) -> None:
        match node.func:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                pass
            case _:
                return
        method = isinstance(node.func, ast.Attribute)
        line = node.lineno
        if _draws(node, dotted) and node not in self.for_later:
            self.code.use(known.NUMPY, line)
        if name in known.PLOTTING_METHODS and method:
            self.code.use(known.PLOTS, line)
        if name in known.SHOWS and (method or any(map(_may_show_data, node.args))):
            self.code.use(known.FRAMES, line)
            self.code.use(known.ARRAYS, line)
        if name in known.LOG_METHODS and method and "log" in ast.unparse(node.func).rpartition(".")[0].lower():
            self.code.use(known.LOGGING, line)
        if name in known.OPENS and (node.args and _relative(node.args[0])):
            self.code.use(known.FOLDER, line)

    def dotted(self, node: ast.expr) -> str | None:
        return path_of(node, self.names)


def _may_show_data(value: ast.expr) -> bool:
    """Say whether a frame or an array may be in what is shown: not in a text where all values have a format."""
    match value:
        case ast.Constant() | ast.JoinedStr(values=[]) | ast.Call(func=ast.Name(id="print")):
            return False
        case ast.JoinedStr(values=parts):
            return any(isinstance(part, ast.FormattedValue) and part.format_spec is None for part in parts)
    return True


def _kinds_used(dotted: str) -> Iterator[str]:
    """Return the kinds of state that the use of something of a module depends on."""
    top, _, rest = dotted.partition(".")
    yield known.of_module(top)
    if top in known.OF_WHOLE_MODULES:
        yield known.OF_WHOLE_MODULES[top]
    if dotted.startswith(known.ENVIRONMENT_READERS):
        yield known.ENVIRONMENT
    if dotted in known.FOLDER_READERS:
        yield known.FOLDER
    if dotted == "sys.getrecursionlimit":
        yield known.RECURSION
    first = rest.partition(".")[0]
    drawn = rest.removeprefix("random.").partition(".")[0]
    if top == "numpy" and first == "random" and rest != "random" and drawn not in known.NUMPY_OWN:
        yield known.NUMPY
    elif top == "random" and first and first not in known.RANDOM_OWN:
        yield known.RANDOM
    elif top == "torch" and first.startswith(known.TORCH_DRAWS):
        yield known.TORCH
    elif top == "logging" and first in known.LOG_METHODS:
        yield known.LOGGING


def _draws(call: ast.Call, dotted: str) -> bool:
    """Say whether something is called that draws from numpy's global state where it is not given another."""
    if dotted.startswith("random.") or any(k.arg in {"random_state", "seed", None} for k in call.keywords):
        return False
    match call.func:
        case ast.Attribute(value=owner, attr="sample"):
            of_frame = len(call.args) == 1 or any(k.arg in {"n", "frac", "weights"} for k in call.keywords)
            return of_frame and not dotted and not mutation.is_generator(owner)
        case ast.Attribute(attr="resample" | "shuffle"):
            return bool(dotted)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            shuffles = any(k.arg == "shuffle" and not _is_false(k.value) for k in call.keywords)
            return name in known.TAKES_RANDOM_STATE or (name in known.SPLITTERS and shuffles)
    return False


def estimators(tree: ast.Module, nodes: Iterable[ast.AST]) -> dict[ast.Call, str]:
    """Return the calls that make estimators which draw from numpy's global state when they are fitted.

    Only those that the cell does nothing with but bind them to a name; with that name.
    """
    made = {
        node: name
        for name, value, managed in bound_to(tree.body)
        if not managed
        for node in _only_made(value)
        if _draws(node, "")
    }
    read = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)} if made else set()
    return {call: name for call, name in made.items() if name not in read}


def _only_made(value: ast.expr) -> Iterator[ast.Call]:
    """Yield the calls of classes by which objects come into a value, with which nothing else is done."""
    match value:
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(values=parts):
            pass
        case ast.Call(func=function) if _is_class(function) or last_name(function).startswith("make_"):
            parts = [part for _, part in mutation.arguments(value)]
            if _is_class(function):
                yield value
        case _:
            return
    for part in parts:
        yield from _only_made(part)


def _is_false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and not value.value


def _is_class(function: ast.expr) -> bool:
    return isinstance(function, ast.Name | ast.Attribute) and ast.unparse(function).rpartition(".")[2][:1].isupper()


def _goes_straight(function: ast.FunctionDef) -> bool:
    """Say whether a function executes all statements of its body each time, with its parameters as they are given."""
    inner = [node for statement in function.body for node in ast.walk(statement)]
    ends = [node for node in inner if isinstance(node, ast.Return | ast.Raise | ast.Yield | ast.YieldFrom)]
    stored = any(isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) for node in inner)
    return not stored and all(node is function.body[-1] for node in ends) and not function.decorator_list


def _parameters(function: ast.FunctionDef) -> Iterator[tuple[str, str | None]]:
    """Yield a function's parameters, with their defaults that are literals."""
    for name, default in with_defaults(function.args):
        yield name, ast.unparse(default) if isinstance(default, ast.Constant) else None


def _arguments(call: ast.Call) -> tuple[tuple[int | str, str], ...] | None:
    """Return the arguments of a call, where all are names or literals."""
    given = mutation.arguments(call)
    if not all(isinstance(value, ast.Constant | ast.Name) and place != "**" for place, value in given):
        return None
    return tuple((place, ast.unparse(value)) for place, value in given)


def _relative(path: ast.expr) -> bool:
    """Say whether a path is looked for in the working directory, as far as it can be known."""
    match path:
        case ast.Constant(value=str(text)) | ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return not text.startswith(("/", "~")) and "://" not in text
        case ast.Constant():
            return False
    return True


def _secret(name: str) -> bool:
    return any(part in name.upper() for part in known.SECRET)


def _short(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        return f"{ast.unparse(node.func)}()"
    return ast.unparse(node)
