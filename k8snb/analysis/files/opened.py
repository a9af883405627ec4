"""Which paths a call opens that its code puts together, and whether it writes them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from k8snb.analysis.files import gaps
from k8snb.analysis.tables import words

_WRITING = frozenset("wax+")
_MODE = re.compile(r"[rwax][bt+]{0,2}(:\w*)?|[bt][rwax]\+?|r\+")
WITH_MODE = frozenset({"open", "fdopen", "File", "ZipFile", "Dataset", "TarFile", "HDFStore"})
COPIES = frozenset({"copy", "copy2", "copyfile", "copytree", "move", "rename", "replace", "symlink"})
_WRITES = re.compile(
    r"write|save|imsave|dump|to_|export|mkdir|makedirs|touch|unlink|remove|rmtree|urlretrieve|imwrite|tofile|rename"
    r"|ExcelWriter|PdfPages|VideoWriter|CSVLogger|ModelCheckpoint"
)
_FIRST_IS_PATH = words("""
    open read_csv read_table read_excel read_json read_parquet read_pickle read_feather read_hdf read_orc read_xml
    read_html read_stata read_sas read_spss read_fwf scan_csv scan_parquet to_csv to_excel to_json to_parquet
    to_pickle to_feather to_hdf to_orc to_xml to_html to_stata to_markdown to_latex to_netcdf to_zarr to_file
    savefig savetxt savez savez_compressed loadtxt genfromtxt fromfile tofile imread imsave imwrite loadmat savemat
    load_model load_weights load_npz ZipFile File TarFile HDFStore ParquetFile ExcelFile ExcelWriter PdfPages
    open_dataset read_file load_workbook write_csv write_parquet write_json write_html write_image write_file rmtree
    copytree load_file from_file
""")
"""Functions and methods whose first argument is a path where it is not written out."""

_FIRST_IN_OS = words("listdir scandir walk glob iglob exists isfile isdir getsize remove unlink")
"""Functions of `os`, `os.path`, `glob` and `shutil` of which this holds too."""

_FIRST_OF_MODULE = {
    "load": {"np", "numpy", "joblib", "torch", "spacy", "audio", "librosa"},
    "save": {"np", "numpy"},
    "connect": {"sqlite3", "duckdb"},
}
_SECOND_OF_MODULE = {
    "dump": {"joblib"},
    "save": {"torch"},
    "write_table": {"pq", "parquet"},
    "write_feather": {"feather"},
    "save_npz": {"sparse", "sp"},
    "write_graphml": {"nx"},
    "write_gml": {"nx"},
}
_SAVES = words("""
    save save_model save_weights save_pretrained save_to_disk save_local save_file dump_model export_graphviz
""")
"""Methods of objects whose first argument is a path."""

_LOADS = words("load_model load_from_disk from_pretrained load_from_checkpoint")
_OF_PATHS = words("""
    write_text write_bytes read_text read_bytes touch unlink exists is_file is_dir iterdir glob rglob
""")
"""Methods of paths."""

_BY_NAME = words("path file filename filepath path_or_buf filepath_or_buffer fname fp io database")
"""Parameters that take a path."""

_IN_MEMORY = frozenset({"StringIO", "BytesIO", "urlopen", "Request"})
NOWHERE = "memory:/nowhere"
"""Stands for the path of what is no file."""

_OPENS_TO_CHANGE = {("connect", "sqlite3"), ("connect", "duckdb"), ("open", "shelve"), ("open", "dbm"), ("TinyDB", "")}
"""Functions that open what is read and written, and their modules."""

_OF_OS = frozenset({"os", "path", "glob", "shutil"})


@dataclass(frozen=True)
class Opened:
    """A path that a call opens.

    Parameters
    ----------
    path : str
        With gaps (`k8snb.analysis.files.gaps`).
    is_read : bool
    written_by : str or None
        The name of the function that writes it.
    """

    path: str
    is_read: bool
    written_by: str | None


def put_together(call: ast.Call, local: frozenset[str]) -> Iterator[Opened]:
    """Yield the paths that a call opens and that are not written out; `local` as `gaps.path_of` takes it.

    A database, which is read and written, is among them even where its path is.
    """
    match call.func:
        case ast.Name(id=name):
            module = ""
        case ast.Attribute(value=ast.Name(id=module) | ast.Attribute(attr=module), attr=name):
            pass
        case ast.Attribute(attr=name):
            module = ""
        case _:
            return
    both = (name, module) in _OPENS_TO_CHANGE or _is_of_unknown_mode(name, call)
    places = _places(call, name, module)
    for place in places:
        if is_in_memory(place):
            continue
        path = gaps.any_path(place, local)
        if both or not gaps.is_whole(path):
            from_here = len(places) > 1 and place is places[0]  # of a copy
            written = both or (not from_here and (name in COPIES or is_write(name, call)))
            yield Opened(path, both or not written, name if written else None)


def _is_of_unknown_mode(name: str, call: ast.Call) -> bool:
    """Say whether a call opens a file in a mode that its code does not tell."""
    if name != "open":
        return False
    modes = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "mode")]
    return any(not isinstance(mode, ast.Constant) for mode in modes)


def is_in_memory(node: ast.expr) -> bool:
    """Say whether what is read or written is no file."""
    match node:
        case ast.Constant(value=value):
            return not isinstance(value, str) or value == ":memory:"
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in _IN_MEMORY
    return isinstance(node, ast.Starred | ast.Lambda | ast.Dict)


def _places(call: ast.Call, name: str, module: str) -> list[ast.expr]:
    """Return the paths among what a call is given, or what it is called on."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if name in COPIES:
        of_a_path = name == "rename" and owner is not None and len(call.args) == 1
        return call.args[:2] if module in _OF_OS or of_a_path else []
    if name == "open" and owner is not None and (not call.args or mode_of(call.args[0])):
        return [owner] if not _named(call) else _named(call)
    if name in _OF_PATHS and owner is not None and module not in _OF_OS:
        return [owner]
    if module in _SECOND_OF_MODULE.get(name, ()):
        return call.args[1:2] or _named(call)
    first = (
        name in _FIRST_IS_PATH
        or (name in _FIRST_IN_OS and module in _OF_OS)
        or module in _FIRST_OF_MODULE.get(name, ())
        or (name in _SAVES | _LOADS and owner is not None)
        or (name == "TinyDB" and owner is None)
    )
    return (call.args[:1] or _named(call)) if first else []


def _named(call: ast.Call) -> list[ast.expr]:
    """Return the path that a call is given by name."""
    return [keyword.value for keyword in call.keywords if keyword.arg in _BY_NAME][:1]


def is_write(name: str, call: ast.Call) -> bool:
    """Say whether a call of a function or method of a name writes the files that it is given."""
    if name not in WITH_MODE:
        return bool(_WRITES.match(name.lstrip("_")))
    modes = map(mode_of, (*call.args, *(k.value for k in call.keywords)))
    return any(mode is not None and not _WRITING.isdisjoint(mode) for mode in modes)


def mode_of(node: ast.expr) -> str | None:
    """Return the mode that a file is opened in, where an argument is one."""
    match node:
        case ast.Constant(value=str(text)) if _MODE.fullmatch(text):
            return text
    return None
