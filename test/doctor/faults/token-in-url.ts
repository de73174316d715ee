import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['M9'],
  says: 'an API key in the query of the URL',
  break(lab) {
    lab.url = `${lab.url}?api_key=s3cret`
  },
}
