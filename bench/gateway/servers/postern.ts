/** Postern in front of a plain function of its own process: `postern.ts PORT DIRECTORY`. */

import { join } from 'node:path'
import {
  createLocalUser,
  createPostern,
  inProcessUpstream,
  localAccounts,
  sqliteStorage,
  startServer,
} from '../../../src/node.ts'
import { account } from '../../../test/door.ts'
import { answerRequest } from './function.ts'

const [port = '', directory = ''] = process.argv.slice(2)
const storage = sqliteStorage({ path: join(directory, 'records.db') })
const postern = createPostern({
  publicUrl: `http://localhost:${port}`,
  connector: { name: 'Bench', upstream: inProcessUpstream({ handler: answerRequest }) },
  storage,
  masterKey: new Uint8Array(32).fill(7),
  identity: localAccounts({ storage }),
})
await postern.ready
await createLocalUser({ storage }, { ...account, displayName: 'Ada', role: 'admin' })
await startServer({ fetch: postern.fetch, port: Number(port), ownsProcess: true })
process.once('SIGINT', () => process.exit())
