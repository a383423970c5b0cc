"""Calls to model endpoints over HTTP, whatever protocol the endpoint speaks: bounded, checked, cancellable."""
