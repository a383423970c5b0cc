"""`builtin/rules`: instruction -> clauses -> one action at a time, from the accessibility tree alone.

`quotes` and `clauses` cut an instruction, `grammar` reads each clause as `intents`, `worker` carries them out with its
`hands` on a `screen`. Nothing that an instruction contains is ever evaluated.
"""

from gui_agents.simulated.decider.model import RulesModel

__all__ = ["RulesModel"]
