/** The operator's own key, sent for everybody: whoever may use the connector acts with it. */

import type { FixedCredential } from '../upstream-credential.ts'
import { ownHeader, plainValue } from '../wire-value.ts'

export interface StaticSecretOptions {
  /** For example `{ Authorization: 'Bearer …' }`. */
  headers: Readonly<Record<string, string>>
}

/** Throws a `TypeError` for headers that are not its to set. */
export function staticSecret({ headers }: StaticSecretOptions): FixedCredential {
  for (const [name, value] of Object.entries(headers)) {
    if (!ownHeader(name)) throw new TypeError(`${name} is a header of the protocol, and set by Postern`)
    if (!plainValue(value)) throw new TypeError(`${name} has a value that no header can have`)
  }
  return { kind: 'fixed', headers: { ...headers } }
}
