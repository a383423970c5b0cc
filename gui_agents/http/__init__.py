"""Calls over HTTP to endpoints of models and clouds, whatever they speak: bounded, checked, cancellable."""
