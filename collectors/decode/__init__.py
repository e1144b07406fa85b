"""From a journal record to readings, events, inventories and dead letters; pure."""

from collectors.decode.decoder import Decoder

__all__ = ["Decoder"]
