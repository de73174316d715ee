import { atPath, type Fault } from '../lab/fault.ts'
import { notFound } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['R9'],
  says: 'registration_client_uri is given, and nothing is there',
  break(lab) {
    lab.addEdge(atPath(/^\/register\/./, notFound))
  },
}
