"""What happens to the file of a unix socket, and how much does the kernel take for a caller?"""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from ostiary.config.schema import ListenerSpec
from ostiary.config.sockets import SocketSpec, UnixBind
from ostiary.config.values import Bind
from ostiary.errors import ConfigError
from ostiary.process import _fixed
from ostiary.serve.sockets import bind, permit, probe


@pytest.fixture
def where(tmp_path):
    return UnixBind(str(tmp_path / "front.sock"))


def mode(path: str) -> str:
    return oct(stat.S_IMODE(os.lstat(path).st_mode))


def test_it_is_the_gateways_own_unless_something_else_is_said(where):
    with bind(where):
        assert mode(where.path) == "0o600"


def test_it_gets_its_permissions(where):
    with bind(where, SocketSpec.model_validate({"mode": "0660", "group": os.getgid()})):
        assert mode(where.path) == "0o660"
        permit_again = SocketSpec.model_validate({"mode": "0600"})
        permit(Path(where.path), permit_again)
        assert mode(where.path) == "0o600"


def test_it_goes_with_the_socket(where):
    bind(where).close()

    assert not os.path.lexists(where.path)


def test_the_one_of_a_process_that_is_gone_is_replaced(where):
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(where.path)

    with bind(where), socket.socket(socket.AF_UNIX) as caller:
        caller.connect(where.path)


def test_one_that_somebody_serves_is_left_alone(where):
    with bind(where):
        with pytest.raises(OSError, match="in use"):
            bind(where)
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(where.path)


def test_a_file_that_is_no_socket_is_left_alone(where, tmp_path):
    (tmp_path / "front.sock").write_text("mine")

    with pytest.raises(OSError, match="in use"):
        bind(where)
    assert (tmp_path / "front.sock").read_text() == "mine"


def test_a_socket_takes_no_file_away_that_came_in_its_place(where, tmp_path):
    one = bind(where)
    (tmp_path / "front.sock").unlink()
    (tmp_path / "front.sock").write_text("another's")
    one.close()

    assert (tmp_path / "front.sock").read_text() == "another's"


def test_an_owner_that_there_is_not_is_an_error_and_leaves_nothing_behind(where):
    with pytest.raises(OSError, match="no-such-user"):
        bind(where, SocketSpec.model_validate({"owner": "no-such-user"}))
    assert not os.path.lexists(where.path)


def test_several_workers_cannot_share_one():
    listener = ListenerSpec.model_validate({"bind": "unix:/run/ostiary/front.sock"})

    with pytest.raises(ConfigError, match="several workers cannot share a unix socket"):
        _fixed([listener])


@pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="a matter of Linux and macOS")
def test_an_address_that_a_stranger_has_is_found_out_and_one_that_is_shared_is_not_disturbed() -> None:
    with bind(Bind("127.0.0.1", 0)) as stranger, pytest.raises(OSError, match="in use"):
        probe(Bind("127.0.0.1", stranger.getsockname()[1]))
    with bind(Bind("127.0.0.1", 0), shared=True) as worker:
        port = worker.getsockname()[1]
        probe(Bind("127.0.0.1", port))
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            worker.setblocking(True)
            worker.settimeout(5)
            worker.accept()[0].close()


def test_the_kernel_takes_little_for_a_caller_who_reads_nothing() -> None:
    with bind(Bind("127.0.0.1", 0)) as listener, socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        caller.connect(listener.getsockname())
        listener.setblocking(True)
        accepted, _ = listener.accept()
        with accepted:
            accepted.setblocking(False)
            taken = 0
            with suppress(BlockingIOError):
                while taken < 8 << 20:
                    taken += accepted.send(bytes(1 << 16))
    assert 1 << 16 < taken < 3 << 19
