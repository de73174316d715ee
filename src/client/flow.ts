/** What the steps of one connection share, handed to each as an argument. */

import type { BearerChallenge } from '../oauth/www-authenticate.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/crypto.ts'
import type { Browser, OpenCallback } from './browser.ts'
import type { ConnectionMemory } from './connection-state.ts'
import type { Discovery } from './discovery.ts'
import type { Surface } from './surface.ts'
import type { TranscriptWriter } from './transcript.ts'
import type { Wire } from './wire.ts'

export type Until = 'forgotten' | 'discovery' | 'registration'

export interface Flow {
  surface: Surface
  /** As it was typed, without a fragment. */
  serverUrl: string
  /** The name under which a person added the server. */
  serverName: string
  wire: Wire
  transcript: TranscriptWriter
  clock: Clock
  random: Random
  browser: Browser | undefined
  openCallback: OpenCallback | undefined
  configuredClient: { clientId: string; clientSecret: string | undefined } | undefined
  /** A metadata document other than the surface's own. */
  clientMetadataUrl: string | undefined
  configuredScope: string | undefined
  /** The last thing that is wanted. */
  until: Until | undefined
  memory: ConnectionMemory
  /** Called after every change of `memory`: a rotated refresh token that is lost costs a sign-in. */
  remember(): Promise<void>
  /** What the last round of discovery found in this run. */
  discovery: Discovery | undefined
  /** Where the last 401 pointed to; found again in a later process from what was remembered. */
  lastChallenge: BearerChallenge | undefined
  /** Every scope asked for in this run, for the union of a step-up. */
  requestedScopes: Set<string>
  signIns: number
  signal: AbortSignal | undefined
}
