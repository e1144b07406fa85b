"""Bytes to readings: what speaks to devices, and what understands them."""
