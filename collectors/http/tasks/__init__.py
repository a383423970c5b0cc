"""The pages of tasks: a list with filters, and one task with its steps and pictures."""
