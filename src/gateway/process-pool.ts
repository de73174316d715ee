/** Which process of a command serves which caller: started by the first request, shared by one caller's sessions, replaced when it dies, stopped when idle (house rule 1). */

import {
  formatRpcError,
  isRequest,
  isResponse,
  type JsonRpcRequest,
  type JsonRpcResponse,
  jsonRpcCodes,
} from '../mcp/json-rpc.ts'
import { replaceValue } from '../mcp/json-text.ts'
import type { Era } from '../mcp/protocol-version.ts'
import { discoverRequest, modernRefusal, modernStatus, supportedVersions } from './command-era.ts'
import { defaultUpstreamLimits, type UpstreamLimits } from './limits.ts'
import { messagesWithTexts } from './message-texts.ts'
import { clientOpening, initialized, type Opening, silentOpening } from './opening.ts'
import type { Peer, PeerCall, PeerListener } from './peer.ts'
import { createReply, jsonResponse, nothingWaits, openEventSink } from './reply.ts'
import { createRestarts, type RestartLimits } from './restarts.ts'
import { noteResultSize } from './result-size.ts'
import {
  failureResponse,
  type OpenedSession,
  type Upstream,
  type UpstreamCall,
  type UpstreamCaller,
  UpstreamFailure,
} from './upstream.ts'

export interface ProcessLimits extends UpstreamLimits, RestartLimits {
  /** Processes at one time. When they are all there, the one that is idle longest makes room. */
  maximumProcesses: number
  /** A process without a call or an open stream is stopped after this. */
  idleMs: number
  /** From its start to the answer to `initialize`; `npx` may have to download first. */
  startDeadlineMs: number
  /** How long `server/discover` may go unanswered until the command counts as one that does not know it. */
  probeDeadlineMs: number
  /** How long that verdict is kept if the command gave it, and if it merely said nothing. */
  verdictMs: number
  silentVerdictMs: number
}

export const defaultProcessLimits: ProcessLimits = {
  ...defaultUpstreamLimits,
  maximumProcesses: 32,
  idleMs: 15 * 60_000,
  startDeadlineMs: 120_000,
  probeDeadlineMs: 10_000,
  verdictMs: 3_600_000,
  silentVerdictMs: 60_000,
  freeRestarts: 3,
  backoffMs: 1000,
  maximumBackoffMs: 60_000,
}

/** A command that runs, or ran, for one caller; or what is as good as one, such as a connection. */
export interface ServerProcess {
  readonly peer: Peer
  isRunning(): boolean
  /** Its input is full: it takes nothing more for now. */
  isCongested(): boolean
  /** What it died of, as a sentence for the person who reads the client's error. */
  diedOf(): string | undefined
  readonly ended: Promise<void>
  /** It did not end by itself. */
  wasStopped(): boolean
  stop(reason: string): Promise<void>
}

export interface ProcessPoolOptions {
  /** For events. */
  name: string
  /** For messages: how a person is told of it, at the beginning of a sentence. */
  subject: string
  start(caller: UpstreamCaller, listeners: () => readonly PeerListener[]): ServerProcess
  limits: ProcessLimits
}

