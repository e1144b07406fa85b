"""MQTT on the wire: framing, validation and the codec, without any I/O."""
