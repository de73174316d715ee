// A client id is a URL that anybody may name and that we fetch: into which network, how much of it, for how long, and what it may say.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Storage } from '../../src/storage/storage.ts'
import { authorizeUrl, type Door, pkce } from '../door.ts'
import { anyOf, asksForConsent, evilCallback } from './adversary.ts'
import { type Attack, type Mutant, succeededIf, without } from './attack.ts'
import type { House } from './house.ts'

const server = 'authorization-server/'
const oauth = 'oauth/'
const platform = 'platform/'

const evilId = 'https://evil.example/client'

/** What the internet answers, and what of it was asked. Redirects are followed for whoever lets them be. */
interface Web {
  door: Door
  asked: string[]
}

type Answer = (url: string, init: RequestInit) => Response | Promise<Response>

async function openWeb(house: House, answer: Answer, deadlineMs = 2000): Promise<Web> {
  const asked: string[] = []
  const browse = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const url = String(input)
    asked.push(url)
    const response = await answer(url, init)
    const location = response.headers.get('location')
    return location !== null && init.redirect !== 'manual' ? browse(location, init) : response
  }
  const outboundFetch = house.createOutboundFetch({
    fetch: browse as typeof fetch,
    allowPrivateAddresses: false,
    deadlineMs,
    maximumBytes: 16_384,
  })
  return { door: await house.openDoor({ outboundFetch }), asked }
}

function documentOf(clientId: string, changes: Record<string, unknown> = {}): Response {
  const document = { client_id: clientId, client_name: 'Evil', redirect_uris: [evilCallback], ...changes }
  return Response.json(document)
}

function accepts(door: Door, clientId: string): Promise<boolean> {
  return asksForConsent(
    authorizeUrl(door, clientId, pkce().challenge, { redirect_uri: evilCallback }),
    door.browser(),
  )
}

/** True if any of these ids makes us send a request. */
async function anyAsked(house: House, ids: readonly string[]): Promise<boolean> {
  const { door, asked } = await openWeb(house, (url) => documentOf(url))
  return anyOf(ids, async (id) => {
    await accepts(door, id)
    return asked.length > 0
  })
}

function onHosts(...hosts: string[]): string[] {
  return hosts.map((host) => `https://${host}/client`)
}

const literalsJudged = without(
  platform,
  'const privateLiteral = isIpLiteral(parsed.hostname) && !isPublicAddress(parsed.hostname)',
  'const privateLiteral = false',
)
const onlyUnicast = (allowedInstead: string): Mutant =>
  without(platform, "if (parsed.range() !== 'unicast') return false", allowedInstead)
const onlyGlobalUnicast = without(
  platform,
  "return parsed.kind() === 'ipv4' || ((parsed.toByteArray()[0] ?? 0) & 0xe0) === 0x20",
  'return true',
)
const blockList = "if (['private', 'loopback', 'uniqueLocal'].includes(parsed.range())) return false"

