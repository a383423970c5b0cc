"""The metrics: rows as data, one section a module, and their catalogue."""
