// A verifier in another language: reads tokens, one on each line, and says of each whether it holds.
// It remembers the key set for as long as it was told to, and asks for it anew before then for nothing.
import { createInterface } from 'node:readline'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const [, , url, maxAge, issuer] = process.argv
const keys = createRemoteJWKSet(new URL(url), { cacheMaxAge: Number(maxAge), cooldownDuration: 1e9 })
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const { payload } = await jwtVerify(line, keys, { issuer })
    console.log(`ok ${payload.sub}`)
  } catch (error) {
    console.log(`no ${error.code}: ${error.message}`)
  }
}
