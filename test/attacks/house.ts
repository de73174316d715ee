// The parts of Postern that attacks are run against, in one place: loaded once as they are, and once more for each guard that is removed.

import { startSimulator } from '../../src/app/cli/doctor-ui.ts'
import { createLog } from '../../src/app/cli/log.ts'
import type { PosternOptions } from '../../src/app/postern.ts'
import { openGuardedProxy } from '../../src/client/guarded-proxy-node.ts'
import { createPeer } from '../../src/gateway/peer.ts'
import { inProcessUpstream } from '../../src/gateway/upstreams/in-process.ts'
import { stdioUpstream } from '../../src/gateway/upstreams/stdio.ts'
import { streamableHttpUpstream } from '../../src/gateway/upstreams/streamable-http.ts'
import { createLocalUser, localAccounts } from '../../src/identity/providers/local-accounts.ts'
import { passkeys } from '../../src/identity/providers/passkeys.ts'
import { trustedHeader } from '../../src/identity/providers/trusted-header.ts'
import { createSetupLink, formatSetupLink } from '../../src/identity/setup-link.ts'
import { createGuardedDialer, createPublicLookup } from '../../src/platform/outbound-dialer-node.ts'
import { createOutboundFetch } from '../../src/platform/outbound-fetch.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { cheapArgon2 } from '../cheap-argon2.ts'
import { account, type Door, openDoor } from '../door.ts'
import type { Mutant } from './attack.ts'
import { sourceWithout } from './guards.ts'

export interface House {
  openDoor(options?: Partial<PosternOptions>): Promise<Door>
  /** With other ways to sign in, on the storage that it has. */
  openDoorWith(identity: (storage: Storage) => PosternOptions['identity']): Promise<Door>
  /** A door at which nobody has an account yet, and the token of its setup link. */
  openNewDoor(): Promise<{ door: Door; setupToken: string }>
  /** A source file as this house was built from it. */
  sourceOf(file: string): string
  inProcessUpstream: typeof inProcessUpstream
  stdioUpstream: typeof stdioUpstream
  streamableHttpUpstream: typeof streamableHttpUpstream
  createPeer: typeof createPeer
  createLog: typeof createLog
  createOutboundFetch: typeof createOutboundFetch
  createGuardedDialer: typeof createGuardedDialer
  createPublicLookup: typeof createPublicLookup
  createSetupLink: typeof createSetupLink
  formatSetupLink: typeof formatSetupLink
  memoryStorage: typeof memoryStorage
  localAccounts: typeof localAccounts
  passkeys: typeof passkeys
  trustedHeader: typeof trustedHeader
  startSimulator: typeof startSimulator
  openGuardedProxy: typeof openGuardedProxy
}

export function openHouse(removed: readonly Mutant[] = []): House {
  async function openDoorCheaply(options: Partial<PosternOptions> = {}): Promise<Door> {
    const storage = options.storage ?? memoryStorage()
    const accounts = { storage, argon2: cheapArgon2 }
    if (!(await storage.hasUsers())) {
      await createLocalUser(accounts, { ...account, displayName: 'Ada', role: 'admin' })
    }
    return openDoor({ identity: localAccounts(accounts), ...options, storage })
  }
  return {
    openDoor: openDoorCheaply,
    openDoorWith(identity) {
      const storage = memoryStorage()
      return openDoorCheaply({ storage, identity: identity(storage) })
    },
    async openNewDoor() {
      const storage = memoryStorage()
      const door = await openDoorCheaply({ storage })
      const [user] = await storage.listUsers(1)
      await storage.removeUser(user?.userId ?? '', door.clock.now)
      const setupToken = await createSetupLink({ storage, clock: () => door.clock.now })
      return { door, setupToken }
    },
    sourceOf: (file) => sourceWithout(removed, file),
    inProcessUpstream,
    stdioUpstream,
    streamableHttpUpstream,
    createPeer,
    createLog,
    createOutboundFetch,
    createGuardedDialer,
    createPublicLookup,
    createSetupLink,
    formatSetupLink,
    memoryStorage,
    localAccounts,
    passkeys,
    trustedHeader,
    startSimulator,
    openGuardedProxy,
  }
}
