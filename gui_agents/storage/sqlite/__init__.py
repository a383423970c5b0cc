"""Tasks in a file of SQLite below RUNTIME_DIR."""
