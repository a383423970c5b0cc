"""The agent: actions, the observe-decide-act loop, and the books of one task."""
