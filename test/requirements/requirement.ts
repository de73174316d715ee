/** The form of one requirement: a sentence that a test can cite by its id, and where it comes from. */

export interface Requirement {
  readonly id: string
  readonly level: Level
  readonly actor: Actor | `${Actor} and ${Actor}` | 'everyone'
  readonly sentence: string
  /** A section of a standard, the address of a page, or, for what was seen rather than written, who was seen. */
  readonly source: string
  /** Why Postern does not do it. */
  readonly notBuilt?: string
}

/** The keyword of the standard; DECISION where the standard leaves it open and Postern does not. */
export type Level = 'MUST' | 'SHOULD' | 'MAY' | 'DECISION'

export type Actor = 'server' | 'client' | 'authorization server' | 'resource server' | 'gateway' | 'proxy'
