// What is left behind: in the database, in events and logs, in error messages, in the time that a comparison takes.

import type { PosternEvent } from '../../src/platform/telemetry.ts'
import type { Storage } from '../../src/storage/storage.ts'
import {
  account,
  authorizeUrl,
  callMcp,
  claudeCallback,
  connect,
  type Door,
  pkce,
  register,
} from '../door.ts'
import { derivedWith, obtainCode, redeem, refresh, registerClaude } from './adversary.ts'
import { type Attack, type Mutant, succeededIf, without } from './attack.ts'
import type { House } from './house.ts'

const server = 'authorization-server/'
const gateway = 'gateway/'
const app = 'app/'
const oauth = 'oauth/'
const identity = 'identity/'
const platform = 'platform/'

/** A storage that keeps a copy of all that it is given, as a thief of the database has it. */
function copying(storage: Storage): { storage: Storage; copy(): string } {
  const written: string[] = []
  const note = (value: unknown): void => void written.push(JSON.stringify(value) ?? '')
  const proxy = new Proxy(storage, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown
      if (typeof member !== 'function') return member
      return (...given: unknown[]) => {
        note(given)
        return member.apply(target, given)
      }
    },
  })
  return { storage: proxy, copy: () => written.join('\n') }
}

const hashed = without(
  platform,
  'return (native?.sha256Text(token) ?? encodeBase64Url(sha256(token))) as TokenHash',
  'return token as TokenHash',
)

function theft(
  name: string,
  source: string,
  secretsOf: (door: Door, house: House) => Promise<string[]>,
): Attack {
  return {
    name,
    source,
    guard: hashed,
    async run(_, house) {
      const { storage, copy } = copying(house.memoryStorage())
      const door = await house.openDoor({ storage })
      const secrets = await secretsOf(door, house)
      if (secrets.length === 0 || secrets.some((secret) => secret.length < 20))
        throw new Error('no secrets to look for')
      return succeededIf(secrets.some((secret) => copy().includes(secret)))
    },
  }
}

const thefts: readonly Attack[] = [
  theft(
    '[HS-02] access and refresh tokens read in the database',
    'RFC 6819 §5.1.4.1.3, house rule 2',
    async (door) => {
      const own = await connect(door)
      const { body } = await refresh(door, own)
      return [own.accessToken, own.refreshToken, String(body.access_token), String(body.refresh_token)]
    },
  ),
  theft('codes and verifiers read in the database', 'RFC 6819 §4.4.1.2', async (door) => {
    const { code, verifier } = await obtainCode(door)
    return [code, verifier]
  }),
  theft(
    'sessions of browsers read in the database',
    'OWASP session management, RFC 6819 §5.1.4.1.3',
    async (door) => {
      const browser = door.browser()
      await browser.openConsent(authorizeUrl(door, await registerClaude(door), pkce().challenge))
      return [...browser.cookies.values()]
    },
  ),
  {
    name: '[HS-14] a setup link read in the database',
    source: 'house rule 14',
    guard: hashed,
    async run(_, house) {
      const { storage, copy } = copying(house.memoryStorage())
      const door = await house.openDoor({ storage })
      const token = await house.createSetupLink({ storage, clock: () => door.clock.now })
      return succeededIf(copy().includes(token))
    },
  },
  {
    name: 'client secrets read in the database',
    source: 'RFC 6819 §5.1.4.1.3; house rule 3',
    guard: without(
      server,
      "keyedHash(keys.clientSecret, 'client-secret', clientId)",
      "keyedHash(new Uint8Array(), 'client-secret', clientId)",
    ),
    async run(door) {
      const client = await register(door, { token_endpoint_auth_method: 'client_secret_post' })
      const forged = `pst_cs_${derivedWith(Buffer.alloc(0), ['client-secret', String(client.client_id)])}`
      const own = await obtainCode(door, {}, String(client.client_id))
      return succeededIf((await redeem(door, own, { client_secret: forged })).status === 200)
    },
  },
]

