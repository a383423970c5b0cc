"""`builtin/rules`: instruction -> clauses -> one action at a time, from the accessibility tree alone.

`quotes` and `clauses` cut an instruction, and `grammar` reads each clause by a table of phrases, in the language of
`patterns`. What the phrases mean, and the hands that carry it out, depend on the world that the tree is of: `worlds`
tells which one. `simulated` knows the simulated desktop's apps by name; `real` knows nothing but the tree. Nothing that
an instruction contains is ever evaluated.
"""

from gui_agents.decider.model import RulesModel

__all__ = ["RulesModel"]
