import { type Fault, withToken } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['V8'],
  says: 'GET shows the page of the web application',
  break(lab) {
    lab.addEdge(withToken((request, next) => (request.method === 'GET' ? html('Notes') : next(request))))
  },
}
