import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['U6'],
  says: 'Streamable HTTP under a path that ends in /sse',
  break(lab) {
    lab.url = `${new URL(lab.url).origin}/sse`
  },
}
