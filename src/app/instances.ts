/** This instance among others on the same records: it beats, knows whose processes live where, and passes calls there, each sealed and checked (house rule 13). */

import { readCapped } from '../gateway/body.ts'
import type { Elsewhere, PassedCall } from '../gateway/elsewhere.ts'
import { failureResponse } from '../gateway/upstream.ts'
import type { JsonRpcMessage } from '../mcp/json-rpc.ts'
import { type BoundedMap, createBoundedMap } from '../platform/bounded-map.ts'
import type { Clock } from '../platform/clock.ts'
import { equalInConstantTime, hashToken, type Random, randomId, type TokenHash } from '../platform/crypto.ts'
import type { InstanceRecord, InstanceStorage } from '../storage/storage.ts'
import { type Envelope, maximumEnvelopeBytes, openCall, proofOf, sealCall } from './sealed-envelope.ts'

export interface InstancesOptions {
  /** Where the others reach this one, such as `http://10.0.0.5:8788`. */
  address: string
  /** Every instance has the same. */
  key: Uint8Array
  storage: InstanceStorage
  /** To the others; without a time limit, because a stream may be silent for long. */
  send: typeof fetch
  /** The origin in whose name the passed requests were made. */
  origin: string
  clock: Clock
  random: Random
  /** Of a request that is passed on. */
  bodyBytes: number
  /** The instance could not say that it lives. */
  onMissedBeat(reason: string): void
}

export interface Instances extends Elsewhere {
  /** For the listener that only the other instances reach: a passed request, or what has to be said instead. */
  receive(request: Request): Promise<PassedRequest | Response>
  close(): Promise<void>
}

export interface PassedRequest {
  request: Request
  tokenHash: TokenHash
  /** The answer with the proof that one of us gave it. */
  prove(response: Response): Response
}

const beatMs = 2_000
/** Who is silent for so long is dead: five beats, since a busy database may swallow one. */
const deadSeconds = 10
/** So long nobody looks again where a caller's processes live. */
const knownHomeMs = 2_000
const maximumKnownHomes = 20_000
/** A process is stopped after a quarter of an hour without a call; its home is kept for longer after the last claim. */
const homeSeconds = 86_400
/** Who uses a home claims it again this often, so that it does not end under a process that is used. */
const claimedAgainSeconds = 3_600
/** Between the clocks of two instances, and on the way. */
const maximumAgeSeconds = 30
const maximumNonces = 200_000

interface KnownHome {
  home: InstanceRecord
  until: number
  claimedAt: number
}

