"""Kills a real service at random points under load, and compares what it knows afterwards with what clients were told.

Theory of operation. Callers keep books of what they were told: every acknowledged id, every message of a stream, every
end. A point is one life of a service on the same directory or database: it starts, meets its load, and is killed with
SIGKILL at a random moment, which may be during its start. The next life must agree with the books. What the books do
not say, such as a call that was open at the kill, may be either way.
"""
