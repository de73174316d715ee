import { type Fault, onMethod, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: [],
  says: 'tools/list is a method that is not known',
  break(lab) {
    const error = { code: -32601, message: 'Method not found' }
    lab.addEdge(
      onMethod(
        'tools/list',
        withMembers(() => ({ result: undefined, error })),
      ),
    )
  },
}
