"""Who may no longer stay is sent away, as soon as the register says so or their time is over."""

from collections import deque
from collections.abc import Iterable

from collectors.listener.peer import Peer
from collectors.listener.service import Service
from collectors.listener.wills import End
from collectors.mqtt.protocol import Code

SLICE = 25  # hung up in one go, so that a thousand farewells do not hold up everybody else
GOODBYE_S = 5.0


class Revoking:
    """Peers that were muted and are still to be hung up."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._muted: deque[Peer] = deque()

    def judge(self, peers: Iterable[Peer]) -> None:
        """Judge those anew: from now on who may not stay is not heard, others by new rights.

        Takes 2 µs a peer; rights themselves are asked for when a peer next speaks.
        """
        service = self._service
        renew = service.access.renew
        for peer in peers:
            if peer.identity is None or peer.is_closed:
                continue
            fault = renew(peer.identity)
            if fault:
                service.stats.revoked += 1
                service.stats.refuse("session", fault)
                peer.mute()
                self._muted.append(peer)

    def judge_due(self, now_ms: int) -> None:
        """Judge those of whom another answer is due by now."""
        peers = self._service.live.values()
        due = [peer for peer in peers if peer.identity and peer.identity.until_ms <= now_ms]
        self.judge(due)

    def hang_up(self, most: int = SLICE) -> bool:
        """Send away some of those that were muted; returns whether there are more."""
        service = self._service
        for _ in range(min(most, len(self._muted))):
            peer = self._muted.popleft()
            service.part(peer, End.REVOKED)
            peer.hang_up(Code.NOT_AUTHORIZED)
            service.wheel.drop(peer, peer.slot)
            if peer.transport is not None:
                peer.slot = service.wheel.put(peer, service.clock.monotonic_s() + GOODBYE_S)
        return bool(self._muted)

    def __len__(self) -> int:
        return len(self._muted)
