import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['T4'],
  says: 'a verifier has at most 96 characters',
  doctor: { isIntrusive: true },
  break(lab) {
    lab.addEdge(
      atPath('/token', async (request, next) => {
        const verifier = new URLSearchParams(await request.clone().text()).get('code_verifier') ?? ''
        return verifier.length > 96 ? json({ error: 'invalid_request' }, 400) : next(request)
      }),
    )
  },
}
