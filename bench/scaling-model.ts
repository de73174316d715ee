/** From what one operation costs to what many users need: the arithmetic of docs/scaling.md, with its assumptions in one place. */

/** Of one operation. */
export interface OperationCost {
  instanceMs: number
  postgresMs: number
  walBytes: number
}

export interface Costs {
  refresh: OperationCost
  connect: OperationCost
  /** Of a token that this instance saw a moment ago. */
  call: OperationCost
  /** What a token costs beside it that this instance did not. */
  lookUp: OperationCost
}

export interface StoredCosts {
  /** With indexes. */
  grantBytes: number
  /** Of its tokens; those of the last day are kept, because an answer may have been lost. */
  generationBytes: number
  /** Of the audit log, for each connection that was made. */
  auditBytes: number
}

/** Ours, and to be replaced by yours. */
export const assumptions = {
  connectionsPerUser: 2,
  /** Of all users, on one day. */
  activeShare: 0.3,
  /** Of an active user; an access token lives an hour, so each is a refresh. */
  hoursPerDay: 4,
  callsPerDay: 60,
  /** After which a connection is made anew. */
  connectionDays: 90,
  /** The busiest second over the mean of the day. */
  peakFactor: 5,
  /** What is kept free for when an instance is gone, and for short waits. */
  targetUse: 0.5,
  auditDays: 400,
} as const

export interface Need {
  users: number
  refreshesPerSecond: number
  callsPerSecond: number
  connectsPerSecond: number
  instanceCores: number
  postgresCores: number
  walMegabytesPerSecond: number
  storedGigabytes: number
}

/** At the busiest second of the day. */
export function needOf(users: number, costs: Costs, stored: StoredCosts): Need {
  const a = assumptions
  const active = users * a.activeShare
  const connectsPerDay = (users * a.connectionsPerUser) / a.connectionDays
  const atPeak = (perDay: number): number => (perDay / 86_400) * a.peakFactor
  const rates = {
    refresh: atPeak(active * a.hoursPerDay),
    call: atPeak(active * a.callsPerDay),
    connect: atPeak(connectsPerDay),
    // Spread over many instances a caller is seldom where it was a moment ago.
    lookUp: atPeak(active * a.callsPerDay),
  }
  const sum = (field: keyof OperationCost): number =>
    (Object.keys(rates) as (keyof typeof rates)[]).reduce(
      (total, name) => total + rates[name] * costs[name][field],
      0,
    )
  const grants = users * a.connectionsPerUser
  const generations = grants + active * a.hoursPerDay
  const audited = connectsPerDay * a.auditDays
  return {
    users,
    refreshesPerSecond: rates.refresh,
    callsPerSecond: rates.call,
    connectsPerSecond: rates.connect,
    instanceCores: sum('instanceMs') / 1000 / a.targetUse,
    postgresCores: sum('postgresMs') / 1000 / a.targetUse,
    walMegabytesPerSecond: sum('walBytes') / 1e6,
    storedGigabytes:
      (grants * stored.grantBytes + generations * stored.generationBytes + audited * stored.auditBytes) / 1e9,
  }
}

export function formatNeeds(needs: readonly Need[]): string[] {
  const heads = [
    ['users', 'refreshes', 'calls', 'connections', 'instance', 'PostgreSQL', 'WAL', 'stored'],
    ['', '/s at peak', '/s at peak', '/s at peak', 'cores', 'cores', 'MB/s', 'GB'],
  ]
  const rows = needs.map((need) => [
    need.users.toLocaleString('en').replaceAll(',', ' '),
    ...[need.refreshesPerSecond, need.callsPerSecond, need.connectsPerSecond].map(shortNumber),
    ...[need.instanceCores, need.postgresCores, need.walMegabytesPerSecond, need.storedGigabytes].map(
      shortNumber,
    ),
  ])
  return [...heads, ...rows].map((cells) => cells.map((cell) => cell.padStart(12)).join(''))
}

function shortNumber(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toPrecision(2)
}
