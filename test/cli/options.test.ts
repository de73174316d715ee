/** Options from flags, environment and file: what weighs more, and that every problem is told at once. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type OptionSources, type Options, OptionsError, readOptions } from '../../src/app/options.ts'
import type { ServedConnector } from '../../src/app/served-connectors.ts'
import { findSimilar } from '../../src/app/similar-word.ts'
import { referenceServer, runPostern, serve, temporaryDirectory } from './postern-command.ts'

const nothing: OptionSources = { flags: {}, strays: [], command: [], environment: {}, file: undefined }
const aCommand: OptionSources = { ...nothing, command: ['node', 'server.js'] }

/** The one that is served where there are not several. */
function onlyOf({ connectors }: Options): ServedConnector {
  const [only] = connectors
  if (only?.kind !== 'one') throw new Error('not one connector')
  return only
}

function problemsOf(sources: Partial<OptionSources>): string[] {
  try {
    readOptions({ ...nothing, ...sources })
  } catch (error) {
    if (error instanceof OptionsError) return error.problems.map(({ at, says }) => `${at}: ${says}`)
    throw error
  }
  return []
}

describe('reading', () => {
  test('flags outweigh the environment, which outweighs the file', () => {
    const sources: OptionSources = {
      ...aCommand,
      flags: { port: '1001' },
      environment: { POSTERN_PORT: '1002', POSTERN_PATH: '/env' },
      file: { name: 'postern.config.json', content: { port: 1003, path: '/file', name: 'from file' } },
    }
    const options = readOptions(sources)
    expect(options.port).toBe(1001)
    expect(onlyOf(options)).toMatchObject({ path: '/env', name: 'from file' })
  })

  test('what is read is frozen, and what was given stays as it was', () => {
    const content = { trustedHost: ['a.example'], publicUrl: 'https://MCP.example.com' }
    const before = structuredClone(content)
    const options = readOptions({ ...aCommand, file: { name: 'f', content } })
    expect(content).toEqual(before)
    expect(options.publicUrl).toBe('https://mcp.example.com')
    expect(Object.isFrozen(options)).toBe(true)
    expect(Object.isFrozen(onlyOf(options).upstream)).toBe(true)
    expect(Object.isFrozen(options.trustedHosts)).toBe(true)
  })

  test('an empty variable is one that is not set', () => {
    expect(
      readOptions({ ...aCommand, environment: { POSTERN_PORT: '', POSTERN_PUBLIC_URL: '' } }),
    ).toMatchObject({
      port: 8787,
      publicUrl: undefined,
    })
  })

  test.each([
    ['npx -y @modelcontextprotocol/server-everything', 'server-everything'],
    ['node node_modules/@modelcontextprotocol/server-everything/dist/index.js', 'server-everything'],
    ['npx -y weather-mcp@1.2.3', 'weather-mcp'],
    ['uvx mcp-server-git --repository /srv', 'mcp-server-git'],
    ['docker run -i --rm -e GITHUB_TOKEN ghcr.io/github/github-mcp-server', 'github-mcp-server'],
    ['./weather.sh', 'weather'],
    ['node dist/index.js', 'mcp-server'],
    ['node -e process.exit(0)', 'mcp-server'],
  ])('%s is called %s', (command, name) => {
    expect(onlyOf(readOptions({ ...nothing, command: command.split(' ') })).name).toBe(name)
  })

  test('named variables and headers are taken from the environment, nothing else is', () => {
    const environment = { TOKEN: 'secret', OTHER: 'x', AUTH: 'Bearer y' }
    const command = onlyOf(readOptions({ ...aCommand, flags: { env: ['TOKEN'] }, environment }))
    expect(command.upstream).toMatchObject({ kind: 'command', environment: { TOKEN: 'secret' } })
    const flags = { upstream: 'http://127.0.0.1:1/mcp', upstreamHeader: ['Authorization=AUTH'] }
    const url = onlyOf(readOptions({ ...nothing, flags, environment }))
    expect(url.upstream).toEqual({
      kind: 'url',
      url: 'http://127.0.0.1:1/mcp',
      headers: { Authorization: 'Bearer y' },
    })
  })

  test('of two that exclude each other the weightier stands', () => {
    const file = { name: 'f', content: { publicUrl: 'https://a.example', command: ['node', 'x.js'] } }
    expect(readOptions({ ...nothing, flags: { tunnel: true }, file })).toMatchObject({
      tunnel: true,
      publicUrl: undefined,
    })
    const url = readOptions({ ...nothing, flags: { upstream: 'http://127.0.0.1:1' }, file })
    expect(onlyOf(url).upstream.kind).toBe('url')
  })

  test('a command in a variable is words, or JSON where words would not do', () => {
    const read = (text: string) =>
      onlyOf(readOptions({ ...nothing, environment: { POSTERN_COMMAND: text } })).upstream
    expect(read('npx -y thing')).toMatchObject({ command: 'npx', args: ['-y', 'thing'] })
    expect(read('["sh", "-c", "echo hi"]')).toMatchObject({ command: 'sh', args: ['-c', 'echo hi'] })
    expect(problemsOf({ environment: { POSTERN_COMMAND: 'sh -c "echo hi"' } })).toHaveLength(1)
  })
})

