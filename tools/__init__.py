"""What only developers run: generators, and the checks of what is committed."""
