/** Reads an access log of any length: its format is found by trying, and only what may belong to a connection is kept, within bounds. */

import { type Agent, agentOf } from '../../connections/agent.ts'
import { claudeSourceRanges } from '../../oauth/claude.ts'
import { createBoundedMap } from '../../platform/bounded-map.ts'
import { type IpRange, isInRanges, readIpRange } from '../../platform/request-source.ts'
import * as formatIndex from './formats/index.ts'
import { linesOf } from './lines.ts'
import { endpointOf } from './places.ts'
import type { LogFormat, LoggedRequest } from './request.ts'

export interface LogRead {
  /** In the words of the formats; more than one where lines differ. */
  formats: readonly string[]
  lines: number
  /** Of no known format, or too long. */
  unreadable: number
  /** More belonged to connections than is kept; the latest are here. */
  isCut: boolean
  /** In the order of their time. */
  requests: readonly LoggedRequest[]
}

/** A month of a busy connector; about 30 MB. */
const maximumRequests = 100_000
/** As long as a person may take to sign in. */
const signInSeconds = 1800
const maximumSigningIn = 10_000

const formats: readonly LogFormat[] = Object.values(formatIndex)

export async function readLog(chunks: AsyncIterable<Uint8Array>): Promise<LogRead> {
  const isKept = createFilter()
  const used = new Set<LogFormat>()
  let likely: LogFormat | undefined
  let requests: LoggedRequest[] = []
  let lines = 0
  let unreadable = 0
  let isCut = false
  for await (const line of linesOf(chunks)) {
    lines += 1
    const found = readLine(line, likely)
    if (found === undefined) {
      unreadable += 1
      continue
    }
    likely = found.format
    used.add(found.format)
    if (isKept(found.request)) requests.push(found.request)
    if (requests.length < 2 * maximumRequests) continue
    requests = requests.slice(-maximumRequests)
    isCut = true
  }
  return {
    formats: [...used].map(({ title }) => title),
    lines,
    unreadable,
    isCut: isCut || requests.length > maximumRequests,
    requests: requests.slice(-maximumRequests).toSorted((left, right) => left.at - right.at),
  }
}

function readLine(
  line: string,
  likely: LogFormat | undefined,
): { format: LogFormat; request: LoggedRequest } | undefined {
  const first = likely?.read(line)
  if (likely !== undefined && first !== undefined) return { format: likely, request: first }
  for (const format of formats) {
    const request = format === likely ? undefined : format.read(line)
    if (request !== undefined) return { format, request }
  }
  return undefined
}

/** Clients and endpoints of OAuth, and whatever a browser asks for while a person signs in. */
function createFilter(): (request: LoggedRequest) => boolean {
  const signingIn = createBoundedMap<string, number>(maximumSigningIn)
  return (request) => {
    const { address = '', at, path } = request
    const endpoint = endpointOf(path)
    if (endpoint === 'authorize') signingIn.set(address, at)
    if (endpoint !== undefined || isClient(programOf(request))) return true
    // Where the log does not tell programs, a POST may be anybody's.
    if (request.userAgent === undefined && request.method === 'POST') return true
    const begunAt = signingIn.get(address)
    return begunAt !== undefined && at - begunAt < signInSeconds
  }
}

const claudeRanges: readonly IpRange[] = claudeSourceRanges
  .map(readIpRange)
  .filter((range) => range !== undefined)

/** By its User-Agent; some requests of Claude have none, and are known by where they come from. */
export function programOf({ address, userAgent }: LoggedRequest): Agent {
  const agent = agentOf(userAgent)
  return (agent === 'none' || agent === 'other') && isInRanges(address, claudeRanges) ? 'claude' : agent
}

export function isClient(agent: Agent): boolean {
  return !['browser', 'tool', 'postern', 'none', 'other'].includes(agent)
}