const networks: readonly Attack[] = [
  {
    name: '[CIMD-04] [SBP-08] a client id on this very machine, in every spelling that a URL parser knows',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6.5, MCP security best practices (SSRF)',
    guard: literalsJudged,
    run: async (_, house) =>
      succeededIf(
        await anyAsked(
          house,
          onHosts(
            '127.0.0.1',
            '127.1',
            '2130706433',
            '0x7f000001',
            '0177.0.0.1',
            '127.0.0.1.',
            '１２７.0.0.1',
            '[::1]',
            '[0:0::1]',
          ),
        ),
      ),
  },
  {
    name: '[CIMD-04] a client id in a private network',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6.5, RFC 1918, RFC 4193',
    guard: literalsJudged,
    run: async (_, house) =>
      succeededIf(
        await anyAsked(house, onHosts('10.0.0.1', '172.31.255.1', '192.168.1.1', '[fd00::1]', '[fc00::1]')),
      ),
  },
  {
    name: '[CIMD-04] the metadata service of a cloud, which a list of private networks forgets',
    source: 'MCP security best practices (SSRF), RFC 3927',
    guard: onlyUnicast(blockList),
    run: async (_, house) =>
      succeededIf(await anyAsked(house, onHosts('169.254.169.254', '[fe80::a9fe:a9fe]'))),
  },
  {
    name: '[CIMD-04] shared, reserved and test networks, which a list of private networks forgets',
    source: 'RFC 6890, RFC 6598',
    guard: onlyUnicast(blockList),
    run: async (_, house) =>
      succeededIf(
        await anyAsked(
          house,
          onHosts(
            '100.64.0.1',
            '0.0.0.0',
            '192.0.0.192',
            '198.18.0.1',
            '192.0.2.1',
            '224.0.0.1',
            '240.0.0.1',
            '255.255.255.255',
          ),
        ),
      ),
  },
  {
    name: '[CIMD-04] a private address wrapped into IPv6 by a translator',
    source: 'RFC 6052 §3.1, RFC 3056 §9',
    guard: onlyUnicast(blockList),
    run: async (_, house) =>
      succeededIf(await anyAsked(house, onHosts('[2002:7f00:1::]', '[2001:0:7f00:1::]'))),
  },
  {
    name: '[CIMD-04] a private address written as an IPv6 address of no network',
    source: 'RFC 4291 §2.5.5.1',
    guard: onlyGlobalUnicast,
    run: async (_, house) => succeededIf(await anyAsked(house, onHosts('[::127.0.0.1]', '[::a00:1]'))),
  },
  {
    name: '[CIMD-04] a private address mapped into IPv6',
    source: 'RFC 4291 §2.5.5.2; CVE-2024-29415 (ip)',
    guard: literalsJudged,
    run: async (_, house) =>
      succeededIf(
        await anyAsked(house, onHosts('[::ffff:127.0.0.1]', '[::ffff:a9fe:a9fe]', '[::ffff:10.0.0.1]')),
      ),
  },
  {
    name: '[CIMD-04] names that always mean this machine',
    source: 'RFC 6761 §6.3',
    guard: without(platform, '|| isLocalhostName(parsed.hostname)'),
    run: async (_, house) =>
      succeededIf(
        await anyAsked(house, onHosts('localhost', 'LOCALHOST', 'localhost.', 'metadata.localhost')),
      ),
  },
]

/** The addresses that a socket would be given for a name whose DNS answers are these, one after the other. */
function dialled(house: House, answers: readonly (readonly string[])[]): Promise<readonly string[]> {
  let turn = 0
  const lookup = house.createPublicLookup((_, __, callback) => {
    const addresses = answers[Math.min(turn++, answers.length - 1)] ?? []
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  })
  return new Promise((resolve) => {
    lookup('rebind.evil.example', { all: true }, (error, addresses) => {
      if (error !== null || !Array.isArray(addresses)) resolve([])
      else resolve(addresses.map(({ address }) => address))
    })
  })
}

const isPrivate = (address: string): boolean => /^(?:127\.|10\.|192\.168\.|169\.254\.|::1$|fd)/.test(address)
const everyAddressJudged = without(
  platform,
  'if (!addresses.every(({ address }) => isPublicAddress(address)))',
  'if (false)',
)

