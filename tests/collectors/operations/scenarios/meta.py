"""The alert on the lock of the endpoint; Watchdog cannot resolve."""

from typing import Final

from tests.collectors.operations.scenarios.case import Case, Course
from tests.collectors.operations.timelines import Phases, level

SUCCESS: Final = "agent_web_config_reload_success"

CASES: Final = (
    Case(
        alert="WebConfigNotUsed",
        severity="warning",
        per_instance=True,
        course=Course(signals=[level(SUCCESS, 1, 0)], rise=5),
        phases=Phases(10, 15, 10),
        hold=0,
        quiet={"a configuration that is in use": [level(SUCCESS, 1, 1)]},
    ),
)
