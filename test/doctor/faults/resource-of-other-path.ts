import { atPath, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['D5'],
  says: 'the server answers at the root as well, but its metadata is for /mcp',
  doctor: { url: 'https://mcp.lab.example/' },
  break(lab) {
    lab.addEdge(atPath('/', (request, next) => next(new Request(lab.url, request))))
  },
}
