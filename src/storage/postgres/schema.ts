/** The tables in PostgreSQL, made and migrated by one instance while the others wait. */

import type pg from 'pg'
import { createVersionTable, type Migration, pendingMigrations } from '../migrations.ts'
import { StorageError } from '../storage-error.ts'

export async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query(
      `SET statement_timeout = ${migrationTimeoutMs}; SET lock_timeout = ${migrationTimeoutMs}`,
    )
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock])
    await client.query(createVersionTable)
    const { rows } = await client.query('SELECT MAX(version) AS version FROM schema_version')
    for (const migration of pendingMigrations(Number(rows[0]?.version ?? 0))) await apply(client, migration)
    await announceRevocations(client)
  } finally {
    // The lock and the settings belong to this connection, and end with it.
    client.release(true)
  }
}

async function apply(client: pg.PoolClient, migration: Migration): Promise<void> {
  await client.query('BEGIN')
  const sequenceColumn = 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY'
  for (const statement of migration.statements({ sequenceColumn })) await client.query(statement)
  await client.query(
    'INSERT INTO schema_version (version, applied_at) VALUES ($1, extract(epoch FROM now())::bigint)',
    [migration.version],
  )
  await client.query('COMMIT')
}

/** Of a database that is being copied into: half of the records would be worse than none. */
export async function refuseUnfinishedCopy(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query('SELECT to_regclass($1) AS found', [unfinishedCopy])
  if (rows[0]?.found === null) return
  const says =
    'records are being copied into this database, or the copy was cut off; see to it that `postern storage copy` ends well'
  throw new StorageError('unfinished-copy', says)
}

/** The table that stands there until the copy is whole. */
export const unfinishedCopy = 'unfinished_copy'

/** A trigger and no verb of ours, so that whoever revokes, in whatever way, is heard by every instance. */
async function announceRevocations(client: pg.PoolClient): Promise<void> {
  const standing = await client.query(
    'SELECT 1 FROM pg_trigger WHERE tgname = $1 AND tgrelid = $2::regclass',
    [grantTrigger, 'grants'],
  )
  if (standing.rowCount !== 0) return
  await client.query(`BEGIN;
    CREATE OR REPLACE FUNCTION postern_announce_grant() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_notify('${grantChannel}', NEW.grant_id); RETURN NULL; END $$;
    CREATE TRIGGER ${grantTrigger} AFTER UPDATE ON grants FOR EACH ROW
      WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at OR OLD.key_thumbprint IS DISTINCT FROM NEW.key_thumbprint)
      EXECUTE FUNCTION postern_announce_grant();
    COMMIT`)
}

/** Says the id of each grant that was revoked or bound to another key. */
export const grantChannel = 'postern_grants'
/** Another number when its body changes. */
const grantTrigger = 'postern_announce_grant_1'

/** Several instances that start at once wait for the one that migrates. */
const migrationTimeoutMs = 60_000

/** For `pg_advisory_lock`: `pstn`. */
const migrationLock = 0x7073746e
