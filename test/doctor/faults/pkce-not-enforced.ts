import { createHash } from 'node:crypto'
import { atPath, type Fault, withForm } from '../lab/fault.ts'

export const fault: Fault = {
  rows: [],
  says: 'the verifier of a code is not compared',
  doctor: { isIntrusive: true },
  break(lab) {
    const own = 'a'.repeat(43)
    const challenge = createHash('sha256').update(own).digest('base64url')
    lab.addEdge(
      atPath(
        /^\/(?:sign-in|token)$/,
        withForm((form) => {
          if (form.has('code_challenge')) form.set('code_challenge', challenge)
          if (form.has('code_verifier')) form.set('code_verifier', own)
        }),
      ),
    )
  },
}
