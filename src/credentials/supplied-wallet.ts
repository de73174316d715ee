/** Keys and addresses that people type in: asked for on the consent page, checked, kept, and handed to the gateway at each call (house rule 10). */

import { hashToken, randomId } from '../platform/crypto.ts'
import type { CredentialRecord } from '../storage/storage.ts'
import { type CredentialFault, type CredentialView, credentialFieldPrefix } from '../ui/credential.ts'
import { type AppliedCredential, type CallerCredential, CredentialLost } from './caller-credential.ts'
import type {
  CheckOutcome,
  CredentialValues,
  FieldProblem,
  SuppliedCredential,
} from './upstream-credential.ts'
import type { Acceptance, Visit, Wallet, WalletOptions } from './wallet.ts'

export function createSuppliedWallet(credential: SuppliedCredential, options: WalletOptions): Wallet {
  const { connector, storage, vault, telemetry, clock } = options

  /** What cannot be opened counts as not there: its person is asked again. */
  async function findUsable(
    userId: string,
  ): Promise<{ record: CredentialRecord; values: CredentialValues } | undefined> {
    const record = await storage.findCredential(userId, connector)
    if (record?.kind !== 'user-supplied') return undefined
    const secret = await vault.open(record)
    if (secret === undefined) return undefined
    // The operator may ask for other fields today than on the day it was stored.
    const read = credential.read(new Map(Object.entries(secret as CredentialValues)))
    return read.outcome === 'ready' ? { record, values: read.values } : undefined
  }

  async function find(
    userId: string,
    flowId: string,
    onLost: () => Promise<void>,
  ): Promise<CallerCredential | undefined> {
    const found = await findUsable(userId)
    if (found === undefined || found.record.refusedAt !== undefined) return undefined
    const { record, values } = found
    const use = credential.apply(values)
    const lose = async (_: AppliedCredential, says: string): Promise<never> => {
      if (await storage.refuseCredential(record, clock())) {
        telemetry.emit('credential.refused', flowId, { userId, connector, reason: says })
      }
      await onLost()
      throw new CredentialLost(lostSentence)
    }
    const { credentialId: id } = record
    return { id, environment: use.environment, current: async () => use, own: { renew: lose, lose } }
  }

  async function view(userId: string, fault?: CredentialFault): Promise<CredentialView> {
    const found = await findUsable(userId)
    const isRefused = found?.record.refusedAt !== undefined
    const why = isRefused ? ({ kind: 'refused-later' } as const) : undefined
    return show(isRefused ? undefined : found?.record, fault ?? why)
  }

  async function accept({ userId, flowId }: Visit, form: URLSearchParams): Promise<Acceptance> {
    const typed = new Map(
      credential.fields.map(({ name }) => [name, form.get(credentialFieldPrefix + name) ?? '']),
    )
    const found = await findUsable(userId)
    const stored = found?.record.refusedAt === undefined ? found?.record : undefined
    if (stored !== undefined && [...typed.values()].every((value) => value.trim() === '')) {
      return { outcome: 'ready' }
    }
    const again = (fault: CredentialFault, status: number, problems?: ReadonlyMap<string, FieldProblem>) =>
      ({ outcome: 'again', status, view: show(stored, fault, typed, problems) }) as const

    const read = credential.read(typed)
    if (read.outcome === 'wrong') return again({ kind: 'fields' }, 400, read.problems)
    if (!(await takeCheck(userId))) return again({ kind: 'too-many' }, 429)
    const checked = await check(read.values)
    if (checked.outcome !== 'good') {
      telemetry.emit('credential.rejected', flowId, {
        userId,
        connector,
        code: checked.outcome,
        reason: checked.says,
      })
      return again({ kind: checked.outcome, says: checked.says }, checked.outcome === 'refused' ? 403 : 502)
    }
    const now = clock()
    const owner = { userId, connector, credentialId: randomId(), kind: 'user-supplied' } as const
    await storage.saveCredential({
      ...owner,
      sealed: await vault.seal(owner, read.values),
      label: checked.label,
      version: 0,
      createdAt: now,
      changedAt: now,
      refusedAt: undefined,
    })
    telemetry.emit('credential.saved', flowId, { userId, connector })
    return { outcome: 'ready' }
  }

  function check(values: CredentialValues): Promise<CheckOutcome> {
    return credential.check?.(values, options.way) ?? options.checkByServer(credential.apply(values))
  }

  /** The page must not become a way to try out keys that somebody found. */
  async function takeCheck(userId: string): Promise<boolean> {
    const now = clock()
    const owner = hashToken(`credential checks of ${userId}`)
    const unique = { idHash: hashToken(`${owner} ${randomId()}`), owner, expiresAt: now + checkSeconds }
    return (await storage.takeUniqueId(unique, maximumChecks, now)) === 'taken'
  }

  function show(
    stored: CredentialRecord | undefined,
    fault: CredentialFault | undefined,
    typed?: ReadonlyMap<string, string>,
    problems?: ReadonlyMap<string, FieldProblem>,
  ): CredentialView {
    const { title, help, helpUrl, fields } = credential
    return {
      kind: 'supplied',
      title,
      help,
      helpUrl,
      fields: fields.map((field) => ({
        ...field,
        value: field.isSecret ? '' : (typed?.get(field.name) ?? ''),
        problem: problems?.get(field.name),
      })),
      stored: stored && { label: stored.label, changedAt: stored.changedAt },
      fault,
    }
  }

  return {
    find,
    view: (userId) => view(userId),
    accept,
    startOver: async (userId) => ({
      outcome: 'again',
      status: 409,
      view: await view(userId, { kind: 'stale' }),
    }),
    finish: async () => 'failed',
  }
}

/** House rule 10: so many for each person in an hour. */
const maximumChecks = 5
const checkSeconds = 3600

const lostSentence =
  'The server behind this connector does not accept your credential any more. Connect again and give it another.'
