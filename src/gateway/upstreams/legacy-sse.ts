/** An MCP server at a URL that speaks HTTP+SSE: one stream for all that it says, one address for all that it hears (MCP 2024-11-05, transports, "HTTP with SSE"). */

import { CredentialLost } from '../../credentials/caller-credential.ts'
import { readServerSentEvents } from '../../mcp/event-stream.ts'
import { formatRpcError, isRequest, type JsonRpcMessage, jsonRpcCodes } from '../../mcp/json-rpc.ts'
import { pipeEventStream } from '../event-relay.ts'
import {
  type Destination,
  discard,
  exchange,
  mediaType,
  type SendExchange,
  sendTo,
  theServer,
} from '../http-exchange.ts'
import { createPeer, type PeerListener } from '../peer.ts'
import {
  createProcessPool,
  defaultProcessLimits,
  type ProcessLimits,
  type ServerProcess,
} from '../process-pool.ts'
import { type Upstream, type UpstreamCaller, UpstreamFailure } from '../upstream.ts'

export interface LegacySseUpstreamOptions {
  /** Of the stream: redirects are not followed. */
  url: string
  /** Sent with every request, for example the operator's own credential. */
  headers?: Readonly<Record<string, string>> | undefined
  fetch?: typeof fetch | undefined
  /** For addresses that people name as their own. */
  guardedFetch?: typeof fetch | undefined
  limits?: Partial<ProcessLimits> | undefined
  /** It offered no such stream: it may be another kind of server by now. */
  onNoStream?: (() => void) | undefined
}

/** Connections are pooled as processes are: one for each caller, opened by the first request, closed when idle. */
export function legacySseUpstream(options: LegacySseUpstreamOptions): Upstream {
  const limits: ProcessLimits = { ...defaultProcessLimits, ...connectionLimits, ...options.limits }
  return createProcessPool({
    name: new URL(options.url).host,
    subject: theServer,
    limits,
    start: (caller, listeners) => openConnection({ ...options, limits, caller, listeners }),
  })
}

/** A connection costs less than a process, and is tried again sooner. */
const connectionLimits = { maximumProcesses: 1024, maximumBackoffMs: 4000 } as const

/** Whether a URL offers the stream, with the address to write to as its first event (MCP 2025-11-25, transports, "Backwards Compatibility"). */
export async function offersHttpSse(
  destination: Destination,
  headers: Headers,
  deadlineMs: number,
): Promise<boolean> {
  const aborter = new AbortController()
  const timer = setTimeout(() => aborter.abort(), deadlineMs)
  try {
    headers.set('accept', 'text/event-stream')
    const get = { method: 'GET', headers, body: undefined, signal: aborter.signal } as const
    const response = await sendTo(destination)(get)
    if (!isStream(response)) {
      await discard(response)
      return false
    }
    for await (const { event } of readServerSentEvents(response.body, maximumEndpointCharacters)) {
      return event === 'endpoint'
    }
    return false
  } catch {
    return false
  } finally {
    clearTimeout(timer)
    aborter.abort()
  }
}

const maximumEndpointCharacters = 65_536

interface ConnectionOptions extends LegacySseUpstreamOptions {
  limits: ProcessLimits
  caller: UpstreamCaller
  listeners: () => readonly PeerListener[]
}

