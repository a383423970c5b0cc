"""What the protocols with a computer tool of their own have in common: the conversation, and calls as actions."""
