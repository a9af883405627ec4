"""Which files a command of a shell reads and writes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from k8snb.analysis.files import gaps
from k8snb.analysis.tables import words

_WRITE_ALL = words("mkdir touch tee rm rmdir gzip gunzip bzip2 xz truncate")
_COPY = words("cp mv ln install rsync")
_PACK = words("zip tar 7z")
_BRING = words("wget curl git gdown kaggle aws gsutil az unzip tar gunzip 7z make dvc")
_LEAVE_ALONE = words("""
    : for done fi } case esac function return exit cat cd chmod column conda cut date df diff dirname du echo env
    export false file find free grep head hostname id less ls lscpu mamba md5sum more nl nproc nvidia-smi pip pip3
    printenv printf ps pwd seq set sha256sum sleep sort source stat tail time top tr tree true uname uniq uptime uv
    wc which whoami zcat apt apt-get sudo brew poetry awk sed jq xxd test [ ping type alias basename realpath
    kubectl docker
""")
"""Commands that write nothing but what they put out."""

TAKE_FILES = words("ls cat head tail wc du stat less more source sort tree find file md5sum sha256sum uniq nl tac")
"""Commands whose words are paths, whatever they look like."""

_OUTPUT = {
    "sort": {"-o", "--output"},
    "curl": {"-o", "--output"},
    "wget": {"-O", "--output-document"},
    "unzip": {"-d"},
    "gdown": {"-O", "--output"},
    "gcc": {"-o"},
    "dot": {"-o"},
    "pandoc": {"-o"},
}
_TELL = frozenset({"--version", "-V", "--help"})
_PREFIXES = words("sudo time env nohup nice do then else if while until { !")
_REDIRECTS = frozenset({">", ">>", ">|", "&>", "&>>", ">&", "<"})


def of_command(command: Sequence[str]) -> tuple[list[str], list[str], bool]:
    """Return the words of one command that are paths read, those written, and whether it may bring any files.

    A gap among what is written stands for files that the command does not name.
    """
    left, reads, writes = _redirected(command)
    while left and (left[0] in _PREFIXES or ("=" in left[0] and len(left) > 1)):
        left = left[1:]
    if not left:
        return reads, _files(writes), False
    name, arguments = left[0], left[1:]
    out = list(_output(name, arguments))
    plain = [word for word in arguments if not word.startswith("-") and word not in out]
    if name == "tar" and arguments[:1] == plain[:1]:
        plain = plain[1:]  # its options need no dash
    is_of_files = arguments[:2] != ["-m", "pip"] and _TELL.isdisjoint(arguments)
    more, written = _touched(name, arguments, plain, out) if is_of_files else ((), ())
    reads = [word for word in (*reads, *more) if "://" not in word]
    return reads, _files([*writes, *out, *written]), name in _BRING


def _redirected(command: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Return the words of a command without what it is redirected to, and the paths that this reads and writes."""
    left, reads, writes = list[str](), list[str](), list[str]()
    for before, word in zip(["", *command], command, strict=False):
        if word in _REDIRECTS:
            if left and left[-1].isdigit():  # "2>" has come as two words
                left.pop()
        elif before in _REDIRECTS:
            reads += [word] if before in {"<", ">>", "&>>"} else []
            writes += [word] if before != "<" else []
        else:
            left.append(word)
    return left, reads, writes


def _output(name: str, arguments: Sequence[str]) -> Iterator[str]:
    """Yield the paths that options name where the command is to write."""
    options = _OUTPUT.get(name, ())
    for before, word in zip(["", *arguments], arguments, strict=False):
        option, is_one, value = word.partition("=")
        if before in options:
            yield word
        elif is_one and option in options:
            yield value


def _touched(
    name: str, arguments: Sequence[str], plain: Sequence[str], out: Sequence[str]
) -> tuple[Sequence[str], Sequence[str]]:
    """Return what a command reads and writes by its arguments without options, and besides."""
    if name in _WRITE_ALL:
        return (), plain
    if name in _COPY and len(plain) > 1:
        *origins, into = plain
        inside = [posixpath.join(into, posixpath.basename(one.rstrip("/"))) for one in origins]
        return origins, [into, *inside, *(origins if name == "mv" else ())]
    if name in _PACK and _packs(name, arguments):
        return plain[1:], plain[:1]
    if name == "ls":
        return plain or ["."], ()
    if name in {"sed", "perl"} and any(word.startswith(("-i", "--in-place")) for word in arguments):
        return plain[1:], plain[1:]
    knows = name in _LEAVE_ALONE or name in _BRING
    return [*plain, *(() if knows else (gaps.gap(),))], list(_unnamed(name, arguments, plain, out))


def _packs(name: str, arguments: Sequence[str]) -> bool:
    """Say whether a command makes an archive, and not what is in one."""
    return name == "zip" or any("c" in word and "/" not in word for word in arguments[:1])


def _unnamed(name: str, arguments: Sequence[str], plain: Sequence[str], out: Sequence[str]) -> Iterator[str]:
    """Yield what a command writes that it names in another way, or not at all."""
    addresses = [word for word in plain if "://" in word]
    if name in {"wget", "curl"} or (name == "git" and plain[:1] == ["clone"]):
        saved = name != "curl" or any(word in {"-O", "--remote-name"} or word[1:].endswith("O") for word in arguments)
        if not out and saved and addresses:
            last = posixpath.basename(addresses[-1].rstrip("/").partition("?")[0]).removesuffix(".git")
            yield plain[-1] if name == "git" and plain[-1] not in addresses else last
        return
    if name == "git" and plain[:1] != ["pull"] and plain[:1] != ["checkout"]:
        return
    if name not in _LEAVE_ALONE and not out:
        yield gaps.gap()


def _files(written: Sequence[str]) -> list[str]:
    return [word for word in written if not word.startswith("/dev/") and not word.isdigit() and "://" not in word]
