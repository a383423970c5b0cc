"""Four dashboards as plain data, and what is made of them: Grafana's JSON and the guide's pages."""

from collectors.operations.dashboards import cost, overview, rpc, tasks
from collectors.operations.dashboards.model import Board
from collectors.operations.thresholds import Thresholds


def boards(limits: Thresholds | None = None) -> tuple[Board, ...]:
    """Return every dashboard; red lines and budgets are those of `limits`, by default of the thresholds as written."""
    limits = Thresholds() if limits is None else limits
    return tuple(subject.board(limits) for subject in (overview, tasks, rpc, cost))
