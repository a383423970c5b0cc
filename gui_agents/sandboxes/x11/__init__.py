"""A Linux desktop for a task: an X server, a window manager and programs in a jail."""
