/** The table of what an operator can set: each option with its places, its purpose, its default and what follows from it. The reference page is made from it. */

import type { OptionName } from './config.ts'

export interface OptionDefinition {
  /** As `postern.config.ts` writes it. */
  readonly name: OptionName
  readonly group: OptionGroup
  /** Whose it is where there are several: each connector's, each tenant's, of a connector with tenants, or the door's. */
  readonly belongsTo: 'door' | 'connector' | 'tenant' | 'template'
  /** Undefined where a flag would show a secret to everybody on the machine, or where `--` says it. */
  readonly flag: string | undefined
  readonly environment: string | undefined
  readonly inFile: boolean
  readonly repeatable: boolean
  /** Completes the sentence "this is not …", and says the unit. */
  readonly expects: string
  /** In words, where it is not a value. */
  readonly default: string
  readonly purpose: string
  readonly consequence: string
}

export type OptionGroup =
  | 'The MCP server behind the door'
  | 'The address of the door'
  | 'Who may come in'
  | 'Pages'
  | 'Records and logs'

export const optionDefinitions: readonly OptionDefinition[] = [
  {
    ...ofTenant('command', 'The MCP server behind the door', undefined),
    expects: 'a list of words: a program and its arguments',
    default: 'none; this or --upstream is required',
    purpose: 'The command that starts your MCP server on stdio. On the command line it stands after `--`.',
    consequence:
      'Runs as the user that runs Postern, one process for each person and client, with only PATH, HOME, LANG, TMPDIR and what --env names in its environment.',
  },
  {
    ...ofTenant('upstream', 'The MCP server behind the door', '--upstream <url>'),
    expects: 'an http or https URL, such as http://127.0.0.1:3000/mcp',
    default: 'none; this or a command is required',
    purpose: 'The URL of an MCP server that runs already (Streamable HTTP).',
    consequence: "Callers' tokens are never sent there; use --upstream-header if it wants a credential.",
  },
  {
    ...ofTenant('upstreamHeader', 'The MCP server behind the door', '--upstream-header <name=var>'),
    repeatable: true,
    expects:
      'a header and the environment variable that holds its value, such as Authorization=UPSTREAM_AUTH',
    default: 'none',
    purpose: 'A header for every request to --upstream. The value is read from the variable that you name.',
    consequence:
      'The secret stays out of the process list and of files. Everybody who may use the connector acts with it.',
  },
  {
    ...ofTenant('env', 'The MCP server behind the door', '--env <name>'),
    repeatable: true,
    expects: 'the name of an environment variable, without its value',
    default: 'none',
    purpose: 'A variable to hand on to the command, by name.',
    consequence:
      'The command, and every tool in it, can read its value. A variable that begins with POSTERN_ is never handed on.',
  },
  {
    ...ofTenant('cwd', 'The MCP server behind the door', '--cwd <directory>'),
    expects: 'a directory',
    default: 'the directory Postern was started in',
    purpose: 'The directory that the command runs in.',
    consequence: "Relative paths in the command's arguments mean something else.",
  },
  {
    ...inFileOnly(ofTenant('credential', 'The MCP server behind the door', undefined)),
    expects:
      'an object with a kind: none, static-secret, user-supplied, upstream-oauth or signed-identity (docs/guides/credentials.md)',
    default: 'none',
    purpose: 'What the MCP server is called with: the same for everybody, or each person’s own.',
    consequence:
      'With a kind of their own, people are asked for it on the consent page, and nobody is ever served with another’s. Whoever has none is asked to connect again.',
  },
  {
    ...ofTenant('name', 'The MCP server behind the door', '--name <name>'),
    expects: 'a name of 1 to 80 characters',
    default: 'taken from the command or URL',
    purpose: 'What people are asked to allow: the name on the consent page, and in `claude mcp add`.',
    consequence: 'Seen at the next consent. Connections stay as they are.',
  },
  {
    ...ofConnector('icon', 'The MCP server behind the door', '--icon <file>'),
    expects: 'a .svg, .png, .webp or .jpg file of at most 48 KB',
    default: 'none',
    purpose: 'A picture beside the name, on the consent page and the home page.',
    consequence: "People recognize what they allow. Claude's own list shows the icon of the host's web site.",
  },
  {
    ...inFileOnly(ofConnector('scopes', 'The MCP server behind the door', undefined)),
    expects: 'a list of { name, label, explanation, optional }, one of them not optional',
    default: 'read (always) and write (can be unticked)',
    purpose: 'What people can allow, in the words of the consent page.',
    consequence:
      'A token without `read` cannot call tools that only read, one without `write` no others; other names are shown and put into the token, and nothing here is judged by them.',
  },
  {
    ...inFileOnly(ofDoor('connectors', 'The MCP server behind the door', undefined)),
    expects: 'a list of connectors, each with a name, a path and an MCP server',
    default: 'one connector, from the options of this page',
    purpose: 'Several connectors behind one door, each with the options that belong to a connector.',
    consequence:
      'Each has its own URL, metadata, tokens and people. Options of a connector then stand in each of them, and not beside.',
  },
  {
    ...inFileOnly(ofDoor('defaultConnector', 'The MCP server behind the door', undefined)),
    expects: 'the name of one of the connectors',
    default: 'none of several',
    purpose: 'Of several connectors the one that a client means that names none.',
    consequence:
      'Its metadata stands at the root too. Without one, older clients that look only there find no connector.',
  },
  {
    ...inFileOnly(ofDoor('tenants', 'The MCP server behind the door', undefined)),
    belongsTo: 'template',
    expects: 'an object of tenants by name, or a function from a name to a tenant',
    default: 'none',
    purpose: 'For a connector whose path has `{tenant}` in it: who the tenants are.',
    consequence:
      'Each tenant has a URL, tokens, people and an MCP server of its own; what belongs to a tenant stands in each. A function is asked when a tenant is first used.',
  },
  {
    ...ofDoor('port', 'The address of the door', '--port <n>'),
    expects: 'a whole number from 0 to 65535 (0 takes a free one)',
    default: '8787',
    purpose: 'The port to listen on.',
    consequence:
      'Without --public-url the port is part of the connector URL, so clients have to add the connector again.',
  },
  {
    ...ofDoor('host', 'The address of the door', '--host <address>'),
    expects: 'an address of this machine, such as 0.0.0.0',
    default: '127.0.0.1 and ::1',
    purpose: 'The address to listen on.',
    consequence:
      'Anything but loopback lets other machines connect without TLS; put a proxy that speaks https before it.',
  },
  {
    ...ofDoor('publicUrl', 'The address of the door', '--public-url <url>'),
    expects: 'an https origin without a path, such as https://mcp.example.com (http only for localhost)',
    default: 'http://localhost:PORT',
    purpose: 'The origin under which clients reach Postern: issuer, resource and links are made from it.',
    consequence:
      'A new origin is a new issuer: every connector has to be added again, and everybody signs in again.',
  },
  {
    ...ofConnector('path', 'The address of the door', '--path <path>'),
    expects:
      'a path such as /mcp, without a trailing slash, and not one of Postern itself such as /oauth, /login or /account',
    default: '/mcp',
    purpose: 'Where the MCP endpoint is.',
    consequence: 'Part of the connector URL: clients have to add the connector again, and tokens end.',
  },
  {
    ...ofDoor('tunnel', 'The address of the door', '--tunnel'),
    expects: 'true or false',
    default: 'false',
    purpose: 'Starts an installed cloudflared and uses the https URL that it is given.',
    consequence:
      'Reachable from everywhere while it runs. Each run has a new URL, so the connector has to be added again each time.',
  },
  {
    ...ofDoor('trustedHost', 'The address of the door', '--trusted-host <name>'),
    repeatable: true,
    expects: 'a host name, with its port if it has one, such as mcp.internal:8443',
    default: 'none',
    purpose: 'A further name that requests may have in their Host header.',
    consequence:
      'Requests under that name are answered, always with the URLs of --public-url. Other names get 421, against DNS rebinding.',
  },
  {
    ...ofDoor('trustedProxy', 'The address of the door', '--trusted-proxy <range>'),
    repeatable: true,
    expects: 'an address or a range, such as 127.0.0.1 or 10.0.0.0/8',
    default: 'none',
    purpose: 'A proxy whose X-Forwarded-For says where a request comes from.',
    consequence:
      'Whoever can connect from there can claim any address, for --allow-source and for limits. Behind a proxy that is not listed, all requests seem to come from it. Other forwarded headers are never believed.',
  },
  {
    ...ofTenant('access', 'Who may come in', '--access <mode>'),
    expects: 'oauth, lazy or none',
    default: 'oauth',
    purpose: 'Whether everybody signs in, or only for what is not public (lazy), or nobody.',
    consequence:
      '`lazy` lets everybody who reaches the URL list tools, prompts and resources, and call the tools of --public-tool; whatever else they ask for, they are told to sign in. `none` lets everybody who reaches the URL use every tool.',
  },
  {
    ...ofTenant('publicTools', 'Who may come in', '--public-tool <name>'),
    repeatable: true,
    expects: 'the name of a tool, or read-only alone for all tools that your MCP server says only read',
    default: 'none',
    purpose: 'With --access lazy: a tool that anybody may call without signing in.',
    consequence: 'Whoever reaches the URL can call it, as often as they like and with any arguments.',
  },
  {
    ...ofTenant('hiddenTools', 'Who may come in', '--hidden-tool <name>'),
    repeatable: true,
    expects: 'the name of a tool that is not a public one',
    default: 'none',
    purpose: 'With --access lazy: a tool that is not listed for whoever has not signed in.',
    consequence:
      'Claude does not offer what it does not see, so that nobody is asked to sign in for it. Clients see it once they have listed again.',
  },
  {
    ...inFileOnly(ofTenant('policy', 'Who may come in', undefined)),
    expects:
      'a list of { scopes, groups, allow, deny }; allow and deny hold { tools, prompts, resources, methods }, each a list of names in which * stands for anything; tools may be read-only, destructive or not-destructive instead',
    default: 'everything that the scopes permit',
    purpose: 'What of the MCP server may be used, and by whom: the groups are the roles admin and member.',
    consequence:
      'What is not allowed is missing from the lists and refused on call. A tool that does not say that it only reads counts as destructive.',
  },
  {
    ...ofTenant('signInForm', 'Who may come in', '--sign-in-form <form>'),
    expects: 'http, in-band or by-client',
    default: 'by-client',
    purpose: 'With --access lazy: how a call without a token is told to sign in.',
    consequence:
      '`http` is 401 with a challenge, which MCP says and Claude reads. `in-band` is the result of a tool with the challenge in `_meta`, which ChatGPT reads and Claude does not. `by-client` is in-band for ChatGPT and http for all others.',
  },
  {
    ...inFileOnly(ofDoor('identity', 'Who may come in', undefined)),
    expects:
      'a list of objects with a kind: local, oidc, google, entra, okta, auth0, keycloak, github or header (docs/guides/identity-providers.md)',
    default: 'local: accounts of this server, with passwords',
    purpose: 'How people sign in, and who of the people of other providers may enter.',
    consequence:
      'The sign-in page has a button for each. Without local there are no passwords here, and no setup link.',
  },
  {
    ...ofTenant('people', 'Who may come in', '--people <name>'),
    repeatable: true,
    expects: 'the user name of an account',
    default: 'everybody with an account',
    purpose: 'Who may use the connector, by user name.',
    consequence:
      'Others can sign in and are told on the consent page that it is not open to them. Whoever is taken off the list is out at the next call after a restart.',
  },
  {
    ...ofTenant('clients', 'Who may come in', '--clients <which>'),
    expects: 'any or own',
    default: 'any',
    purpose: 'Whether any client may ask for the connector, or only those entered for it.',
    consequence:
      'With `own`, a client needs an id from `postern clients create --connector URL`, which is of no use at other connectors. Connections that were made before stay.',
  },
  {
    ...ofTenant('proofOfPossession', 'Who may come in', '--proof-of-possession <rule>'),
    expects: 'offered or required',
    default: 'offered',
    purpose:
      'Whether tokens have to be bound to a key of their client (DPoP), or are where a client offers one.',
    consequence:
      'Required, a stolen token is of no use, and no client of Anthropic connects: none of them proves a key so far. Connections without a key end.',
  },
  {
    ...ofDoor('registration', 'Who may come in', '--no-registration'),
    expects: 'true or false',
    default: 'true',
    purpose: 'Whether clients may register themselves (RFC 7591).',
    consequence:
      'Off, only clients with a metadata document or from `postern clients create` connect: claude.ai and Claude Code still do, many others do not. Clients that had registered stop working.',
  },
  {
    ...ofDoor('metadataDocuments', 'Who may come in', '--no-metadata-documents'),
    expects: 'true or false',
    default: 'true',
    purpose: 'Whether clients may identify themselves by the URL of a metadata document.',
    consequence:
      'Off, Postern fetches nothing from clients. claude.ai and Claude Code then register themselves instead.',
  },
  {
    ...ofDoor('preRegistered', 'Who may come in', '--no-pre-registered'),
    expects: 'true or false',
    default: 'true',
    purpose: 'Whether clients made by `postern clients create` may connect.',
    consequence: 'Off, they are refused, but kept for when it is on again.',
  },
  {
    ...ofDoor('invitedOnly', 'Who may come in', '--invited-only'),
    expects: 'true or false',
    default: 'false',
    purpose: 'Whether clients that register themselves need a token from `postern clients invite`.',
    consequence:
      'On, a registration without one is refused with 401. claude.ai and Claude Code still come in by their metadata documents; they cannot send such a token.',
  },
  {
    ...ofDoor('allowRedirect', 'Who may come in', '--allow-redirect <host>'),
    repeatable: true,
    expects:
      "a host such as claude.ai or *.example.com, localhost for programs on people's own devices, or a scheme such as cursor:",
    default: 'any',
    purpose: 'Where answers of clients that come by themselves may go.',
    consequence:
      'Others are refused, also those that connected before. For Claude: claude.ai, claude.com and, for Claude Code, localhost. Clients from `postern clients create` are not judged.',
  },
  {
    ...ofDoor('allowClientName', 'Who may come in', '--allow-client-name <name>'),
    repeatable: true,
    expects: 'a name such as Claude, or the beginning of one such as Claude Code*',
    default: 'any',
    purpose: 'What clients that come by themselves may be called.',
    consequence:
      "A name is the client's own word: this keeps out products that say who they are, and nobody who lies. A client that was forgotten is not brought back.",
  },
  {
    ...ofDoor('tokenEndpointAudience', 'Who may come in', '--token-endpoint-audience'),
    expects: 'true or false',
    default: 'false',
    purpose:
      'Whether a client that signs may name the token endpoint as the audience, instead of the issuer.',
    consequence:
      'For older products. On, an assertion made for this server can be one that another server was tricked into passing on.',
  },
  {
    ...ofDoor('allowSource', 'Who may come in', '--allow-source <range>'),
    repeatable: true,
    expects: 'an address or a range such as 203.0.113.0/24, or anthropic for 160.79.104.0/21',
    default: 'all',
    purpose: 'Where programs may ask from: the MCP endpoint, metadata, registration and tokens.',
    consequence:
      'Others get 403. With anthropic, claude.ai, Desktop and mobile still connect; Claude Code does not, because it asks from the machine it runs on. People may sign in from anywhere. Behind a proxy, list it with --trusted-proxy.',
  },
  {
    ...ofDoor('trustIssuer', 'Who may come in', '--trust-issuer <url>'),
    repeatable: true,
    expects: 'an https URL as the issuer writes it in its tokens, such as https://login.example.com',
    default: 'none',
    purpose:
      'Whose word about people is taken: the identity provider of a company (enterprise-managed authorization).',
    consequence:
      'Whoever it vouches for to a client that authenticates is let in without signing in or being asked here, for one access token at a time. An account is made for each of them at first use. Its keys are found by OpenID discovery.',
  },
  {
    ...ofDoor('unprovenClient', 'Who may come in', '--unproven-client <id>'),
    repeatable: true,
    expects: 'a client id, or claude for the one that claude.ai publishes',
    default: 'none',
    purpose: 'Which clients may bring the word of a trusted issuer without a secret or a key of their own.',
    consequence:
      'claude.ai has neither, unless Anthropic holds credentials of yours. Whoever catches such a word on its way, before it is used, can use it in place of the client.',
  },
  {
    ...ofDoor('rateLimits', 'Who may come in', '--no-rate-limits'),
    expects: 'true or false',
    default: 'true',
    purpose: 'Whether floods are answered with 429 and Retry-After.',
    consequence:
      'Off, nothing slows down whoever registers clients without end; the number of records stays bounded. Honest clients never meet the limits, two registrations a second from one address neither.',
  },
  {
    ...ofConnector('accessTokens', 'Who may come in', '--access-tokens <form>'),
    expects: 'opaque or jwt',
    default: 'opaque',
    purpose:
      'What access tokens look like: opaque, or signed so that a resource server elsewhere reads them.',
    consequence:
      'jwt tokens name the person, the client and the scopes to whoever holds one. Here revoking stays immediate; a server that only checks the signature takes them until they expire. Its keys are at /oauth/jwks.',
  },
  {
    ...ofDoor('accessTokenMinutes', 'Who may come in', '--access-token-minutes <n>'),
    expects: 'a whole number of minutes from 1 to 1440',
    default: '60',
    purpose: 'How long an access token is valid. Clients renew it by themselves.',
    consequence:
      'Revoking is immediate whatever this is. Ten or less makes some clients renew twice at once.',
  },
  {
    ...ofDoor('refreshTokenDays', 'Who may come in', '--refresh-token-days <n>'),
    expects: 'a whole number of days from 1 to 3650',
    default: '90',
    purpose: 'How long a connection lives after its last use.',
    consequence: 'A client that was not used for longer has to be allowed again.',
  },
  {
    ...ofDoor('siteName', 'Pages', '--site-name <name>'),
    expects: 'a name of 1 to 60 characters',
    default: 'Postern',
    purpose: 'What stands at the top of every page, and in the titles of its windows.',
    consequence: 'People see whose server it is that they sign in to.',
  },
  {
    ...ofDoor('siteLogo', 'Pages', '--site-logo <file>'),
    expects: 'a .svg, .png, .webp or .jpg file of at most 48 KB',
    default: 'a small door',
    purpose: 'A picture beside that name.',
    consequence: 'It is sent with every page, so a small one keeps pages fast.',
  },
  {
    ...ofDoor('siteColour', 'Pages', '--site-colour <colour>'),
    expects: 'a colour such as #14594a',
    default: '#14594a',
    purpose: 'The colour of buttons, links and marks.',
    consequence:
      'Where it could not be read on its ground it is made darker, or for dark screens lighter, until it can.',
  },
  {
    ...ofDoor('console', 'Pages', '--console'),
    expects: 'true or false',
    default: 'false',
    purpose:
      'The operator’s console at /console: what goes on, why connections fail, people, clients, grants.',
    consequence:
      'Whoever signs in with an account that is an administrator sees and ends everybody’s connections there. Nothing is granted for an address.',
  },
  {
    ...ofDoor('consoleToken', 'Pages', undefined),
    inFile: false,
    expects: '32 characters or more, such as `openssl rand -hex 32` prints',
    default: 'none',
    purpose: 'With --console: opens its JSON API at /console/api to scripts that bring it as a bearer token.',
    consequence:
      'Whoever has it can read and end everything that the console can. Without one there is no API.',
  },
  {
    ...ofDoor('data', 'Records and logs', '--data <directory>'),
    expects: 'a directory that can be written to',
    default: './.postern',
    purpose:
      'Where the database (postern.db), unless --database names one, and the master key (master.key) are.',
    consequence:
      'Another directory is another Postern, with its own accounts and connections. Back up both files, apart from each other.',
  },
  {
    ...ofDoor('database', 'Records and logs', '--database <url>'),
    expects: 'a URL such as postgres://postern@db.example.com/postern?sslmode=verify-full',
    default: 'postern.db in the data directory',
    purpose: 'A PostgreSQL database to keep the records in, for several instances beside one another.',
    consequence:
      'Needs the package pg. A password stands in POSTERN_DATABASE or PGPASSWORD, not in the flag. `postern storage copy` moves the records there first, so that nobody is signed out.',
  },
  {
    ...ofDoor('internalListen', 'The address of the door', '--internal-listen <host:port>'),
    expects: 'an address of this machine that the other instances reach, and a port, such as 10.0.0.5:8788',
    default: 'none: nothing is passed on',
    purpose:
      'Of several instances on one database: where this one takes calls for the commands that it runs.',
    consequence:
      'A command runs on one instance for each person and client, and calls that reach another one are passed there. What is not sealed by an instance is refused; all the same the port belongs into a private network.',
  },
  {
    ...ofDoor('masterKey', 'Records and logs', undefined),
    inFile: false,
    expects: '32 bytes in base64url (43 characters); of two with a comma between, the one that fits is used',
    default: 'the file master.key in the data directory, made at the first start',
    purpose: 'The key that wraps all other keys, for where secrets come from the environment.',
    consequence: 'Without the right key nothing that was issued works, and Postern does not start.',
  },
  {
    ...ofDoor('metricsListen', 'Records and logs', '--metrics-listen <address>'),
    expects: 'a port, or an address and a port, such as 9464 or 0.0.0.0:9464',
    default: 'none',
    purpose: 'A listener of its own with /metrics for Prometheus; on 127.0.0.1 if only a port is named.',
    consequence:
      'Whoever reaches it sees how much is going on, and the names of connectors and tools; nothing of who or what. It is not behind the door: keep it off the internet.',
  },
  {
    ...ofDoor('logFormat', 'Records and logs', '--log-format <format>'),
    expects: 'pretty or json',
    default: 'pretty on a terminal, json elsewhere',
    purpose: 'How events are written to standard error.',
    consequence: 'json is one object for each event, as docs/reference/events.md names them.',
  },
  {
    ...ofDoor('logLevel', 'Records and logs', '--log-level <level>'),
    expects: 'error, warn, info or debug',
    default: 'info',
    purpose: 'The least important event that is written.',
    consequence: 'debug adds every request and what your MCP server prints to its standard error.',
  },
  {
    ...ofDoor('config', 'Records and logs', '--config <file>'),
    inFile: false,
    expects: 'a .ts, .js or .json file',
    default: 'postern.config.ts or postern.config.json in the current directory, if there is one',
    purpose: 'A file with these options by name. Flags outweigh the environment, which outweighs the file.',
    consequence: 'A .ts or .js file is run as a program. Paths in it are relative to the current directory.',
  },
]

type Places = Pick<
  OptionDefinition,
  'name' | 'group' | 'belongsTo' | 'flag' | 'environment' | 'inFile' | 'repeatable'
>

function ofDoor(name: OptionName, group: OptionGroup, flag: string | undefined): Places {
  const environment = `POSTERN_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
  return { name, group, belongsTo: 'door', flag, environment, inFile: true, repeatable: false }
}

function ofConnector(name: OptionName, group: OptionGroup, flag: string | undefined): Places {
  return { ...ofDoor(name, group, flag), belongsTo: 'connector' }
}

function ofTenant(name: OptionName, group: OptionGroup, flag: string | undefined): Places {
  return { ...ofDoor(name, group, flag), belongsTo: 'tenant' }
}

/** Too much for a flag. */
function inFileOnly(places: Places): Places {
  return { ...places, flag: undefined, environment: undefined }
}
