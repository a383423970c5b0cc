"""What models answer, whatever the protocol: JSON, thoughts, actions in text and in calls, tokens.

Answers come from outside. Whatever one holds, it is read in bounded time, and the only errors are
`InvalidActionError`, `ModelRefusedError` and `FailedAttemptError`.
"""