const redacted = without(
  platform,
  "text.includes('pst_') ? text.replace(mintedSecret, 'pst_[redacted]') : text",
  'text',
)

const events: readonly Attack[] = [
  {
    name: 'a token that a client sends in the wrong header, read in the log',
    source: 'RFC 6819 §4.4.1.1, CWE-532',
    guard: redacted,
    async run(door) {
      const { accessToken, refreshToken } = await connect(door)
      await callMcp(
        door,
        accessToken,
        { id: 1, method: 'tools/call', params: { name: refreshToken } },
        { 'user-agent': accessToken },
      )
      return succeededIf(saysAny(door.events, [accessToken, refreshToken]))
    },
  },
  {
    name: 'a code in a callback that was refused, read in the log',
    source: 'RFC 9700 §4.2.4, CWE-532',
    guard: redacted,
    async run(door) {
      const { code, clientId } = await obtainCode(door)
      const changes = { redirect_uri: `https://evil.example/?stolen=${code}` }
      await door.fetch(authorizeUrl(door, clientId, pkce().challenge, changes))
      return succeededIf(saysAny(door.events, [code]))
    },
  },
  {
    name: 'the query of a request, read in the log',
    source: 'RFC 9700 §4.2.4, CWE-532',
    guard: without(
      app,
      'path: new URL(request.url).pathname, status: known.status',
      'path: request.url, status: known.status',
    ),
    async run(door) {
      const link = authorizeUrl(door, 'nobody', pkce().challenge, {
        state: 'secret-state',
        redirect_uri: 'https://evil.example/',
      })
      await door.fetch(link)
      return succeededIf(saysAny(door.events, ['secret-state']))
    },
  },
  {
    name: 'everything that a whole connection leaves in the log',
    source: 'RFC 6819 §5.1.6, CWE-532; SECURITY.md',
    guard: without(
      server,
      "telemetry.emit('token.issued', code.flowId, {",
      "telemetry.emit('token.issued', code.flowId, { reason: JSON.stringify(pair).replaceAll('pst_', ''),",
    ),
    async run(door) {
      const browser = door.browser()
      const own = await connect(door, { browser })
      const { body } = await refresh(door, own)
      await refresh(door, { ...own, clientId: 'nobody' })
      await callMcp(door, own.accessToken, { id: 1, method: 'tools/list' })
      await redeem(door, own)
      const minted = [
        own.accessToken,
        own.refreshToken,
        own.code,
        String(body.access_token),
        ...browser.cookies.values(),
      ]
      const secrets = [own.verifier, account.password, ...minted.map((secret) => secret.slice(7))]
      return succeededIf(saysAny(door.events, secrets))
    },
  },
]

function saysAny(said: readonly PosternEvent[], secrets: readonly string[]): boolean {
  if (said.length === 0) throw new Error('nothing was said at all')
  const text = JSON.stringify(said)
  return secrets.some((secret) => text.includes(secret))
}

const printed = without(app, String.raw`.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')`)
const quoted = without(
  app,
  String.raw`return /^[\w.:/@+-]+$/.test(text) ? text : JSON.stringify(text)`,
  'return text',
)

/** The log as a person sees it in a terminal, after a client has called a tool of this name. */
async function logAfter(house: House, tool: string): Promise<string> {
  let output = ''
  const writer = {
    isTerminal: true,
    columns: 100,
    write: (text: string) => {
      output += text
    },
    line: (text = '') => {
      output += `${text}\n`
    },
    paragraph: (text: string) => {
      output += `${text}\n`
    },
    style: (_: string, text: string) => text,
  }
  const log = house.createLog(writer, 'debug', 'pretty')
  const door = await house.openDoor({ readers: [log.reader] })
  await callMcp(door, (await connect(door)).accessToken, {
    id: 1,
    method: 'tools/call',
    params: { name: tool },
  })
  if (!output.includes('mcp.request')) throw new Error('the call was not logged')
  return output
}

