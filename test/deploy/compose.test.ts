/** deploy/compose.yaml, field by field (Compose Specification, as of Docker Compose 2), and against the program that it starts. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { readDataOptions } from '../../src/app/options.ts'
import { deployFolder, readManifests } from './deploy-files.ts'

const defaultPort = 8787
/** `closeDeadlineMs` of src/app/cli/serve.ts. */
const closesWithinSeconds = 8

const duration = z.string().regex(/^\d+(s|m|h)$/)
const service = z.strictObject({
  image: z.string().optional(),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  restart: z.enum(['no', 'always', 'on-failure', 'unless-stopped']),
  init: z.boolean().optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  cap_add: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()),
  ports: z.array(z.string().regex(/^(\d[\d.]*:)?\d+:\d+(\/udp)?$/)).optional(),
  volumes: z.array(z.string().regex(/^[\w./-]+:\/[\w./-]+(:ro)?$/)).optional(),
  depends_on: z
    .record(z.string(), z.strictObject({ condition: z.enum(['service_healthy', 'service_started']) }))
    .optional(),
  healthcheck: z
    .strictObject({ test: z.array(z.string()), interval: duration, timeout: duration, retries: z.int() })
    .optional(),
  networks: z.array(z.string()),
  stop_grace_period: duration.optional(),
})

const composeShape = z.strictObject({
  name: z.string(),
  services: z.record(z.string(), service),
  networks: z.record(
    z.string(),
    z.strictObject({
      internal: z.boolean().optional(),
      ipam: z.strictObject({ config: z.array(z.strictObject({ subnet: z.cidrv4() })) }).optional(),
    }),
  ),
  volumes: z.record(z.string(), z.strictObject({})),
})

const compose = composeShape.parse(readManifests('compose.yaml')[0])
const { postern, caddy, database } = compose.services
if (postern === undefined || caddy === undefined || database === undefined) throw new Error('one is missing')

test('whatever is named is there', () => {
  for (const { networks, depends_on = {}, volumes = [] } of Object.values(compose.services)) {
    for (const name of networks) expect(Object.keys(compose.networks)).toContain(name)
    for (const name of Object.keys(depends_on)) expect(Object.keys(compose.services)).toContain(name)
    for (const volume of volumes) {
      const [from = ''] = volume.split(':')
      if (from.startsWith('.')) expect(existsSync(join(deployFolder, from))).toBe(true)
      else expect(Object.keys(compose.volumes)).toContain(from)
    }
  }
  expect(existsSync(join(deployFolder, '..', postern.build?.dockerfile ?? ''))).toBe(true)
})

test('only the proxy is reached from outside, and the database by Postern alone', () => {
  const published = Object.entries(compose.services).filter(([, { ports }]) => ports !== undefined)
  expect(published.map(([name]) => name)).toEqual(['caddy'])
  expect(compose.networks.back?.internal).toBe(true)
  expect(database.networks).toEqual(['back'])
  expect(caddy.networks).toEqual(['front'])
})

test('Postern writes nowhere, may nothing, and believes the proxy alone', () => {
  expect(postern).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
  })
  const [{ subnet } = { subnet: '' }] = compose.networks.front?.ipam?.config ?? []
  expect(postern.environment.POSTERN_TRUSTED_PROXY).toBe(subnet)
  expect(caddy.environment.POSTERN_INSTANCES).toBe(`postern:${defaultPort}`)
  expect(Number.parseInt(postern.stop_grace_period ?? '', 10)).toBeGreaterThan(closesWithinSeconds)
})

test('no secret has a value here, and the database is one that Postern takes', () => {
  for (const { environment } of Object.values(compose.services)) {
    for (const [name, value] of Object.entries(environment))
      if (/KEY|PASSWORD/.test(name)) expect(value).toMatch(/^\$\{\w+(:\?[^}]+)?\}$/)
  }
  const environment = { POSTERN_DATABASE: postern.environment.POSTERN_DATABASE }
  const { database: url } = readDataOptions({
    flags: {},
    strays: [],
    command: [],
    environment,
    file: undefined,
  })
  expect(new URL(url ?? '').hostname).toBe('database')
  expect(new URL(url ?? '').pathname).toBe(`/${database.environment.POSTGRES_DB}`)
  expect(new URL(url ?? '').username).toBe(database.environment.POSTGRES_USER)
})

test('a misspelt field and a network that is none are seen', () => {
  const [value] = readManifests('compose.yaml') as [z.infer<typeof composeShape>]
  expect(() => composeShape.parse({ ...value, service: {} })).toThrow()
  const restarts = {
    ...value,
    services: { ...value.services, postern: { ...postern, restart: 'sometimes' } },
  }
  expect(() => composeShape.parse(restarts)).toThrow()
})
