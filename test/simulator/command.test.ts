// `postern doctor --ui` as people run it: an address with a token, this machine only, and an end by Ctrl+C whatever is under way.

import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostern } from '../cli/postern-command.ts'
import { createLab, type Lab } from '../doctor/lab/lab.ts'
import { closeServed, served } from '../doctor/served.ts'

let lab: Lab
beforeAll(async () => {
  lab = await served(createLab())
})
afterAll(closeServed)

test('it says where it is, answers there and at no other address of this machine, and ends by Ctrl+C while somebody signs in', async () => {
  const child = startPostern(['doctor', '--ui', lab.url])
  const [, address = ''] = await child.waitForOutput(/Open (http:\/\/localhost:\d+\/simulator\/[\w-]{43})\n/)
  const { origin, port } = new URL(address)
  const page = await (await fetch(address)).text()
  expect(page).toContain(`value="${lab.url}"`)

  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
  for (const { address: ip } of outside) await expect(fetch(`http://${ip}:${port}/`)).rejects.toThrow()

  const post = (path: string, fields: Record<string, string>): Promise<Response> =>
    fetch(new URL(path, origin), {
      method: 'POST',
      headers: { Origin: origin },
      body: new URLSearchParams(fields),
      redirect: 'manual',
    })
  const added = await post(`${new URL(address).pathname}/add`, { url: lab.url, client: 'claude-code' })
  const connector = added.headers.get('location') ?? ''
  const shown = await (await fetch(new URL(connector, origin))).text()
  const member = /member=([\w-]+)"/.exec(shown)?.[1] ?? ''
  await post(`${connector}/connect`, { member, way: 'here' })
  await expect
    .poll(async () => (await fetch(new URL(`${connector}/live?member=${member}`, origin))).text())
    .toContain('Sign in to go on')
  child.process.kill('SIGINT')
  expect((await child.exited).code).toBe(0)
})

test('a port that is taken is said in a sentence', async () => {
  const { port } = new URL(lab.url)
  const child = startPostern(['doctor', '--ui', '--port', port])
  child.process.stdin.end()
  expect((await child.exited).code).not.toBe(0)
  expect(child.stderr()).toContain(port)
  expect(child.stderr()).not.toContain('    at ')
})