const names: readonly Attack[] = [
  {
    name: '[CIMD-04] a name of the attacker that resolves to a private address',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6.5',
    guard: everyAddressJudged,
    run: async (_, house) =>
      succeededIf(
        await anyOf(['127.0.0.1', '10.1.2.3', '169.254.169.254', '::1', 'fd00::1'], async (address) =>
          (await dialled(house, [[address]])).some(isPrivate),
        ),
      ),
  },
  {
    name: '[CIMD-04] a name with one public and one private address, of which a socket takes the one that answers',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6.5 (DNS)',
    guard: without(platform, 'if (!addresses.every(({ address })', 'if (!addresses.some(({ address })'),
    run: async (_, house) =>
      succeededIf((await dialled(house, [['93.184.216.34', '10.0.0.1']])).some(isPrivate)),
  },
  {
    name: '[CIMD-04] a name that is public when it is judged and private when it is dialled',
    source:
      'MCP security best practices (DNS rebinding); draft-ietf-oauth-client-id-metadata-document-01 §6.5',
    guard: without(
      platform,
      'if (options.all === true) return callback(null, addresses)',
      'if (options.all === true) return resolve(hostname, { ...options, all: true }, callback)',
    ),
    run: async (_, house) =>
      succeededIf((await dialled(house, [['93.184.216.34'], ['127.0.0.1']])).some(isPrivate)),
  },
  {
    name: '[CIMD-04] an address instead of a name, for which a socket asks nobody',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6.5; MCP security best practices (SSRF)',
    guard: without(
      platform,
      'if (isIpLiteral(options.hostname) && !isPublicAddress(options.hostname))',
      'if (false)',
    ),
    async run(_, house) {
      let visits = 0
      const inner = createServer((_, response) => {
        visits++
        response.end('secret')
      })
      await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve))
      const guarded = house.createGuardedDialer(1000)
      await guarded.fetch(`http://127.0.0.1:${(inner.address() as AddressInfo).port}/`).catch(() => undefined)
      await guarded.close()
      inner.close()
      return succeededIf(visits > 0)
    },
  },
  {
    name: 'the words of a refusal, to learn the addresses of an inner network name by name',
    source: 'MCP security best practices (SSRF), CWE-209',
    guard: without(
      platform,
      'if (!addresses.every(({ address }) => isPublicAddress(address))) return callback(refused(hostname), [])',
      'if (!addresses.every(({ address }) => isPublicAddress(address))) return callback(refused(JSON.stringify(addresses)), [])',
    ),
    async run(_, house) {
      const guarded = house.createGuardedDialer(1000, (_, __, callback) =>
        callback(null, [{ address: '10.11.12.13', family: 4 }]),
      )
      const outboundFetch = house.createOutboundFetch({
        fetch: guarded.fetch,
        allowPrivateAddresses: false,
        deadlineMs: 2000,
        maximumBytes: 1000,
      })
      const door = await house.openDoor({ outboundFetch })
      const link = authorizeUrl(door, 'https://git.corp.example/client', pkce().challenge)
      const page = await (await door.fetch(link, { headers: { accept: 'text/html' } })).text()
      await guarded.close()
      return succeededIf(page.includes('10.11.12.13'))
    },
  },
]

