"""Which paths a call opens that its code puts together, and whether it writes them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from k8snb.analysis import gaps
from k8snb.analysis.tables import words

_WRITING = frozenset("wax+")
_MODE = re.compile(r"[rwax][bt+]{0,2}|[bt][rwax]\+?|r\+")
WITH_MODE = frozenset({"open", "fdopen", "File", "ZipFile", "Dataset"})
COPIES = frozenset({"copy", "copy2", "copyfile", "copytree", "move", "rename", "replace"})
_WRITES = re.compile(r"write|save|dump|to_|export|mkdir|makedirs|touch|unlink|remove|rmtree|urlretrieve|imwrite")
_FIRST_IS_PATH = words("""
    open read_csv read_table read_excel read_json read_parquet read_pickle read_feather read_hdf read_orc read_xml
    read_html read_stata read_sas read_spss read_fwf to_csv to_excel to_json to_parquet to_pickle to_feather to_hdf
    to_orc to_xml to_html to_stata to_markdown to_latex savefig savetxt savez savez_compressed loadtxt genfromtxt
    fromfile tofile imread imsave imwrite
""")
"""Functions and methods whose first argument is a path where it is not written out."""

_FIRST_IN_OS = words("listdir scandir walk glob iglob exists isfile isdir getsize remove unlink")
"""Functions of `os`, `os.path`, `glob` and `shutil` of which this holds too."""

_FIRST_OF_MODULE = {
    "load": {"np", "numpy", "joblib", "torch"},
    "save": {"np", "numpy"},
    "connect": {"sqlite3", "duckdb"},
}
_SECOND_OF_MODULE = {"dump": {"joblib"}, "save": {"torch"}}
_OF_PATHS = words("""
    write_text write_bytes read_text read_bytes touch unlink exists is_file is_dir iterdir glob rglob
""")
"""Methods of paths."""

_OF_OS = frozenset({"os", "path", "glob", "shutil"})


@dataclass(frozen=True)
class Opened:
    """A path that a call opens.

    Parameters
    ----------
    path : str
        With gaps (`k8snb.analysis.gaps`).
    is_read : bool
    written_by : str or None
        The name of the function that writes it.
    """

    path: str
    is_read: bool
    written_by: str | None


def put_together(call: ast.Call, local: frozenset[str]) -> Iterator[Opened]:
    """Yield the paths that a call opens and that are not written out; `local` as `gaps.path_of` takes it."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            places = _places(call, name)
        case _:
            return
    for place in places:
        path = gaps.path_of(place, local)
        if path is not None and not gaps.is_whole(path):
            from_here = len(places) > 1 and place is places[0]  # of a copy
            written = name == "connect" or (not from_here and (name in COPIES or is_write(name, call)))
            yield Opened(path, name == "connect" or not written, name if written else None)


def _places(call: ast.Call, name: str) -> list[ast.expr]:
    """Return the paths among what a call is given, or what it is called on."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    module = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
    if name in COPIES and module in _OF_OS:
        return call.args[:2]
    if owner is not None and name == "open" and (not call.args or mode_of(call.args[0])):
        return [owner]
    in_os = name in _FIRST_IN_OS and module in _OF_OS
    if call.args and (in_os or name in _FIRST_IS_PATH or module in _FIRST_OF_MODULE.get(name, ())):
        return call.args[:1]
    if module in _SECOND_OF_MODULE.get(name, ()):
        return call.args[1:2]
    return [owner] if owner is not None and name in _OF_PATHS and module not in _OF_OS else []


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
