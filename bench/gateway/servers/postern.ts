/** Postern in front of a plain function of its own process, or of a server at a URL: `postern.ts PORT DIRECTORY [UPSTREAM]`. */

import { join } from 'node:path'
import { createUpstreamFetch } from '../../../src/app/upstream-fetch-node.ts'
import {
  createLocalUser,
  createPostern,
  inProcessUpstream,
  localAccounts,
  sqliteStorage,
  startServer,
  urlUpstream,
} from '../../../src/node.ts'
import { account } from '../../../test/door.ts'
import { answerRequest } from './function.ts'

const [port = '', directory = '', url] = process.argv.slice(2)
const storage = sqliteStorage({ path: join(directory, 'records.db') })
const postern = createPostern({
  publicUrl: `http://localhost:${port}`,
  connector: {
    name: 'Bench',
    upstream:
      url === undefined
        ? inProcessUpstream({ handler: answerRequest })
        : urlUpstream({ url, fetch: createUpstreamFetch().fetch }),
  },
  limits: { streamsPerCaller: 20_000 },
  storage,
  masterKey: new Uint8Array(32).fill(7),
  identity: localAccounts({ storage }),
})
await postern.ready
await createLocalUser({ storage }, { ...account, displayName: 'Ada', role: 'admin' })
await startServer({ fetch: postern.fetch, port: Number(port), ownsProcess: true })
process.once('SIGINT', () => process.exit())