const answers: readonly Attack[] = [
  {
    name: '[CIMD-03] a document that redirects into the inner network',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §4, §6.5',
    guard: without(platform, "redirect: 'manual'", "redirect: 'follow'"),
    async run(_, house) {
      const inner = 'https://10.0.0.1/admin'
      const redirect = (): Response => new Response(null, { status: 302, headers: { location: inner } })
      const { door, asked } = await openWeb(house, (url) =>
        url === evilId ? redirect() : documentOf(evilId),
      )
      await accepts(door, evilId)
      return succeededIf(asked.includes(inner))
    },
  },
  {
    name: '[CIMD-03] an error page of an honest site that repeats what it was asked',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §4 (only 200)',
    guard: without('authorization-server/client-documents.ts', 'if (answer.status !== 200)', 'if (false)'),
    async run(_, house) {
      const { door } = await openWeb(
        house,
        (url) =>
          new Response(documentOf(url).body, {
            status: 404,
            headers: { 'content-type': 'application/json' },
          }),
      )
      return succeededIf(await accepts(door, 'https://honest.example/no-such-page'))
    },
  },
  {
    name: '[CIMD-05] a file that somebody uploaded to an honest site, served as text',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §4.1',
    guard: without(server, String.raw`if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(type))`, 'if (false)'),
    async run(_, house) {
      const { door } = await openWeb(
        house,
        (url) => new Response(documentOf(url).body, { headers: { 'content-type': 'text/plain' } }),
      )
      return succeededIf(await accepts(door, 'https://honest.example/uploads/avatar.txt'))
    },
  },
  {
    name: '[CIMD-05] a document without an end',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6.6',
    guard: without(platform, 'if (size > maximumBytes) return undefined'),
    async run(_, house) {
      const { door } = await openWeb(house, (url) => documentOf(url, { padding: 'x'.repeat(200_000) }))
      return succeededIf(await accepts(door, evilId))
    },
  },
  {
    name: '[CIMD-05] a host that takes the request and never answers',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6.6',
    guard: without(
      platform,
      'const signal = AbortSignal.timeout(options.deadlineMs)',
      'const signal = new AbortController().signal',
    ),
    async run(_, house) {
      const silent: Answer = (_, { signal }) =>
        new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
      const { door } = await openWeb(house, silent, 30)
      const ended = accepts(door, evilId).then(() => true)
      return succeededIf(!(await Promise.race([ended, later(1500)])))
    },
  },
  {
    name: '[CIMD-05] a host that sends its document one letter at a time',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6.6 (slow responses)',
    guard: without(platform, "{ ...init, redirect: 'manual', signal }", "{ ...init, redirect: 'manual' }"),
    async run(_, house) {
      const slow: Answer = (_, { signal }) =>
        new Response(drip(signal ?? undefined), { headers: { 'content-type': 'application/json' } })
      const { door } = await openWeb(house, slow, 60)
      const ended = accepts(door, evilId).then(() => true)
      return succeededIf(!(await Promise.race([ended, later(1500)])))
    },
  },
  {
    name: '[CIMD-06] a document that speaks for another client',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §4.1',
    guard: without(oauth, 'if (members.client_id !== clientId)', 'if (false)'),
    async run(_, house) {
      const { door } = await openWeb(house, () =>
        documentOf('https://honest.example/client', { client_name: 'Honest' }),
      )
      return succeededIf(await accepts(door, evilId))
    },
  },
  {
    name: '[CIMD-07] a document that publishes a secret and calls it authentication',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §4.1',
    guard: without(oauth, 'if (!documentAuthMethods.includes(', 'if ([].includes('),
    alsoNeeds: [
      without(oauth, '(withAuthMethod(members), documentAuthMethods)', '(withAuthMethod(members))'),
    ],
    async run(_, house) {
      const { door } = await openWeb(house, (url) =>
        documentOf(url, { token_endpoint_auth_method: 'client_secret_post' }),
      )
      return succeededIf(await accepts(door, evilId))
    },
  },
]

const nested: readonly Attack[] = [
  {
    name: 'a document nested so deeply that it can be read and not be written down',
    source: 'RFC 8259 §9 (depth); draft-ietf-oauth-client-id-metadata-document-01 §6.6',
    guard: without(server, 'document: kept,', 'document: document as Record<string, unknown>,'),
    async run(_, house) {
      const memory = house.memoryStorage()
      const storage: Storage = {
        ...memory,
        // As every engine that keeps text does.
        saveClientDocument: (record) => memory.saveClientDocument(JSON.parse(JSON.stringify(record))),
      }
      const deep = `${'['.repeat(7000)}${']'.repeat(7000)}`
      const outboundFetch = async (url: string) => ({
        status: 200,
        headers: new Headers({ 'content-type': 'application/json' }),
        text: (await documentOf(url).text()).replace('{', `{"x":${deep},`),
      })
      const door = await house.openDoor({ storage, outboundFetch })
      const link = authorizeUrl(door, evilId, pkce().challenge, { redirect_uri: evilCallback })
      return succeededIf((await door.fetch(link)).status >= 500)
    },
  },
]

