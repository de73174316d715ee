/** What `identity` of the config file makes of itself: providers, or a sentence for each mistake, with its place. */

import { describe, expect, test } from 'vitest'
import type { OptionProblem } from '../../src/app/option-sources.ts'
import { readIdentity, type ServedIdentity } from '../../src/app/served-identity.ts'

const secret = 'a secret of more than thirty-two characters'

function read(...value: unknown[]): { identity: ServedIdentity; problems: OptionProblem[] } {
  const problems: OptionProblem[] = []
  const environment = { PROXY_SECRET: secret, SHORT: 'short', CLIENT_SECRET: 'x' }
  const identity = readIdentity({ at: 'identity', value } as never, environment, problems)
  return { identity, problems }
}

const header = { kind: 'header', proxies: ['10.0.0.5'], userHeader: 'Remote-User' }

test('accounts of this server have passkeys where the file says so', () => {
  expect(read({ kind: 'local' }).identity).toMatchObject({ local: true, passkeys: false })
  expect(read({ kind: 'local', passkeys: true }).identity).toMatchObject({ local: true, passkeys: true })
  expect(readIdentity(undefined, {}, [])).toMatchObject({ local: true, passkeys: false, header: undefined })
})

test('a reverse proxy proves itself by the secret that a variable holds', () => {
  const { identity, problems } = read({
    ...header,
    proxies: ['127.0.0.1'],
    secretHeader: 'Proxy-Proof',
    secret: 'PROXY_SECRET',
    label: 'Example SSO',
    enter: { groups: ['staff'] },
  })
  expect(problems).toEqual([])
  expect(identity).toMatchObject({ local: false, outside: [] })
  expect(identity.header).toMatchObject({ label: 'Example SSO', rules: { groups: ['staff'] } })
  const request = new Request('https://door.example/login', {
    headers: { 'remote-user': 'ada', 'proxy-proof': secret },
  })
  expect(identity.header?.read(request, '127.0.0.1').outcome).toBe('vouched')
  request.headers.set('proxy-proof', 'PROXY_SECRET')
  expect(identity.header?.read(request, '127.0.0.1').outcome).toBe('ignored')
})

describe('it is said what is wrong, and where', () => {
  test.each<[unknown[], string, RegExp]>([
    [[{ kind: 'local', passkey: true }], 'identity[0]', /passkey/],
    [[{ ...header, proxies: [] }], 'identity[0].proxies', /./],
    [[{ ...header, userHeader: undefined }], 'identity[0].userHeader', /./],
    [[{ ...header, proxies: ['127.0.0.1'] }], 'identity[0]', /loopback/],
    [[{ ...header, secretHeader: 'X-Proof', secret: 'UNSET' }], 'identity[0]', /UNSET, which is not set/],
    [[{ ...header, secretHeader: 'X-Proof', secret: 'SHORT' }], 'identity[0]', /shorter than 32/],
    [[{ ...header, secretHeader: 'X-Proof', secret: 'not a name' }], 'identity[0].secret', /environment/],
    [[header, { ...header, name: 'other' }], 'identity[1]', /here is another/],
    [
      [
        header,
        { kind: 'github', name: 'header', clientId: 'x', clientSecret: 'CLIENT_SECRET', enter: 'anybody' },
      ],
      'identity[1]',
      /called header too/,
    ],
  ])('%j', (value, at, says) => {
    const { problems } = read(...value)
    expect(problems).toEqual([{ at, says: expect.stringMatching(says) }])
  })
})
