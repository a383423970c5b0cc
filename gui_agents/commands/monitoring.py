"""`gui-agents monitoring`: writes the configuration of Prometheus and Alertmanager, and looks at a running one."""

from typing import Final

from gui_agents.commands import monitoring_check, monitoring_init
from gui_agents.commands.verbs import Verbs, add_verb

EXAMPLES: Final = """\
  gui-agents monitoring init monitoring --target 10.0.0.1:8000 --target 10.0.0.2:8000
  gui-agents monitoring init monitoring --webhook https://hooks.example.com/alerts --threshold cost=25
  gui-agents monitoring check http://127.0.0.1:9090
"""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "write a configuration for Prometheus and Alertmanager, or check a running Prometheus"
    parser = add_verb(verbs, "monitoring", monitoring_check.execute, summary=summary, examples=EXAMPLES)
    actions: Verbs = parser.add_subparsers(metavar="ACTION", required=True, parser_class=monitoring_init.Parser)
    monitoring_init.add_parser(actions)
    monitoring_check.add_parser(actions)
