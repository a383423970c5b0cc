"""Tasks: their lifecycle, the table that holds them, the runner that executes them."""
