"""The endpoint that serves the metrics and the status page, in a thread of its own."""
