"""Four dashboards as plain data, and what is made of them: Grafana's JSON and the guide's pages."""

from collectors.operations.dashboards import cost, overview, rpc, tasks
from collectors.operations.dashboards.model import Board


def boards() -> tuple[Board, ...]:
    """Return every dashboard."""
    return (overview.BOARD, tasks.BOARD, rpc.BOARD, cost.BOARD)
