"""Where tasks are stored: one store for each database, and the journal that writes to it."""
