"""What a cell's names are made by, and what of it surely cannot travel."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from k8snb.analysis import scopes
from k8snb.analysis.imported import path_of
from k8snb.analysis.tables import words

GENERATOR = "a generator"
"""What is bound to ``(x for x in xs)``, or to what a function with ``yield`` returns."""

_KINDS = {
    "a lock": words("""
        threading.Lock threading.RLock threading.Condition threading.Event threading.Semaphore threading.local
        threading.BoundedSemaphore threading.Barrier asyncio.Lock
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
    "a queue": words("queue.Queue queue.SimpleQueue"),
    "a process": words("subprocess.Popen threading.Thread multiprocessing.Process"),
    GENERATOR: (GENERATOR,),
}
_KIND_OF = {path: kind for kind, paths in _KINDS.items() for path in paths}

_UNPICKLES = words("""
    pickle.load pickle.loads joblib.load cloudpickle.load cloudpickle.loads dill.load dill.loads pandas.read_pickle
    torch.load shelve.open
""")

_WAYS_OUT = {"an open file": "pass its path on", "a queue": "pass a list on", GENERATOR: "make it a list"}


def makers(tree: ast.Module, names: Mapping[str, str]) -> dict[str, str]:
    """Return by what each name of a cell is made that is bound to what a call returns.

    Parameters
    ----------
    tree : Module
    names : mapping of str to str
        What names stand for that imports bind.
    """
    generators = {n.name for n in tree.body if isinstance(n, ast.FunctionDef) and scopes.yields(n)}
    found: dict[str, str] = {}
    for name, value in bound_to(tree.body):
        if isinstance(value, ast.GeneratorExp):
            found[name] = GENERATOR
        elif isinstance(value, ast.Call):
            own = value.func.id if isinstance(value.func, ast.Name) else None
            made_by = GENERATOR if own in generators else path_of(value.func, names) or own
            found |= {name: made_by} if made_by is not None else {}
    return found


def cannot_travel(made_by: str) -> tuple[str, str] | None:
    """Return what kind of thing cannot travel that is made so, and the way out; None where it may."""
    kind = _KIND_OF.get(made_by)
    return None if kind is None else (kind, _WAYS_OUT.get(kind, "make it in the step that uses it"))


def unpickles(nodes: Iterable[ast.AST], names: Mapping[str, str]) -> bool:
    """Say whether code loads pickles, which may need any class and function of the notebook."""
    return any(isinstance(node, ast.Call) and path_of(node.func, names) in _UNPICKLES for node in nodes)


def bound_to(statements: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names of the namespace that statements bind to a value, with it; the last one of a name counts."""
    for statement in statements:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case ast.Assign(targets=targets, value=value):
                yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))
            case ast.With(items=items) | ast.AsyncWith(items=items):
                managed = ((item.optional_vars, item.context_expr) for item in items)
                yield from ((name.id, value) for name, value in managed if isinstance(name, ast.Name))
        for block in _blocks(statement):
            yield from bound_to(block)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for part in ("body", "orelse", "finalbody"):
        yield getattr(statement, part, [])
    for part in ("handlers", "cases"):
        yield from (inner.body for inner in getattr(statement, part, ()))