function openConnection(options: ConnectionOptions): ServerProcess {
  const { limits, caller } = options
  const { credential } = caller
  const destination: Destination = {
    url: options.url,
    send: options.fetch ?? fetch,
    headers: options.headers,
    guardedSend: options.guardedFetch,
  }
  const startedAt = performance.now()
  const aborter = new AbortController()
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const { promise: endpoint, resolve: knowEndpoint } = Promise.withResolvers<URL>()
  /** Of this caller, who may have an address of their own. */
  let streamUrl = options.url
  let diedOf: string | undefined
  let stopping: string | undefined
  let isOver = false
  let unsentCharacters = 0
  /** The server has taken what was written before, or had time to. */
  let order: Promise<unknown> = endpoint

  const peer = createPeer({
    write(line) {
      if (isOver) return
      unsentCharacters += line.length
      const sent = order
        .then(() => deliver(line))
        .finally(() => {
          unsentCharacters -= line.length
        })
      order = Promise.race([sent, pause(orderMs)])
    },
    listeners: options.listeners,
    shared: caller.shared,
    onStray: (reason) => caller.emit('upstream.stderr', { code: 'stream', reason }),
  })

  function finish(how: string): void {
    if (isOver) return
    isOver = true
    diedOf = stopping === undefined ? how : `The connection to ${theServer} was closed: ${stopping}.`
    aborter.abort()
    caller.emit('upstream.exited', {
      code: 'stream',
      reason: stopping ?? how,
      durationMs: Math.round(performance.now() - startedAt),
    })
    if (stopping === undefined && peer.callsInFlight() > 0) caller.emit('upstream.failed', { reason: how })
    peer.fail(diedOf)
    end()
  }

  /** The answer comes on the stream; only a refusal is told here. */
  async function deliver(line: string): Promise<void> {
    if (isOver) return
    try {
      const headers = new Headers({ 'content-type': 'application/json' })
      const body = new TextEncoder().encode(line)
      const deadlineMs = limits.callDeadlineMs
      const url = (await endpoint).href
      const write: SendExchange = (one) =>
        sendTo({ ...destination, url })({ ...one, account: one.account && { ...one.account, url } })
      const response = await exchange(write, {
        method: 'POST',
        headers,
        body,
        deadlineMs,
        credential,
        signal: aborter.signal,
      })
      await discard(response)
      if (response.ok) return
      // The server does not know the connection any longer.
      if (response.status === 404 || response.status === 410) finish(brokeOff)
      else refuse(line, refusal(response.status))
    } catch (error) {
      if (!(error instanceof UpstreamFailure || error instanceof CredentialLost)) throw error
      finish(error.message)
    }
  }

  /** As if the server had said so itself. */
  function refuse(line: string, sentence: string): void {
    const message = JSON.parse(line) as JsonRpcMessage
    if (!isRequest(message)) return
    caller.emit('upstream.failed', { reason: sentence })
    peer.receive(JSON.stringify(formatRpcError(message.id, jsonRpcCodes.serverError, sentence)))
  }

  async function listen(): Promise<void> {
    const headers = new Headers({ accept: 'text/event-stream', 'accept-encoding': 'identity' })
    streamUrl = (await credential?.current())?.account?.url ?? options.url
    const response = await exchange(sendTo(destination), {
      method: 'GET',
      headers,
      deadlineMs: limits.openDeadlineMs,
      credential,
      signal: aborter.signal,
    })
    if (!isStream(response)) {
      await discard(response)
      options.onNoStream?.()
      throw new UpstreamFailure(refusal(response.status))
    }
    const late = setTimeout(
      () => finish(`${theServer} did not say where to write to.`),
      limits.openDeadlineMs,
    )
    // Servers need not send anything for hours; the calls have their own deadlines.
    const patient = { ...limits, streamIdleMs: Number.POSITIVE_INFINITY }
    const stream = pipeEventStream(response.body, { limits: patient, signal: aborter.signal })
    try {
      for await (const { event, data } of readServerSentEvents(stream, limits.messageBytes)) {
        if (event === 'endpoint') {
          clearTimeout(late)
          knowEndpoint(endpointUrl(data, streamUrl))
          caller.emit('upstream.started', {})
        } else if (data !== '' && (event === undefined || event === 'message')) {
          peer.receive(data)
        }
      }
    } finally {
      clearTimeout(late)
    }
  }

  listen().then(
    () => finish(brokeOff),
    (error: unknown) =>
      finish(error instanceof UpstreamFailure || error instanceof CredentialLost ? error.message : brokeOff),
  )

  return {
    peer,
    isRunning: () => !isOver && stopping === undefined,
    isCongested: () => unsentCharacters > limits.messageBytes,
    diedOf: () => diedOf,
    ended,
    wasStopped: () => stopping !== undefined,
    async stop(reason) {
      stopping ??= reason
      finish(brokeOff)
      return ended
    },
  }
}

/** How long the next message waits for the server to have taken this one; slow servers take it when they have worked it off. */
const orderMs = 250

const brokeOff = `${theServer} broke off the connection. Try again in a moment.`

/** Credentials go with what is written, so it stays with the server that was configured (requirement HTTP-2024-11-05-06). */
function endpointUrl(data: string, streamUrl: string): URL {
  const url = URL.canParse(data, streamUrl) ? new URL(data, streamUrl) : undefined
  if (url !== undefined && url.origin === new URL(streamUrl).origin) return url
  throw new UpstreamFailure(
    `${theServer} wants messages to be sent to another server, which is not done. Its operator has to look.`,
  )
}

function refusal(status: number): string {
  if (status !== 401 && status !== 403) return `${theServer} answered HTTP ${status}.`
  return `${theServer} refused Postern (HTTP ${status}). Its operator has to give Postern a credential that it accepts.`
}

function isStream(response: Response): response is Response & { body: ReadableStream<Uint8Array> } {
  return response.ok && mediaType(response) === 'text/event-stream' && response.body !== null
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
