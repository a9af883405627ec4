"""What a cell's names are made by, and what of it surely cannot travel."""

from __future__ import annotations

import ast
import collections
from collections.abc import Collection, Iterable, Iterator, Mapping

from k8snb.analysis import scopes
from k8snb.analysis.imported import path_of
from k8snb.analysis.tables import words

GENERATOR = "a generator"
"""What is bound to ``(x for x in xs)``, or to what a function with ``yield`` returns."""

GENERATORS = "generators"
"""What functions with ``yield`` make, to which their names are bound."""

TEXT = "a file that is read as text"
"""What is bound to ``open(path)``: it can travel."""

_KINDS = {
    "a lock": words("""
        threading.Lock threading.RLock threading.Condition threading.Event threading.Semaphore threading.local
        threading.BoundedSemaphore threading.Barrier
    """),
    "a connection": words("""
        sqlite3.connect psycopg2.connect psycopg.connect pymysql.connect mysql.connector.connect pyodbc.connect
        duckdb.connect snowflake.connector.connect sqlalchemy.create_engine socket.socket
    """),
    "a client": words("""
        boto3.client boto3.resource redis.Redis redis.from_url pymongo.MongoClient httpx.Client httpx.AsyncClient
        aiohttp.ClientSession openai.OpenAI openai.AsyncOpenAI anthropic.Anthropic elasticsearch.Elasticsearch
        google.cloud.storage.Client google.cloud.bigquery.Client docker.from_env
    """),
    "a pool of workers": words("""
        concurrent.futures.ThreadPoolExecutor concurrent.futures.ProcessPoolExecutor multiprocessing.Pool
    """),
    "an open file": words("open io.open gzip.open h5py.File tempfile.TemporaryFile tempfile.NamedTemporaryFile"),
    "a reader or writer of csv": words("csv.reader csv.DictReader csv.writer csv.DictWriter"),
    "an open archive": words("zipfile.ZipFile tarfile.open"),
    "a queue": words("queue.Queue queue.SimpleQueue"),
    "a folder that goes with its process": words("tempfile.TemporaryDirectory"),
    "a process": words("subprocess.Popen threading.Thread multiprocessing.Process"),
    "a running hash": words("""
        hashlib.new hashlib.md5 hashlib.sha1 hashlib.sha224 hashlib.sha256 hashlib.sha384 hashlib.sha512
        hashlib.blake2b hashlib.blake2s hashlib.sha3_256 hashlib.sha3_512
    """),
    "a weak reference": words("weakref.ref weakref.proxy weakref.WeakMethod weakref.finalize"),
    GENERATOR: (GENERATOR,),
}
_GIVES_ITSELF = frozenset(path for kind in ("a connection", "a client", "a pool of workers") for path in _KINDS[kind])
"""What ``with ... as name`` binds to what is made."""

_KIND_OF = {path: kind for kind, paths in _KINDS.items() for path in paths}

_UNPICKLES = words("""
    pickle.load pickle.loads joblib.load cloudpickle.load cloudpickle.loads dill.load dill.loads pandas.read_pickle
    torch.load shelve.open
""")

_WAYS_OUT = {
    "an open file": "pass its path on",
    "an open archive": "pass its path on",
    "a reader or writer of csv": "pass a list on",
    "a folder that goes with its process": "make it with tempfile.mkdtemp()",
    "a queue": "pass a list on",
    "a running hash": "keep the bytes, or its hexdigest()",
    "a weak reference": "keep the object itself",
    GENERATOR: "make it a list",
}


def makers(tree: ast.Module, names: Mapping[str, str]) -> dict[str, str]:
    """Return by what each name of a cell is made that is bound once, to what a call returns or ``with`` gives.

    Parameters
    ----------
    tree : Module
    names : mapping of str to str
        What names stand for that imports bind.
    """
    own = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    generators = {node.name for node in own if scopes.yields(node) and not node.decorator_list}
    found: dict[str, str] = {}
    for name, value, managed in bound_to(tree.body):
        made_by = _made_by(value, names, generators)
        if made_by is not None and (not managed or made_by in _GIVES_ITSELF):
            found[name] = made_by
    found |= dict.fromkeys(generators, GENERATORS)
    bindings = collections.Counter(scopes.bound(tree.body) if found else ())
    return {name: made_by for name, made_by in found.items() if bindings[name] == 1}


def _made_by(value: ast.expr, names: Mapping[str, str], generators: Collection[str]) -> str | None:
    match value:
        case ast.GeneratorExp():
            return GENERATOR
        case ast.Call(func=ast.Name(id=own)) if own in generators:
            return GENERATOR
        case ast.Call(func=ast.Name(id="open")) if "open" not in names:
            return "open" if _is_no_text_to_read(value) else TEXT
        case ast.Call(func=function):
            return path_of(function, names) or (function.id if isinstance(function, ast.Name) else None)
    return None


def _is_no_text_to_read(call: ast.Call) -> bool:
    """Say whether `open` is given another mode than that of a text to be read, which travels."""
    modes = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "mode")]
    return any(not isinstance(m, ast.Constant) or m.value not in {"r", "rt"} for m in modes)


def cannot_travel(made_by: str) -> tuple[str, str] | None:
    """Return what kind of thing cannot travel that is made so, and the way out; None where it may."""
    kind = _KIND_OF.get(made_by)
    return None if kind is None else (kind, _WAYS_OUT.get(kind, "make it in the step that uses it"))


def unpickles(nodes: Iterable[ast.AST], names: Mapping[str, str]) -> bool:
    """Say whether code loads pickles, which may need any class and function of the notebook."""
    return any(isinstance(node, ast.Call) and path_of(node.func, names) in _UNPICKLES for node in nodes)


def bound_to(statements: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.expr, bool]]:
    """Yield the names of the namespace that statements bind to a value, with it, and whether ``with`` does so."""
    for statement in statements:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case ast.Assign(targets=targets, value=value):
                yield from ((target.id, value, False) for target in targets if isinstance(target, ast.Name))
            case ast.With(items=items) | ast.AsyncWith(items=items):
                managed = ((item.optional_vars, item.context_expr) for item in items)
                yield from ((name.id, value, True) for name, value in managed if isinstance(name, ast.Name))
        for block in _blocks(statement):
            yield from bound_to(block)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for part in ("body", "orelse", "finalbody"):
        yield getattr(statement, part, [])
    for part in ("handlers", "cases"):
        yield from (inner.body for inner in getattr(statement, part, ()))
