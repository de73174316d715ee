/** The measure of `bench/token.ts`: a bare `node:http` server that reads a form, does the same grouped transaction as Postern, and answers. */

import { hash } from 'node:crypto'
import { createServer } from 'node:http'
import type { TokenHash } from '../src/platform/crypto.ts'
import { sqliteStorage } from '../src/storage/adapters/sqlite.ts'
import { rotationOf, start, storeGrant, tokensOf } from '../src/storage/conformance/records.ts'

const [port, path = '', families] = process.argv.slice(2)
const storage = sqliteStorage({ path })
const everyFamily = Array.from({ length: Number(families) }, (_, index) => `g${index}`)
await Promise.all(everyFamily.map((grantId) => storeGrant(storage, tokensOf(grantId))))

const hashOf = (text: string): TokenHash => hash('sha256', text, 'base64url') as TokenHash
/** The windows and lifetimes of the kit's rotations, and the time that follows the kit's start as this process goes on. */
const windows = rotationOf('', 0, 0)
const now = (): number => start + Math.floor(performance.now() / 1000)

/** Tokens are `<family> refresh <generation>`, in the kit's words. */
async function rotate(presented: string): Promise<string> {
  const [family, , generation] = presented.split(' ')
  const next = `${family} refresh ${Number(generation) + 1}`
  const access = `${family} access ${Number(generation) + 1}`
  const at = now()
  const { outcome } = await storage.rotateRefreshToken(
    {
      ...windows,
      presented: hashOf(presented),
      successor: hashOf(next),
      accessToken: hashOf(access),
      accessTokenExpiresAt: at + 3600,
      grantExpiresAt: at + 30 * 86_400,
    },
    at,
  )
  if (outcome !== 'rotated') throw new Error(outcome)
  return JSON.stringify({
    access_token: access,
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: next,
    scope: 'read',
  })
}

createServer((request, response) => {
  let text = ''
  request.setEncoding('utf8')
  request.on('data', (chunk: string) => {
    text += chunk
  })
  request.on('end', () => {
    rotate(new URLSearchParams(text).get('refresh_token') ?? '').then(
      (body) =>
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
          .end(body),
      (error: Error) => response.writeHead(400).end(JSON.stringify({ error: error.message })),
    )
  })
}).listen(Number(port), '127.0.0.1')
