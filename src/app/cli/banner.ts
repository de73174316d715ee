/** What `postern serve` says when the door is open: the URL, how to add it to each client, and what is still missing. Claude's screens as seen in 2026-11. */

import { eagerUrl } from '../connector-options.ts'
import { hasSignIn, type Options } from '../options.ts'
import type { Served } from '../served-connectors.ts'
import type { ServedUpstream } from '../served-upstream.ts'
import type { ProbeFinding } from './public-url-probe.ts'
import { printable, type Writer } from './terminal.ts'
import type { UpstreamFinding } from './upstream-probe.ts'

export interface BannerFacts {
  version: string
  options: Options
  publicUrl: string
  /** `here`: only this machine reaches it. */
  reach: 'here' | 'public' | 'tunnel'
  addresses: readonly string[]
  /** Only while there is no account. */
  setupLink: string | undefined
  setupMinutes: number
}

export function writeBanner(facts: BannerFacts, out: Writer): void {
  const { options } = facts
  const { connectors } = options
  out.line()
  out.line(`  ${out.style('bold', `Postern ${facts.version} is open.`)}`)
  out.line()
  writeFacts(out, [
    ...connectors.flatMap((one) => connectorFacts(one, connectors.length > 1, facts, out)),
    ['Listening', facts.addresses.join(' and ')],
    ['Data', options.data],
  ])
  writeOpenDoors(connectors, out)
  if (facts.setupLink !== undefined) writeSetup(facts.setupLink, facts.setupMinutes, out)
  writeClients(facts, out)
  const closed = closedWays(options)
  if (hasSignIn(connectors) && closed !== undefined) writeSection(out, 'Not every client can connect', closed)
  if (facts.reach === 'tunnel') {
    writeSection(
      out,
      'This address is for this run only',
      'The next start has another URL, and so another issuer: each connector has to be removed and added again. ' +
        'For an address that stays, use --public-url with a tunnel or proxy of your own. Quick tunnels also hold ' +
        'back streams that a client opens with GET.',
    )
  }
  out.line()
  out.line(`  ${out.style('dim', 'Ctrl+C closes it.')}`)
  out.line()
}

export function writeFindings(publicUrl: string, findings: readonly ProbeFinding[], out: Writer): void {
  for (const { verdict, says, command } of findings) {
    out.line(`  ${out.style('bold', `At ${publicUrl}, Postern`)} ${verdictWords(out)[verdict]}`)
    out.paragraph(printable(says), '    ')
    if (command !== undefined) out.line(`    ${command}`)
  }
  out.line()
}

/** `name` is that of one among several connectors. */
export function writeUpstreamFinding(finding: UpstreamFinding, name: string | undefined, out: Writer): void {
  const whose = out.style(
    'bold',
    name === undefined ? 'Your MCP server' : `The MCP server of ${printable(name)}`,
  )
  if (finding.verdict === 'answers') {
    out.line(`  ${whose} ${out.style('green', 'answers')} (${printable(finding.server)})`)
  } else {
    out.line(`  ${whose} ${out.style('red', 'does not answer')}`)
    out.paragraph(printable(finding.says), '    ')
    out.paragraph('The door stays open; the next call tries again.', '    ')
  }
  out.line()
}

function verdictWords(out: Writer): Record<ProbeFinding['verdict'], string> {
  return {
    good: out.style('green', 'answers as it should'),
    bad: out.style('red', 'does not answer as it should'),
    unknown: out.style('yellow', 'could not be reached from here'),
  }
}

type Fact = readonly [string, string]

function connectorFacts(one: Served, isNamed: boolean, { publicUrl }: BannerFacts, out: Writer): Fact[] {
  const url = out.style('cyan', publicUrl + one.path)
  return [
    ['Connector', isNamed ? `${url} (${printable(one.name)})` : url],
    one.kind === 'one' ? ['MCP server', upstreamWords(one.upstream)] : ['Tenants', tenantWords(one.known)],
  ]
}

function upstreamWords(upstream: ServedUpstream): string {
  if (upstream.kind === 'url') return upstream.url
  return printable([upstream.command, ...upstream.args].join(' '))
}

function tenantWords(known: ReadonlyMap<string, unknown> | undefined): string {
  if (known === undefined) return 'those that the config file knows'
  const names = [...known.keys()]
  const shown = names.slice(0, maximumTenantsShown).join(', ')
  const more = names.length - maximumTenantsShown
  return more > 0 ? `${shown} and ${more} more` : shown || 'none'
}

const maximumTenantsShown = 5

function writeFacts(out: Writer, facts: readonly Fact[]): void {
  for (const [name, value] of facts) out.line(`  ${name.padEnd(labelColumns)}${value}`)
}

const labelColumns = 13

function writeSection(out: Writer, title: string, text: string): void {
  out.line()
  out.line(`  ${out.style('bold', title)}`)
  out.paragraph(text, '  ')
}

