"""Bringing a device into service: what to set in it, and whether it then works."""
