import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['X1'],
  says: 'a refresh token that is shown again is refused at once',
  doctor: { isIntrusive: true },
  break(lab) {
    const shown = new Set<string>()
    lab.addEdge(
      atPath('/token', async (request, next) => {
        const token = new URLSearchParams(await request.clone().text()).get('refresh_token')
        if (token === null) return next(request)
        if (shown.has(token)) return json({ error: 'invalid_grant' }, 400)
        shown.add(token)
        return next(request)
      }),
    )
  },
}
