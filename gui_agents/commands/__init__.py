"""The verbs of the `gui-agents` command, one a module."""
