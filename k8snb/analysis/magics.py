"""What a cell's magics and shell commands ask for that a step cannot give, and what they load and install."""

from __future__ import annotations

import ast

from k8snb.analysis import installs, tables
from k8snb.analysis.facts import Refusal
from k8snb.analysis.installs import Install
from k8snb.analysis.syntax import Expansion

LINE_MAGICS = tables.words("""
    alias alias_magic autoawait autocall automagic bookmark cat cd clear code_wrap colors conda
    config cp debug dhist dirs doctest_mode env gui hist history killbgscripts ldir less lf lk ll load load_ext
    loadpy logoff logon logstart logstate logstop ls lsmagic lx magic mamba man matplotlib micromamba mkdir more mv
    page pastebin pdb pdef pdoc pfile pinfo pinfo2 pip popd pprint precision prun psearch psource pushd pwd pycat
    pylab quickref rehashx reload_ext rep reset reset_selective rm rmdir run sc set_env sx system tb time timeit
    unalias unload_ext uv who who_ls whos xdel xmode
""")
"""Line magics that the shell of a step has without any extension."""

CELL_MAGICS = tables.NOT_PYTHON | tables.CODE_MAGICS.keys() | {"timeit", "capture", "code_wrap"}
"""Cell magics that it has."""

ALIASES = tables.words("cat cp ldir less lf lk ll ls lx man mkdir more mv rm rmdir")
"""Line magics that are shell commands."""

EXTENSIONS = {"memit": "memory_profiler", "mprun": "memory_profiler", "lprun": "line_profiler"}
"""Extensions of known magics."""

_HISTORY = "needs the notebook's history, which a step does not have"
_OF_KERNEL = {
    "store": "keeps values in the kernel's own folder, which a step does not have",
    **dict.fromkeys(("macro", "recall", "rep", "rerun", "save", "notebook"), _HISTORY),
    **dict.fromkeys(("edit", "ed"), "opens an editor, which a step does not have"),
    **dict.fromkeys(("qtconsole", "connect_info", "subshell", "autosave"), "is about the kernel, which a step is not"),
}
_PLAIN = "execute it in a plain cell"
_LOAD = f"load its extension in a cell above (%load_ext), which the step then does too, or {_PLAIN}"
_IPYTHONS = frozenset({"autoreload", "storemagic"})
"""Extensions that come with IPython."""
_OWN = "k8s_"
_TEACHES = frozenset({"load_ext", "reload_ext", "alias_magic", "alias", "rehashx", "run", "pylab"})
"""Magics after which there may be others."""


def refusals(tree: ast.Module) -> tuple[Refusal, ...]:
    """Return what surely fails in a step, in the order of the lines."""
    expansions = _expansions(tree)
    names = {node.magic for node in expansions}
    taught = bool(names & _TEACHES) or any(map(_may_define_magics, ast.walk(tree)))
    found = [refusal for node in expansions if (refusal := _refusal(node, taught=taught)) is not None]
    return tuple(sorted(found, key=lambda refusal: refusal.line))


def extensions(tree: ast.Module) -> tuple[str, ...]:
    """Return the extensions that the cell loads, but for this one, in the order of the lines."""
    loads = [node for node in _expansions(tree) if node.magic in {"load_ext", "reload_ext"}]
    names = [name for node in sorted(loads, key=lambda node: node.lineno) for name in node.text.split()]
    return tuple(n for n in dict.fromkeys(names) if n.replace(".", "_").isidentifier() and n.split(".")[0] != "k8snb")


def script(node: Expansion) -> str:
    """Return the file that ``%run`` executes; nothing for another magic."""
    words = [word for word in node.text.split() if not word.startswith("-")] if node.magic == "run" else []
    return words[0] if words and "-m" not in node.text.split() else ""


def scripts(tree: ast.Module) -> tuple[str, ...]:
    """Return the files that the cell executes with ``%run``."""
    return tuple(sorted({script(node) for node in _expansions(tree)} - {""}))


def module_of(extension: str) -> str:
    """Return the top-level module that an extension is in."""
    return "IPython" if extension in _IPYTHONS else extension.partition(".")[0]


def installed(tree: ast.Module) -> tuple[Install, ...]:
    """Return what the cell's commands install, in the order of the lines."""
    found = [_install(node) for node in _expansions(tree)]
    return tuple(sorted((install for install in found if install is not None), key=lambda install: install.line))


_SHELLS = frozenset({"bash", "sh", "!", "sx", "system", "script", "cmd"})


def _expansions(tree: ast.Module) -> list[Expansion]:
    return [node for node in ast.walk(tree) if isinstance(node, Expansion)]


def _refusal(node: Expansion, *, taught: bool) -> Refusal | None:
    line: int = node.lineno
    name, sign = (node.cell, "%%") if node.cell else (node.magic, "%")
    if name in _OF_KERNEL:
        return Refusal(line, f"{sign}{name} {_OF_KERNEL[name]}", _PLAIN)
    if name.startswith(_OWN):
        return Refusal(line, f"{sign}{name} is for the notebook, and a step is not one", _PLAIN)
    if node.cell:
        known = name in CELL_MAGICS
    else:
        known = taught or not name.isidentifier() or name in LINE_MAGICS | tables.CODE_MAGICS.keys() - EXTENSIONS.keys()
    if known:
        return None
    what = f"{sign}{name} is no magic of IPython's own, and no cell above loads an extension"
    return Refusal(line, what, _LOAD, foreign=True)


def _may_define_magics(node: ast.AST) -> bool:
    match node:
        case ast.ImportFrom(module=str(module)):
            return module.startswith("IPython.core.magic")
        case ast.Attribute(attr="register_magic_function" | "register_magics" | "run_line_magic"):
            return True
    return False


def _install(node: Expansion) -> Install | None:
    if node.cell in _SHELLS:
        return installs.read(node.body, line=node.lineno)
    if node.magic in installs.TOOLS:
        return installs.read(node.text, magic=node.magic, line=node.lineno)
    if node.magic in {"!", "sx", "system"}:
        return installs.read(node.text, line=node.lineno)
    return None


def shows(tree: ast.Module) -> str:
    """Return which expressions IPython is told to display from the next cell on; an empty text: nothing is said."""
    found = ""
    for node in tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(), attr="ast_node_interactivity")],
                value=ast.Constant(value=str(said)),
            ) if said in INTERACTIVITY:
                found = said
            case ast.Expr(value=Expansion(magic="config", text=text)) if "ast_node_interactivity" in text:
                said = text.partition("=")[2].strip().strip("'\"")
                found = said if said in INTERACTIVITY else found
    return found


INTERACTIVITY = ("all", "last", "last_expr", "none", "last_expr_or_assign")


def labelled(word: str) -> tuple[str, str]:
    """Split what data are called from what they are: ``train=X_train``; without a name it is empty."""
    label, is_labelled, rest = word.partition("=")
    return (label, rest) if is_labelled and label.isidentifier() and not rest.startswith("=") else ("", word)
