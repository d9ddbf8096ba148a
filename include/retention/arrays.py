"""Arrays as PostgreSQL reads them."""

from __future__ import annotations

from collections.abc import Sequence


def text_array(texts: Sequence[str]) -> str:
    """A text[] as PostgreSQL reads it, made at once: the driver looks at each element, which takes longer than a query by them.

    Raises ValueError for a text with a zero character, which PostgreSQL doesn't have.
    """
    if not texts:
        return "{}"
    joined = "\0".join(texts)
    if joined.count("\0") >= len(texts):
        raise ValueError("found a text with a zero character; expected none: PostgreSQL has no such text")
    escaped = joined.replace("\\", "\\\\").replace('"', '\\"')
    return '{"' + escaped.replace("\0", '","') + '"}'
