import { createHash } from 'node:crypto'
import { atPath, type Fault, withForm } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['T4'],
  says: 'S256 is announced, and the verifier is compared as it is',
  doctor: { isIntrusive: true },
  break(lab) {
    lab.addEdge(
      atPath(
        '/sign-in',
        withForm((form) => {
          const challenge = form.get('code_challenge') ?? ''
          form.set('code_challenge', createHash('sha256').update(challenge).digest('base64url'))
        }),
      ),
    )
  },
}
