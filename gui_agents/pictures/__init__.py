"""Pictures of screens as models take them: format, size, and coordinates on them."""
