"""Sandboxes: what the agent sees and acts on."""