export function createProcessPool(options: ProcessPoolOptions): Upstream {
  const { name, subject, limits } = options
  /** By caller, era, version and capabilities. */
  const pool = new Map<string, Promise<Member>>()
  /** Started for a probe that showed a legacy command, and not initialized yet; by caller. */
  const spares = new Map<string, Member>()
  const members = new Set<Member>()
  const listeners = new Map<string, PeerListener[]>()
  const openSinks = new Set<() => void>()
  const restarts = createRestarts(limits)
  let verdict: Verdict | undefined
  let probing: Promise<Verdict> | undefined
  let sweeper: ReturnType<typeof setInterval> | undefined
  let isClosed = false

  /* Which process */

  async function memberFor(call: UpstreamCall): Promise<Member> {
    const { caller, session } = call
    if (session === undefined) return modernMember(caller)
    const member =
      (session.key === '' ? await latestOf(caller) : undefined) ??
      (await legacyMember(caller, silentOpening(session)))
    // Once, and before anything else that this process hears after its initialize.
    if (!member.isGreeted) member.process.peer.notify(initialized, JSON.stringify(initialized), '')
    member.isGreeted = true
    return member
  }

  /** For requests that came without a session: whatever this caller used last. */
  async function latestOf(caller: UpstreamCaller): Promise<Member | undefined> {
    const found = [...pool].findLast(([key]) => key.startsWith(poolKey(caller, 'legacy')))?.[1]
    const member = await found?.catch(() => undefined)
    return member?.process.isRunning() ? member : undefined
  }

  async function legacyMember(caller: UpstreamCaller, opening: Opening): Promise<Member> {
    const key = poolKey(caller, 'legacy', opening.protocolVersion, opening.capabilities)
    const member = await pooled(key, async () => {
      const probed = await initializeSpare(caller, opening)
      return probed ?? initializeMember(start(caller), opening)
    })
    // Sessions remember what was negotiated, which may be another version than was asked for.
    pool.set(poolKey(caller, 'legacy', member.protocolVersion, opening.capabilities), Promise.resolve(member))
    return member
  }

  /** The process that was probed; if it dies of it, another is started instead. */
  async function initializeSpare(caller: UpstreamCaller, opening: Opening): Promise<Member | undefined> {
    const spare = spares.get(caller.key)
    spares.delete(caller.key)
    if (!spare?.process.isRunning()) return undefined
    return initializeMember(spare, opening).catch((error: unknown) => {
      if (spare.process.diedOf() !== undefined && !(error instanceof InitializeRefused)) return undefined
      throw error
    })
  }

  function modernMember(caller: UpstreamCaller): Promise<Member> {
    return pooled(poolKey(caller, 'modern'), async () => start(caller))
  }

  /** One process for each key, however many ask at once; an opening that failed, or a process that ended, is forgotten. */
  async function pooled(key: string, open: () => Promise<Member>): Promise<Member> {
    const known = await pool.get(key)?.catch(() => undefined)
    if (known?.process.isRunning()) return known
    // Whoever waited for the same failure may have opened another meanwhile.
    const current = pool.get(key)
    if (current !== undefined && (await isUsable(current))) return current
    const opening = open()
    pool.set(key, opening)
    opening.catch(() => pool.get(key) === opening && pool.delete(key))
    return opening
  }

  async function isUsable(entry: Promise<Member>): Promise<boolean> {
    const member = await entry.catch(() => undefined)
    return member?.process.isRunning() === true
  }

  /* Starting and stopping */

  function start(caller: UpstreamCaller): Member {
    if (isClosed) throw new UpstreamFailure('Postern is shutting down.')
    const obstacle = restarts.findObstacle(caller.key)
    if (obstacle !== undefined) {
      throw new UpstreamFailure(
        `${obstacle.sentence} It is started again in ${obstacle.waitSeconds} seconds at the earliest.`,
      )
    }
    makeRoom()
    const process = options.start(caller, () => listeners.get(caller.key) ?? [])
    const member: Member = {
      process,
      caller,
      protocolVersion: '',
      initializeAnswer: '',
      isGreeted: false,
      hasAnswered: false,
      lastUsedAt: performance.now(),
    }
    members.add(member)
    sweeper ??= setInterval(stopIdle, Math.min(limits.idleMs, 30_000))
    void process.ended.then(() => forget(member))
    return member
  }

  function forget(member: Member): void {
    members.delete(member)
    const { process, caller } = member
    if (!member.hasAnswered && !process.wasStopped()) restarts.failed(caller.key, process.diedOf() ?? subject)
    if (spares.get(member.caller.key) === member) spares.delete(member.caller.key)
    for (const [key, entry] of pool) {
      void entry.then(
        (other) => other === member && pool.get(key) === entry && pool.delete(key),
        () => {},
      )
    }
    if (members.size > 0) return
    clearInterval(sweeper)
    sweeper = undefined
  }

  function makeRoom(): void {
    if (members.size < limits.maximumProcesses) return
    const idle = [...members].filter(({ process }) => process.peer.callsInFlight() === 0)
    const longest = idle.sort((a, b) => a.lastUsedAt - b.lastUsedAt)[0]
    if (longest === undefined) {
      throw new UpstreamFailure('Too many people use this connector at once. Try again in a minute.')
    }
    members.delete(longest)
    void longest.process.stop('made room for another')
  }

  function stopIdle(): void {
    const longAgo = performance.now() - limits.idleMs
    for (const { process, caller, lastUsedAt } of members) {
      const isListenedTo = listeners.has(caller.key)
      const isBusy = process.peer.callsInFlight() > 0 || isListenedTo
      if (!isBusy && lastUsedAt < longAgo) void process.stop('idle')
    }
  }

  async function initializeMember(member: Member, opening: Opening): Promise<Member> {
    const answer = await ask(member, opening.text, limits.startDeadlineMs)
    if (answer?.response.result !== undefined) {
      const version = answer.response.result.protocolVersion
      member.protocolVersion = typeof version === 'string' ? version : opening.protocolVersion
      member.initializeAnswer = answer.text
      return member
    }
    const diedOf = member.process.diedOf()
    if (diedOf !== undefined) throw new UpstreamFailure(diedOf)
    void member.process.stop('did not initialize')
    if (answer === undefined) throw new UpstreamFailure(`${subject} did not answer initialize in time.`)
    throw new InitializeRefused(`${subject} refused to initialize.`, answer.text)
  }

  /* Which era */

  /** Which stateless revisions the command knows: asked once, of a process that the caller needs anyway. */
  async function commandVersions(caller: UpstreamCaller): Promise<readonly string[]> {
    if (verdict !== undefined && verdict.until > performance.now()) return verdict.modernVersions
    probing ??= probe(caller).finally(() => {
      probing = undefined
    })
    verdict = await probing
    return verdict.modernVersions
  }

  async function probe(caller: UpstreamCaller): Promise<Verdict> {
    const member = start(caller)
    const answer = await ask(member, discoverRequest, limits.probeDeadlineMs)
    const modernVersions = supportedVersions(answer?.response)
    const isItsWord = answer !== undefined && member.process.isRunning()
    if (modernVersions.length > 0) pool.set(poolKey(caller, 'modern'), Promise.resolve(member))
    else if (member.process.isRunning()) spares.set(caller.key, member)
    const lastsMs = isItsWord ? limits.verdictMs : limits.silentVerdictMs
    return { modernVersions, until: performance.now() + lastsMs }
  }

  /* Calls */

  async function post(call: UpstreamCall): Promise<Response> {
    if (call.era === 'modern') {
      const refusal = modernRefusal(call, await commandVersions(call.caller), subject)
      if (refusal !== undefined) return refusal
    }
    const member = await memberFor(call)
    if (member.process.isCongested()) {
      throw new UpstreamFailure(`${subject} does not keep up with its calls. Try again in a moment.`)
    }
    return exchange(call, member)
  }

  /** Sends each message of the body, and answers with what comes back. */
  function exchange(call: UpstreamCall, member: Member): Promise<Response> | Response {
    const { peer } = member.process
    const sessionKey = call.session?.key ?? ''
    const isModern = call.era === 'modern'
    const expected = call.messages.filter(isRequest).length
    const calls: PeerCall[] = []
    const cancelAll = (): void => {
      for (const one of calls) peer.cancel(one)
    }
    const reply = createReply({
      expected,
      batch: call.batch,
      wantsEventStream: call.wantsEventStream,
      limits,
      // Hanging up cancels in the stateless era only (requirement GW-12).
      onGone: isModern ? cancelAll : () => {},
    })
    if (isModern) call.signal?.addEventListener('abort', cancelAll, { once: true })
    member.lastUsedAt = performance.now()
    let isUnwanted = false
    for (const [message, text] of messagesWithTexts(call)) {
      if (isResponse(message)) {
        isUnwanted = !peer.answer(message, text) || isUnwanted
      } else if (!isRequest(message)) {
        if (message.method !== initialized.method) peer.notify(message, text, sessionKey)
      } else {
        const one = withDeadline(member, call.caller, limits.callDeadlineMs, {
          request: message,
          text,
          sessionKey,
          tell: reply.tell,
          settle(answer, response) {
            member.lastUsedAt = performance.now()
            noteAnswer(member)
            noteResultSize(call, answer.length)
            reply.answer(answer, isModern ? modernStatus(response) : 200)
          },
          abandon: reply.abandon,
        })
        calls.push(one)
        peer.call(one)
      }
    }
    if (expected > 0) return reply.response
    return isUnwanted ? nothingWaits() : new Response(null, { status: 202 })
  }

  /** Its own, not one that was made for it when it ended. */
  function noteAnswer(member: Member): void {
    if (member.hasAnswered || !member.process.isRunning()) return
    member.hasAnswered = true
    restarts.answered(member.caller.key)
  }

  /** A request of our own, and its answer; undefined when the time is up. */
  function ask(member: Member, text: string, deadlineMs: number): Promise<Answer | undefined> {
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>()
    const timer = setTimeout(() => {
      member.process.peer.cancel(call)
      resolve(undefined)
    }, deadlineMs)
    const call: PeerCall = {
      request: JSON.parse(text) as JsonRpcRequest,
      text,
      sessionKey: '',
      tell: () => false,
      settle(answer, response) {
        clearTimeout(timer)
        noteAnswer(member)
        resolve({ text: answer, response })
      },
      abandon: () => {},
    }
    member.process.peer.call(call)
    return promise
  }

  function withDeadline(
    member: Member,
    caller: UpstreamCaller,
    deadlineMs: number,
    call: PeerCall,
  ): PeerCall {
    const timer = setTimeout(() => {
      member.process.peer.cancel(limited)
      const seconds = Math.round(deadlineMs / 1000)
      const late = `${subject} did not answer within ${seconds} seconds, so the call was cancelled.`
      caller.emit('upstream.failed', { reason: late })
      const response = formatRpcError(call.request.id, jsonRpcCodes.serverError, late)
      call.settle(JSON.stringify(response), response)
    }, deadlineMs)
    const limited: PeerCall = {
      ...call,
      settle(text, response) {
        clearTimeout(timer)
        call.settle(text, response)
      },
      abandon() {
        clearTimeout(timer)
        call.abandon()
      },
    }
    return limited
  }

  /** A failure of the command becomes a JSON-RPC error; anything else is a fault of ours and goes on. */
  async function answered(call: UpstreamCall, work: () => Promise<Response>): Promise<Response> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error
      call.caller.emit('upstream.failed', { reason: error.message })
      return failureResponse(call.messages, call.batch, error.message)
    }
  }

  return {
    name,
    async initialize(call) {
      let opened: OpenedSession['opened']
      const response = await answered(call, async () => {
        const [message] = call.messages
        if (message === undefined || !isRequest(message)) throw new TypeError('initialize is a request')
        const opening = legacyMember(call.caller, clientOpening(message, call.text))
        const member = await withinTime(opening, limits.openDeadlineMs, subject).catch((error: unknown) => {
          if (error instanceof InitializeRefused) return error
          throw error
        })
        if (member instanceof InitializeRefused) {
          return jsonResponse(replaceValue(member.answer, ['id'], message.id))
        }
        opened = { protocolVersion: member.protocolVersion, upstreamSessionId: undefined, isForgetful: false }
        return jsonResponse(replaceValue(member.initializeAnswer, ['id'], message.id))
      })
      return { response, opened }
    },
    post: (call) => answered(call, () => post(call)),
    async listen({ caller, session, signal }, onEnd) {
      const sink = openEventSink(limits, () => {
        openSinks.delete(sink.end)
        const rest = (listeners.get(caller.key) ?? []).filter((other) => other !== listener)
        if (rest.length > 0) listeners.set(caller.key, rest)
        else listeners.delete(caller.key)
        onEnd()
      })
      const listener: PeerListener = { sessionKey: session?.key ?? '', send: sink.send }
      listeners.set(caller.key, [...(listeners.get(caller.key) ?? []), listener])
      openSinks.add(sink.end)
      signal?.addEventListener('abort', sink.end, { once: true })
      for (const member of members) if (member.caller.key === caller.key) member.process.peer.flush()
      return sink.response
    },
    async end() {
      // The process may serve other sessions of the same caller; it is stopped once it is idle.
    },
    async close() {
      isClosed = true
      for (const end of [...openSinks]) end()
      await Promise.all([...members].map(({ process }) => process.stop('Postern is shutting down')))
      clearInterval(sweeper)
    },
  }
}

