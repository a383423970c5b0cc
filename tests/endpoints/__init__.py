"""Endpoints of each protocol on loopback: answers by a script, and requests checked as the real APIs check them.

`chat`, `messages` and `responses` each have the answers of their protocol, and `check`, which returns how the API
refuses a request: a call without its result, an unknown field, a header that is missing. The server is
`tests.scripted_model.ScriptedModelServer(script, check=messages.check)`. `lybic` is a script of its own: a cloud with
sandboxes, which keeps books.
"""
