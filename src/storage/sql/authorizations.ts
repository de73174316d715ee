/** Requests that wait for a person, and the codes they end in, in SQL. */

import type { TokenHash } from '../../platform/crypto.ts'
import { maximumPendingAuthorizations } from '../limits.ts'
import type {
  AuthorizationCodeRecord,
  AuthorizationStorage,
  PendingAuthorizationRecord,
  PendingDecision,
} from '../storage.ts'
import {
  columnList,
  formatNames,
  insertInto,
  readInteger,
  readNames,
  readOptionalText,
  readText,
  type SqlDriver,
  type SqlReader,
  type SqlRow,
  type SqlValue,
} from './driver.ts'
import { insertTokens } from './tokens.ts'

const pendingColumns = [
  'pending_id',
  'browser_hash',
  'flow_id',
  'client_id',
  'redirect_uri',
  'state',
  'resource',
  'scope',
  'code_challenge',
  'created_at',
  'expires_at',
  'decision',
  'key_thumbprint',
] as const
const codeColumns = [
  'code_hash',
  'flow_id',
  'client_id',
  'user_id',
  'redirect_uri',
  'resource',
  'scope',
  'code_challenge',
  'created_at',
  'expires_at',
  'wrong_verifiers',
  'grant_id',
  'key_thumbprint',
] as const

const selectPending = `SELECT ${columnList(pendingColumns)} FROM pending_authorizations
  WHERE pending_id = ? AND expires_at > ?`
const selectCode = `SELECT ${columnList(codeColumns)} FROM authorization_codes WHERE code_hash = ?`

export function sqlAuthorizations(driver: SqlDriver): AuthorizationStorage {
  return {
    savePendingAuthorization: (record) =>
      driver.write(async (transaction) => {
        await transaction.run(insertInto('pending_authorizations', pendingColumns), pendingValuesOf(record))
        await transaction.run(
          `DELETE FROM pending_authorizations
          WHERE sequence <= (SELECT MAX(sequence) FROM pending_authorizations) - ?`,
          [maximumPendingAuthorizations],
        )
      }),
    findPendingAuthorization: (pendingId, now) => findPending(driver, pendingId, now),
    decidePendingAuthorization: (pendingId, decision, code, now) =>
      driver.write(async (transaction) => {
        const decided = await transaction.run(
          `UPDATE pending_authorizations SET decision = ?
          WHERE pending_id = ? AND decision IS NULL AND expires_at > ?`,
          [JSON.stringify(decision), pendingId, now],
        )
        if (decided > 0 && decision.kind === 'approved' && code !== undefined) {
          await transaction.run(insertInto('authorization_codes', codeColumns), codeValuesOf(code))
        }
        return findPending(transaction, pendingId, now)
      }),
    async findAuthorizationCode(codeHash) {
      const [row] = await driver.read(selectCode, [codeHash])
      return row && readCode(row)
    },
    countWrongVerifier: (codeHash) =>
      driver.write(async (transaction) => {
        const [row] = await transaction.read(
          `UPDATE authorization_codes SET wrong_verifiers = wrong_verifiers + 1
          WHERE code_hash = ? RETURNING wrong_verifiers`,
          [codeHash],
        )
        return row === undefined ? 0 : readInteger(row, 'wrong_verifiers')
      }),
    takeAuthorizationCode: (codeHash, tokens, now) =>
      driver.write(async (transaction) => {
        const { grantId, clientRowId } = tokens.grant
        const isRemoved =
          clientRowId !== undefined &&
          (await transaction.lock('SELECT client_id FROM clients WHERE client_id = ?', [clientRowId]))
            .length === 0
        // One statement looks and takes: of two that come at once, the second finds no row.
        const taken = isRemoved
          ? 0
          : await transaction.run(
              `UPDATE authorization_codes SET grant_id = ?
              WHERE code_hash = ? AND grant_id IS NULL AND expires_at > ?`,
              [grantId, codeHash, now],
            )
        if (taken === 0) {
          const [row] = await transaction.read(selectCode, [codeHash])
          return row !== undefined && row.grant_id !== null ? 'already-taken' : 'gone'
        }
        await insertTokens(transaction, tokens)
        return 'taken'
      }),
  }
}

async function findPending(
  reader: SqlReader,
  pendingId: string,
  now: number,
): Promise<PendingAuthorizationRecord | undefined> {
  const [row] = await reader.read(selectPending, [pendingId, now])
  return row && readPending(row)
}

function pendingValuesOf(record: PendingAuthorizationRecord): SqlValue[] {
  return [
    record.pendingId,
    record.browserHash,
    record.flowId,
    record.clientId,
    record.redirectUri,
    record.state ?? null,
    record.resource,
    formatNames(record.scope),
    record.codeChallenge,
    record.createdAt,
    record.expiresAt,
    record.decision === undefined ? null : JSON.stringify(record.decision),
    record.keyThumbprint ?? null,
  ]
}

function readPending(row: SqlRow): PendingAuthorizationRecord {
  const decision = readOptionalText(row, 'decision')
  return {
    pendingId: readText(row, 'pending_id'),
    browserHash: readText(row, 'browser_hash') as TokenHash,
    flowId: readText(row, 'flow_id'),
    clientId: readText(row, 'client_id'),
    redirectUri: readText(row, 'redirect_uri'),
    state: readOptionalText(row, 'state'),
    resource: readText(row, 'resource'),
    scope: readNames(row, 'scope'),
    codeChallenge: readText(row, 'code_challenge'),
    createdAt: readInteger(row, 'created_at'),
    expiresAt: readInteger(row, 'expires_at'),
    decision: decision === undefined ? undefined : (JSON.parse(decision) as PendingDecision),
    keyThumbprint: readOptionalText(row, 'key_thumbprint'),
  }
}

function codeValuesOf(code: AuthorizationCodeRecord): SqlValue[] {
  return [
    code.codeHash,
    code.flowId,
    code.clientId,
    code.userId,
    code.redirectUri,
    code.resource,
    formatNames(code.scope),
    code.codeChallenge,
    code.createdAt,
    code.expiresAt,
    code.wrongVerifiers,
    code.grantId ?? null,
    code.keyThumbprint ?? null,
  ]
}

function readCode(row: SqlRow): AuthorizationCodeRecord {
  return {
    codeHash: readText(row, 'code_hash') as TokenHash,
    flowId: readText(row, 'flow_id'),
    clientId: readText(row, 'client_id'),
    userId: readText(row, 'user_id'),
    redirectUri: readText(row, 'redirect_uri'),
    resource: readText(row, 'resource'),
    scope: readNames(row, 'scope'),
    codeChallenge: readText(row, 'code_challenge'),
    createdAt: readInteger(row, 'created_at'),
    expiresAt: readInteger(row, 'expires_at'),
    wrongVerifiers: readInteger(row, 'wrong_verifiers'),
    grantId: readOptionalText(row, 'grant_id'),
    keyThumbprint: readOptionalText(row, 'key_thumbprint'),
  }
}
