"""paho's bare receive loop: subscribe at QoS 1, count, and say what a message cost in CPU."""

import sys
import time

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion


def main() -> None:
    """Count as many messages as asked on the port given, then print µs of CPU a message."""
    port, expected = int(sys.argv[1]), int(sys.argv[2])
    seen = 0
    begun_s = 0.0

    def on_connect(client: paho.Client, *_: object) -> None:
        client.subscribe("v1/#", qos=1)

    def on_subscribe(*_: object) -> None:
        print("connected", flush=True)

    def on_message(client: paho.Client, _userdata: object, _message: paho.MQTTMessage) -> None:
        nonlocal seen, begun_s
        if not seen:
            begun_s = time.process_time()
        seen += 1
        if seen == expected:
            print((time.process_time() - begun_s) / expected * 1e6, flush=True)
            client.disconnect()

    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_connect = on_connect
    client.on_subscribe = on_subscribe
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_forever()


if __name__ == "__main__":
    main()
