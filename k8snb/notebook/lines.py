"""The words of a magic's line."""

from __future__ import annotations

import re
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import parse_argstring

from k8snb.errors import suggest


def parsed(magic: Any, line: str) -> Any:
    """Return the arguments of a line; a quotation mark too many is a mistake as any other in it."""
    try:
        return parse_argstring(magic, line)  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise UsageError(f"{line}: {error}") from None
    except UsageError as error:
        if re.match(r"unrecognized arguments: (--help|-h)\b", str(error)):
            raise UsageError(f"%{magic.__name__}? shows what it takes") from None
        unknown = re.match(r"unrecognized arguments: (--?[a-zA-Z][\w-]*)", str(error))
        if unknown is None:
            raise
        options = [name for action in magic.parser._actions for name in action.option_strings]  # noqa: SLF001
        way = suggest(unknown[1], options) if options else "it takes none"
        raise UsageError(f"there is no option {unknown[1]}: {way}") from None


def unquoted(text: str | None) -> str | None:
    """Return a word without the quotes around it."""
    return text[1:-1] if text and len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
