"""Image layers: gzipped tar archives whose bytes depend on names and contents only."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

LEVEL = 3
"""Of gzip: twice as quick as 6 and 9% larger for Python packages."""


@dataclass(frozen=True)
class Layer:
    """A layer, in memory or in a file.

    Parameters
    ----------
    digest : str
        ``sha256:...`` of the compressed bytes: the blob's name in a registry.
    diff_id : str
        ``sha256:...`` of the tar archive: its name in an image's configuration.
    size : int
        Compressed bytes.
    content : bytes or Path
    """

    digest: str
    diff_id: str
    size: int
    content: bytes | Path


class _Sink(Protocol):
    def write(self, data: bytes, /) -> int: ...


class _Tee:
    """Passes bytes on, counts and digests them."""

    def __init__(self, target: _Sink) -> None:
        self.target, self.size, self._hash = target, 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        self.size += len(data)
        self.target.write(data)
        return len(data)

    def flush(self) -> None:
        """Asked for by gzip; the target is flushed by its owner."""

    @property
    def digest(self) -> str:
        return "sha256:" + self._hash.hexdigest()


def from_files(files: Mapping[str, bytes], folders: Mapping[str, int] | None = None, *, mode: int = 0o644) -> Layer:
    """Make a layer in memory.

    Parameters
    ----------
    files : mapping of str to bytes
        Contents by absolute path in the image.
    folders : mapping of str to int, optional
        Modes of folders that need another than 0755, or that hold no file.
    mode : int
        Of the files.
    """
    members: dict[str, tuple[tarfile.TarInfo, bytes | Path]] = {}
    for path, data in files.items():
        members[path] = (_info(path, size=len(data), mode=mode), data)
    for path in _folders(files, folders or {}):
        members[path] = (_info(path, mode=(folders or {}).get(path, 0o755), kind=tarfile.DIRTYPE), b"")
    target = io.BytesIO()
    digest, diff_id, size = _write(target, (members[path] for path in sorted(members)))
    return Layer(digest, diff_id, size, target.getvalue())


def from_directory(directory: Path, under: str, target: Path) -> Layer:
    """Make a layer of a directory's content, written to a file as it is read: memory stays flat.

    Parameters
    ----------
    directory : Path
    under : str
        Absolute path that it has in the image.
    target : Path
        Written; becomes the layer's `content`.
    """
    with target.open("wb") as file:
        digest, diff_id, size = _write(file, _walk(directory, under))
    return Layer(digest, diff_id, size, target)


def _write(target: BinaryIO, members: Iterable[tuple[tarfile.TarInfo, bytes | Path]]) -> tuple[str, str, int]:
    """Write the archive; return digest, diff_id and size."""
    compressed = _Tee(target)
    with gzip.GzipFile(filename="", mode="wb", compresslevel=LEVEL, fileobj=compressed, mtime=0) as packed:
        plain = _Tee(packed)
        with tarfile.open(fileobj=plain, mode="w|", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
            for info, content in members:
                if isinstance(content, Path):
                    with content.open("rb") as file:
                        archive.addfile(info, file)
                else:
                    archive.addfile(info, io.BytesIO(content))
    return compressed.digest, plain.digest, compressed.size


def _info(path: str, *, size: int = 0, mode: int = 0o644, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    """Return a header without owner or time (`TarInfo` has none unless told)."""
    info = tarfile.TarInfo(path.lstrip("/"))
    info.size, info.mode, info.type = size, mode, kind
    return info


def _folders(files: Iterable[str], folders: Iterable[str]) -> set[str]:
    """All folders above the files, and the named ones with those above them."""
    found = set(folders)
    for path in (*files, *folders):
        found.update(str(parent) for parent in PurePosixPath(path).parents)
    return found - {"/", "."}


def _walk(directory: Path, under: str) -> Iterator[tuple[tarfile.TarInfo, bytes | Path]]:
    """Members for a directory's content, parents first, sorted by path."""
    for folder in sorted(_folders([], [under])):
        yield _info(folder, mode=0o755, kind=tarfile.DIRTYPE), b""
    for path in sorted(directory.rglob("*"), key=lambda p: p.relative_to(directory).as_posix()):
        name = f"{under}/{path.relative_to(directory).as_posix()}"
        if path.is_symlink():
            info = _info(name, mode=0o777, kind=tarfile.SYMTYPE)
            info.linkname = path.readlink().as_posix()
            yield info, b""
        elif path.is_dir():
            yield _info(name, mode=0o755, kind=tarfile.DIRTYPE), b""
        else:
            stat = path.stat()
            yield _info(name, size=stat.st_size, mode=0o755 if stat.st_mode & 0o100 else 0o644), path
