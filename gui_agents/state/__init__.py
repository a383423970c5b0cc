"""The service's state: the one lock with its methods, and everything that the lock guards."""
