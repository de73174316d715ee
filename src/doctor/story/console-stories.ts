/** The stories of a Postern that stands in front: read from the JSON API of its console, with the operator’s token. */

import { isSafeEndpoint } from '../../client/safe-endpoint.ts'
import type { AttemptReport } from '../../ui/console/reports.ts'

/** Told whole; a person reads the latest. */
const maximumStories = 30
const deadlineMs = 15_000
/** Of the list: 500 attempts, of one story far less. */
const maximumAnswerBytes = 4 * 1024 * 1024

/** Why nothing could be read, in a sentence for the person who asked. */
export class StoryFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoryFailure'
  }
}

export interface StorySource {
  /** Any URL of the server: its origin counts. */
  url: string
  /** `POSTERN_CONSOLE_TOKEN`. */
  token: string
  /** Follows no redirects: the token goes to the host that was typed. */
  fetch: typeof fetch
}

/** The latest first, the failing ones before what is left of the number. Throws `StoryFailure`. */
export async function readStories(source: StorySource): Promise<AttemptReport[]> {
  if (!URL.canParse(source.url) || !isSafeEndpoint(source.url)) {
    throw new StoryFailure(
      `${source.url} has to begin with https://, or be on this machine: a token goes there`,
    )
  }
  const rows = rowsOf(await ask(source, listPath))
  if (rows === undefined) throw notOurs(source)
  const known = rows.map(readId)
  const failing = rows.flatMap((row, index) => (isFailing(row) ? [known[index]] : []))
  const wanted = new Set([...failing, ...known].slice(0, maximumStories))
  const stories: AttemptReport[] = []
  for (const id of known) {
    if (id === undefined || !wanted.has(id)) continue
    const answer = await ask(source, `/connections/${encodeURIComponent(id)}`)
    // Meanwhile it turned out to be the beginning of another one.
    if (answer === gone) continue
    const story = readStory(answer)
    if (story === undefined) throw notOurs(source)
    stories.push(story)
  }
  return stories
}

const listPath = '/connections'
const gone: unique symbol = Symbol('gone')

async function ask({ fetch, token, url }: StorySource, path: string): Promise<unknown> {
  const address = `${new URL(url).origin}/console/api${path}`
  const answer = await fetch(address, {
    headers: { Authorization: `Bearer ${token}`, Accept: 'application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(deadlineMs),
  }).catch((cause: unknown) => {
    throw new StoryFailure(`${address} could not be reached`, { cause })
  })
  const text = await readBounded(answer).catch((cause: unknown) => {
    throw cause instanceof StoryFailure
      ? cause
      : new StoryFailure(`the answer of ${new URL(url).host} broke off`, { cause })
  })
  if (answer.status === 401) {
    throw new StoryFailure(
      `${new URL(url).host} does not accept the token: POSTERN_CONSOLE_TOKEN has to be the one it was started with`,
    )
  }
  if (answer.status === 404 && path !== listPath) return gone
  if (answer.status !== 200) throw notOurs({ url })
  try {
    return JSON.parse(text)
  } catch {
    throw notOurs({ url })
  }
}

async function readBounded(answer: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > maximumAnswerBytes)
      throw new StoryFailure('the answer is larger than any list of stories')
  }
  return text
}

function notOurs({ url }: Pick<StorySource, 'url'>): StoryFailure {
  return new StoryFailure(
    `${new URL(url).host} has no console API: it has to be a Postern, started with --console and POSTERN_CONSOLE_TOKEN`,
  )
}

/* What came is somebody else's until it was looked at. */

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}

/** In pages, of which the first has the latest; earlier versions gave all in one list. */
function rowsOf(answer: unknown): readonly unknown[] | undefined {
  const rows = Array.isArray(answer) ? answer : recordOf(answer)?.rows
  return Array.isArray(rows) ? rows : undefined
}

function readId(row: unknown): string | undefined {
  const id = recordOf(row)?.id
  return typeof id === 'string' ? id : undefined
}

function isFailing(row: unknown): boolean {
  const state = recordOf(row)?.state
  return state === 'stopped' || state === 'troubled'
}

const states: ReadonlySet<unknown> = new Set<AttemptReport['state']>([
  'under-way',
  'waiting',
  'connected',
  'stopped',
  'troubled',
  'ended',
  'looked',
])

function readStory(value: unknown): AttemptReport | undefined {
  const story = recordOf(value)
  if (story === undefined || !Array.isArray(story.timeline) || !states.has(story.state)) return undefined
  const text = (name: string): string | undefined => textOf(story[name])
  return {
    id: text('id') ?? '',
    client: text('client') ?? '',
    agent: text('agent') ?? '',
    person: text('person'),
    connector: text('connector'),
    state: story.state as AttemptReport['state'],
    reached: text('reached'),
    startedAt: numberOf(story.startedAt) ?? 0,
    lastAt: numberOf(story.lastAt) ?? 0,
    seen: text('seen'),
    clientId: text('clientId'),
    redirectHost: text('redirectHost'),
    grantId: text('grantId'),
    lastStep: text('lastStep') ?? '',
    timeline: story.timeline.map(readStep),
    diagnosis: readDiagnosis(story.diagnosis),
  }
}

function readStep(value: unknown): AttemptReport['timeline'][number] {
  const step = recordOf(value) ?? {}
  return {
    words: textOf(step.words) ?? '',
    at: numberOf(step.at) ?? 0,
    afterSeconds: numberOf(step.afterSeconds) ?? 0,
    count: numberOf(step.count) ?? 1,
    lastAt: numberOf(step.lastAt) ?? 0,
    isInferred: step.isInferred === true,
    status: numberOf(step.status),
    errorId: textOf(step.errorId),
    longestMs: numberOf(step.longestMs),
  }
}

function readDiagnosis(value: unknown): AttemptReport['diagnosis'] {
  const diagnosis = recordOf(value)
  if (diagnosis === undefined) return undefined
  const texts = (name: string): string[] => {
    const list = diagnosis[name]
    return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : []
  }
  return {
    id: textOf(diagnosis.id) ?? '',
    rows: texts('rows'),
    seen: textOf(diagnosis.seen) ?? '',
    shown: textOf(diagnosis.shown),
    cause: textOf(diagnosis.cause) ?? '',
    fix: textOf(diagnosis.fix) ?? '',
    sources: texts('sources'),
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