const addresses: readonly Attack[] = [
  {
    name: '[CIMD-01] a client id that shows the name of an honest site before an @',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §3; RFC 3986 §7.6',
    guard: without(
      'oauth/client-id-metadata-document.ts',
      "if (url.username !== '' || url.password !== '')",
      'if (false)',
    ),
    run: async (_, house) => succeededIf(await anyAsked(house, ['https://claude.ai@evil.example/client'])),
  },
  {
    name: '[CIMD-01] a client id with dot segments, which two parsers read as two documents',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §3',
    guard: without(oauth, String.raw`if (/\/(?:\.|%2e){1,2}(?:\/|$|\?)/i.test(clientId))`, 'if (false)'),
    run: async (_, house) =>
      succeededIf(
        await anyAsked(house, [
          'https://honest.example/users/../client',
          'https://honest.example/%2E%2e/client',
        ]),
      ),
  },
  {
    name: '[CIMD-01] a client id with blanks and backslashes, which a URL parser mends silently',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §3; RFC 3986 §2',
    guard: without(oauth, String.raw`if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(clientId))`, 'if (false)'),
    run: async (_, house) =>
      succeededIf(
        await anyAsked(house, [
          'https://evil.example/a\\b',
          'https://evil.example/cli\tent',
          'https://evil.example/ü',
        ]),
      ),
  },
  {
    name: '[CIMD-01] a whole site as a client id',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §3',
    guard: without(oauth, "if (url.pathname === '/' || url.pathname === '')", 'if (false)'),
    run: async (_, house) =>
      succeededIf(await anyAsked(house, ['https://evil.example', 'https://evil.example/'])),
  },
]

const caches: readonly Attack[] = [
  {
    name: '[CIMD-09] a document planted for an hour that is to be believed for a year',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §4.4; RFC 9111 §4.2.4',
    guard: without(
      oauth,
      'return Math.min(documentFreshness.maximumSeconds,',
      'return Math.min(Number.MAX_SAFE_INTEGER,',
    ),
    async run(_, house) {
      let isPlanted = true
      const { door } = await openWeb(house, (url) => {
        const response = isPlanted
          ? documentOf(url)
          : documentOf(url, { redirect_uris: ['https://honest.example/cb'] })
        response.headers.set('cache-control', 'max-age=31536000, immutable')
        return response
      })
      await accepts(door, 'https://honest.example/client')
      isPlanted = false
      door.clock.now += 3 * 86_400
      return succeededIf(await accepts(door, 'https://honest.example/client'))
    },
  },
  {
    name: '[CIMD-02] a document that its owner has withdrawn',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §4.4; RFC 5861 §4 (stale-if-error is for 5xx)',
    guard: without(
      server,
      "const isUsable = use === 'to-go-on' || !(error instanceof DocumentWithdrawn)",
      'const isUsable = true',
    ),
    async run(_, house) {
      let status = 200
      const { door } = await openWeb(house, (url) =>
        status === 200 ? documentOf(url) : new Response('gone', { status }),
      )
      await accepts(door, evilId)
      door.clock.now += 2 * 86_400
      return succeededIf(
        await anyOf([404, 410], (next) => {
          status = next
          return accepts(door, evilId)
        }),
      )
    },
  },
  {
    name: 'a thousand client ids at once, to keep every connection of ours busy',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6.6; RFC 6819 §4.4.1.11',
    guard: without(server, 'if (documentFetches.size >= maximumDocumentFetches)', 'if (false)'),
    async run(_, house) {
      const { door, asked } = await openWeb(
        house,
        () => new Promise<Response>((_, reject) => setTimeout(reject, 50)),
      )
      const ids = Array.from({ length: 60 }, (_, index) => `https://evil.example/${index}`)
      await Promise.all(ids.map((id) => accepts(door, id)))
      return succeededIf(asked.length >= 60)
    },
  },
  {
    name: 'one client id asked for a hundred times at once, to make us ask its host a hundred times',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6.6 (amplification)',
    guard: without(server, 'if (running !== undefined) return running'),
    async run(_, house) {
      const { door, asked } = await openWeb(house, async (url) => {
        await later(30)
        return documentOf(url)
      })
      await Promise.all(Array.from({ length: 100 }, () => accepts(door, evilId)))
      return succeededIf(asked.length >= 50)
    },
  },
]

function later(delayMs: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), delayMs))
}

/** A blank every few milliseconds until it is told to stop. */
function drip(signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      await later(5)
      if (signal?.aborted === true) controller.error(signal.reason)
      else controller.enqueue(new Uint8Array([0x20]))
    },
  })
}

export const documentAttacks: readonly Attack[] = [
  ...networks,
  ...names,
  ...answers,
  ...nested,
  ...addresses,
  ...caches,
]
