import { atPath, type Fault, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['R11'],
  says: 'a registration of a known name gets the id of the first',
  break(lab) {
    const ids = new Map<unknown, unknown>()
    lab.addEdge(
      atPath(
        '/register',
        withMembers((body) => {
          const id = ids.get(body.client_name) ?? body.client_id
          ids.set(body.client_name, id)
          return { client_id: id }
        }),
      ),
    )
  },
}
