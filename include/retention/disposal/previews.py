"""Plans that only show what would go. Nobody means to delete anything until one is executed after all."""

from __future__ import annotations

PREVIEW = "preview"
"""How the run ids of previews begin, before a slash."""


PREVIEWS = f"{PREVIEW}/%"
"""The same as `is_preview`, as a pattern for LIKE."""


def is_preview(run_id: str) -> bool:
    """Whether the run is a preview: making its plan changes nothing, and takes no other plan's place."""
    return run_id.startswith(f"{PREVIEW}/")
