"""The gateway itself."""

from __future__ import annotations

from typing import Final

from ostiary.reasons import Reason

GATEWAY: Final[dict[Reason, tuple[str, str]]] = {
    Reason.ALLOWED: ("The request was forwarded.", "Nothing."),
    Reason.OVERLOADED: (
        "There is no room: too many connections, or too many requests wait for the upstream.",
        "Raise `limits.connections` of the listener or `connections` of the upstream, or add a gateway.",
    ),
    Reason.DECISION_UNREADABLE: (
        "A proxy asks a decision listener in another way than the listener's dialect; nothing was decided.",
        "Let `ostiary recipe` write the proxy's configuration; the log names the field that is missing or there twice.",
    ),
    Reason.DECISION_CHANGED: (
        "A proxy asked why a request was refused, and by then it was allowed: a token was renewed, or a key was found.",
        "Nothing; the client should try again.",
    ),
    Reason.STOPPING: ("The gateway is stopping.", "Nothing; the client should try again."),
    Reason.AUDIT_UNAVAILABLE: (
        "The audit log cannot be written, and `on_failure: deny` lets nobody through unseen.",
        "Make room on its disk, or give the gateway's user the right to write it. It goes on by itself then.",
    ),
    Reason.RATE_EXCEEDED: (
        "The caller has used up what the route's `rate` lets it ask in the period.",
        "Nothing, if it is one that repeats itself; else raise `limit` or `burst`, or count `per` somebody else.",
    ),
    Reason.SHARED_UNAVAILABLE: (
        "Redis does not answer in time, so nobody knows whether a proof or a token was used at another gateway.",
        "Look at Redis (`shared.redis`); the log says what it said, and when it answers again.",
    ),
    Reason.SHARED_FORGOTTEN: (
        "Redis was started anew, and may have forgotten what was used before; this proof or token is as old as that.",
        "Nothing: callers get new ones. `shared.forgotten: accept` takes the old ones, used or not.",
    ),
    Reason.WORKER_MISSING: (
        "A worker has died and is being started anew, or is stuck. Of readiness, never of a request.",
        "Nothing, if it passes; the log says how it died. If it stays, restart, and look at what the log said before.",
    ),
    Reason.WORKER_BEHIND: (
        "A worker could not take up the configuration that the others have, or has not yet. Never of a request.",
        "Nothing, if it passes within seconds; else the worker's lines in the log say what it could not use.",
    ),
    Reason.INTERNAL: ("A bug of ours.", "The log has the traceback, under the caller's request id. Please report it."),
}