const logs: readonly Attack[] = [
  {
    name: 'a tool name that makes a line of its own in the log',
    source: 'CWE-117 (log injection)',
    guard: printed,
    alsoNeeds: [quoted],
    run: async (_, house) =>
      succeededIf(
        (await logAfter(house, 'x\n00:00:00 consent.approved user=admin')).includes('\n00:00:00 consent'),
      ),
  },
  {
    name: 'a tool name that clears the screen of whoever reads the log',
    source: 'CWE-150 (terminal escapes); CVE-2025-58160',
    guard: without(app, String.raw`.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '')`),
    alsoNeeds: [printed, quoted],
    run: async (_, house) =>
      succeededIf((await logAfter(house, '\u001b[2J\u001b]0;owned\u0007')).includes('\u001b')),
  },
  {
    name: 'a tool name that clears the screen with the escapes of eight bits',
    source: 'CWE-150 (terminal escapes), ECMA-48 §5.3; CVE-2021-25743',
    guard: printed,
    run: async (_, house) => succeededIf((await logAfter(house, 'x\u009b2J')).includes('\u009b')),
  },
  {
    name: 'a tool name that turns the words of the log around',
    source: 'CVE-2021-42574 (Trojan Source), Unicode TR36',
    guard: printed,
    run: async (_, house) => succeededIf((await logAfter(house, 'erase\u202ehcraes')).includes('\u202e')),
  },
]

/** A store that breaks with words that are nobody's business. */
async function openBroken(house: House, verb: 'findClient' | 'findAccessToken'): Promise<Door> {
  const storage: Storage = house.memoryStorage()
  const door = await house.openDoor({ storage })
  storage[verb] = () => {
    throw new Error('SQLITE_CORRUPT in /srv/postern/postern.db')
  }
  return door
}

const vague = without(
  app,
  "'something went wrong on this server; its log tells more under the id'",
  'String((cause as Error).stack)',
)

async function saysTooMuch(response: Response): Promise<boolean> {
  if (response.status < 500) throw new Error(`answered ${response.status}`)
  return /SQLITE|\/srv\/|\bat .*\.ts:\d+/.test(await response.text())
}

const errors: readonly Attack[] = [
  {
    name: 'a fault of ours, told to a program with all its inner words',
    source: 'CWE-209, RFC 6749 §5.2',
    guard: vague,
    async run(_, house) {
      const door = await openBroken(house, 'findClient')
      const body = JSON.stringify({ redirect_uris: [claudeCallback] })
      const headers = { 'content-type': 'application/json' }
      return succeededIf(
        await saysTooMuch(await door.fetch('/oauth/register', { method: 'POST', headers, body })),
      )
    },
  },
  {
    name: 'a fault of ours, shown to a person with all its inner words',
    source: 'CWE-209, OAuth 2.1 §4.1.2.1',
    guard: vague,
    alsoNeeds: [without(app, "if (error.code === 'server_error') return { kind: 'server-error' }")],
    async run(_, house) {
      const door = await openBroken(house, 'findClient')
      const headers = { accept: 'text/html' }
      return succeededIf(
        await saysTooMuch(await door.fetch(authorizeUrl(door, 'x', pkce().challenge), { headers })),
      )
    },
  },
  {
    name: 'a fault of ours, told in an MCP answer with all its inner words',
    source: 'CWE-209, JSON-RPC 2.0 §5.1',
    guard: without(gateway, 'jsonRpcCodes.internalError, vague)', 'jsonRpcCodes.internalError, reason)'),
    async run(_, house) {
      const door = await openBroken(house, 'findAccessToken')
      return succeededIf(await saysTooMuch(await callMcp(door, 'pst_at_x', { id: 1, method: 'ping' })))
    },
  },
  {
    name: 'what we know of a dead token, told to whoever shows it',
    source: 'RFC 6750 §3.1, CWE-203',
    guard: without(
      gateway,
      "throw refusedToken(request, guarded, `invalid token${dead === undefined ? '' : `: ${dead.why}`}`)",
      "throw new Refusal('dead', Response.json(dead ?? {}, { status: 401 }))",
    ),
    async run(door) {
      const { accessToken, clientId } = await connect(door)
      door.clock.now += 4000
      const answer = await callMcp(door, accessToken, { id: 1, method: 'ping' })
      const said = (await answer.text()) + [...answer.headers].join()
      return succeededIf(said.includes(clientId) || said.includes('usr_'))
    },
  },
]

