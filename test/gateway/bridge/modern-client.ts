// An official client (SDK v2) over a gateway without a socket, in the era that it is told.

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { OpenGateway } from '../open-gateway.ts'
import { origin } from '../open-gateway.ts'

export type Era = 'auto' | 'legacy' | { pin: string }

export interface Answers {
  /** Given to each question; without it the client cannot be asked. */
  name?: string
  sampled?: string
  roots?: string[]
}

export async function connectSdkV2(
  door: OpenGateway,
  token: string,
  answers: Answers = {},
  mode: Era = 'auto',
): Promise<Client> {
  const capabilities = {
    ...(answers.name === undefined ? {} : { elicitation: { form: {} } }),
    ...(answers.sampled === undefined ? {} : { sampling: {} }),
    ...(answers.roots === undefined ? {} : { roots: {} }),
  }
  const client = new Client({ name: 'sdk-v2', version: '1' }, { capabilities, versionNegotiation: { mode } })
  const { name, sampled, roots } = answers
  if (name !== undefined) {
    client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { name } }))
  }
  if (sampled !== undefined) {
    client.setRequestHandler('sampling/createMessage', async () => ({
      role: 'assistant',
      content: { type: 'text', text: sampled },
      model: 'test',
    }))
  }
  if (roots !== undefined) {
    client.setRequestHandler('roots/list', async () => ({ roots: roots.map((uri) => ({ uri })) }))
  }
  const transport = new StreamableHTTPClientTransport(new URL(`${origin}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
    fetch: (url, init) => door.gateway.fetch(new Request(url, init)),
  })
  await client.connect(transport)
  return client
}
