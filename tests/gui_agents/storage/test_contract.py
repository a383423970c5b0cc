"""The contract with every store."""

from tests.gui_agents.storage.contract import *  # noqa: F403 - tests
