"""Running tasks: the runner, the keeper of their sandboxes, and what the log says of them."""
