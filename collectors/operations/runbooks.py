"""The runbooks, as they lie in this package: the service serves them, and `monitoring init` writes them.

What is below docs/runbooks is a copy.
"""

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

SUFFIX: Final = ".md"
INDEX: Final = "README"
"""The page that lists the others, and the thresholds."""


def texts() -> Mapping[str, str]:
    """Return each page in Markdown by the name of its alert, and the index by INDEX."""
    folder = files(__package__) / "runbook_pages"
    pages = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(SUFFIX))
    return {name.removesuffix(SUFFIX): (folder / name).read_text("utf-8") for name in pages}
