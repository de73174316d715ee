/** Instances that serve the same records, and whose processes serve whom, in SQL. */

import type { InstanceRecord, InstanceStorage } from '../storage.ts'
import { columnList, readInteger, readText, type SqlDriver, type SqlRow } from './driver.ts'

const columns = ['instance_id', 'address', 'beat_at'] as const

const upsertInstance = `INSERT INTO instances (${columnList(columns)}) VALUES (?, ?, ?)
  ON CONFLICT (instance_id) DO UPDATE SET address = excluded.address, beat_at = excluded.beat_at`
const selectHome = `SELECT ${columnList(columns, 'i')} FROM homes h JOIN instances i ON i.instance_id = h.instance_id
  WHERE h.caller_hash = ?`
const selectInstance = `SELECT ${columnList(columns)} FROM instances WHERE instance_id = ?`
const insertHome = `INSERT INTO homes (caller_hash, instance_id, expires_at) VALUES (?, ?, ?)
  ON CONFLICT (caller_hash) DO NOTHING`

export function sqlInstances(driver: SqlDriver): InstanceStorage {
  return {
    beatInstance: ({ instanceId, address, beatAt }) =>
      driver.write(async (transaction) => {
        await transaction.run(upsertInstance, [instanceId, address, beatAt])
      }),
    async findHome(callerHash) {
      const [row] = await driver.read(selectHome, [callerHash])
      return row && readInstance(row)
    },
    claimHome: ({ callerHash, claimant, aliveSince, gone, expiresAt }) =>
      driver.write(async (transaction) => {
        const added = await transaction.run(insertHome, [callerHash, claimant.instanceId, expiresAt])
        if (added > 0) return claimant
        const [home] = await transaction.lock('SELECT instance_id FROM homes WHERE caller_hash = ?', [
          callerHash,
        ])
        const [row] = await transaction.read(selectInstance, [
          home === undefined ? '' : readText(home, 'instance_id'),
        ])
        const holder = row && readInstance(row)
        if (holder !== undefined && holder.instanceId !== gone && holder.beatAt >= aliveSince) {
          const prolong = 'UPDATE homes SET expires_at = ? WHERE caller_hash = ? AND expires_at < ?'
          await transaction.run(prolong, [expiresAt, callerHash, expiresAt])
          return holder
        }
        await transaction.run('UPDATE homes SET instance_id = ?, expires_at = ? WHERE caller_hash = ?', [
          claimant.instanceId,
          expiresAt,
          callerHash,
        ])
        return claimant
      }),
    removeInstance: (instanceId) =>
      driver.write(async (transaction) => {
        await transaction.run('DELETE FROM instances WHERE instance_id = ?', [instanceId])
      }),
  }
}

function readInstance(row: SqlRow): InstanceRecord {
  return {
    instanceId: readText(row, 'instance_id'),
    address: readText(row, 'address'),
    beatAt: readInteger(row, 'beat_at'),
  }
}
