/** `--access-tokens jwt` and `postern keys rotate-signing`, on the real program. */

import { expect, test } from 'vitest'
import { type Outcome, referenceServer, runPostern, serve, temporaryDirectory } from './postern-command.ts'

const rotate = (data: string, ...words: string[]): Promise<Outcome> =>
  runPostern(['keys', 'rotate-signing', ...words, '--data', data])

test('[R9068-01] a server publishes its key; a rotation adds the next one, and with --at-once leaves it alone', async () => {
  const data = temporaryDirectory()
  const door = await serve(data, ['--port', '0', '--access-tokens', 'jwt', '--', ...referenceServer])
  const published = async (): Promise<number> => {
    const { keys } = (await (await fetch(`${door.origin}/oauth/jwks`)).json()) as { keys: unknown[] }
    return keys.length
  }
  expect(await published()).toBe(1)
  expect(JSON.parse((await rotate(data, '--json')).stdout)).toEqual({ added: '000002', removed: 0 })
  expect((await rotate(data)).stdout).toContain('signs from tomorrow on')
  expect(JSON.parse((await rotate(data, '--at-once', '--json')).stdout)).toEqual({
    added: '000004',
    removed: 3,
  })
})

test('where nothing is signed it says so', async () => {
  const data = temporaryDirectory()
  await runPostern(['users', 'create', 'ada', '--password-stdin', '--data', data], {
    input: 'a long password here',
  })
  const { code, stderr } = await rotate(data)
  expect(code).toBe(1)
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain('--access-tokens jwt')
})
