// What one client knows of its family of tokens, and what rule 2 of docs/security.md demands of the server, computed from that alone: no line of it is the product's.

export const lostResponseSeconds = 86_400
export const reuseGraceSeconds = 60
/** The server counts whole seconds, so that an edge is up to one second away from where it is measured here. */
const edgeSeconds = 1

export interface Tokens {
  refreshToken: string
  accessToken: string
}

/** `from`: not before; `by`: certainly by then, undefined while nobody can know whether it happened at all. */
interface Moment {
  from: number
  by: number | undefined
}

interface Generation extends Tokens {
  /** When its refresh token was exchanged. */
  rotated: Moment | undefined
  /** When either token was first used. */
  used: Moment | undefined
}

/** `either`: too close to an edge, or to something that may have got lost, to be judged. */
export type Verdict = 'same-answer' | 'refused' | 'either'

export interface Ledger {
  readonly clientId: string
  /** The family's id, as its tokens say it. */
  readonly grantId: string
  /** All that was ever received, the newest last. */
  readonly generations: readonly Readonly<Tokens>[]
  latest(): number
  tokens(generation: number): Readonly<Tokens>
  /** What has to come back if this generation's refresh token is on its way between these instants. */
  expected(generation: number, from: number, to: number): Verdict
  sendsRefresh(generation: number, at: number): void
  sendsAccess(generation: number, at: number): void
  /** False when another answer stands for the same token. */
  receives(generation: number, tokens: Tokens, at: number): boolean
  accessWorked(generation: number, at: number): void
  /** A replay that has to end the family is on its way, or has ended it. */
  sendsLateReplay(at: number): void
  endsAt(at: number): void
  isEnded(): boolean
}

export function createLedger(clientId: string, first: Tokens): Ledger {
  const generations: Generation[] = [{ ...first, rotated: undefined, used: undefined }]
  let ended: Moment | undefined

  function generation(index: number): Generation {
    const found = generations[index]
    if (found === undefined) throw new RangeError(`generation ${index} was never received`)
    return found
  }

  function expected(index: number, from: number, to: number): Verdict {
    if (ended !== undefined) return ended.by !== undefined && from >= ended.by ? 'refused' : 'either'
    const { rotated } = generation(index)
    if (rotated === undefined) return 'same-answer'
    const isLostRuleOpen = to - rotated.from < lostResponseSeconds - edgeSeconds
    const isLostRuleOver = rotated.by !== undefined && from - rotated.by >= lostResponseSeconds + edgeSeconds
    const used = generations[index + 1]?.used
    if (used === undefined) return isLostRuleOpen ? 'same-answer' : isLostRuleOver ? 'refused' : 'either'
    const isGraceOpen = to - used.from < reuseGraceSeconds - edgeSeconds
    const isGraceOver = used.by !== undefined && from - used.by >= reuseGraceSeconds + edgeSeconds
    if (isGraceOver) return 'refused'
    // A use that may have got lost leaves rule (a) in force.
    return isGraceOpen && (used.by !== undefined || isLostRuleOpen) ? 'same-answer' : 'either'
  }

  function begin(moment: Moment | undefined, at: number): Moment {
    return moment ?? { from: at, by: undefined }
  }

  function settle(moment: Moment | undefined, at: number): Moment {
    const begun = begin(moment, at)
    return { from: begun.from, by: begun.by ?? at }
  }

  return {
    clientId,
    grantId: /^pst_rt_([^.]+)\./.exec(first.refreshToken)?.[1] ?? '',
    generations,
    latest: () => generations.length - 1,
    tokens: generation,
    expected,
    sendsRefresh(index, at) {
      const sent = generation(index)
      sent.rotated = begin(sent.rotated, at)
      sent.used = begin(sent.used, at)
    },
    sendsAccess(index, at) {
      const sent = generation(index)
      sent.used = begin(sent.used, at)
    },
    receives(index, tokens, at) {
      const presented = generation(index)
      presented.rotated = settle(presented.rotated, at)
      presented.used = settle(presented.used, at)
      const standing = generations[index + 1]
      if (standing === undefined) {
        generations.push({ ...tokens, rotated: undefined, used: undefined })
        return true
      }
      return standing.refreshToken === tokens.refreshToken && standing.accessToken === tokens.accessToken
    },
    accessWorked(index, at) {
      const worked = generation(index)
      worked.used = settle(worked.used, at)
    },
    sendsLateReplay(at) {
      ended = begin(ended, at)
    },
    endsAt(at) {
      ended = settle(ended, at)
    },
    isEnded: () => ended !== undefined,
  }
}
