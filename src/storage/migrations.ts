/** The tables, as numbered steps that are each applied once; a step that was released is never edited, the next one is added. */

import { StorageError } from './storage-error.ts'

export interface SqlDialect {
  /** Of a column that numbers rows in order of insertion and is the primary key. */
  sequenceColumn: string
}

export interface Migration {
  version: number
  statements(dialect: SqlDialect): readonly string[]
}

/** Instants are epoch seconds; hashes, keys and ids are base64url text; scope names are separated by spaces. */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    statements: ({ sequenceColumn }) => [
      `CREATE TABLE clients (
        sequence ${sequenceColumn},
        client_id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        metadata TEXT NOT NULL,
        secret_hash TEXT,
        similarity_key TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        last_used_at BIGINT NOT NULL,
        confirmed_at BIGINT,
        expires_at BIGINT
      )`,
      `CREATE INDEX clients_unconfirmed ON clients (sequence)
        WHERE confirmed_at IS NULL AND kind <> 'pre-registered'`,
      `CREATE INDEX clients_similar ON clients (similarity_key, created_at)
        WHERE confirmed_at IS NULL AND kind <> 'pre-registered'`,
      'CREATE INDEX clients_by_end ON clients (expires_at)',
      'CREATE INDEX clients_by_age ON clients (created_at)',
      `CREATE TABLE client_documents (
        sequence ${sequenceColumn},
        client_id TEXT NOT NULL UNIQUE,
        document TEXT NOT NULL,
        fetched_at BIGINT NOT NULL,
        fresh_until BIGINT NOT NULL
      )`,
      'CREATE INDEX client_documents_by_end ON client_documents (fresh_until)',
      `CREATE TABLE pending_authorizations (
        sequence ${sequenceColumn},
        pending_id TEXT NOT NULL UNIQUE,
        browser_hash TEXT NOT NULL,
        flow_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        redirect_uri TEXT NOT NULL,
        state TEXT,
        resource TEXT NOT NULL,
        scope TEXT NOT NULL,
        code_challenge TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        decision TEXT
      )`,
      'CREATE INDEX pending_authorizations_by_end ON pending_authorizations (expires_at)',
      `CREATE TABLE authorization_codes (
        code_hash TEXT PRIMARY KEY,
        flow_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        redirect_uri TEXT NOT NULL,
        resource TEXT NOT NULL,
        scope TEXT NOT NULL,
        code_challenge TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        wrong_verifiers BIGINT NOT NULL,
        grant_id TEXT
      )`,
      'CREATE INDEX authorization_codes_by_end ON authorization_codes (expires_at)',
      'CREATE INDEX authorization_codes_by_user ON authorization_codes (user_id)',
      `CREATE TABLE grants (
        grant_id TEXT PRIMARY KEY,
        flow_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        client_row_id TEXT,
        client_name TEXT NOT NULL,
        user_id TEXT NOT NULL,
        resource TEXT NOT NULL,
        scope TEXT NOT NULL,
        redirect_uri TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        last_used_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        revoked_at BIGINT,
        revoked_reason TEXT
      )`,
      'CREATE INDEX grants_by_user ON grants (user_id, created_at, grant_id)',
      'CREATE INDEX grants_by_client ON grants (client_id)',
      'CREATE INDEX grants_by_client_row ON grants (client_row_id)',
      'CREATE INDEX grants_by_age ON grants (created_at, grant_id)',
      'CREATE INDEX grants_by_end ON grants (expires_at)',
      `CREATE TABLE token_generations (
        grant_id TEXT NOT NULL,
        generation BIGINT NOT NULL,
        refresh_hash TEXT NOT NULL UNIQUE,
        access_hash TEXT NOT NULL UNIQUE,
        issued_at BIGINT NOT NULL,
        first_used_at BIGINT,
        rotated_at BIGINT,
        access_expires_at BIGINT NOT NULL,
        access_first_used_at BIGINT,
        UNIQUE (grant_id, generation)
      )`,
      `CREATE TABLE users (
        user_id TEXT PRIMARY KEY,
        username TEXT NOT NULL,
        username_key TEXT NOT NULL UNIQUE,
        display_name TEXT NOT NULL,
        password_hash TEXT,
        role TEXT NOT NULL,
        created_at BIGINT NOT NULL
      )`,
      'CREATE INDEX users_by_age ON users (created_at, user_id)',
      `CREATE TABLE setup_links (
        only_one BIGINT PRIMARY KEY CHECK (only_one = 1),
        setup_hash TEXT NOT NULL,
        expires_at BIGINT NOT NULL
      )`,
      `CREATE TABLE browser_sessions (
        session_hash TEXT PRIMARY KEY,
        user_id TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL
      )`,
      'CREATE INDEX browser_sessions_by_user ON browser_sessions (user_id)',
      'CREATE INDEX browser_sessions_by_end ON browser_sessions (expires_at)',
      `CREATE TABLE ended_mcp_sessions (
        session_hash TEXT PRIMARY KEY,
        expires_at BIGINT NOT NULL
      )`,
      'CREATE INDEX ended_mcp_sessions_by_end ON ended_mcp_sessions (expires_at)',
      `CREATE TABLE data_keys (
        purpose TEXT PRIMARY KEY,
        master_key_id TEXT NOT NULL,
        wrapped TEXT NOT NULL,
        created_at BIGINT NOT NULL
      )`,
    ],
  },
  {
    version: 2,
    statements: ({ sequenceColumn }) => [
      `CREATE TABLE connections (
        sequence ${sequenceColumn},
        connection_id TEXT NOT NULL UNIQUE,
        connector TEXT,
        agent TEXT,
        client_id TEXT,
        client_name TEXT,
        user_id TEXT,
        grant_id TEXT,
        redirect_host TEXT,
        is_known BIGINT NOT NULL,
        started_at BIGINT NOT NULL,
        last_at BIGINT NOT NULL,
        steps TEXT NOT NULL,
        joined TEXT NOT NULL,
        recorded_at BIGINT NOT NULL
      )`,
      'CREATE INDEX connections_by_age ON connections (last_at, sequence)',
      'CREATE INDEX connections_by_weight ON connections (is_known, last_at, sequence)',
      'CREATE INDEX connections_by_record ON connections (recorded_at)',
    ],
  },
  {
    version: 3,
    statements: ({ sequenceColumn }) => [
      `CREATE TABLE invitations (
        sequence ${sequenceColumn},
        invitation_id TEXT NOT NULL UNIQUE,
        token_hash TEXT NOT NULL UNIQUE,
        note TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        uses_left BIGINT NOT NULL
      )`,
      'CREATE INDEX invitations_by_age ON invitations (created_at, sequence)',
      'CREATE INDEX invitations_by_end ON invitations (expires_at)',
      `CREATE TABLE unique_ids (
        id_hash TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        expires_at BIGINT NOT NULL
      )`,
      'CREATE INDEX unique_ids_by_owner ON unique_ids (owner, expires_at)',
      'CREATE INDEX unique_ids_by_end ON unique_ids (expires_at)',
    ],
  },
  {
    version: 4,
    statements: () => ['ALTER TABLE ended_mcp_sessions ADD COLUMN owner TEXT'],
  },
  {
    version: 5,
    statements: () => ['ALTER TABLE clients ADD COLUMN resource TEXT'],
  },
  {
    version: 6,
    statements: ({ sequenceColumn }) => [
      `CREATE TABLE pushed_requests (
        sequence ${sequenceColumn},
        reference_hash TEXT NOT NULL UNIQUE,
        client_id TEXT NOT NULL,
        parameters TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL
      )`,
      'CREATE INDEX pushed_requests_by_end ON pushed_requests (expires_at)',
    ],
  },
  {
    version: 7,
    statements: () =>
      ['pending_authorizations', 'authorization_codes', 'grants'].map(
        (table) => `ALTER TABLE ${table} ADD COLUMN key_thumbprint TEXT`,
      ),
  },
  {
    version: 8,
    statements: ({ sequenceColumn }) => [
      `CREATE TABLE credentials (
        user_id TEXT NOT NULL,
        connector TEXT NOT NULL,
        credential_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        sealed TEXT NOT NULL,
        label TEXT,
        version BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        changed_at BIGINT NOT NULL,
        refused_at BIGINT,
        renewing_until BIGINT,
        PRIMARY KEY (user_id, connector)
      )`,
      'CREATE INDEX credentials_by_age ON credentials (created_at)',
      `CREATE TABLE detours (
        sequence ${sequenceColumn},
        state_hash TEXT NOT NULL UNIQUE,
        browser_hash TEXT NOT NULL,
        purpose TEXT NOT NULL,
        sealed TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL
      )`,
      'CREATE INDEX detours_by_end ON detours (expires_at)',
    ],
  },
  {
    version: 9,
    statements: ({ sequenceColumn }) => [
      `CREATE TABLE tool_uses (
        grant_id TEXT NOT NULL,
        tool TEXT NOT NULL,
        calls BIGINT NOT NULL,
        first_at BIGINT NOT NULL,
        last_at BIGINT NOT NULL,
        PRIMARY KEY (grant_id, tool)
      )`,
      `CREATE TABLE hour_counts (
        sequence ${sequenceColumn},
        hour_at BIGINT NOT NULL,
        connector TEXT NOT NULL,
        measure TEXT NOT NULL,
        count BIGINT NOT NULL,
        UNIQUE (hour_at, connector, measure)
      )`,
      `CREATE TABLE audit_log (
        number BIGINT PRIMARY KEY,
        at BIGINT NOT NULL,
        action TEXT NOT NULL,
        actor TEXT NOT NULL,
        actor_id TEXT,
        flow_id TEXT,
        details TEXT NOT NULL,
        previous_hash TEXT NOT NULL,
        hash TEXT NOT NULL
      )`,
      'CREATE INDEX audit_log_by_age ON audit_log (at)',
      'CREATE INDEX audit_log_by_action ON audit_log (action, number)',
      'CREATE INDEX audit_log_by_actor ON audit_log (actor_id, number)',
      `CREATE TABLE audit_tail (
        only_one BIGINT PRIMARY KEY,
        number BIGINT NOT NULL,
        hash TEXT NOT NULL
      )`,
      "INSERT INTO audit_tail (only_one, number, hash) VALUES (1, 0, '')",
    ],
  },
  {
    version: 10,
    statements: ({ sequenceColumn }) => [
      `CREATE TABLE tool_lists (
        sequence ${sequenceColumn},
        connector TEXT NOT NULL,
        seen_at BIGINT NOT NULL,
        list_hash TEXT NOT NULL,
        tools TEXT NOT NULL
      )`,
      'CREATE INDEX tool_lists_by_connector ON tool_lists (connector, sequence)',
    ],
  },
  {
    version: 11,
    statements: () => [
      'ALTER TABLE users ADD COLUMN outside TEXT',
      `CREATE TABLE passkeys (
        passkey_id TEXT PRIMARY KEY,
        user_id TEXT NOT NULL,
        public_key TEXT NOT NULL,
        counter BIGINT NOT NULL,
        transports TEXT NOT NULL,
        label TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        last_used_at BIGINT
      )`,
      'CREATE INDEX passkeys_by_user ON passkeys (user_id, created_at)',
      `CREATE TABLE recovery_codes (
        user_id TEXT NOT NULL,
        code_hash TEXT NOT NULL,
        PRIMARY KEY (user_id, code_hash)
      )`,
    ],
  },
  {
    version: 12,
    statements: () => [
      `CREATE TABLE joined_connections (
        joined_id TEXT PRIMARY KEY,
        connection_id TEXT NOT NULL,
        expires_at BIGINT NOT NULL
      )`,
      'CREATE INDEX joined_connections_by_end ON joined_connections (expires_at)',
    ],
  },
  {
    version: 13,
    statements: () => [
      'CREATE TABLE instances (instance_id TEXT PRIMARY KEY, address TEXT NOT NULL, beat_at BIGINT NOT NULL)',
      'CREATE INDEX instances_by_beat ON instances (beat_at)',
      'CREATE TABLE homes (caller_hash TEXT PRIMARY KEY, instance_id TEXT NOT NULL, expires_at BIGINT NOT NULL)',
      'CREATE INDEX homes_by_end ON homes (expires_at)',
    ],
  },
]

export const createVersionTable =
  'CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)'

/** What is still to be applied to a database of this version; a newer one is refused, because it may mean other things by the same words. */
export function pendingMigrations(version: number, known: readonly Migration[] = migrations): Migration[] {
  const newest = known.at(-1)?.version ?? 0
  if (version > newest) {
    throw new StorageError(
      'newer-schema',
      `the database has schema version ${version}, and this Postern knows versions up to ${newest}; run the newer Postern that made it`,
    )
  }
  return known.filter((migration) => migration.version > version)
}
