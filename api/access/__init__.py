"""Who may ask what, and what they get to see: one table, and the gate that keeps to it."""
