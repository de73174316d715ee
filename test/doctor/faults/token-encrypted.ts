import { atPath, type Fault, whenStatus, withMembers } from '../lab/fault.ts'

const header = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM' })).toString('base64url')
const encrypted = `${header}..${'i'.repeat(16)}.${'c'.repeat(80)}.${'t'.repeat(22)}`

export const fault: Fault = {
  rows: ['V5'],
  says: 'the authorization server gives an encrypted token of its own',
  break(lab) {
    lab.addEdge(
      atPath(
        '/token',
        whenStatus(
          200,
          withMembers(() => ({ access_token: encrypted })),
        ),
      ),
    )
  },
}
