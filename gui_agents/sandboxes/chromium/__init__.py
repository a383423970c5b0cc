"""A Chromium of its own for each task, driven over a pipe."""
