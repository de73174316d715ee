/** Clients that have to be entered by hand, and what to hand over to whom: one entry for each way in which a product takes a client id. */

import { claudeCallbacks } from '../../oauth/claude.ts'

export interface ClientPreset {
  readonly name: string
  /** Completes "a client for …"; at most 70 characters, for the help page. */
  readonly purpose: string
  /** What people read on the consent page, unless `--name` says otherwise. */
  readonly clientName: string
  readonly redirectUris: readonly string[]
  readonly secret: 'always' | 'on request' | 'never'
  /** Where what we know of it comes from, and when. */
  readonly source: string
  /** What to do with it, after the facts. */
  handOver(made: MadeClient): readonly string[]
}

export interface MadeClient {
  readonly clientId: string
  readonly clientSecret: string | undefined
}

const claudeDocs = 'claude.com/docs/connectors/building/authentication, read 2026-11'

export const clientPresets: readonly ClientPreset[] = [
  {
    name: 'typed',
    purpose: 'claude.ai, Desktop and mobile: typed in beside the connector URL',
    clientName: 'Claude',
    redirectUris: claudeCallbacks,
    secret: 'on request',
    source: claudeDocs,
    handOver: ({ clientSecret }) => [
      'To whoever adds the connector; in a Team or Enterprise organisation an owner adds it for everybody.',
      'Customize > Connectors > + > Add custom connector: paste the connector URL, open "Advanced settings", paste the client ID' +
        (clientSecret === undefined ? ' and leave the secret empty.' : ' and the client secret.'),
      'Removing the connector in Claude forgets the ID, so keep it; and it cannot be changed there, only removed and added again.',
    ],
  },
  {
    name: 'custom-connection',
    purpose: 'a directory connector that asks each person for a client ID',
    clientName: 'Claude',
    redirectUris: claudeCallbacks,
    secret: 'on request',
    source: claudeDocs,
    handOver: ({ clientSecret }) => [
      'To the one customer it is for: make one for each, so that each can be removed alone.',
      clientSecret === undefined
        ? 'When they connect, Claude asks for a client ID and a secret: paste the ID and leave the secret empty.'
        : 'When they connect, Claude asks for a client ID and a secret: paste both.',
    ],
  },
  {
    name: 'anthropic-held',
    purpose: 'a directory connector whose client Anthropic keeps for all',
    clientName: 'Claude',
    redirectUris: claudeCallbacks,
    secret: 'always',
    source: claudeDocs,
    handOver: () => [
      'To Anthropic, by a safe way, at the review address that claude.com/docs/connectors/building/authentication names: ' +
        'the connector URL, the client ID, the client secret, and that the secret goes into the body (client_secret_post).',
      'All people who connect from claude.ai share this one client. Claude Code does not use it, nor do custom connectors; ' +
        'they come by themselves, unless that is switched off.',
    ],
  },
  {
    name: 'claude-code',
    purpose: 'Claude Code, where it should not register itself',
    clientName: 'Claude Code',
    redirectUris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
    secret: 'on request',
    source: 'Claude Code 2.1.229 to 2.1.260, recorded 2026-11',
    handOver: ({ clientId, clientSecret }) => [
      'To the people who use it, as one line, with your name and connector URL in it:',
      `  claude mcp add --transport http --client-id ${clientId}${clientSecret === undefined ? '' : ' --client-secret'} NAME URL`,
      clientSecret === undefined
        ? 'Any port of localhost will do, so --callback-port is not needed.'
        : 'Claude Code then asks for the secret. Programs on many machines keep no secret: without --confidential this is as safe.',
    ],
  },
  {
    name: 'chatgpt',
    purpose: 'ChatGPT connectors with a static client',
    clientName: 'ChatGPT',
    redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    secret: 'on request',
    source: 'makeplane/plane-mcp-server#165 and imonroe/memserv#46, read 2026-11',
    handOver: () => [
      'To whoever adds the connector in ChatGPT: Settings > Connectors > Create, Authentication "OAuth", static client.',
      'Newer connectors have a callback of their own, shown there: https://chatgpt.com/connector/oauth/… If yours shows one, ' +
        'enter the client again with --redirect-uri and that address.',
    ],
  },
  {
    name: 'vscode',
    purpose: 'Visual Studio Code',
    clientName: 'Visual Studio Code',
    redirectUris: ['http://127.0.0.1:33418', 'http://127.0.0.1:33418/', 'https://vscode.dev/redirect'],
    secret: 'on request',
    source: 'code.visualstudio.com, extension guide on MCP, read 2026-11',
    handOver: () => [
      'To the people who use it: VS Code asks for the client ID when it connects for the first time.',
    ],
  },
  {
    name: 'cursor',
    purpose: 'Cursor',
    clientName: 'Cursor',
    redirectUris: ['cursor://anysphere.cursor-mcp/oauth/callback'],
    secret: 'on request',
    source: 'cursor.com/docs/mcp, read 2026-11',
    handOver: ({ clientId, clientSecret }) => [
      'To the people who use it, beside the url in mcp.json:',
      `  "auth": { "CLIENT_ID": "${clientId}"${clientSecret === undefined ? '' : ', "CLIENT_SECRET": "…"'} }`,
    ],
  },
  {
    name: 'inspector',
    purpose: 'MCP Inspector, in the browser and as a command',
    clientName: 'MCP Inspector',
    redirectUris: [
      'http://localhost/oauth/callback',
      'http://localhost/oauth/callback/debug',
      'http://127.0.0.1/oauth/callback',
    ],
    secret: 'never',
    source: 'Inspector 2.12, recorded 2026-11',
    handOver: () => ['Under Authentication > OAuth 2.0 Flow: paste the client ID, leave the secret empty.'],
  },
]

export function findPreset(name: string): ClientPreset | undefined {
  return clientPresets.find((preset) => preset.name === name)
}
