"""May they?

policy.py       the rules of a route; the only maker of a Permit
compile.py      specs -> a policy
audience.py     the token is meant for one of these
tenant.py       the caller belongs to one of these tenants, or environments
permissions.py  the caller holds permissions, by service
scopes.py       the token has scopes (RFC 6749, section 3.3)
quantity.py     any of these, or all of these
subject.py      the caller is one of these
attributes.py   claims, the kind of subject, fields of the certificate
circumstances.py  from where, and when
expression.py   what words cannot say (CEL)
sync.py         an identity service is told which permissions there are
shadow.py       a condition that is tried out

Every comparison is of code points, exactly: no case folding, no normalisation, and wildcards only where
the configuration says `match: wildcard` of scopes. What has the wrong type is refused, never skipped.
"""

from ostiary.authz.compile import compile_policy

__all__ = ["compile_policy"]
