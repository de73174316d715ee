// The torture of refresh: many clients with bad luck, a server that is killed again and again, and a ledger for each family (docs/security.md rule 2).

import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { hashToken } from '../../src/platform/crypto.ts'
import { connect, createBrowser, type OpenDoor } from '../door.ts'
import { type Chance, createChance } from './chance.ts'
import { createLedger, type Ledger, type Tokens } from './ledger.ts'
import type { ServedDoor } from './served-door.ts'
import { type Answer, createExchanges, type Exchanges, type Lost, type Manners } from './token-exchange.ts'

export interface TortureOptions {
  door: ServedDoor
  seed: string
  clients: number
  /** Generations to be reached by all clients together. */
  refreshes: number
  kills: number
  /** Called now and then, with a sentence. */
  progress?(says: string): void
}

export interface TortureReport {
  /** Each a sentence; none, if the server kept rule 2 and its word. */
  violations: string[]
  counts: Record<Count, number>
}

const countNames = [
  'refreshes',
  'requests',
  'kills',
  'rounds',
  'concurrent doubles',
  'dropped, repeated at once',
  'dropped, repeated after the clock moved',
  'slow readers',
  'slow writers',
  'answers lost to a kill',
  'replays within rule 2, answered alike',
  'strangers refused',
  'late replays refused',
  'families compared',
] as const
type Count = (typeof countNames)[number]

const stepsPerRound = 5
/** A family is sacrificed to a late replay in so many rounds' time; beyond these none is left. */
const victimsPerRound = 4
/** Nobody goes on for ever against a server that does not answer. */
const maximumAttempts = 30
const retryMs = 20
/** A replay is only sent if the grace is open for at least so much longer, which an attempt cannot outlast. */
const replayMarginSeconds = 15

export async function tortureRefresh(options: TortureOptions): Promise<TortureReport> {
  const { door, seed } = options
  const chance = createChance(seed)
  const counts = Object.fromEntries(countNames.map((name) => [name, 0])) as Record<Count, number>
  const violations: string[] = []
  const exchanges = createExchanges(door)
  const world: World = { door, exchanges, counts, violations, audited: new Set() }

  const rounds = Math.ceil(options.refreshes / (options.clients * stepsPerRound))
  const ledgers = await signIn(door, options.clients + victimsPerRound * (rounds - 1))
  const clients = ledgers.slice(0, options.clients)
  const victims = ledgers.slice(options.clients)
  const run = { isOver: false }
  const killing = killAgainAndAgain(world, chance.fork('kills'), options, run)
  const luck = clients.map((_, index) => chance.fork(`client ${index}`))
  const pending = new Set<Ledger>()
  const condemned: Condemned[] = []

  for (let round = 0; round < rounds; round++) {
    const jump = drawJump(chance)
    const mayStayPending = jump.kind !== 'days'
    const replays = condemned.splice(0).map((each) => replayLate(world, each, condemned))
    const shows = clients.map((ledger, index) => {
      const stranger = clients[(index + 1) % clients.length]
      return liveThrough(world, ledger, stranger, luck[index] ?? chance, pending, mayStayPending)
    })
    const fresh = round === rounds - 1 ? [] : victims.splice(0, victimsPerRound)
    const preparing = fresh.map((ledger, index) => condemn(world, ledger, index))
    await Promise.all([...replays, ...shows])
    condemned.push(...(await Promise.all(preparing)))
    counts.rounds += 1
    options.progress?.(
      `round ${round + 1} of ${rounds}: ${counts.refreshes} refreshes, ${counts.kills} kills, ${violations.length} violations; the clock moves ${Math.round(jump.seconds)} s`,
    )
    if (violations.length > 20) break
    await moveClock(world, run, jump.seconds)
  }
  await Promise.all(clients.map((ledger) => settleFamily(world, ledger)))
  run.isOver = true
  await killing
  await moveClock(world, run, 30 * 3600)
  for (const each of condemned.splice(0)) await replayLate(world, each, condemned)
  await Promise.all(clients.map((ledger) => settleFamily(world, ledger)))
  exchanges.close()
  await door.stop()
  compareWithDatabase(world, ledgers)
  checkLog(world, ledgers)
  return { violations, counts }
}

