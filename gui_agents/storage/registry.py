"""A stand-in until the real one is merged."""

from gui_agents.storage.memory import MemoryStore


def open_store(config):
    return MemoryStore()
