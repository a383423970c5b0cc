"""The pages of other processes: parsed, and pushed to a Pushgateway."""
