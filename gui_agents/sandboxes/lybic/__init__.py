"""Desktops and phones in Lybic's cloud, called over HTTP: https://lybic.ai."""
