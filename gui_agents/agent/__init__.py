"""The agent: the observe-decide-act loop, its budget, and the records of one task."""
