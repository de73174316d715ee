/** Every event that Postern tells of, its weight and its meaning; docs/reference/events.md is made from it. */

import type { LogLevel } from '../options.ts'

export interface EventDefinition {
  readonly name: string
  readonly level: LogLevel
  /** What happened, and what to do where something should be done. */
  readonly meaning: string
}

export const eventDefinitions: readonly EventDefinition[] = [
  event('server.opened', 'info', 'Postern accepts requests.'),
  event('server.closed', 'info', 'Postern was asked to stop, and has stopped.'),

  event(
    'discovery.read',
    'debug',
    'A client read a metadata document; `path` says which. Every connection begins so.',
  ),
  event(
    'discovery.missed',
    'debug',
    'A client asked for a machine address that is not served here. Often the connector was added under another URL.',
  ),
  event(
    'discovery.guessed',
    'debug',
    'A client used an endpoint at its usual address (/authorize, /token, /register) instead of the one in the metadata.',
  ),

  event('client.registered', 'info', 'A client registered itself (RFC 7591).'),
  event('client.changed', 'info', 'A client changed its own registration (RFC 7592).'),
  event('client.removed', 'info', 'A client removed its own registration; its connections have ended.'),
  event(
    'client.recovered',
    'warn',
    'A client came with an id that is no longer known, and was brought back to ask for consent anew. Expected after a restored backup.',
  ),
  event(
    'client.document_failed',
    'warn',
    "A client's metadata document could not be read, so it cannot connect. `reason` says why; most often a bot wall at its host.",
  ),

  event(
    'authorization.requested',
    'info',
    'A browser came to /oauth/authorize with a request that can be granted.',
  ),
  event(
    'source.refused',
    'warn',
    'A program asked from an address that --allow-source does not list; `reason` says which.',
  ),
  event('login.succeeded', 'info', 'A person signed in.'),
  event(
    'login.failed',
    'warn',
    'A sign-in was refused: wrong name or password, or too many at once (`reason`).',
  ),
  event(
    'login.braked',
    'warn',
    'Sign-ins are slowed down because many have failed. If it goes on, somebody is guessing passwords.',
  ),
  event(
    'login.impossible',
    'warn',
    'Somebody came to sign in, and there is no account yet. Open the setup link, or use `postern users create`.',
  ),
  event('login.ended', 'info', 'A person signed out.'),
  event('passkey.added', 'info', 'A person added a passkey.'),
  event('passkey.removed', 'info', 'A person removed a passkey.'),
  event('recovery.made', 'info', 'A person made new recovery codes; all earlier ones have ended.'),
  event('setup.completed', 'info', 'The first account was made by the setup link.'),
  event('setup.refused', 'warn', 'The setup link was used when it was not valid. Start again for a new one.'),
  event(
    'form.refused',
    'warn',
    'A form came without its CSRF token or from another origin. Often a page that was open for too long; else an attack.',
  ),
  event('consent.shown', 'info', 'A person is asked whether to allow a client.'),
  event('consent.approved', 'info', 'A person allowed a client; `scope` is what was ticked.'),
  event('consent.denied', 'info', 'A person declined.'),
  event(
    'consent.refused',
    'warn',
    'A person signed in whom the operator has not let in to that connector (`people`). Another account may be.',
  ),
  event(
    'credential.saved',
    'info',
    'A person gave what the upstream is called with in their name, and it was good.',
  ),
  event(
    'credential.rejected',
    'info',
    'What a person gave for the upstream was not good, or could not be checked, or an account was not connected (`code`). Nothing was kept.',
  ),
  event(
    'credential.renewed',
    'debug',
    'A person’s access at another provider was renewed, for all calls that waited.',
  ),
  event(
    'credential.unavailable',
    'error',
    'The provider of an account does not answer as it should; `reason` says how. Calls fail until it does.',
  ),
  event(
    'credential.refused',
    'warn',
    'The upstream does not accept a person’s credential any more, in its own words (`reason`). The person has to connect again.',
  ),

  event('token.issued', 'info', 'A code was exchanged: the client is connected.'),
  event('refresh.rotated', 'info', 'A client renewed its tokens.'),
  event(
    'refresh.repeated',
    'info',
    'A client asked again for tokens whose answer it had lost, and got the same.',
  ),
  event(
    'refresh.reused',
    'error',
    'An old refresh token came again after its successor was in use: somebody may have a copy. The connection is revoked; the person has to connect again.',
  ),
  event('code.wrong_verifier', 'warn', 'A code came with a wrong PKCE verifier. `count` of 5 burn it.'),
  event(
    'code.replayed',
    'error',
    'A code that was used came again. What came from it is revoked; the person has to connect again.',
  ),
  event('grant.revoked', 'info', 'A client gave back its tokens, as removing a connector does.'),

  event(
    'account.disconnected',
    'info',
    'A person disconnected an app on the page of connected apps; its tokens are dead.',
  ),
  event('usage.lost', 'warn', 'What was used could not be stored and is tried again; `count` was left out.'),
  event(
    'audit.lost',
    'error',
    'The audit log could not be written and is tried again; `count` is missing from it.',
  ),
  event(
    'audit.skipped',
    'info',
    'In the audit log only: strangers did so much in a minute that `count` of it is not written down there.',
  ),
  event(
    'user.created',
    'info',
    'In the audit log only: an account was made, at the command line or in the console.',
  ),
  event('user.removed', 'info', 'In the audit log only: an account was removed; its connections have ended.'),
  event('recovery.ended', 'info', 'In the audit log only: the recovery codes of a person were taken away.'),
  event('user.password_set', 'info', 'In the audit log only: an account was given another password.'),
  event(
    'client.created',
    'info',
    'In the audit log only: a client or resource server was entered by the operator.',
  ),
  event(
    'invitation.created',
    'info',
    'In the audit log only: an invitation for clients to register was made.',
  ),
  event('invitation.removed', 'info', 'In the audit log only: an invitation was taken back.'),
  event('keys.rewrapped', 'info', 'In the audit log only: the master key was replaced.'),
  event(
    'keys.removed',
    'info',
    'In the audit log only: a key was removed, to be made anew; `purpose` says which.',
  ),
  event(
    'credential.removed',
    'info',
    'In the audit log only: what an MCP server is called with for a person was removed.',
  ),
  event(
    'console.acted',
    'info',
    'An operator did something in the console or over its API; `code` says what.',
  ),
  event('console.refused', 'warn', 'Somebody without the role of an administrator asked for the console.'),
  event(
    'connections.lost',
    'warn',
    'So many steps of connections are missing in `postern connections`; `reason` says why.',
  ),
  event('mcp.request', 'info', 'A request to the MCP endpoint was answered.'),
  event(
    'mcp.refused',
    'info',
    'A request to the MCP endpoint was refused. The 401 to a first request without a token is how every connection begins.',
  ),
  event('session.opened', 'info', 'A client began an MCP session.'),
  event(
    'session.claimed',
    'info',
    'Somebody signed in within an MCP session that was begun without a token; it is theirs from then on.',
  ),
  event('session.ended', 'info', 'A client ended its MCP session.'),
  event('upstream.started', 'info', 'The command of your MCP server was started for a caller.'),
  event(
    'upstream.exited',
    'info',
    'The command ended; `code` says how, `reason` why or what it printed last.',
  ),
  event(
    'result.large',
    'warn',
    'A tool answered with more than a client of Claude takes whole: `code` says which limit, `bytes` how much it was.',
  ),
  event('upstream.stderr', 'debug', 'A line that your MCP server wrote to standard error.'),
  event('upstream.failed', 'error', 'Your MCP server could not answer; the client was told `reason`.'),
  event(
    'upstream.tool_changed',
    'warn',
    'Your MCP server says something else of `tool` than before (`code`: changed, added or removed; `count` of them at once). People have approved what it said before: look at the difference in the console or with `postern audit list --action upstream.tool_changed`.',
  ),

  event(
    'instance.beat_missed',
    'warn',
    'This instance could not say that it lives; `reason` says why. After ten seconds of it the others take over the calls for its commands.',
  ),
  event(
    'storage.moved',
    'warn',
    'The records were moved to PostgreSQL by `postern storage copy`, and the server goes on there; `reason` says where. At its next start it needs --database.',
  ),
  event('storage.expired_removed', 'debug', 'Expired records were removed; `count` of them.'),
  event(
    'storage.housekeeping_failed',
    'error',
    'Expired records could not be removed. Nothing is lost, but the database grows; `reason` says why.',
  ),

  event(
    'request.refused',
    'warn',
    'A request to an OAuth endpoint or page was refused; `code` and `reason` say why.',
  ),
  event(
    'request.failed',
    'error',
    'Something in Postern went wrong. The visitor was shown `errorId`. Please report it with this line.',
  ),
]

/** An event that is not in the table counts as `info`. */
export const eventLevels: ReadonlyMap<string, LogLevel> = new Map(
  eventDefinitions.map(({ name, level }) => [name, level]),
)

function event(name: string, level: LogLevel, meaning: string): EventDefinition {
  return { name, level, meaning }
}
