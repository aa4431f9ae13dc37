// A real OpenID provider on loopback. Its keys come as lines of JSON on standard input: the first starts
// it, each further one rotates them while it runs. It answers each line with one line on standard output.
// With a folder as second argument it speaks TLS (server.pem, server.key) and knows client certificates (ca.pem).
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const [port, folder] = process.argv.slice(2);
const issuer = `${folder ? 'https' : 'http'}://127.0.0.1:${port}`;
const algorithms = { 'urn:accounts:es256': 'ES256', 'urn:accounts:rs256': 'RS256' };

// Clients with a certificate, and clients that ask about tokens.
function others(asker) {
  const machine = {
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: 'ES256',
  };
  const secret = 'known to this test only';
  return [
    { ...machine, client_id: 'asker', client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' },
    {
      ...machine,
      client_id: 'bound',
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_uri: 'spiffe://example.com/bank/client',
      tls_client_certificate_bound_access_tokens: true,
    },
    ...(asker ? [{ ...machine, client_id: 'signer', jwks: { keys: [asker] }, token_endpoint_auth_method: 'private_key_jwt' }] : []),
  ];
}

const certificates = {
  enabled: true,
  certificateBoundAccessTokens: true,
  tlsClientAuth: true,
  selfSignedTlsClientAuth: true,
  getCertificate: (context) => context.socket.getPeerX509Certificate?.()?.toString(),
  certificateAuthorized: (context) => context.socket.authorized,
  certificateSubjectMatches: (context, property, expected) =>
    property === 'tls_client_auth_san_uri' &&
    context.socket.getPeerX509Certificate().subjectAltName.split(', ').includes(`URI:${expected}`),
};

function configuration({ asker, clients = [], ...jwks }) {
  return {
    jwks,
    clients: [
      ...(folder ? others(asker) : []),
      ...clients,
      {
        client_id: 'robot',
        client_secret: 'known to this test only',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_post',
        id_token_signed_response_alg: jwks.keys[0].alg, // of no use here, but it must be one of the keys' own
      },
    ],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', ...(folder ? ['tls_client_auth', 'self_signed_tls_client_auth'] : [])],
    features: {
      clientCredentials: { enabled: true },
      ...(folder ? { mTLS: certificates } : {}),
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
      dPoP: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: 'read write',
          audience: resource,
          accessTokenFormat: resource === 'urn:accounts:opaque' ? 'opaque' : 'jwt',
          accessTokenTTL: 300,
          ...(algorithms[resource] ? { jwt: { sign: { alg: algorithms[resource] } } } : {}),
        }),
      },
    },
    scopes: ['read', 'write'],
    extraTokenClaims: () => ({
      tenantId: 'tenant-1',
      environmentId: 'environment-1',
      permissions: { accounts: ['read'] },
    }),
  };
}

let handle;
const answer = (request, response) => handle(request, response);
const read = (name) => readFileSync(`${folder}/${name}`);
const server = folder
  ? createTlsServer(
      { cert: read('server.pem'), key: read('server.key'), ca: read('ca.pem'), requestCert: true, rejectUnauthorized: false },
      answer,
    )
  : createServer(answer);
for await (const line of createInterface({ input: process.stdin })) {
  handle = new Provider(issuer, configuration(JSON.parse(line))).callback();
  if (!server.listening) {
    await new Promise((resolve) => server.listen(Number(port), '127.0.0.1', resolve));
  }
  console.log('ready');
}
process.exit(0);