describe('problems', () => {
  test.each<[string, Partial<OptionSources>, RegExp]>([
    ['no MCP server', {}, /say which MCP server/],
    ['two MCP servers', { command: ['x'], flags: { upstream: 'http://127.0.0.1:1' } }, /one MCP server/],
    [
      'forgotten dashes',
      { strays: ['npx', '-y', 'x'] },
      /write "postern serve -- npx -y x": .* after two dashes/,
    ],
    [
      'a public URL without TLS',
      { ...aCommand, flags: { publicUrl: 'http://mcp.example.com' } },
      /https origin/,
    ],
    [
      'a public URL with a path',
      { ...aCommand, flags: { publicUrl: 'https://a.example/mcp' } },
      /without a path/,
    ],
    [
      'a public URL with a password',
      { ...aCommand, flags: { publicUrl: 'https://u:p@a.example' } },
      /https origin/,
    ],
    [
      'a tunnel and a public URL',
      { ...aCommand, flags: { tunnel: true, publicUrl: 'https://a.example' } },
      /one of the two/,
    ],
    ['a flag without its value', { ...aCommand, flags: { port: true } }, /--port: needs a value/],
    ['a port that is none', { ...aCommand, flags: { port: '70000' } }, /"70000" is not a whole number/],
    [
      'a port from Kubernetes',
      { ...aCommand, environment: { POSTERN_PORT: 'tcp://10.0.0.1:80' } },
      /enableServiceLinks/,
    ],
    [
      'no way in',
      { ...aCommand, flags: { registration: false, metadataDocuments: false, preRegistered: false } },
      /no client could ever connect/,
    ],
    ['a variable that is not set', { ...aCommand, flags: { env: ['MISSING'] } }, /MISSING, which is not set/],
    [
      'a header of the protocol',
      { flags: { upstream: 'http://127.0.0.1:1', upstreamHeader: ['Host=H'] }, environment: { H: 'x' } },
      /header of the protocol/,
    ],
    [
      'a file of another shape',
      { ...aCommand, file: { name: 'f.ts', content: undefined } },
      /default export/,
    ],
    [
      'a variable for a URL',
      { flags: { upstream: 'http://127.0.0.1:1', env: ['A'] }, environment: { A: '1' } },
      /not for --upstream/,
    ],
  ])('%s', (_, sources, says) => {
    const problems = problemsOf(sources)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(says)
  })

  test('[HS-01] a variable of Postern is never handed on to the command', () => {
    const environment = { POSTERN_MASTER_KEY: '', POSTERN_LOGIN: 'ada:x' }
    expect(problemsOf({ ...aCommand, flags: { env: ['POSTERN_LOGIN'] }, environment })[0]).toMatch(
      /never handed on/,
    )
  })

  test('[HS-14] a secret that was put where a name belongs is not repeated', () => {
    const flags = { env: ['TOKEN=hunter2'], upstreamHeader: ['Authorization: Bearer hunter2'] }
    const environment = { POSTERN_MASTER_KEY: 'hunter2', POSTERN_CONSOLE_TOKEN: 'hunter2' }
    const content = { identity: { kind: 'oidc', clientSecret: 'hunter2' }, credential: 'hunter2' }
    const problems = problemsOf({ ...aCommand, flags, environment, file: { name: 'f', content } })
    expect(problems).toHaveLength(6)
    expect(problems.join()).not.toContain('hunter2')
  })

  test('a variable that others own is no problem, a slip of the pen is', () => {
    const environment = {
      POSTERN_SERVICE_HOST: '10.0.0.1',
      POSTERN_PORT_8787_TCP_ADDR: '10.0.0.1',
      POSTERN_TUNEL: 'true',
    }
    expect(problemsOf({ ...aCommand, environment })).toEqual([
      'POSTERN_TUNEL: is not a variable of Postern; did you mean POSTERN_TUNNEL?',
    ])
  })

  test.each([
    ['prot', 'port'],
    ['pubilcUrl', 'publicUrl'],
    ['PORT', 'port'],
    ['elephant', undefined],
  ])('%s suggests %s', (word, similar) => {
    expect(findSimilar(word, ['port', 'path', 'publicUrl'])).toBe(similar)
  })
})

