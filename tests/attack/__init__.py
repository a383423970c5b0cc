"""What one hostile or unlucky client does to a fresh service, as a bounded suite: `make attack`."""