interface Member {
  process: ServerProcess
  caller: UpstreamCaller
  protocolVersion: string
  /** The InitializeResult, for sessions that come later. */
  initializeAnswer: string
  /** It has had `notifications/initialized`. */
  isGreeted: boolean
  hasAnswered: boolean
  lastUsedAt: number
}

interface Verdict {
  /** Empty for a command of the handshake era. */
  modernVersions: readonly string[]
  until: number
}

interface Answer {
  text: string
  response: JsonRpcResponse
}

class InitializeRefused extends UpstreamFailure {
  readonly answer: string

  constructor(sentence: string, answer: string) {
    super(sentence)
    this.name = 'InitializeRefused'
    this.answer = answer
  }
}

/** Without a version it is the beginning of every key of that caller and era. */
function poolKey(
  caller: UpstreamCaller,
  era: Era,
  version?: string,
  capabilities?: Readonly<Record<string, unknown>>,
): string {
  const start = `${JSON.stringify(caller.key)} ${era} `
  return version === undefined ? start : `${start}${version} ${JSON.stringify(capabilities)}`
}

async function withinTime<T>(work: Promise<T>, deadlineMs: number, subject: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const late = new UpstreamFailure(`${subject} is still starting. Try again in a moment.`)
  const timer = setTimeout(() => reject(late), deadlineMs)
  return Promise.race([work, promise]).finally(() => clearTimeout(timer))
}
