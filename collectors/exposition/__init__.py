"""From rows to pages: reading with its boundaries, the formats, and the collector of prometheus_client."""