/* Comparisons */

/** A secret next to an operator that stops at the first difference. */
const hasty =
  /(?:\b(?:mac|secretHash|browserHash|codeChallenge|csrf|presented|verifier)\b(?: \?\? '')?|\b(?:macOf|hashToken|formatCodeChallenge)\((?:[^()]|\([^()]*\))*\)) [!=]== (?!undefined|null|''|"|'none')|[!=]== (?:\b(?:macOf|hashToken|formatCodeChallenge)\(|client\.secretHash|pending\.browserHash|challenge\b)/

function comparison(name: string, guard: Mutant, files: readonly string[]): Attack {
  return {
    name,
    source: 'RFC 6819 §5.1.4.2.2, CWE-208 (timing of secret comparison)',
    guard,
    run: async (_, house) =>
      succeededIf(
        files.some((file) =>
          house
            .sourceOf(file)
            .split('\n')
            .some(
              (line) => hasty.test(line.replace(/\/\/.*$|^\s*\*.*$/, '')) && !line.includes('=== origin'),
            ),
        ),
      ),
  }
}

const comparisons: readonly Attack[] = [
  comparison(
    '[OA21-22] the proof of a refresh token, guessed letter by letter',
    without(
      server,
      'if (!equalInConstantTime(mac, macOf(`${grantId}.${generation}.${secret}`)))',
      'if (mac !== macOf(`${grantId}.${generation}.${secret}`))',
    ),
    ['src/authorization-server/tokens.ts'],
  ),
  comparison(
    'the secret of a client, guessed letter by letter',
    without(
      server,
      "equalInConstantTime(hashToken(secret), client.secretHash ?? '')",
      'hashToken(secret) === client.secretHash',
    ),
    ['src/authorization-server/clients.ts'],
  ),
  comparison(
    'the browser of a request, guessed letter by letter',
    without(
      server,
      '!equalInConstantTime(pending.browserHash, login.browserOf(request).browserHash)',
      'login.browserOf(request).browserHash !== pending.browserHash',
    ),
    ['src/authorization-server/consent.ts'],
  ),
  comparison(
    'the token of a form, guessed letter by letter',
    without(
      identity,
      "return equalInConstantTime(presented ?? '', expected) ?",
      'return presented === expected ?',
    ),
    ['src/identity/csrf.ts'],
  ),
  comparison(
    'a verifier, guessed letter by letter',
    without(
      oauth,
      'return equalInConstantTime(formatCodeChallenge(verifier), challenge)',
      'return formatCodeChallenge(verifier) === challenge',
    ),
    ['src/oauth/pkce.ts'],
  ),
  {
    name: 'any secret, by a comparison that ends where two values differ',
    source: 'RFC 6819 §5.1.4.2.2, CWE-208',
    guard: without(
      platform,
      'for (let index = 0; index < a.length; index++) difference |= (a[index] ?? 0) ^ (b[index] ?? 0)',
      'for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false',
    ),
    async run(_, house) {
      const body =
        /export function equalInConstantTime.*?\n}\n/s.exec(house.sourceOf('src/platform/crypto.ts'))?.[0] ??
        ''
      const isWhole =
        (body.match(/return/g) ?? []).length === 1 && (body.match(/sha256\(/g) ?? []).length === 2
      return succeededIf(!isWhole)
    },
  },
]

export const secretAttacks: readonly Attack[] = [...thefts, ...events, ...logs, ...errors, ...comparisons]
