"""What instructions mean on the simulated desktop."""
