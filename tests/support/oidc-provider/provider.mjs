// A real OpenID provider on loopback. Its keys come as lines of JSON on standard input: the first starts
// it, each further one rotates them while it runs. It answers each line with one line on standard output.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const [port] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const algorithms = { 'urn:accounts:es256': 'ES256', 'urn:accounts:rs256': 'RS256' };

function configuration(jwks) {
  return {
    jwks,
    clients: [
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
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: 'read write',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg: algorithms[resource] } },
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
const server = createServer((request, response) => handle(request, response));
for await (const line of createInterface({ input: process.stdin })) {
  handle = new Provider(issuer, configuration(JSON.parse(line))).callback();
  if (!server.listening) {
    await new Promise((resolve) => server.listen(Number(port), '127.0.0.1', resolve));
  }
  console.log('ready');
}
process.exit(0);
