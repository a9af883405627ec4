"""Which paths a call opens that its code puts together, and whether it writes them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from k8snb.analysis.files import gaps
from k8snb.analysis.tables import words

_WRITING = frozenset("wax+")
_MODE = re.compile(r"[rwax][bt+]{0,2}(:\w*)?|[bt][rwax]\+?|r\+")
WITH_MODE = frozenset({"open", "fdopen", "File", "ZipFile", "Dataset", "TarFile", "HDFStore"})
"""Functions that read or write, as the mode says that they are given."""

_MAPS = {"memmap": "mode", "open_memmap": "mode", "load": "mmap_mode"}
"""Functions of numpy that open arrays in files, and the parameter that says how."""

COPIES = frozenset({"copy", "copy2", "copyfile", "copytree", "move", "rename", "replace", "symlink"})
_MOVES = frozenset({"move", "rename", "replace"})
_WRITES = re.compile(
    r"write|save|imsave|dump|to_|export|mkdir|makedirs|touch|unlink|remove|rmtree|urlretrieve|imwrite|tofile|rename"
    r"|ExcelWriter|PdfPages|VideoWriter|CSVLogger|ModelCheckpoint"
)
_FIRST_IS_PATH = words("""
    open read_csv read_table read_excel read_json read_parquet read_pickle read_feather read_hdf read_orc read_xml
    read_html read_stata read_sas read_spss read_fwf scan_csv scan_parquet to_csv to_excel to_json to_parquet
    to_pickle to_feather to_hdf to_orc to_xml to_html to_stata to_markdown to_latex to_netcdf to_zarr to_file
    savefig savetxt savez savez_compressed loadtxt genfromtxt fromfile tofile imread imsave imwrite loadmat savemat
    memmap open_memmap load_model load_weights load_npz ZipFile File TarFile HDFStore ParquetFile ExcelFile ExcelWriter
    PdfPages open_dataset read_file load_workbook write_csv write_parquet write_json write_html write_image write_file
    rmtree copytree load_file from_file
""")
"""Functions and methods whose first argument is a path."""

_FIRST_IN_OS = words("listdir scandir walk glob iglob exists isfile isdir getsize remove unlink mkdir makedirs rmdir")
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
    write_text write_bytes read_text read_bytes touch unlink exists is_file is_dir iterdir glob rglob mkdir rmdir
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


def put_together(call: ast.Call, local: Mapping[str, str]) -> Iterator[Opened]:
    """Yield the paths that a call opens, but those that it reads where they are written out.

    Parameters
    ----------
    call : Call
    local : mapping of str to str
        As `gaps.path_of` takes it.
    """
    match call.func:
        case ast.Name(id=name):
            module = ""
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            pass
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id=root), attr=module), attr=name):
            module = "" if root in local else module  # self.path.exists()
        case ast.Attribute(attr=name):
            module = ""
        case _:
            return
    both = (name, module) in _OPENS_TO_CHANGE or _goes_on(name, call) or maps_to_change(call)
    places = _places(call, name, module)
    for place in places:
        if is_in_memory(place):
            continue
        path = gaps.any_path(place, local)
        from_here = len(places) > 1 and place is places[0]  # of a copy
        moved = from_here and name in _MOVES
        written = both or moved or (not from_here and (name in COPIES or is_write(name, call)))
        if written or not gaps.is_whole(path):
            yield Opened(path, both or moved or not written, name if written else None)


def _goes_on(name: str, call: ast.Call) -> bool:
    """Say whether a call opens a file to append to it or change it, or in a mode that its code does not tell."""
    given = [*(call.args[1:2] if name in WITH_MODE else ()), *(k.value for k in call.keywords if k.arg == "mode")]
    if name == "open" and any(not isinstance(mode, ast.Constant) for mode in given):
        return True
    if name == "open" and isinstance(call.func, ast.Attribute):  # of a path
        given += call.args[:1]
    modes = [mode for node in given if (mode := mode_of(node)) is not None]
    return name not in _MAPS and any("a" in mode or ("+" in mode and "w" not in mode) for mode in modes)


def maps_to_change(call: ast.Call) -> bool:
    """Say whether a call opens an array in a file that is changed with it."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    mode = next((k.value for k in call.keywords if k.arg == _MAPS.get(name)), None)
    if name not in _MAPS or (mode is None and name == "load"):
        return False
    return not isinstance(mode, ast.Constant) or mode.value not in {"r", "c", "readonly", "copyonwrite", None}


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
    of_os = name in _FIRST_IN_OS and module in _OF_OS and bool(call.args)
    if name in _OF_PATHS and owner is not None and not of_os:
        return [owner]
    if module in _SECOND_OF_MODULE.get(name, ()):
        return call.args[1:2] or _named(call)
    first = (
        name in _FIRST_IS_PATH
        or of_os
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
