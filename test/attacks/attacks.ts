// Every attack, in the order of a connection: from the link that a person follows to what is left in the logs.

import type { Attack } from './attack.ts'
import { browserAttacks } from './browsers.ts'
import { clientAttacks } from './clients.ts'
import { codeAttacks } from './codes.ts'
import { consentAttacks } from './consent.ts'
import { deviceAttacks } from './devices.ts'
import { documentAttacks } from './documents.ts'
import { floodAttacks } from './floods.ts'
import { keyAttacks } from './keys.ts'
import { lazyAttacks } from './lazy.ts'
import { operatorAttacks } from './operators.ts'
import { originAttacks } from './origins.ts'
import { pageAttacks } from './pages.ts'
import { policyAttacks } from './policy.ts'
import { proofAttacks } from './proofs.ts'
import { pushedAttacks } from './pushed.ts'
import { redirectAttacks } from './redirects.ts'
import { secretAttacks } from './secrets.ts'
import { signInAttacks } from './sign-in.ts'
import { simulatorAttacks } from './simulator.ts'
import { tenantAttacks } from './tenants.ts'
import { tokenAttacks } from './tokens.ts'
import { upstreamAttacks } from './upstreams.ts'
import { vouchingAttacks } from './vouching.ts'

export const attacks: readonly Attack[] = [
  ...redirectAttacks,
  ...pushedAttacks,
  ...clientAttacks,
  ...keyAttacks,
  ...documentAttacks,
  ...originAttacks,
  ...signInAttacks,
  ...deviceAttacks,
  ...pageAttacks,
  ...consentAttacks,
  ...browserAttacks,
  ...codeAttacks,
  ...tokenAttacks,
  ...proofAttacks,
  ...vouchingAttacks,
  ...tenantAttacks,
  ...policyAttacks,
  ...lazyAttacks,
  ...upstreamAttacks,
  ...operatorAttacks,
  ...simulatorAttacks,
  ...floodAttacks,
  ...secretAttacks,
]
