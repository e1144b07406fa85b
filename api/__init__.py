"""Readings to people: HTTP routes and the page."""
