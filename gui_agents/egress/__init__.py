"""The only way out of a sandboxed browser: a proxy that connects to allowed addresses alone."""