interface World {
  door: ServedDoor
  exchanges: Exchanges
  counts: Record<Count, number>
  violations: string[]
  /** Families whose end was told in the first answer: its audit event was written before. */
  audited: Set<Ledger>
}

/** Fewer than the door lets one person decide in a minute. */
const connectionsPerMinute = 40

/** One person, one browser, as many authorizations as there are clients; each client has an id of its own. */
async function signIn(door: ServedDoor, families: number): Promise<Ledger[]> {
  const { origin, mcpUrl } = door
  const send: OpenDoor['fetch'] = (path, init) =>
    fetch(new URL(path, origin), { redirect: 'manual', ...init })
  const open: OpenDoor = { origin, mcpUrl, fetch: send, browser: () => createBrowser(origin, send) }
  const browser = open.browser()
  const ledgers: Ledger[] = []
  for (let index = 0; index < families; index++) {
    const { clientId, accessToken, refreshToken } = await connect(open, { browser })
    ledgers.push(createLedger(clientId, { accessToken, refreshToken }))
    if (index % connectionsPerMinute === connectionsPerMinute - 1) await door.moveClock(61)
  }
  return ledgers
}

interface Run {
  isOver: boolean
  /** While the clock is moved nothing else may happen to the server. */
  moving?: Promise<void> | undefined
  killing?: Promise<void> | undefined
}

/** As many as were asked for, spread over the whole run, each at a moment of its own. */
async function killAgainAndAgain(
  { door, counts }: World,
  chance: Chance,
  { kills, refreshes }: TortureOptions,
  run: Run,
): Promise<void> {
  for (let kill = 0; kill < kills && !run.isOver; kill++) {
    const due = ((kill + chance.between(0, 1)) / kills) * refreshes
    while (counts.refreshes < due && !run.isOver) await wait(5)
    await wait(chance.between(0, 40))
    while (run.moving !== undefined) await run.moving
    counts.kills += 1
    run.killing = door.killAndRestart()
    await run.killing
    run.killing = undefined
  }
}

async function moveClock({ door }: World, run: Run, seconds: number): Promise<void> {
  while (run.killing !== undefined) await run.killing
  run.moving = door.moveClock(seconds)
  await run.moving
  run.moving = undefined
}

interface Jump {
  kind: 'none' | 'seconds' | 'hours' | 'days'
  seconds: number
}

function drawJump(chance: Chance): Jump {
  const kind = chance.pick([
    [2, 'none'],
    [3, 'seconds'],
    [6, 'hours'],
    [2, 'days'],
  ] as const)
  const longest = { none: [0, 0], seconds: [15, 120], hours: [1, 20], days: [25, 70] } as const
  const [low, high] = longest[kind]
  const unit = kind === 'hours' || kind === 'days' ? 3600 : 1
  return { kind, seconds: Math.round(chance.between(low, high) * unit) }
}

/** What happens to one client between two moves of the clock. */
async function liveThrough(
  world: World,
  ledger: Ledger,
  stranger: Ledger | undefined,
  chance: Chance,
  pending: Set<Ledger>,
  mayStayPending: boolean,
): Promise<void> {
  const { counts } = world
  for (let step = 0; step < stepsPerRound; step++) {
    await wait(chance.between(0, 30))
    const present = ledger.latest()
    if (pending.delete(ledger)) {
      counts['dropped, repeated after the clock moved'] += 1
      await refreshUntilAnswered(world, ledger, present)
      // The repeated answer has to be of use, however long ago its tokens were made.
      await useAccessToken(world, ledger, ledger.latest())
      continue
    }
    const isLast = step === stepsPerRound - 1
    if (isLast && mayStayPending && chance.happens(0.3)) {
      await attemptRefresh(world, ledger, present, { dropAfterMs: drawDrop(chance) })
      pending.add(ledger)
      return
    }
    await take(world, ledger, stranger, chance)
  }
}

