/** Which of the people whom a provider vouches for may enter here, and who of them runs this server. */

import type { OutsideVisitor } from './identity-provider.ts'

/** Whoever meets all that is given; of each list one is enough. */
export interface EntryRules {
  /** Domains of the e-mail addresses that the provider vouches for; of Google the organisation that an account belongs to. */
  domains?: readonly string[] | undefined
  /** Only those that the provider vouches for. */
  emails?: readonly string[] | undefined
  /** As the provider names them. */
  groups?: readonly string[] | undefined
  /** Of a provider that serves several companies. */
  tenants?: readonly string[] | undefined
  /** Values of claims, by their names, with dots for what is deeper. */
  claims?:
    | Readonly<Record<string, string | number | boolean | readonly (string | number | boolean)[]>>
    | undefined
  /** Of those who may enter. Default nobody: an admin is then made by `postern users`. */
  admins?: { emails?: readonly string[] | undefined; groups?: readonly string[] | undefined } | undefined
  /** Asked last, in a program. */
  mayEnter?: ((visitor: OutsideVisitor) => boolean | Promise<boolean>) | undefined
}

/** `why` is for the log: what was missing. */
export type EntryVerdict =
  | { outcome: 'welcome'; role: 'admin' | 'member' }
  | { outcome: 'refused'; why: string }

export async function judgeEntry(visitor: OutsideVisitor, rules: EntryRules): Promise<EntryVerdict> {
  const why = refusalOf(visitor, rules)
  if (why !== undefined) return { outcome: 'refused', why }
  if (rules.mayEnter !== undefined && !(await rules.mayEnter(visitor)))
    return { outcome: 'refused', why: 'mayEnter said no' }
  const { emails = [], groups = [] } = rules.admins ?? {}
  const isAdmin = hasOne(emails, [visitor.email]) || hasOne(groups, visitor.groups ?? [], sameText)
  return { outcome: 'welcome', role: isAdmin ? 'admin' : 'member' }
}

/** Of a provider where anybody can have an account: throws a `TypeError` where nothing is asked of anybody. */
export function namedRules(enter: EntryRules | 'anybody', provider: string): EntryRules {
  if (enter === 'anybody') return {}
  const { admins: _, ...rules } = enter
  if (Object.values(rules).some((rule) => rule !== undefined)) return enter
  throw new TypeError(
    `say who may enter from ${provider}: everybody can have an account there, so it has to be meant`,
  )
}

function refusalOf(visitor: OutsideVisitor, rules: EntryRules): string | undefined {
  const { domains, emails, groups, tenants, claims = {} } = rules
  if (domains !== undefined && !hasOne(domains, [visitor.domain])) return 'not of one of the domains'
  if (emails !== undefined && !hasOne(emails, [visitor.email])) return 'not one of the e-mail addresses'
  if (tenants !== undefined && !hasOne(tenants, [visitor.tenant])) return 'not of one of the tenants'
  if (groups !== undefined && visitor.groups === undefined) return 'the provider does not tell the groups'
  if (groups !== undefined && !hasOne(groups, visitor.groups ?? [], sameText))
    return 'not in one of the groups'
  for (const [name, wanted] of Object.entries(claims)) {
    const found = [claimAt(visitor.claims, name)].flat()
    if (![wanted].flat().some((value) => found.includes(value))) return `the claim ${name} is another`
  }
  return undefined
}

/** Names with dots in them are claims too (Auth0 has URLs for names). */
export function claimAt(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  let found: unknown = claims
  for (const member of name.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, member)) return undefined
    found = (found as Record<string, unknown>)[member]
  }
  return found
}

/** Domains, addresses and ids of tenants are the same in either case; names of groups are not. */
function hasOne(
  wanted: readonly string[],
  found: readonly (string | undefined)[],
  isSame: (a: string, b: string) => boolean = (a, b) => a.toLowerCase() === b.toLowerCase(),
): boolean {
  return found.some((value) => value !== undefined && wanted.some((one) => isSame(one, value)))
}

function sameText(a: string, b: string): boolean {
  return a === b
}
