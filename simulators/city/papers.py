"""What a device says about itself, and under which topics: status, inventory, will, farewell."""

from ausguck.model import Kind
from ausguck.topics import Message, Topic
from simulators.outgoing import Element, Outgoing


class Papers:
    """The messages of one device beside its telemetry; `topics` are made once."""

    def __init__(self, site: str, kind: Kind, name: str) -> None:
        self._topics = {message: str(Topic(site, kind, name, message)) for message in Message}
        self.telemetry = self._topics[Message.TELEMETRY]

    def topic(self, message: Message) -> str:
        """The topic of one kind of its messages."""
        return self._topics[message]

    def will(self) -> Outgoing:
        """What the receiver is to believe when the connection is lost."""
        return Outgoing(self.topic(Message.STATUS), ({"state": "lost"},), retain=True)

    def status(self, state: str, said_ms: int) -> Outgoing:
        """How it is; said anew on every connection."""
        element: Element = {"state": state, "observed_at": said_ms}
        return Outgoing(self.topic(Message.STATUS), (element,), retain=True, at_connect=True)

    def farewell(self, said_ms: int) -> Outgoing:
        """It is being switched off, and nobody need wonder."""
        element: Element = {"state": "disconnected", "observed_at": said_ms}
        return Outgoing(self.topic(Message.STATUS), (element,), retain=True)

    def inventory(self, said_ms: int, what: Element) -> Outgoing:
        """What it is; said anew on every connection."""
        element: Element = {"observed_at": said_ms, **what}
        return Outgoing(self.topic(Message.INVENTORY), (element,), at_connect=True)
