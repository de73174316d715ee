import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['R1'],
  says: 'the redirect allow-list lacks claude.ai',
  break(lab) {
    lab.addEdge(
      atPath('/register', async (request, next) => {
        const isClaude = (await request.clone().text()).includes('claude.ai')
        return isClaude ? json({ error: 'invalid_redirect_uri' }, 400) : next(request)
      }),
    )
  },
}
