/** Which resources a client may ask for: one that the operator entered for a connector is of no use at another, and a connector may take no client but its own. */

import { canonicalResource } from '../oauth/resource-indicators.ts'
import type { Client } from './clients.ts'
import type { GuardedResource } from './settings.ts'

/** As the end of a sentence about the client; undefined if it may. */
export function reachProblem({ resource: own }: Client, resource: GuardedResource): string | undefined {
  if (own !== undefined)
    return canonicalResource(own) === resource.identifier ? undefined : `this client is for ${own} only`
  return resource.ownClientsOnly
    ? 'this connector takes only clients that its operator entered for it'
    : undefined
}
