import { setImmediate } from 'node:timers/promises'
import { type Fault, onMethod } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['P18'],
  says: 'one transport for all: whoever comes last gets the answers',
  break(lab) {
    let under = 0
    lab.addEdge(
      onMethod('ping', async (request, next) => {
        under += 1
        // Turns of the event loop and not milliseconds: what is sent together is here together, however slow the machine.
        for (let turn = 0; turn < 20; turn++) await setImmediate()
        const isAlone = under === 1
        under -= 1
        return isAlone ? next(request) : json({ error: 'Already connected to a transport' }, 500)
      }),
    )
  },
}
