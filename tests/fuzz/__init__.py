"""Random input for every RPC and every HTTP path of a running service, for a bounded time.

Whatever is sent, no answer is INTERNAL or UNKNOWN, or 500; the log has no traceback; the service is healthy afterwards,
and what it counts keeps the promises.
"""
