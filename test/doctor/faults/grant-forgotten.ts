import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['X3', 'X4'],
  says: 'refresh tokens are kept in memory',
  doctor: { afterRestart: true },
  break(lab) {
    const given = new Set<string>()
    const forgotten = new Set<string>()
    lab.onRestart(() => {
      for (const token of given) forgotten.add(token)
    })
    lab.addEdge(
      atPath('/token', async (request, next) => {
        const shown = new URLSearchParams(await request.clone().text()).get('refresh_token') ?? ''
        if (forgotten.has(shown)) return json({ error: 'invalid_grant' }, 400)
        const answer = await next(request)
        const body = (await answer.clone().json()) as { refresh_token?: string }
        if (body.refresh_token !== undefined) given.add(body.refresh_token)
        return answer
      }),
    )
  },
}
