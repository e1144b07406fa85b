"""Devices connect here: sessions, acknowledgements and limits."""
