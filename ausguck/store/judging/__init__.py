"""Which members of a batch are new: one judgement, whatever the store behind the port."""
