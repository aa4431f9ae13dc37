# fish completion for ostiary
complete -c ostiary -n '__fish_use_subcommand' -f -a serve
complete -c ostiary -n '__fish_use_subcommand' -f -a init
complete -c ostiary -n '__fish_use_subcommand' -f -a demo
complete -c ostiary -n '__fish_use_subcommand' -f -a check
complete -c ostiary -n '__fish_use_subcommand' -f -a explain
complete -c ostiary -n '__fish_use_subcommand' -f -a doctor
complete -c ostiary -n '__fish_use_subcommand' -f -a status
complete -c ostiary -n '__fish_use_subcommand' -f -a issuer
complete -c ostiary -n '__fish_use_subcommand' -f -a help
complete -c ostiary -n '__fish_use_subcommand' -f -a version
complete -c ostiary -n '__fish_use_subcommand' -f -a token
complete -c ostiary -n '__fish_use_subcommand' -f -a vault
complete -c ostiary -n '__fish_use_subcommand' -f -a keys
complete -c ostiary -n '__fish_use_subcommand' -f -a audit
complete -c ostiary -n '__fish_use_subcommand' -f -a revoke
complete -c ostiary -n '__fish_use_subcommand' -f -a certs
complete -c ostiary -n '__fish_use_subcommand' -f -a import
complete -c ostiary -n '__fish_use_subcommand' -f -a export
complete -c ostiary -n '__fish_use_subcommand' -f -a recipe
complete -c ostiary -n '__fish_use_subcommand' -f -a schema
complete -c ostiary -n '__fish_use_subcommand' -f -a completion
complete -c ostiary -n '__fish_use_subcommand' -l help
complete -c ostiary -n '__fish_use_subcommand' -l version
complete -c ostiary -n '__fish_seen_subcommand_from serve' -l help
complete -c ostiary -n '__fish_seen_subcommand_from serve' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from serve' -l workers -r
complete -c ostiary -n '__fish_seen_subcommand_from init' -l bind -r
complete -c ostiary -n '__fish_seen_subcommand_from init' -l help
complete -c ostiary -n '__fish_seen_subcommand_from init' -l host -r
complete -c ostiary -n '__fish_seen_subcommand_from init' -l json
complete -c ostiary -n '__fish_seen_subcommand_from init' -l preset -x -a 'google auth0 okta entra firebase keycloak axinom cosmian'
complete -c ostiary -n '__fish_seen_subcommand_from init' -l upstream -r
complete -c ostiary -n '__fish_seen_subcommand_from demo' -l help
complete -c ostiary -n '__fish_seen_subcommand_from demo' -l json
complete -c ostiary -n '__fish_seen_subcommand_from demo' -l keep -r
complete -c ostiary -n '__fish_seen_subcommand_from demo' -l no-color
complete -c ostiary -n '__fish_seen_subcommand_from demo' -l once
complete -c ostiary -n '__fish_seen_subcommand_from check' -l format -x -a 'human json github sarif'
complete -c ostiary -n '__fish_seen_subcommand_from check' -l help
complete -c ostiary -n '__fish_seen_subcommand_from check' -l json
complete -c ostiary -n '__fish_seen_subcommand_from check' -l no-color
complete -c ostiary -n '__fish_seen_subcommand_from check' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from check' -l verbose
complete -c ostiary -n '__fish_seen_subcommand_from check' -l warn-as-error
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l admin -r
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l admin-ca -r
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l at -r
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l cert -r
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l claims
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l curl -r
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l entry -r
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l expect -x -a 'allow deny 401 403 404'
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l har -r
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l header -r
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l help
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l json
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l log -r
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l online
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l request-id -r
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l source -r
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l token -r
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l cert -r
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l for -x -a 'client server'
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l help
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l json
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l key -r
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l no-color
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l only -r
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l password -r
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l profile -x -a 'strict compat'
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l skip -r
complete -c ostiary -n '__fish_seen_subcommand_from status' -l admin -r
complete -c ostiary -n '__fish_seen_subcommand_from status' -l admin-ca -r
complete -c ostiary -n '__fish_seen_subcommand_from status' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from status' -l help
complete -c ostiary -n '__fish_seen_subcommand_from status' -l json
complete -c ostiary -n '__fish_seen_subcommand_from status' -l no-color
complete -c ostiary -n '__fish_seen_subcommand_from status' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from status' -l watch
complete -c ostiary -n '__fish_seen_subcommand_from issuer; and not __fish_seen_subcommand_from check' -l help
complete -c ostiary -n '__fish_seen_subcommand_from issuer; and not __fish_seen_subcommand_from check' -f -a check
complete -c ostiary -n '__fish_seen_subcommand_from issuer; and __fish_seen_subcommand_from check' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from issuer; and __fish_seen_subcommand_from check' -l help
complete -c ostiary -n '__fish_seen_subcommand_from issuer; and __fish_seen_subcommand_from check' -l json
complete -c ostiary -n '__fish_seen_subcommand_from issuer; and __fish_seen_subcommand_from check' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from issuer; and __fish_seen_subcommand_from check' -l token -r
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a serve
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a init
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a demo
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a check
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a explain
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a doctor
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a status
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a issuer
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a help
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a version
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a token
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a vault
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a keys
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a audit
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a revoke
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a certs
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a import
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a export
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a recipe
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a schema
complete -c ostiary -n '__fish_seen_subcommand_from help' -f -a completion
complete -c ostiary -n '__fish_seen_subcommand_from help' -l help
complete -c ostiary -n '__fish_seen_subcommand_from help' -l json
complete -c ostiary -n '__fish_seen_subcommand_from version' -l help
complete -c ostiary -n '__fish_seen_subcommand_from version' -l json
complete -c ostiary -n '__fish_seen_subcommand_from token; and not __fish_seen_subcommand_from key digest password show' -l help
complete -c ostiary -n '__fish_seen_subcommand_from token; and not __fish_seen_subcommand_from key digest password show' -f -a digest
complete -c ostiary -n '__fish_seen_subcommand_from token; and not __fish_seen_subcommand_from key digest password show' -f -a key
complete -c ostiary -n '__fish_seen_subcommand_from token; and not __fish_seen_subcommand_from key digest password show' -f -a password
complete -c ostiary -n '__fish_seen_subcommand_from token; and not __fish_seen_subcommand_from key digest password show' -f -a show
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from key' -l help
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from key' -l json
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from digest' -l help
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from digest' -l json
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from digest' -l secret-file -r
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from digest' -l secret-stdin
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from password' -l help
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from password' -l json
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from password' -l secret-file -r
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from password' -l secret-stdin
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from show' -l help
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from show' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and not __fish_seen_subcommand_from put get list test rotate enable disable destroy key rekey' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and not __fish_seen_subcommand_from put get list test rotate enable disable destroy key rekey' -f -a destroy
complete -c ostiary -n '__fish_seen_subcommand_from vault; and not __fish_seen_subcommand_from put get list test rotate enable disable destroy key rekey' -f -a disable
complete -c ostiary -n '__fish_seen_subcommand_from vault; and not __fish_seen_subcommand_from put get list test rotate enable disable destroy key rekey' -f -a enable
complete -c ostiary -n '__fish_seen_subcommand_from vault; and not __fish_seen_subcommand_from put get list test rotate enable disable destroy key rekey' -f -a get
complete -c ostiary -n '__fish_seen_subcommand_from vault; and not __fish_seen_subcommand_from put get list test rotate enable disable destroy key rekey' -f -a key
complete -c ostiary -n '__fish_seen_subcommand_from vault; and not __fish_seen_subcommand_from put get list test rotate enable disable destroy key rekey' -f -a list
complete -c ostiary -n '__fish_seen_subcommand_from vault; and not __fish_seen_subcommand_from put get list test rotate enable disable destroy key rekey' -f -a put
complete -c ostiary -n '__fish_seen_subcommand_from vault; and not __fish_seen_subcommand_from put get list test rotate enable disable destroy key rekey' -f -a rekey
complete -c ostiary -n '__fish_seen_subcommand_from vault; and not __fish_seen_subcommand_from put get list test rotate enable disable destroy key rekey' -f -a rotate
complete -c ostiary -n '__fish_seen_subcommand_from vault; and not __fish_seen_subcommand_from put get list test rotate enable disable destroy key rekey' -f -a test
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l id -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l secret-file -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l secret-stdin
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l vault -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l field -x -a 'id secret'
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l reveal
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l vault -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l version -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from list' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from list' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from list' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from list' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from list' -l vault -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from test' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from test' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from test' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from test' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l id -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l secret-file -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l secret-stdin
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l vault -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from enable' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from enable' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from enable' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from enable' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from enable' -l vault -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from enable' -l version -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from disable' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from disable' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from disable' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from disable' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from disable' -l vault -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from disable' -l version -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l all
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l vault -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l version -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l yes
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from key' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from key' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from key' -l out -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rekey' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rekey' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rekey' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rekey' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rekey' -l vault -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and not __fish_seen_subcommand_from generate import list rotate enable disable destroy jwks trust' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and not __fish_seen_subcommand_from generate import list rotate enable disable destroy jwks trust' -f -a destroy
complete -c ostiary -n '__fish_seen_subcommand_from keys; and not __fish_seen_subcommand_from generate import list rotate enable disable destroy jwks trust' -f -a disable
complete -c ostiary -n '__fish_seen_subcommand_from keys; and not __fish_seen_subcommand_from generate import list rotate enable disable destroy jwks trust' -f -a enable
complete -c ostiary -n '__fish_seen_subcommand_from keys; and not __fish_seen_subcommand_from generate import list rotate enable disable destroy jwks trust' -f -a generate
complete -c ostiary -n '__fish_seen_subcommand_from keys; and not __fish_seen_subcommand_from generate import list rotate enable disable destroy jwks trust' -f -a import
complete -c ostiary -n '__fish_seen_subcommand_from keys; and not __fish_seen_subcommand_from generate import list rotate enable disable destroy jwks trust' -f -a jwks
complete -c ostiary -n '__fish_seen_subcommand_from keys; and not __fish_seen_subcommand_from generate import list rotate enable disable destroy jwks trust' -f -a list
complete -c ostiary -n '__fish_seen_subcommand_from keys; and not __fish_seen_subcommand_from generate import list rotate enable disable destroy jwks trust' -f -a rotate
complete -c ostiary -n '__fish_seen_subcommand_from keys; and not __fish_seen_subcommand_from generate import list rotate enable disable destroy jwks trust' -f -a trust
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from generate' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from generate' -l days -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from generate' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from generate' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from generate' -l kind -x -a 'ec-p256 ec-p384 rsa-2048 rsa-3072 rsa-4096 ed25519'
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from generate' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from generate' -l vault -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l certificate -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l days -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l now
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l password-file -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l password-stdin
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l vault -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from list' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from list' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from list' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from list' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from rotate' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from rotate' -l days -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from rotate' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from rotate' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from rotate' -l kind -x -a 'ec-p256 ec-p384 rsa-2048 rsa-3072 rsa-4096 ed25519'
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from rotate' -l now
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from rotate' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from enable' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from enable' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from enable' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from enable' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from enable' -l version -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from disable' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from disable' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from disable' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from disable' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from disable' -l version -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from destroy' -l all
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from destroy' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from destroy' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from destroy' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from destroy' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from destroy' -l version -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from destroy' -l yes
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from jwks' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from jwks' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from jwks' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from trust' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from trust' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from trust' -l password-file -r
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from trust' -l password-stdin
complete -c ostiary -n '__fish_seen_subcommand_from audit; and not __fish_seen_subcommand_from verify' -l help
complete -c ostiary -n '__fish_seen_subcommand_from audit; and not __fish_seen_subcommand_from verify' -f -a verify
complete -c ostiary -n '__fish_seen_subcommand_from audit; and __fish_seen_subcommand_from verify' -l help
complete -c ostiary -n '__fish_seen_subcommand_from audit; and __fish_seen_subcommand_from verify' -l json
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and not __fish_seen_subcommand_from token subject certificate list undo' -l help
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and not __fish_seen_subcommand_from token subject certificate list undo' -f -a certificate
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and not __fish_seen_subcommand_from token subject certificate list undo' -f -a list
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and not __fish_seen_subcommand_from token subject certificate list undo' -f -a subject
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and not __fish_seen_subcommand_from token subject certificate list undo' -f -a token
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and not __fish_seen_subcommand_from token subject certificate list undo' -f -a undo
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l for -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l help
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l issuer -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l json
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l jti -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l note -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from subject' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from subject' -l for -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from subject' -l help
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from subject' -l issuer -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from subject' -l json
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from subject' -l note -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from subject' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from certificate' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from certificate' -l help
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from certificate' -l json
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from certificate' -l note -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from certificate' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from list' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from list' -l help
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from list' -l json
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from list' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from undo' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from undo' -l help
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from undo' -l json
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from undo' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and not __fish_seen_subcommand_from ca request sign revoke crl list inspect check' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and not __fish_seen_subcommand_from ca request sign revoke crl list inspect check' -f -a ca
complete -c ostiary -n '__fish_seen_subcommand_from certs; and not __fish_seen_subcommand_from ca request sign revoke crl list inspect check' -f -a check
complete -c ostiary -n '__fish_seen_subcommand_from certs; and not __fish_seen_subcommand_from ca request sign revoke crl list inspect check' -f -a crl
complete -c ostiary -n '__fish_seen_subcommand_from certs; and not __fish_seen_subcommand_from ca request sign revoke crl list inspect check' -f -a inspect
complete -c ostiary -n '__fish_seen_subcommand_from certs; and not __fish_seen_subcommand_from ca request sign revoke crl list inspect check' -f -a list
complete -c ostiary -n '__fish_seen_subcommand_from certs; and not __fish_seen_subcommand_from ca request sign revoke crl list inspect check' -f -a request
complete -c ostiary -n '__fish_seen_subcommand_from certs; and not __fish_seen_subcommand_from ca request sign revoke crl list inspect check' -f -a revoke
complete -c ostiary -n '__fish_seen_subcommand_from certs; and not __fish_seen_subcommand_from ca request sign revoke crl list inspect check' -f -a sign
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l below -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l below-password -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l beside
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l crl-days -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l crl-url -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l days -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l existing-key -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l folder -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l key -x -a 'ec-p256 ec-p384 rsa-2048 rsa-3072 rsa-4096 ed25519'
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l key-file -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l ocsp-url -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l password -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l path-length -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l dns -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l email -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l folder -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l key -x -a 'ec-p256 ec-p384 rsa-2048 rsa-3072 rsa-4096 ed25519'
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l name -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l password -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l upn -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l uri -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l ca -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l days -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l dns -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l email -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l for -x -a 'client server'
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l out -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l password -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l subject -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l upn -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l uri -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l yes
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from revoke' -l ca -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from revoke' -l crl-days -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from revoke' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from revoke' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from revoke' -l password -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from revoke' -l reason -x -a 'unspecified keyCompromise affiliationChanged superseded cessationOfOperation privilegeWithdrawn'
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from crl' -l ca -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from crl' -l days -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from crl' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from crl' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from crl' -l password -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from list' -l ca -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from list' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from list' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from list' -l within -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from inspect' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from inspect' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from inspect' -l password -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from check' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from check' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from check' -l password -r
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from check' -l within -r
complete -c ostiary -n '__fish_seen_subcommand_from import; and not __fish_seen_subcommand_from cosmian' -l help
complete -c ostiary -n '__fish_seen_subcommand_from import; and not __fish_seen_subcommand_from cosmian' -f -a cosmian
complete -c ostiary -n '__fish_seen_subcommand_from import; and __fish_seen_subcommand_from cosmian' -l from-env -r
complete -c ostiary -n '__fish_seen_subcommand_from import; and __fish_seen_subcommand_from cosmian' -l from-toml -r
complete -c ostiary -n '__fish_seen_subcommand_from import; and __fish_seen_subcommand_from cosmian' -l help
complete -c ostiary -n '__fish_seen_subcommand_from import; and __fish_seen_subcommand_from cosmian' -l json
complete -c ostiary -n '__fish_seen_subcommand_from import; and __fish_seen_subcommand_from cosmian' -l semantics -x -a 'strict cascade'
complete -c ostiary -n '__fish_seen_subcommand_from import; and __fish_seen_subcommand_from cosmian' -l upstream -r
complete -c ostiary -n '__fish_seen_subcommand_from import; and __fish_seen_subcommand_from cosmian' -l user-claim -r
complete -c ostiary -n '__fish_seen_subcommand_from export; and not __fish_seen_subcommand_from envoy' -l help
complete -c ostiary -n '__fish_seen_subcommand_from export; and not __fish_seen_subcommand_from envoy' -f -a envoy
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l asked -r
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l help
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l json
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l listen -r
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l listener -r
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l out -r
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l report
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l watch
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l beside -r
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l certificate -r
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l config -r
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l help
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l lint -r
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l listen -r
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l listener -r
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l overlay -r
complete -c ostiary -n '__fish_seen_subcommand_from schema' -l command -r
complete -c ostiary -n '__fish_seen_subcommand_from schema' -l help
complete -c ostiary -n '__fish_seen_subcommand_from schema' -l json
complete -c ostiary -n '__fish_seen_subcommand_from completion' -l help
complete -c ostiary -n '__fish_seen_subcommand_from completion' -f -a bash
complete -c ostiary -n '__fish_seen_subcommand_from completion' -f -a fish
complete -c ostiary -n '__fish_seen_subcommand_from completion' -f -a zsh
