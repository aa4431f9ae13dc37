"""Does a gateway that stalls show in the latency of every request that was due meanwhile?"""

import json
import socket
import ssl
import threading
import time

import pytest
from benchmarks import material
from benchmarks.load.metronome import Metronome

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def serve(listening, context, stall):
    """Answer one connection, one request after the other; before the tenth answer, stall."""
    plain, _ = listening.accept()
    with context.wrap_socket(plain, server_side=True) as connection:
        answered = 0
        while data := connection.recv(65536):
            for _ in range(data.count(b"\r\n\r\n")):
                answered += 1
                time.sleep(stall if answered == 10 else 0)
                connection.sendall(ANSWER)


@pytest.fixture
def asked(tmp_path):
    made = material.make(tmp_path, lifetime=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.pki.server, made.pki.server_key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening, context, 0.3), daemon=True)
        thread.start()
        facts = {"port": listening.getsockname()[1], "path": "/", "token": "t", "rate": 100, "seconds": 1, "answer": 2}
        files = {"authorities": made.pki.ca, "certificate": made.pki.client, "key": made.pki.client_key}
        yield {**facts, **{name: str(path) for name, path in files.items()}, "connections": 1}
        thread.join(5)


def test_a_stall_is_seen_by_all_who_were_due_while_it_lasted(asked):
    metronome = Metronome(json.loads(json.dumps(asked)))
    metronome.run()
    said = metronome.said()
    metronome.close()
    assert (said["requests"], said["refused"], said["broken"]) == (100, 0, 0)
    assert said["p99"] > 0.25
    late = [one for one in metronome.times if one > 0.05]
    assert len(late) >= 20  # a generator that waits for each answer would have seen one
