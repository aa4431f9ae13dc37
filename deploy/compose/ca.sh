#!/bin/sh
# An authority, and what it gives to each of the others: certificates with their keys, a password, a vault. Done once.
set -eu
umask 077
place=${PLACE:-/bank}
config=${CONFIG:-/etc/ostiary/gateway.yaml}
also=${ALSO:-} # a further name of Keycloak's, where there are no containers
[ ! -e "$place/bank/client.crt" ] || exit 0

issue() { # folder, name, subject, for whom, and the alternative names
  folder=$place/$1 name=$2 subject=$3 for=$4
  shift 4
  ostiary certs request "$subject" --folder "$folder" --name "$name" "$@" >/dev/null
  ostiary certs sign "$folder/$name.csr" --ca "$place/authority" --for "$for" --days 30 --yes >/dev/null
  cp "$place/authority/ca.pem" "$folder/ca.crt"
  echo "$folder: $subject"
}

ostiary certs ca "/O=Bank/CN=Bank CA" --folder "$place/authority" --crl-days 30 >/dev/null
issue gateway server "/O=Bank/CN=gateway" server --dns gateway.bank.test
issue keycloak server "/O=Bank/CN=keycloak" server --dns keycloak ${also:+--dns "$also"}
issue bank client "/O=Bank/CN=bank-client" client --uri spiffe://bank.test/client
cp "$place/authority/ca.crl" "$place/gateway/ca.crl"

# The old service's password: known to it, and to the gateway's vault; in no file of ours.
ostiary vault key >"$place/gateway/master.key"
ostiary vault key | tr -d '\n' >"$place/gateway/password"
printf 'gateway:{PLAIN}%s\n' "$(cat "$place/gateway/password")" >"$place/legacy/htpasswd"
ostiary vault put legacy -c "$config" --id gateway --secret-file "$place/gateway/password" >/dev/null
rm "$place/gateway/password"
echo "legacy: a password, and a vault that has it"