/** Anything from "before the server saw it" to "when the answer was on its way". */
function drawDrop(chance: Chance): number {
  return chance.happens(0.3) ? 0 : chance.between(0, 25)
}

async function take(
  world: World,
  ledger: Ledger,
  stranger: Ledger | undefined,
  chance: Chance,
): Promise<void> {
  const { counts } = world
  const present = ledger.latest()
  const kind = chance.pick([
    [30, 'plain'],
    [25, 'doubles'],
    [15, 'dropped'],
    [8, 'slow-reader'],
    [5, 'slow-writer'],
    [12, 'replay'],
    [5, 'stranger'],
  ] as const)
  switch (kind) {
    case 'plain':
      return refreshUntilAnswered(world, ledger, present)
    case 'doubles': {
      counts['concurrent doubles'] += 1
      const holders = Array.from({ length: chance.whole(2, 4) }, () =>
        refreshUntilAnswered(world, ledger, present),
      )
      return void (await Promise.all(holders))
    }
    case 'dropped':
      counts['dropped, repeated at once'] += 1
      await attemptRefresh(world, ledger, present, { dropAfterMs: drawDrop(chance) })
      return refreshUntilAnswered(world, ledger, present)
    case 'slow-reader': {
      counts['slow readers'] += 1
      const slow = refreshUntilAnswered(world, ledger, present, { readSlowlyMs: chance.between(50, 400) })
      await refreshUntilAnswered(world, ledger, present)
      return slow
    }
    case 'slow-writer':
      counts['slow writers'] += 1
      return refreshUntilAnswered(world, ledger, present, { writeSlowlyMs: chance.between(20, 200) })
    case 'replay':
      await refreshUntilAnswered(world, ledger, present)
      if (chance.happens(0.5)) await useAccessToken(world, ledger, ledger.latest())
      else await refreshUntilAnswered(world, ledger, ledger.latest())
      return replayInTime(world, ledger, chance.whole(Math.max(0, present - 1), present))
    case 'stranger':
      if (stranger !== undefined) await showToStranger(world, ledger, stranger)
      return refreshUntilAnswered(world, ledger, present)
  }
}

async function refreshUntilAnswered(
  world: World,
  ledger: Ledger,
  generation: number,
  manners: Manners = {},
): Promise<void> {
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    // Bad manners once; after that the client only wants its tokens.
    if (await attemptRefresh(world, ledger, generation, attempt === 0 ? manners : {})) return
    await comeAgain(world)
  }
  violate(world, ledger, `generation ${generation} got no answer in ${maximumAttempts} attempts`)
}

async function comeAgain({ door }: World): Promise<void> {
  await wait(retryMs)
  await door.up()
}

/** False when the answer was lost, or the server asked to come again. */
async function attemptRefresh(
  world: World,
  ledger: Ledger,
  generation: number,
  manners: Manners,
): Promise<boolean> {
  const { door, exchanges, counts } = world
  const from = door.now()
  ledger.sendsRefresh(generation, from)
  counts.requests += 1
  const { refreshToken } = ledger.tokens(generation)
  const answer = await exchanges.refresh(refreshToken, ledger.clientId, manners)
  if (isLost(answer)) {
    if (manners.dropAfterMs === undefined) counts['answers lost to a kill'] += 1
    return false
  }
  judge(world, ledger, generation, answer, from)
  return true
}

function isLost(answer: Answer | Lost): answer is Lost {
  return answer.kind === 'lost' || answer.status === 503
}

function judge(world: World, ledger: Ledger, generation: number, answer: Answer, from: number): void {
  const { door, counts } = world
  const to = door.now()
  const expected = ledger.expected(generation, from, to)
  const says = `generation ${generation} of ${ledger.latest()}: ${answer.status} ${String(answer.body.error ?? '')}`
  if (answer.status === 200) {
    const tokens = readTokens(answer)
    if (tokens === undefined) {
      violate(world, ledger, `${says}, which is no token answer`)
      return
    }
    if (expected === 'refused') violate(world, ledger, `${says}: a replay was accepted outside rule 2`)
    const isNew = generation === ledger.latest()
    if (!ledger.receives(generation, tokens, to)) violate(world, ledger, `${says}, but with other tokens`)
    if (isNew) counts.refreshes += 1
    return
  }
  if (answer.status !== 400 || answer.body.error !== 'invalid_grant') {
    violate(world, ledger, `${says}, which nothing explains`)
    return
  }
  if (expected === 'same-answer') violate(world, ledger, `${says}: the client was signed out`)
  ledger.endsAt(to)
}