export function createInstances(options: InstancesOptions): Instances {
  const { storage, clock, key, random } = options
  const self: InstanceRecord = { instanceId: randomId(random), address: options.address, beatAt: clock() }
  const homes: BoundedMap<string, KnownHome> = createBoundedMap(maximumKnownHomes)
  const nonces = createBoundedMap<string, true>(maximumNonces)
  let first: Promise<void> | undefined = beat()

  async function beat(): Promise<void> {
    self.beatAt = clock()
    await storage.beatInstance({ ...self }).catch(missed)
  }

  function missed(error: unknown): void {
    options.onMissedBeat(error instanceof Error ? error.message : String(error))
  }

  const timer = setInterval(() => void beat(), beatMs)
  // On Node a timer keeps the process alive; elsewhere it is a number and keeps nothing.
  if (typeof timer === 'object') timer.unref()

  async function homeOf(callerKey: string, gone?: string): Promise<InstanceRecord> {
    await first
    first = undefined
    const now = clock()
    const known = gone === undefined ? homes.get(callerKey) : undefined
    const claimed = known !== undefined && known.claimedAt > now - claimedAgainSeconds ? known : undefined
    if (claimed !== undefined && claimed.until > performance.now()) return claimed.home
    const callerHash = hashToken(callerKey)
    const standing = claimed && (await storage.findHome(callerHash))
    const isAlive = standing !== undefined && standing.beatAt >= now - deadSeconds
    const claim = {
      callerHash,
      claimant: self,
      aliveSince: now - deadSeconds,
      gone,
      expiresAt: now + homeSeconds,
    }
    const home = isAlive ? standing : await storage.claimHome(claim)
    const claimedAt = isAlive && claimed !== undefined ? claimed.claimedAt : now
    homes.set(callerKey, { home, until: performance.now() + knownHomeMs, claimedAt })
    return home
  }

  async function send(
    home: InstanceRecord,
    call: PassedCall,
    body: Uint8Array,
  ): Promise<Response | 'gone' | 'lost'> {
    const envelope: Envelope = {
      to: home.instanceId,
      method: call.request.method,
      url: pathOf(call.request),
      headers: passedHeaders(call.request.headers),
      tokenHash: call.tokenHash,
      at: clock(),
      nonce: randomId(random),
    }
    const sealed = sealCall(key, envelope, body)
    try {
      const response = await options.send(home.address + passedPath, {
        method: 'POST',
        headers: { [macHeader]: sealed.mac, 'content-type': 'application/octet-stream' },
        body: sealed.bytes,
        signal: call.request.signal,
      })
      const proof = response.headers.get(macHeader) ?? ''
      if (equalInConstantTime(proof, proofOf(key, envelope.nonce))) return withoutHopHeaders(response)
      // Somebody else has its address now, or it is another one of us, or its clock is not ours.
      await response.body?.cancel()
      return 'gone'
    } catch (error) {
      if (call.request.signal.aborted) throw error
      return neverArrived(error) ? 'gone' : 'lost'
    }
  }

  return {
    async passOn(call) {
      let home = await homeOf(call.callerKey)
      if (home.instanceId === self.instanceId) return call.request
      const body = await readCapped(call.request, call.bodyBytes)
      for (let attempt = 0; attempt < maximumAttempts && home.instanceId !== self.instanceId; attempt++) {
        const answer = await send(home, call, body)
        if (answer instanceof Response) return answer
        home = await homeOf(call.callerKey, home.instanceId)
        // It may have been done there, so it is not done again.
        if (answer === 'lost') return lostAnswer(body)
      }
      return rebuilt(call.request, body)
    },
    async receive(request) {
      const bytes = await readCapped(request, options.bodyBytes + maximumEnvelopeBytes)
      const isPlace = request.method === 'POST' && new URL(request.url).pathname === passedPath
      const mac = request.headers.get(macHeader) ?? ''
      const opened = isPlace ? openCall(key, { mac, bytes }) : undefined
      const fault = opened === undefined ? 'not sealed by one of us' : faultOf(opened.envelope)
      if (opened === undefined || fault !== undefined) return new Response(fault, { status: 421 })
      const { envelope, body } = opened
      nonces.set(envelope.nonce, true)
      const { method, url, headers, tokenHash } = envelope
      const passed = new Request(options.origin + url, {
        method,
        headers,
        signal: request.signal,
        ...(body.byteLength === 0 ? {} : { body: body as Uint8Array<ArrayBuffer> }),
      })
      return {
        request: passed,
        tokenHash: tokenHash as TokenHash,
        prove(response) {
          const headers = new Headers([...response.headers])
          headers.set(macHeader, proofOf(key, envelope.nonce))
          return new Response(response.body, { status: response.status, headers })
        },
      }
    },
    async close() {
      clearInterval(timer)
      // Where it cannot say so, the others find out, and the rest is closed all the same.
      await storage.removeInstance(self.instanceId).catch(missed)
    },
  }

  function faultOf(envelope: Envelope): string | undefined {
    if (envelope.to !== self.instanceId) return 'for another instance'
    if (Math.abs(clock() - envelope.at) > maximumAgeSeconds) return 'too old'
    if (nonces.get(envelope.nonce) !== undefined) return 'a second time'
    return undefined
  }
}

const maximumAttempts = 2
const passedPath = '/passed'
const macHeader = 'x-postern-mac'

/** What opened the door here stays here; the other instance looks the person up by the hash. */
const keptBack: ReadonlySet<string> = new Set([
  'authorization',
  'dpop',
  'cookie',
  'connection',
  'content-length',
  'transfer-encoding',
  'expect',
])

function passedHeaders(headers: Headers): [string, string][] {
  return [...headers].filter(([name]) => !keptBack.has(name))
}

function pathOf(request: Request): string {
  const { pathname, search } = new URL(request.url)
  return pathname + search
}

const hopHeaders = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date', macHeader]

function withoutHopHeaders(response: Response): Response {
  const headers = new Headers([...response.headers])
  for (const name of hopHeaders) headers.delete(name)
  return new Response(response.body, { status: response.status, headers })
}

/** No connection could be made, so nothing was done there. */
function neverArrived(error: unknown): boolean {
  const { cause } = error as { cause?: unknown }
  const codes = [error, cause].map((one) => (one as { code?: unknown } | undefined)?.code)
  return codes.some((code) => typeof code === 'string' && unreachable.has(code))
}

const unreachable: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EHOSTDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
])

function lostAnswer(body: Uint8Array): Response {
  const says = 'The instance on which your MCP server runs went away before it answered. Try again.'
  const value = readMessages(new TextDecoder().decode(body))
  return failureResponse(
    Array.isArray(value) ? value : value === undefined ? [] : [value],
    Array.isArray(value),
    says,
  )
}

function readMessages(text: string): JsonRpcMessage | JsonRpcMessage[] | undefined {
  try {
    return JSON.parse(text) as JsonRpcMessage | JsonRpcMessage[]
  } catch {
    return undefined
  }
}

function rebuilt(request: Request, body: Uint8Array): Request {
  return new Request(request.url, {
    method: request.method,
    headers: [...request.headers],
    signal: request.signal,
    ...(body.byteLength === 0 ? {} : { body: body as Uint8Array<ArrayBuffer> }),
  })
}
