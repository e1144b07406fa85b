"""Recordings of real cities, sent again as their devices would have sent them."""