/** What strangers may do, said of each connector where it is not nothing. */
function writeOpenDoors(connectors: readonly Served[], out: Writer): void {
  for (const one of connectors) {
    if (one.kind === 'tenants' || one.access === 'oauth') continue
    const where = connectors.length === 1 ? '' : ` at ${printable(one.name)}`
    if (one.access === 'none') {
      writeSection(
        out,
        out.style('yellow', `Nobody has to sign in${where}`),
        'Everybody who reaches the connector can use every tool of its MCP server.',
      )
      continue
    }
    const { publicTools = [] } = one
    const tools = publicTools === 'read-only' ? 'those that only read' : printable(publicTools.join(', '))
    writeSection(
      out,
      `Open in part${where}`,
      `Without signing in, everybody lists what there is, and calls ${tools || 'no tool'}. For the rest they sign in.`,
    )
  }
}

function writeSetup(link: string, minutes: number, out: Writer): void {
  out.line()
  out.line(`  ${out.style('bold', 'First make your account')} (this link works for ${minutes} minutes)`)
  out.line(`  ${out.style('cyan', link)}`)
}

function writeClients({ options, publicUrl, reach }: BannerFacts, out: Writer): void {
  const { connectors } = options
  const fixed = connectors.filter((one) => one.kind === 'one')
  const [first] = fixed
  const address = fixed.length === 1 ? 'this URL' : 'the URL of a connector'
  out.line()
  out.line(`  ${out.style('bold', 'Add it to Claude')}`)
  const code = fixed.map(
    ({ name, path }) => `claude mcp add --transport http ${shellName(name)} ${publicUrl}${path}`,
  )
  const cloud: (readonly [string, readonly string[]])[] =
    reach === 'here'
      ? []
      : [
          ['claude.ai', [`Customize > Connectors > + > Add custom connector, and ${address}`]],
          ['Desktop', ["the same; it connects from Claude's cloud, not from this computer"]],
          ['mobile', ['shows the connectors that you added on claude.ai']],
        ]
  const signIn = hasSignIn(connectors) ? ['then type /mcp in Claude Code to sign in'] : []
  const rows: (readonly [string, readonly string[]])[] = [
    ...cloud,
    ['Claude Code', [...code, ...signIn]],
    ['Inspector', ['npx @modelcontextprotocol/inspector', `Streamable HTTP, and ${address}`]],
  ]
  for (const [label, lines] of rows) {
    lines.forEach((line, index) => {
      out.line(`  ${(index === 0 ? label : '').padEnd(labelColumns)}${line}`)
    })
  }
  writeEager(fixed, publicUrl, out)
  if (first !== undefined) {
    out.line()
    out.line(`  ${out.style('bold', 'Try it without Claude')}`)
    out.line(`  npx postern connect ${publicUrl}${first.path}`)
  }
  if (reach !== 'here') return
  writeSection(
    out,
    'Not yet: claude.ai, Desktop and mobile',
    "They connect from Claude's cloud, and this address is on this machine only. --tunnel gives it a public one for " +
      'a try; --public-url https://NAME names the one of your own proxy or tunnel (docs/guides/going-public.md).',
  )
}

function writeEager(
  fixed: readonly { path: string; access: string }[],
  publicUrl: string,
  out: Writer,
): void {
  const lazy = fixed.filter(({ access }) => access === 'lazy')
  if (lazy.length === 0) return
  writeSection(
    out,
    'For a dialog that looks for a sign-in by itself',
    'It takes a connector that is open in part for one without any. Give it this form of the URL, or choose "Sign in when needed":',
  )
  for (const { path } of lazy) out.line(`  ${eagerUrl(publicUrl + path)}`)
}

/** `claude mcp add` takes letters, digits, - and _. */
function shellName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'mcp-server'
}

/** Which way in each client takes: recorded 2026-11 (DCR nearly all; CIMD claude.ai, Claude Code from 2.1.81, VS Code, Inspector on request). */
export function closedWays(
  ways: Pick<Options, 'registration' | 'metadataDocuments' | 'preRegistered'>,
): string | undefined {
  const { registration, metadataDocuments, preRegistered } = ways
  if (registration && metadataDocuments && preRegistered) return undefined
  const off = [
    ...(registration ? [] : ['--no-registration']),
    ...(metadataDocuments ? [] : ['--no-metadata-documents']),
    ...(preRegistered ? [] : ['--no-pre-registered']),
  ].join(', ')
  const still = [
    ...(metadataDocuments ? ['claude.ai, Claude Code and VS Code by their metadata documents'] : []),
    ...(registration
      ? [
          `${metadataDocuments ? 'nearly all others' : 'claude.ai, Claude Code and nearly all others'} by registering themselves`,
        ]
      : []),
    ...(preRegistered ? ['a client that `postern clients create` gave an id'] : []),
  ]
  const others = registration ? '' : ' Others (Cursor, Gemini CLI, opencode) cannot.'
  return `Because of ${off}, these can: ${joinWords(still)}.${others}`
}

function joinWords(parts: readonly string[]): string {
  if (parts.length <= 1) return parts.join('')
  return `${parts.slice(0, -1).join('; ')}; and ${parts.at(-1)}`
}
