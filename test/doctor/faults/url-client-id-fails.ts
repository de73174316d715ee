import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['R18'],
  says: 'clients are kept in files of the name of their id',
  break(lab) {
    lab.addEdge(
      atPath('/authorize', (request, next) => {
        const isPath = new URL(request.url).searchParams.get('client_id')?.includes('/') === true
        return isPath ? json({ error: 'ENOENT: no such file or directory' }, 500) : next(request)
      }),
    )
  },
}
