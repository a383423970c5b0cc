"""What has happened: the one lock and its verbs, and everything that it guards."""
