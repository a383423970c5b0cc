"""Snapshot sources for tests."""

from gui_agents.snapshot import ServiceSnapshot


class Fixed:
    """Always tells the same, and counts how often it was asked."""

    def __init__(self, snapshot: ServiceSnapshot) -> None:
        self.current = snapshot
        self.taken = 0

    def snapshot(self) -> ServiceSnapshot:
        self.taken += 1
        return self.current


class Broken:
    """Cannot tell anything."""

    def snapshot(self) -> ServiceSnapshot:
        raise RuntimeError("the state is out of reach")