function readTokens({ body }: Answer): Tokens | undefined {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn } = body
  if (typeof accessToken !== 'string' || typeof refreshToken !== 'string') return undefined
  const isUsable = typeof expiresIn === 'number' && expiresIn >= 1 && expiresIn <= 3600
  return isUsable ? { accessToken, refreshToken } : undefined
}

async function useAccessToken(world: World, ledger: Ledger, generation: number): Promise<void> {
  const { door, exchanges } = world
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    ledger.sendsAccess(generation, door.now())
    const answer = await exchanges.callMcp(ledger.tokens(generation).accessToken)
    if (isLost(answer)) {
      await comeAgain(world)
      continue
    }
    if (answer.status === 200) return ledger.accessWorked(generation, door.now())
    return violate(world, ledger, `its new access token of generation ${generation} got ${answer.status}`)
  }
}

/** By another holder of the same tokens, that slept while the first one went on. */
async function replayInTime(world: World, ledger: Ledger, generation: number): Promise<void> {
  const { door, counts } = world
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    const now = door.now()
    if (ledger.expected(generation, now, now + replayMarginSeconds) !== 'same-answer') return
    if (await attemptRefresh(world, ledger, generation, {})) {
      counts['replays within rule 2, answered alike'] += 1
      return
    }
    await comeAgain(world)
  }
}

/** A mix-up, not a theft: refused, and nothing happens to the family. */
async function showToStranger(world: World, ledger: Ledger, stranger: Ledger): Promise<void> {
  const { exchanges, counts } = world
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    const { refreshToken } = ledger.tokens(ledger.latest())
    const answer = await exchanges.refresh(refreshToken, stranger.clientId)
    if (isLost(answer)) {
      await comeAgain(world)
      continue
    }
    const isRefused = answer.status === 400 && answer.body.error === 'invalid_grant'
    if (!isRefused) violate(world, ledger, `shown by another client it got ${answer.status}`)
    counts['strangers refused'] += 1
    return
  }
}

/** A family that is prepared to be replayed when rule 2 is over for the generation that was stolen. */
interface Condemned {
  ledger: Ledger
  stolen: number
}

/** Four ways for rule 2 to end: access token used, successor used, several generations on, and nothing used for a day. */
async function condemn(world: World, ledger: Ledger, kind: number): Promise<Condemned> {
  const stolen = ledger.latest()
  await refreshUntilAnswered(world, ledger, stolen)
  if (kind % 4 === 0) await useAccessToken(world, ledger, ledger.latest())
  if (kind % 4 === 1) await refreshUntilAnswered(world, ledger, ledger.latest())
  if (kind % 4 === 2) {
    for (let more = 0; more < 4; more++) await refreshUntilAnswered(world, ledger, ledger.latest())
  }
  return { ledger, stolen }
}

/** Waits for its hour; then nobody gets anything, thief or owner. */
async function replayLate(world: World, condemned: Condemned, waiting: Condemned[]): Promise<void> {
  const { door, exchanges, counts } = world
  const { ledger, stolen } = condemned
  if (ledger.expected(stolen, door.now(), door.now()) !== 'refused') {
    waiting.push(condemned)
    return
  }
  ledger.sendsLateReplay(door.now())
  const { refreshToken } = ledger.tokens(stolen)
  const first = await exchanges.refresh(refreshToken, ledger.clientId)
  if (!isLost(first)) world.audited.add(ledger)
  const verdict = isLost(first)
    ? await untilAnswered(world, () => exchanges.refresh(refreshToken, ledger.clientId))
    : first
  if (verdict.status === 200) violate(world, ledger, 'a replay was accepted outside rule 2')
  else if (verdict.body.error !== 'invalid_grant')
    violate(world, ledger, `a late replay got ${verdict.status}`)
  ledger.endsAt(door.now())
  const newest = ledger.tokens(ledger.latest())
  const owner = await untilAnswered(world, () => exchanges.refresh(newest.refreshToken, ledger.clientId))
  if (owner.body.error !== 'invalid_grant') violate(world, ledger, 'its family lived on after a late replay')
  const call = await untilAnswered(world, () => exchanges.callMcp(newest.accessToken))
  if (call.status !== 401) violate(world, ledger, `its access token got ${call.status} after a late replay`)
  counts['late replays refused'] += 1
}

