"""Models: what decides the next action."""
