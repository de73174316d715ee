/** What user names and passwords may be (NIST SP 800-63B §3.1.1: length and a blocklist, no rules of composition, no expiry). */

import type { AccountProblem } from '../ui/setup.ts'
import type { AccountWishes } from './identity-provider.ts'

export const minimumPasswordLength = 8

export function accountProblems(wishes: Pick<AccountWishes, 'username' | 'displayName'>): AccountProblem[] {
  const problems: AccountProblem[] = []
  const username = canonicalUsername(wishes.username)
  if (username === '') problems.push('username-missing')
  else if (lengthOf(username) > maximumUsernameLength) problems.push('username-too-long')
  else if (!usernameCharacters.test(username)) problems.push('username-characters')
  if (lengthOf(wishes.displayName.trim()) > maximumDisplayNameLength) problems.push('display-name-too-long')
  return problems
}

export function passwordProblems(password: string, username: string): AccountProblem[] {
  const canonical = canonicalPassword(password)
  const length = lengthOf(canonical)
  if (length < minimumPasswordLength) return ['password-too-short']
  if (length > maximumPasswordLength) return ['password-too-long']
  if (canonical.toLowerCase() === canonicalUsername(username).toLowerCase()) return ['password-is-username']
  return isCommon(canonical) ? ['password-too-common'] : []
}

/**
 * One form for what looks the same, so that nobody can be imitated by a wide or composed letter. U+0000 is in nobody's
 * name, and PostgreSQL fails over a question that holds it.
 */
export function canonicalUsername(username: string): string {
  return username.normalize('NFKC').replaceAll('\0', '\ufffd').trim()
}

/** NIST SP 800-63B §3.1.1.2: the same password, however a keyboard composes its letters. */
export function canonicalPassword(password: string): string {
  return password.normalize('NFKC')
}

/** A longer one was never set, so it need not be looked at. */
export function isPossiblePassword(password: string): boolean {
  return lengthOf(canonicalPassword(password)) <= maximumPasswordLength
}

const maximumUsernameLength = 64
const maximumDisplayNameLength = 100
const maximumPasswordLength = 256
const usernameCharacters = /^[\p{L}\p{M}\p{N}._@+-]+$/u

/** In characters as people count them, near enough: code points. */
function lengthOf(text: string): number {
  return [...text].length
}

/** What a guesser tries first: the commonest words with digits or signs behind them, dates, rows of keys, one key held down. */
function isCommon(password: string): boolean {
  const lower = password.toLowerCase()
  const word = lower.replace(/[^\p{L}]+$/u, '').replace(/^[^\p{L}]+/u, '')
  if (word === '' && lower.length < 12) return true
  if (new Set(lower).size <= 2) return true
  return commonWords.has(word) || keyRows.some((row) => row.includes(lower))
}

const keyRows: readonly string[] = [
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnm',
  '12345678901234567890',
  '1q2w3e4r5t6y7u8i9o0p',
  'qazwsxedcrfvtgbyhnujm',
]

const commonWords: ReadonlySet<string> = new Set(
  `admin administrator anthropic asdfghjkl baseball changeme claude computer connector default dragon football
  guest hello iloveyou internet letmein login master michael monkey p@ssw0rd pa$$w0rd passw0rd password
  passwort postern princess qwerty qwertyuiop qwertz secret shadow starwars sunshine superman superuser test
  testtest trustno welcome whatever zaq1zaq zaq1xsw zaq12wsx`.split(/\s+/),
)
