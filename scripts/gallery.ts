/** Renders every page with sample views, without a server: `node scripts/gallery.ts` writes test-results/gallery/. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pageLinks } from '../src/app/pages.ts'
import { type AccountView, accountPage, type ConnectedApp } from '../src/ui/account.ts'
import { type ConsentTool, type ConsentView, consentPage } from '../src/ui/consent.ts'
import type {
  AccountView as AccountElsewhereView,
  SuppliedFieldView,
  SuppliedView,
} from '../src/ui/credential.ts'
import { type DepartureView, departurePage } from '../src/ui/departure.ts'
import { errorPage, type PageProblem } from '../src/ui/error.ts'
import { type HomeView, homePage } from '../src/ui/home.ts'
import type { Page, Visitor } from '../src/ui/layout.ts'
import { type LoginView, loginPage } from '../src/ui/login.ts'
import { type PasskeysView, passkeysPage, type RecoveryView, recoveryPage } from '../src/ui/passkeys.ts'
import { type SetupView, setupPage } from '../src/ui/setup.ts'
import { text } from '../src/ui/text.ts'
import { consolePieces } from './gallery-console.ts'

export interface GalleryPiece {
  name: string
  page: Page
}

export function galleryPieces(): GalleryPiece[] {
  return [
    { name: 'login', page: loginPage(login) },
    {
      name: 'login-wrong',
      page: loginPage({ ...login, username: 'ada', fault: text.signIn.wrong }),
    },
    {
      name: 'login-several-ways',
      page: loginPage({
        ...login,
        passkey: { action: '/login/passkey', csrf: 'sample', returnTo: '/', options: {} },
        recoveryPath: '/login/recovery',
        elsewhere: [{ label: 'Google', path: '/login/google' }],
      }),
    },
    {
      name: 'login-by-proxy',
      page: loginPage({ ...login, hasForm: false, namedBy: 'Example SSO' }),
    },
    { name: 'recovery', page: recoveryPage(recovery) },
    { name: 'recovery-wrong', page: recoveryPage({ ...recovery, fault: text.passkeys.recoverWrong }) },
    { name: 'setup', page: setupPage(setup) },
    {
      name: 'setup-wrong',
      page: setupPage({
        ...setup,
        setupToken: 'pst_su_2mWd0uFhGkQmXHfH7mQ0b3oJfYk0n1xkq3v5Jw8yR4c',
        username: 'ada lovelace',
        fault: text.setup.problems,
        problems: ['username-characters', 'password-too-short', 'passwords-differ'],
        isLinkInvalid: true,
      }),
    },
    { name: 'consent', page: consentPage(sampleConsent) },
    { name: 'consent-local', page: consentPage(localConsent) },
    { name: 'consent-hostile', page: consentPage(hostileConsent) },
    { name: 'home', page: homePage({ ...frameOfHome, connectors: [publicConnector] }) },
    {
      name: 'home-local',
      page: homePage({
        ...frameOfHome,
        pageUrl: 'http://localhost:8787/',
        connectors: [{ name: 'Everything', url: 'http://localhost:8787/mcp' }],
        needsSetup: true,
      }),
    },
    {
      name: 'home-several',
      page: homePage({
        ...frameOfHome,
        connectors: [publicConnector, { name: 'Calendar', url: 'https://mcp.example.com/calendar' }],
      }),
    },
    { name: 'home-without-address', page: homePage({ ...frameOfHome, connectors: [] }) },
    { name: 'home-branded', page: homePage({ ...brandedHome, visitor: ada }) },
    { name: 'consent-key', page: consentPage({ ...sampleConsent, credential: { ...key, forUser: 'ada' } }) },
    {
      name: 'consent-key-refused',
      page: consentPage({ ...sampleConsent, credential: { ...refusedKey, forUser: 'ada' } }),
    },
    {
      name: 'consent-account-elsewhere',
      page: consentPage({ ...sampleConsent, credential: { ...elsewhere, forUser: 'ada' } }),
    },
    { name: 'departure', page: departurePage(departure) },
    { name: 'account', page: accountPage(account) },
    { name: 'account-ended', page: accountPage({ ...account, apps: [], disconnected: 'Claude' }) },
    { name: 'account-hostile', page: accountPage(hostileAccount) },
    { name: 'passkeys', page: passkeysPage(passkeys) },
    {
      name: 'passkeys-codes',
      page: passkeysPage({ ...passkeys, passkeys: [], newCodes: Array.from({ length: 10 }, sampleCode) }),
    },
    { name: 'passkeys-full', page: passkeysPage({ ...passkeys, addingOptions: undefined, fault: 'full' }) },
    ...consolePieces(),
    ...errors.map((problem) => ({ name: `error-${problem.kind}`, page: showError(problem) })),
  ]
}

const frame = { brand: { name: 'Postern' }, homePath: '/' }

const login: LoginView = {
  ...frame,
  action: '/login',
  csrf: 'sample',
  returnTo: '/',
  username: '',
  fault: undefined,
  isForConnection: true,
}

const recovery: RecoveryView = {
  ...frame,
  action: '/login/recovery',
  csrf: 'sample',
  returnTo: '/',
  fault: undefined,
}

const setup: SetupView = {
  ...frame,
  action: '/setup',
  csrf: 'sample',
  returnTo: '/',
  setupToken: '',
  username: '',
  displayName: '',
  fault: undefined,
  problems: [],
  isLinkInvalid: false,
  minimumPasswordLength: 8,
}

const publicConnector = { name: 'Everything', url: 'https://mcp.example.com/mcp' }

const tools: readonly ConsentTool[] = [
  reading('get-sum', 'Get sum'),
  reading('get-tiny-image', 'Get tiny image'),
  reading('get-resource-links', 'Get resource links'),
  reading('get-structured-content', 'Get structured content'),
  reading('echo', 'Echo'),
  reading('get-annotated-message', 'Get annotated message'),
  changing('toggle-simulated-logging', 'Toggle simulated logging', false),
  changing('write-note', 'Write a note', false),
  changing('delete-note', 'Delete a note', true),
]

export const sampleConsent: ConsentView = {
  ...frame,
  client: {
    name: 'Claude',
    isSelfAsserted: false,
    clientIdHost: 'claude.ai',
    redirectHost: 'claude.ai',
    isLocal: false,
  },
  connector: publicConnector,
  user: { username: 'ada', displayName: 'Ada Lovelace' },
  scopes: [
    {
      name: 'read',
      label: 'Look things up',
      explanation: 'Use the tools that only read, and see prompts and resources.',
      optional: false,
      checked: true,
    },
    {
      name: 'write',
      label: 'Make changes',
      explanation: 'Use the tools that create, change or delete something.',
      optional: true,
      checked: true,
    },
  ],
  tools,
  csrf: 'sample',
  action: '/oauth/authorize',
  signOut: { action: '/logout', csrf: 'sample', returnTo: '/oauth/authorize?request=sample' },
  redirectUri: 'https://claude.ai/api/mcp/auth_callback',
}

const localConsent: ConsentView = {
  ...sampleConsent,
  client: {
    name: 'Claude Code',
    isSelfAsserted: true,
    clientIdHost: undefined,
    redirectHost: 'localhost:53682',
    isLocal: true,
  },
  tools: undefined,
  redirectUri: 'http://localhost:53682/callback',
}

const hostileConsent: ConsentView = {
  ...sampleConsent,
  client: {
    name: `\u202eedualC\u202c <img src=x onerror=alert(1)> ${'Pneumonoultramicroscopic'.repeat(12)}`,
    isSelfAsserted: true,
    clientIdHost: undefined,
    redirectHost: `claude.ai.${'very-long-label.'.repeat(8)}evil.example`,
    isLocal: false,
  },
  connector: {
    name: '"><script>alert(1)</script>',
    url: 'https://mcp.example.com/a/b?c=<d>&e="f"',
  },
  user: { username: 'עדה', displayName: 'עדה לאבלייס' },
  tools: [
    changing('x'.repeat(128), '</ul></form><form action=https://evil.example>', true),
    reading('a', 'Z̷̛̗͂a̸̧͝l̵̰͗g̶̩̈o̴̢̓'.repeat(3)),
  ],
  redirectUri: 'https://evil.example/callback',
}

const key: SuppliedView = {
  kind: 'supplied',
  title: 'Your Acme account',
  help: 'Make a key under Settings, API keys.',
  helpUrl: 'https://github.com/example/acme',
  fields: [
    keyField('url', 'Account URL', { hint: 'Such as https://you.acme.example', value: '' }),
    keyField('key', 'API key', { isSecret: true }),
  ],
  stored: undefined,
  fault: undefined,
}

const refusedKey: SuppliedView = {
  ...key,
  fields: [
    keyField('url', 'Account URL', { value: 'https://evil.example', problem: 'pattern' }),
    keyField('key', 'API key', { isSecret: true, isRequired: false }),
  ],
  stored: { label: 'ada@acme.example', changedAt: 1_794_000_000 },
  fault: { kind: 'refused', says: `No such key. ${'<b>Really</b> '.repeat(40)}` },
}

const elsewhere: AccountElsewhereView = {
  kind: 'account',
  provider: 'Acme',
  stored: { label: 'ada@acme.example', changedAt: 1_794_000_000 },
  fault: { kind: 'declined' },
}

const departure: DepartureView = {
  ...frame,
  provider: 'Example SSO',
  url: new URL('https://claude.com/sign-out'),
}

const frameOfHome = {
  brand: frame.brand,
  pageUrl: 'https://mcp.example.com/',
  links: pageLinks('/'),
  needsSetup: false,
}

const brandedHome: HomeView = {
  ...frameOfHome,
  brand: {
    name: 'Acme & Sons',
    colour: '#c2185b',
    logo: `data:image/svg+xml;base64,${btoa('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="11" fill="#c2185b"/><path d="M6 17l6-11 6 11z" fill="#fff"/></svg>')}`,
  },
  connectors: [publicConnector],
}

const now = 1_795_000_000
const ada: Visitor = {
  username: 'ada',
  displayName: 'Ada Lovelace',
  signOut: { action: '/logout', csrf: 'sample', returnTo: '/' },
}

const account: AccountView = {
  ...frame,
  links: pageLinks('/account'),
  visitor: ada,
  action: '/account',
  csrf: 'sample',
  now,
  disconnected: undefined,
  apps: [
    {
      grantId: 'g1',
      client: 'Claude',
      redirectHost: 'claude.ai',
      isLocal: false,
      connector: { name: 'Everything', icon: undefined },
      scopes: ['Look things up', 'Make changes'],
      since: now - 12 * 86_400,
      lastUsedAt: now - 240,
      tools: ['search-notes', 'get-sum', 'write-note', 'echo', 'get-tiny-image', 'toggle-logging'].map(
        (name, index) => ({ name, calls: 41 - index * 8, lastAt: now - 240 - index * 9000 }),
      ),
    },
    {
      grantId: 'g2',
      client: 'Claude Code',
      redirectHost: 'localhost:53682',
      isLocal: true,
      connector: { name: 'Everything', icon: undefined },
      scopes: ['Look things up'],
      since: now - 90,
      lastUsedAt: undefined,
      tools: [],
    },
  ],
}

const passkeys: PasskeysView = {
  ...frame,
  links: pageLinks('/login/passkeys', false, '/login/passkeys'),
  visitor: ada,
  action: '/login/passkeys',
  csrf: 'sample',
  passkeys: [
    { passkeyId: 'p1', label: 'Phone', createdAt: now - 40 * 86_400, lastUsedAt: now - 7200 },
    { passkeyId: 'p2', label: `"><b>${'x'.repeat(70)}`, createdAt: now - 90, lastUsedAt: undefined },
  ],
  addingOptions: {},
  recoveryCodesLeft: 9,
  newCodes: undefined,
  done: undefined,
  fault: undefined,
  now,
}

const hostileAccount: AccountView = {
  ...account,
  visitor: { ...ada, username: 'x'.repeat(64), displayName: '\u202e<b>evil</b>'.repeat(9) },
  disconnected: '<script>alert(1)</script>',
  apps: [
    {
      ...(account.apps[0] as ConnectedApp),
      client: `\u202eedualC ${'Pneumonoultramicroscopic'.repeat(9)}`,
      redirectHost: `claude.ai.${'very-long-label.'.repeat(8)}evil.example`,
      connector: { name: '"><script>alert(1)</script>', icon: undefined },
      scopes: ['</span><form action=https://evil.example>', 'עדה'],
      tools: [{ name: `<img src=x onerror=alert(1)>${'x'.repeat(128)}`, calls: 1, lastAt: now }],
    },
  ],
}

const errors: readonly PageProblem[] = [
  { kind: 'unknown-client', connector: publicConnector },
  {
    kind: 'not-for-you',
    connector: publicConnector.name,
    username: 'ada',
    signOut: { action: '/logout', csrf: 'x', returnTo: '/' },
  },
  {
    kind: 'bad-request',
    says: 'code_challenge_method is "plain"; only S256 is accepted (RFC 7636 §4.2)',
  },
  { kind: 'expired' },
  { kind: 'not-genuine' },
  { kind: 'not-found' },
  { kind: 'setup-done' },
  { kind: 'setup-closed' },
  { kind: 'no-account' },
  { kind: 'too-many', retryAfterSeconds: 300 },
  { kind: 'operators-only' },
  { kind: 'server-error' },
]

function showError(problem: PageProblem): Page {
  return errorPage({ ...frame, errorId: 'Q3vXk2mB9dTfYw', problem })
}

function keyField(name: string, label: string, more: Partial<SuppliedFieldView>): SuppliedFieldView {
  const plain = { hint: undefined, isSecret: false, isRequired: true, value: '', problem: undefined }
  return { ...plain, name, label, ...more }
}

function sampleCode(_: unknown, at: number): string {
  return `7k${at}m-9xqa-w3t${at}-0hnz`
}

function reading(name: string, title: string): ConsentTool {
  return { name, title, scope: 'read', readOnly: true, destructive: false }
}

function changing(name: string, title: string, destructive: boolean): ConsentTool {
  return { name, title, scope: 'write', readOnly: false, destructive }
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, '..', 'test-results', 'gallery')
  mkdirSync(folder, { recursive: true })
  for (const { name, page } of galleryPieces()) writeFileSync(join(folder, `${name}.html`), page.html)
  console.log(`${galleryPieces().length} pages in ${folder}`)
}
