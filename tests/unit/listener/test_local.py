"""Which processes at the other end of a unix socket are believed?"""

from __future__ import annotations

import os
import pwd

import pytest

from ostiary.config.sockets import LocalSpec
from ostiary.errors import ConfigError
from ostiary.listener.forwarded import Trusted
from ostiary.listener.local import compile_local
from ostiary.model import Local, Peer


def believed(users=(), groups=()):
    return compile_local(LocalSpec.model_validate({"users": list(users), "groups": list(groups)}))


def test_those_of_a_user_and_nobody_else():
    proxies = believed(users=[33])

    assert proxies.covers(Local(33, 4))
    assert not proxies.covers(Local(0, 33))


def test_where_users_and_groups_are_named_both_must_hold():
    proxies = believed(users=[33, 34], groups=[4])

    assert proxies.covers(Local(34, 4))
    assert not proxies.covers(Local(34, 5))
    assert not proxies.covers(Local(35, 4))


def test_nobody_of_whom_the_kernel_says_nothing():
    assert not believed(users=[0]).covers(None)
    assert not believed(groups=[0]).covers(None)


def test_a_user_is_known_by_name():
    me = pwd.getpwuid(os.getuid())

    assert believed(users=[me.pw_name]).covers(Local(me.pw_uid, 0))


@pytest.mark.parametrize("spec", [{"users": ["nobody-of-that-name"]}, {"groups": ["nobody-of-that-name"]}])
def test_a_name_that_this_machine_does_not_know_stops_the_start(spec):
    with pytest.raises(ConfigError, match="nobody-of-that-name"):
        believed(**spec)


def test_a_proxy_that_is_known_by_process_and_network_must_be_both():
    trusted = Trusted((), (), believed(users=[33]))

    assert trusted.covers(Peer("", local=Local(33, 33)))
    assert not trusted.covers(Peer("", local=Local(34, 33)))
    assert not trusted.covers(Peer("127.0.0.1"))