describe('through the program', () => {
  test('malformed options are all told at once, with what was meant', async () => {
    const home = temporaryDirectory()
    writeFileSync(
      join(home, 'postern.config.json'),
      JSON.stringify({ acces: 'none', refreshTokenDays: 'many' }),
    )
    const { code, stdout, stderr } = await runPostern(
      ['serve', '--prot', '9000', '--public-url', 'mcp.example.com', '--path', 'mcp', '--name'],
      { cwd: home, env: { POSTERN_LOG_LEVEL: 'loud', POSTERN_TUNEL: 'true' } },
    )
    expect(code).toBe(2)
    expect(stdout).toBe('')
    const told = stderr.replaceAll(/\s+/g, ' ')
    expect(told).toContain('there are 9 problems')
    for (const part of [
      '--prot is not an option; did you mean --port?',
      'POSTERN_TUNEL is not a variable of Postern; did you mean POSTERN_TUNNEL?',
      'postern.config.json: acces is not an option; did you mean access?',
      '--public-url "mcp.example.com" is not an https origin',
      '--path "mcp" is not a path such as /mcp',
      '--name needs a value',
      'POSTERN_LOG_LEVEL "loud" is not error, warn, info or debug',
      'postern.config.json: refreshTokenDays "many" is not a whole number of days',
      'say which MCP server to put behind the door',
    ]) {
      expect(told).toContain(part)
    }
  })

  test('a config file in TypeScript is enough', async () => {
    const home = temporaryDirectory()
    const config = {
      command: referenceServer,
      name: 'From the file',
      port: 0,
      path: '/things',
      data: './records',
    }
    writeFileSync(
      join(home, 'postern.config.ts'),
      `export default ${JSON.stringify(config)} satisfies object\n`,
    )
    const { child, connectorUrl } = await serve(join(home, 'flag-wins'), [], { cwd: home })
    expect(new URL(connectorUrl).pathname).toBe('/things')
    expect(child.stdout()).toContain('claude mcp add --transport http From-the-file')
    expect(child.stdout()).toContain('flag-wins')
  })

  test.each([
    ['broken', '{', /postern\.config\.json cannot be read/],
    ['not an object', '[]', /must hold one object/],
  ])('a config file that is %s is told in a sentence', async (_, text, says) => {
    const home = temporaryDirectory()
    writeFileSync(join(home, 'postern.config.json'), text)
    const { code, stderr } = await runPostern(['serve', '--', 'node'], { cwd: home })
    expect(code).toBe(2)
    expect(stderr).toMatch(says)
    expect(stderr).not.toContain('    at ')
  })

  test('a path that Postern needs for itself is refused', async () => {
    const words = ['serve', '--data', temporaryDirectory(), '--port', '0', '--path', '/oauth', '--', 'node']
    const { code, stderr } = await runPostern(words)
    expect(code).toBe(2)
    expect(stderr.replace(/\s+/g, ' ')).toMatch(/"\/oauth" is not a path .* not one of Postern itself/)
  })
})
