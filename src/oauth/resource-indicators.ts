/** Which resource a token is for (RFC 8707), and when two spellings of one are the same (house rule 8). */

import { parseUrl } from '../platform/url.ts'
import type { Problem } from './errors.ts'

/** The identifier of a protected resource in the one spelling that tokens are bound to. */
export type ResourceIdentifier = string & { readonly __brand: 'ResourceIdentifier' }

/** Scheme, host and path of configuration; the path as it was written, less one trailing slash. */
export function resourceIdentifier(origin: string, path: string): ResourceIdentifier {
  return (new URL(origin).origin + withoutTrailingSlash(path)) as ResourceIdentifier
}

/**
 * The resource among `known` that `text` names, or undefined. Scheme and host compare without case
 * and default port, the path with case; one trailing slash more or less is the same resource, since
 * clients that turn a string into a URL add it; a query is not part of it. Nothing else is forgiven,
 * so that no tenant ever equals another.
 */
export function findResource(
  text: string,
  known: readonly ResourceIdentifier[],
): ResourceIdentifier | undefined {
  const spelled = canonicalResource(text)
  return known.find((resource) => resource === spelled)
}

/** By the same rule, of a resource that need not exist. */
export function canonicalResource(text: string): ResourceIdentifier | undefined {
  const url = parseUrl(text)
  if (url === undefined || text.includes('#')) return undefined
  if (url.username !== '' || url.password !== '') return undefined
  if (pathOf(text) !== url.pathname) return undefined
  return (url.origin + withoutTrailingSlash(url.pathname)) as ResourceIdentifier
}

/** RFC 8707 §2: an absolute URI without a fragment. */
export function resourceProblems(values: readonly string[]): Problem[] {
  return values
    .filter((value) => parseUrl(value) === undefined || value.includes('#'))
    .map((value) => ({
      code: 'invalid_target',
      at: 'resource',
      says: `resource ${JSON.stringify(value.slice(0, 200))} is not an absolute URL without a fragment`,
      standard: 'RFC 8707 §2',
    }))
}

/** RFC 8707 §2.2: what was granted for one resource is good for no other; to name none is to mean that one. `grant` is what is exchanged, in words. */
export function targetProblems(
  asked: readonly string[],
  granted: ResourceIdentifier,
  grant: 'code' | 'token',
): Problem[] {
  return asked
    .filter((resource) => findResource(resource, [granted]) === undefined)
    .map(() => ({
      code: 'invalid_target',
      at: 'resource',
      says: `this ${grant} is for the resource ${granted}`,
      standard: 'RFC 8707 §2.2',
    }))
}

function withoutTrailingSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}

/** The path as it was sent: a URL parser would fold `/a/../b` and backslashes away, and with them the difference between two tenants. Undefined where it would first have to mend the form `scheme://host`. */
function pathOf(text: string): string | undefined {
  const afterAuthority = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\\\s\p{Cc}]+([^?#]*)/iu.exec(text)
  return afterAuthority?.[1] === '' ? '/' : afterAuthority?.[1]
}