async function untilAnswered(world: World, send: () => Promise<Answer | Lost>): Promise<Answer> {
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    const answer = await send()
    if (!isLost(answer)) return answer
    await comeAgain(world)
  }
  throw new Error(`no answer in ${maximumAttempts} attempts`)
}

/** Everybody asks once more and uses what it gets: whoever was signed out on the way is found here at the latest. */
async function settleFamily(world: World, ledger: Ledger): Promise<void> {
  await refreshUntilAnswered(world, ledger, ledger.latest())
  await useAccessToken(world, ledger, ledger.latest())
}

interface GrantRow {
  grant_id: string
  revoked_reason: string | null
}

interface GenerationRow {
  generation: number
  refresh_hash: string
  access_hash: string
}

/** The server's records against what the clients hold, past all of its code but the hash. */
function compareWithDatabase(world: World, ledgers: readonly Ledger[]): void {
  const { door, counts, violations } = world
  const database = new DatabaseSync(door.database, { readOnly: true })
  const health = database.prepare('PRAGMA integrity_check').get()?.integrity_check
  if (health !== 'ok') violations.push(`the database is damaged: ${health}`)
  const rows = database.prepare('SELECT grant_id, revoked_reason FROM grants').all() as unknown as GrantRow[]
  const grants = new Map(rows.map((row) => [row.grant_id, row]))
  if (grants.size !== ledgers.length)
    violations.push(`${grants.size} families are stored, ${ledgers.length} were made`)
  const select = database.prepare(
    'SELECT generation, refresh_hash, access_hash FROM token_generations WHERE grant_id = ? ORDER BY generation',
  )
  for (const ledger of ledgers) {
    const reason = grants.get(ledger.grantId)?.revoked_reason
    const expected = ledger.isEnded() ? 'refresh-token-reused' : null
    if (reason !== expected) violate(world, ledger, `stored as revoked by ${reason}, expected ${expected}`)
    const generations = select.all(ledger.grantId) as unknown as GenerationRow[]
    for (const row of generations) {
      const known = ledger.generations[row.generation]
      const isSame =
        known !== undefined &&
        row.refresh_hash === hashToken(known.refreshToken) &&
        row.access_hash === hashToken(known.accessToken)
      if (!isSame) violate(world, ledger, `stored generation ${row.generation} is not the one it received`)
    }
    const newest = generations.at(-1)?.generation
    if (newest !== ledger.latest())
      violate(world, ledger, `the newest stored is ${newest}, the newest it received ${ledger.latest()}`)
    counts['families compared'] += 1
  }
  database.close()
}

/** One audit event for each family that a late replay ended, none for any other; a kill between the commit and its answer may take one. */
function checkLog({ door, violations, audited }: World, ledgers: readonly Ledger[]): void {
  for (const { reason } of door.events('request.failed'))
    violations.push(`a request failed inside: ${reason}`)
  const reused = door.events('refresh.reused').map(({ grantId }) => grantId)
  for (const ledger of ledgers) {
    const lines = reused.filter((grantId) => grantId === ledger.grantId).length
    const least = audited.has(ledger) ? 1 : 0
    const most = ledger.isEnded() ? 1 : 0
    if (lines < least || lines > most)
      violations.push(`family ${ledger.grantId}: ${lines} audit events tell of its reuse`)
  }
}

function violate({ violations }: World, { grantId }: Ledger, says: string): void {
  violations.push(`family ${grantId}: ${says}`)
}
