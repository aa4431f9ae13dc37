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
complete -c ostiary -n '__fish_seen_subcommand_from serve' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from serve' -l workers
complete -c ostiary -n '__fish_seen_subcommand_from init' -l bind
complete -c ostiary -n '__fish_seen_subcommand_from init' -l help
complete -c ostiary -n '__fish_seen_subcommand_from init' -l host
complete -c ostiary -n '__fish_seen_subcommand_from init' -l json
complete -c ostiary -n '__fish_seen_subcommand_from init' -l preset
complete -c ostiary -n '__fish_seen_subcommand_from init' -l upstream
complete -c ostiary -n '__fish_seen_subcommand_from demo' -l help
complete -c ostiary -n '__fish_seen_subcommand_from demo' -l json
complete -c ostiary -n '__fish_seen_subcommand_from demo' -l keep
complete -c ostiary -n '__fish_seen_subcommand_from demo' -l no-color
complete -c ostiary -n '__fish_seen_subcommand_from demo' -l once
complete -c ostiary -n '__fish_seen_subcommand_from check' -l format
complete -c ostiary -n '__fish_seen_subcommand_from check' -l help
complete -c ostiary -n '__fish_seen_subcommand_from check' -l json
complete -c ostiary -n '__fish_seen_subcommand_from check' -l no-color
complete -c ostiary -n '__fish_seen_subcommand_from check' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from check' -l verbose
complete -c ostiary -n '__fish_seen_subcommand_from check' -l warn-as-error
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l admin
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l admin-ca
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l at
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l cert
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l claims
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l config
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l curl
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l entry
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l expect
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l har
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l header
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l help
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l json
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l log
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l online
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l request-id
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l source
complete -c ostiary -n '__fish_seen_subcommand_from explain' -l token
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l cert
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l for
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l help
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l json
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l key
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l no-color
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l only
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l password
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l profile
complete -c ostiary -n '__fish_seen_subcommand_from doctor' -l skip
complete -c ostiary -n '__fish_seen_subcommand_from status' -l admin
complete -c ostiary -n '__fish_seen_subcommand_from status' -l admin-ca
complete -c ostiary -n '__fish_seen_subcommand_from status' -l config
complete -c ostiary -n '__fish_seen_subcommand_from status' -l help
complete -c ostiary -n '__fish_seen_subcommand_from status' -l json
complete -c ostiary -n '__fish_seen_subcommand_from status' -l no-color
complete -c ostiary -n '__fish_seen_subcommand_from status' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from status' -l watch
complete -c ostiary -n '__fish_seen_subcommand_from issuer' -l help
complete -c ostiary -n '__fish_seen_subcommand_from issuer' -f -a check
complete -c ostiary -n '__fish_seen_subcommand_from issuer; and __fish_seen_subcommand_from check' -l config
complete -c ostiary -n '__fish_seen_subcommand_from issuer; and __fish_seen_subcommand_from check' -l help
complete -c ostiary -n '__fish_seen_subcommand_from issuer; and __fish_seen_subcommand_from check' -l json
complete -c ostiary -n '__fish_seen_subcommand_from issuer; and __fish_seen_subcommand_from check' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from issuer; and __fish_seen_subcommand_from check' -l token
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
complete -c ostiary -n '__fish_seen_subcommand_from token' -l help
complete -c ostiary -n '__fish_seen_subcommand_from token' -f -a digest
complete -c ostiary -n '__fish_seen_subcommand_from token' -f -a key
complete -c ostiary -n '__fish_seen_subcommand_from token' -f -a password
complete -c ostiary -n '__fish_seen_subcommand_from token' -f -a show
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from key' -l help
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from key' -l json
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from digest' -l help
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from digest' -l json
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from digest' -l secret-file
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from digest' -l secret-stdin
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from password' -l help
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from password' -l json
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from password' -l secret-file
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from password' -l secret-stdin
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from show' -l help
complete -c ostiary -n '__fish_seen_subcommand_from token; and __fish_seen_subcommand_from show' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault' -f -a destroy
complete -c ostiary -n '__fish_seen_subcommand_from vault' -f -a disable
complete -c ostiary -n '__fish_seen_subcommand_from vault' -f -a enable
complete -c ostiary -n '__fish_seen_subcommand_from vault' -f -a get
complete -c ostiary -n '__fish_seen_subcommand_from vault' -f -a key
complete -c ostiary -n '__fish_seen_subcommand_from vault' -f -a list
complete -c ostiary -n '__fish_seen_subcommand_from vault' -f -a put
complete -c ostiary -n '__fish_seen_subcommand_from vault' -f -a rekey
complete -c ostiary -n '__fish_seen_subcommand_from vault' -f -a rotate
complete -c ostiary -n '__fish_seen_subcommand_from vault' -f -a test
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l config
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l id
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l secret-file
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l secret-stdin
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put' -l vault
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l config
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l field
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l reveal
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l vault
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from get' -l version
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from list' -l config
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from list' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from list' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from list' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from list' -l vault
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from test' -l config
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from test' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from test' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from test' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l config
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l id
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l secret-file
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l secret-stdin
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rotate' -l vault
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from enable' -l config
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from enable' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from enable' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from enable' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from enable' -l vault
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from enable' -l version
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from disable' -l config
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from disable' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from disable' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from disable' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from disable' -l vault
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from disable' -l version
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l all
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l config
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l vault
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l version
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from destroy' -l yes
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from key' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from key' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from key' -l out
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rekey' -l config
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rekey' -l help
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rekey' -l json
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rekey' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from rekey' -l vault
complete -c ostiary -n '__fish_seen_subcommand_from keys' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys' -f -a destroy
complete -c ostiary -n '__fish_seen_subcommand_from keys' -f -a disable
complete -c ostiary -n '__fish_seen_subcommand_from keys' -f -a enable
complete -c ostiary -n '__fish_seen_subcommand_from keys' -f -a generate
complete -c ostiary -n '__fish_seen_subcommand_from keys' -f -a import
complete -c ostiary -n '__fish_seen_subcommand_from keys' -f -a jwks
complete -c ostiary -n '__fish_seen_subcommand_from keys' -f -a list
complete -c ostiary -n '__fish_seen_subcommand_from keys' -f -a rotate
complete -c ostiary -n '__fish_seen_subcommand_from keys' -f -a trust
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from generate' -l config
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from generate' -l days
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from generate' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from generate' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from generate' -l kind
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from generate' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from generate' -l vault
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l certificate
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l config
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l days
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l now
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l password-file
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l password-stdin
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -l vault
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from list' -l config
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from list' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from list' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from list' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from rotate' -l config
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from rotate' -l days
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from rotate' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from rotate' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from rotate' -l kind
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from rotate' -l now
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from rotate' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from enable' -l config
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from enable' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from enable' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from enable' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from enable' -l version
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from disable' -l config
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from disable' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from disable' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from disable' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from disable' -l version
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from destroy' -l all
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from destroy' -l config
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from destroy' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from destroy' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from destroy' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from destroy' -l version
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from destroy' -l yes
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from jwks' -l config
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from jwks' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from jwks' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from trust' -l help
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from trust' -l json
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from trust' -l password-file
complete -c ostiary -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from trust' -l password-stdin
complete -c ostiary -n '__fish_seen_subcommand_from audit' -l help
complete -c ostiary -n '__fish_seen_subcommand_from audit' -f -a verify
complete -c ostiary -n '__fish_seen_subcommand_from audit; and __fish_seen_subcommand_from verify' -l help
complete -c ostiary -n '__fish_seen_subcommand_from audit; and __fish_seen_subcommand_from verify' -l json
complete -c ostiary -n '__fish_seen_subcommand_from revoke' -l help
complete -c ostiary -n '__fish_seen_subcommand_from revoke' -f -a certificate
complete -c ostiary -n '__fish_seen_subcommand_from revoke' -f -a list
complete -c ostiary -n '__fish_seen_subcommand_from revoke' -f -a subject
complete -c ostiary -n '__fish_seen_subcommand_from revoke' -f -a token
complete -c ostiary -n '__fish_seen_subcommand_from revoke' -f -a undo
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l config
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l for
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l help
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l issuer
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l json
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l jti
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l note
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from token' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from subject' -l config
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from subject' -l for
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from subject' -l help
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from subject' -l issuer
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from subject' -l json
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from subject' -l note
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from subject' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from certificate' -l config
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from certificate' -l help
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from certificate' -l json
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from certificate' -l note
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from certificate' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from list' -l config
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from list' -l help
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from list' -l json
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from list' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from undo' -l config
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from undo' -l help
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from undo' -l json
complete -c ostiary -n '__fish_seen_subcommand_from revoke; and __fish_seen_subcommand_from undo' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from certs' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs' -f -a ca
complete -c ostiary -n '__fish_seen_subcommand_from certs' -f -a check
complete -c ostiary -n '__fish_seen_subcommand_from certs' -f -a crl
complete -c ostiary -n '__fish_seen_subcommand_from certs' -f -a inspect
complete -c ostiary -n '__fish_seen_subcommand_from certs' -f -a list
complete -c ostiary -n '__fish_seen_subcommand_from certs' -f -a request
complete -c ostiary -n '__fish_seen_subcommand_from certs' -f -a revoke
complete -c ostiary -n '__fish_seen_subcommand_from certs' -f -a sign
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l below
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l below-password
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l beside
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l crl-days
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l crl-url
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l days
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l existing-key
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l folder
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l key
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l key-file
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l ocsp-url
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l password
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from ca' -l path-length
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l dns
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l email
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l folder
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l key
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l name
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l password
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l upn
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from request' -l uri
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l ca
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l days
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l dns
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l email
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l for
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l out
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l password
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l subject
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l upn
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l uri
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from sign' -l yes
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from revoke' -l ca
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from revoke' -l crl-days
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from revoke' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from revoke' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from revoke' -l password
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from revoke' -l reason
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from crl' -l ca
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from crl' -l days
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from crl' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from crl' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from crl' -l password
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from list' -l ca
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from list' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from list' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from list' -l within
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from inspect' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from inspect' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from inspect' -l password
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from check' -l help
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from check' -l json
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from check' -l password
complete -c ostiary -n '__fish_seen_subcommand_from certs; and __fish_seen_subcommand_from check' -l within
complete -c ostiary -n '__fish_seen_subcommand_from import' -l help
complete -c ostiary -n '__fish_seen_subcommand_from import' -f -a cosmian
complete -c ostiary -n '__fish_seen_subcommand_from import; and __fish_seen_subcommand_from cosmian' -l from-env
complete -c ostiary -n '__fish_seen_subcommand_from import; and __fish_seen_subcommand_from cosmian' -l from-toml
complete -c ostiary -n '__fish_seen_subcommand_from import; and __fish_seen_subcommand_from cosmian' -l help
complete -c ostiary -n '__fish_seen_subcommand_from import; and __fish_seen_subcommand_from cosmian' -l json
complete -c ostiary -n '__fish_seen_subcommand_from import; and __fish_seen_subcommand_from cosmian' -l semantics
complete -c ostiary -n '__fish_seen_subcommand_from import; and __fish_seen_subcommand_from cosmian' -l upstream
complete -c ostiary -n '__fish_seen_subcommand_from import; and __fish_seen_subcommand_from cosmian' -l user-claim
complete -c ostiary -n '__fish_seen_subcommand_from export' -l help
complete -c ostiary -n '__fish_seen_subcommand_from export' -f -a envoy
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l asked
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l config
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l help
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l json
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l listen
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l listener
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l out
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l report
complete -c ostiary -n '__fish_seen_subcommand_from export; and __fish_seen_subcommand_from envoy' -l watch
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l beside
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l certificate
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l config
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l help
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l lint
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l listen
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l listener
complete -c ostiary -n '__fish_seen_subcommand_from recipe' -l overlay
complete -c ostiary -n '__fish_seen_subcommand_from schema' -l command
complete -c ostiary -n '__fish_seen_subcommand_from schema' -l help
complete -c ostiary -n '__fish_seen_subcommand_from schema' -l json
complete -c ostiary -n '__fish_seen_subcommand_from completion' -l help
complete -c ostiary -n '__fish_seen_subcommand_from completion' -f -a bash
complete -c ostiary -n '__fish_seen_subcommand_from completion' -f -a fish
complete -c ostiary -n '__fish_seen_subcommand_from completion' -f -a zsh
