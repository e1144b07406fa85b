"""The first packet: who is there, may they come in, and what do we grant them."""

import mqtt5

from collectors.certificates import CertificateKind, SeenCertificate, of_peer
from collectors.listener import wills
from collectors.listener.access import Proof, Refused
from collectors.listener.acks import Said
from collectors.listener.identity import Identity
from collectors.listener.peer import Hold, Peer, Phase
from collectors.listener.service import Service
from collectors.listener.sessions import SessionKey
from collectors.mqtt import codec
from collectors.mqtt.protocol import V5, V311, Code, ProtocolError
from collectors.mqtt.validate import check_connect, connect_version

BRIDGE = 0x80  # the bit by which a Mosquitto bridge says what it is, and tries without when refused
PATIENCE = 1.5  # times its keep-alive a peer may be silent
CLIENT_ID_BYTES = 256
ASSIGNED_BYTES = 12


def greet(service: Service, peer: Peer, packet: bytes) -> None:
    """Answer a first packet; the peer is OPEN, PROVING or CLOSED afterwards."""
    try:
        connect = _read(peer, packet)
        _admissible(service, peer, connect)
    except ProtocolError as error:
        refuse(service, peer, error.reason, error.code)
        return
    entry = _entry(service, peer, connect)
    if isinstance(entry, Refused):
        refuse(service, peer, entry.reason, entry.code)
    elif isinstance(entry, Proof):
        _prove(service, peer, connect, entry)
    else:
        _accept(service, peer, connect, entry)


def refuse(service: Service, peer: Peer, reason: str, code: Code) -> None:
    """Say no in the client's own version, count why, and close."""
    service.stats.refuse("connect", reason)
    if peer.version in {V5, V311}:
        peer.tell(codec.connack_refused(peer.version, code))
    peer.close()


def _read(peer: Peer, packet: bytes) -> mqtt5.ConnectPacket:
    peer.version = 0  # unknown: nothing is said to what does not speak MQTT
    level = connect_version(packet)
    if level:
        peer.version = V311 if level & ~BRIDGE < V5 else V5
    check_connect(packet)
    return codec.decode_connect(peer.version, packet)


def _admissible(service: Service, peer: Peer, connect: mqtt5.ConnectPacket) -> None:
    if connect.authentication_method is not None:
        raise ProtocolError("connect", "auth_method", Code.BAD_AUTH_METHOD)
    if len(connect.client_id.encode()) > CLIENT_ID_BYTES:
        raise ProtocolError("connect", "client_id_too_long", Code.CLIENT_ID_INVALID)
    if not connect.client_id and peer.version == V311 and not connect.clean_start:
        raise ProtocolError("connect", "client_id_empty", Code.CLIENT_ID_INVALID)
    if service.stats.connections > service.settings.max_connections:
        raise ProtocolError("connect", "max_connections", Code.SERVER_BUSY)


def _entry(
    service: Service, peer: Peer, connect: mqtt5.ConnectPacket
) -> Identity | Proof | Refused:
    tls = service.settings.tls
    if tls is not None and tls.client_ca is not None:
        shown = _certificate(peer)
        entry = service.access.by_certificate(shown)
        if shown is not None and isinstance(entry, Identity):
            service.seen.note(shown)
        return entry
    return service.access.by_password(connect.username, connect.password)


def _certificate(peer: Peer) -> SeenCertificate | None:
    shown = None if peer.transport is None else peer.transport.get_extra_info("peercert")
    return of_peer(shown, CertificateKind.CLIENT) if shown else None


def _prove(service: Service, peer: Peer, connect: mqtt5.ConnectPacket, proof: Proof) -> None:
    password = connect.password or b""

    def judged(*, right: bool) -> None:
        if peer.phase is not Phase.PROVING:
            return
        if right and proof.identity is not None and not service.access.renew(proof.identity):
            service.access.remember(proof.identity, password)
            _accept(service, peer, connect, proof.identity)
        else:
            refuse(service, peer, "credentials", Code.BAD_CREDENTIALS)
        peer.proved()

    peer.phase = Phase.PROVING
    peer.hold(Hold.PROOF)
    if not service.prove(proof, password, lambda right: judged(right=right)):
        refuse(service, peer, "too_many_proofs", Code.SERVER_BUSY)


def _accept(service: Service, peer: Peer, connect: mqtt5.ConnectPacket, identity: Identity) -> None:
    settings = service.settings
    client_id = connect.client_id or "auto-" + service.random(ASSIGNED_BYTES).hex()
    asked_s = connect.session_expiry_interval
    if peer.version == V311:
        asked_s = 0 if connect.clean_start else settings.session_expiry_max_s
    key = SessionKey(identity.name, client_id)
    if not service.has_room(key):
        refuse(service, peer, "max_sessions", Code.QUOTA)
        return
    expiry_s = min(asked_s, settings.session_expiry_max_s)
    keep_alive_s = connect.keep_alive or settings.keep_alive_max_s
    if peer.version == V5:  # 3.1.1 has no way to be told of a shorter one
        keep_alive_s = min(keep_alive_s, settings.keep_alive_max_s)
    peer.identity = identity
    peer.phase = Phase.OPEN
    peer.client_limit = connect.max_packet_size
    peer.will = wills.of(connect)
    peer.limit_s = PATIENCE * keep_alive_s
    begun = service.begin(peer, key, clean=connect.clean_start, expiry_s=expiry_s)
    service.stats.accepted += 1
    if identity.claim is not None and identity.claim.credential_id is not None:
        service.used(identity.claim.credential_id, service.clock.now_ms())
    answer = mqtt5.ConnAckPacket(
        session_present=not begun.fresh,
        session_expiry_interval=expiry_s if expiry_s != asked_s else None,
        assigned_client_id=None if connect.client_id else client_id,
        server_keep_alive=keep_alive_s if keep_alive_s != connect.keep_alive else None,
        receive_max=settings.receive_maximum,
        max_packet_size=settings.max_packet_bytes,
        wildcard_subscription_available=False,
        subscription_id_available=False,
        shared_subscription_available=False,
    )
    service.acks.put(peer, codec.connack(peer.version, answer), Said.CONNACK)
