import { atPath, type Fault, whenStatus } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['Z20'],
  says: 'the consent is answered with an address in JSON, for a script to go to',
  break(lab) {
    lab.addEdge(
      atPath(
        '/sign-in',
        whenStatus(303, async (request, next) => {
          const answer = await next(request)
          return json({ redirect_to: answer.headers.get('location') })
        }),
      ),
    )
  },
}
