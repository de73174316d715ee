import { atPath, type Fault, wellKnownResource, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['D6'],
  says: 'the first of two authorization servers was switched off',
  break(lab) {
    const old = 'https://old.lab.example'
    lab.addEdge(
      atPath(
        wellKnownResource,
        withMembers(() => ({ authorization_servers: [old, lab.issuer] })),
      ),
    )
    lab.addEdge((request, next) => {
      if (new URL(request.url).origin !== old) return next(request)
      return Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') }))
    })
  },
}
