#!/bin/sh
# The bank: fetches a token with its certificate, asks for an account with both, and shows that each alone is not enough.
set -eu
place=${PLACE:-/bank}
gateway=${GATEWAY:-https://gateway.bank.test:8443}
ask() { curl -q --silent --show-error --noproxy '*' --max-time 20 --cacert "$place/bank/ca.crt" ${RESOLVE:+--resolve "$RESOLVE"} "$@"; }
known() { ask --cert "$place/bank/client.crt" --key "$place/bank/client.key" "$@"; }

token=$(known -d grant_type=client_credentials -d client_id=bank "$gateway/realms/bank/protocol/openid-connect/token" |
  sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
[ -n "$token" ] || { echo "no token" >&2; exit 1; }
echo "a token, bound to the certificate: ${#token} characters"

printf 'with both:               '
known --fail -H "Authorization: Bearer $token" "$gateway/api/accounts/7.json"

status() { "$@" -o /dev/null -w '%{http_code}' "$gateway/api/accounts/7.json" 2>/dev/null || true; }
without_token=$(status known)
without_certificate=$(status ask -H "Authorization: Bearer $token")
echo "without the token:       $without_token"
echo "without the certificate: $without_certificate (no connection)"
[ "$without_token $without_certificate" = "401 000" ]
