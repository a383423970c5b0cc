"""What the rules read, by name: a lean page shows those metrics whole."""

import re
from typing import Final

from collectors.operations.alerts import alert_groups
from collectors.operations.model import Setting
from collectors.operations.recording import recordings

_WORD: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
"""What a name looks like in PromQL."""


def words_of_rules() -> frozenset[str]:
    """Return every word of the expressions of all alerts and recordings, functions and labels included.

    The names of all series that they select are among them. Those of no metric do no harm.
    """
    setting = Setting()
    groups = (*alert_groups(setting), *recordings(setting))
    return frozenset(word for group in groups for rule in group.rules for word in _WORD.findall(rule.expr))
