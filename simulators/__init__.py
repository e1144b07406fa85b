"""A city that never was, and replays of ones that were; on aiomqtt, over the wire."""
