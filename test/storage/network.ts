// A network between an instance and its database that can be cut, slowed and made to swallow what is sent.

import { connect, createServer, type Socket } from 'node:net'

export interface Network {
  /** The same database, by way of this network. */
  through(url: string): string
  /** Ends every connection, and lets none be made until `mend`. */
  cut(): void
  /** Whatever is said on connections on which this was said before is lost, and nobody is told. */
  swallow(said: string): void
  /** Pieces that instances have sent so far on connections on which none of the words was said. */
  questions(): number
  /** Each piece arrives so much later, in both directions. */
  delay(milliseconds: number): void
  mend(): void
  close(): Promise<void>
}

interface Line {
  near: Socket
  far: Socket
  said: Set<string>
}

export async function startNetwork(port: number, words: readonly string[] = ['LISTEN']): Promise<Network> {
  const lines = new Set<Line>()
  let isCut = false
  let swallowed: string | undefined
  let delayMs = 0
  let questions = 0

  const server = createServer((near) => {
    if (isCut) {
      near.resetAndDestroy()
      return
    }
    const line: Line = { near, far: connect(port, '127.0.0.1'), said: new Set() }
    lines.add(line)
    const end = (): void => {
      lines.delete(line)
      line.near.destroy()
      line.far.destroy()
    }
    pass(line, line.near, line.far)
    pass(line, line.far, line.near)
    for (const socket of [line.near, line.far]) {
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', end)
    }
  })

  function pass(line: Line, from: Socket, to: Socket): void {
    const late: { piece: Buffer; dueAt: number }[] = []
    function deliver(): void {
      while (late[0] !== undefined && late[0].dueAt <= performance.now()) {
        const { piece } = late.shift() ?? {}
        if (piece !== undefined && to.writable) to.write(piece)
      }
      if (late[0] !== undefined) setTimeout(deliver, Math.ceil(late[0].dueAt - performance.now()))
    }
    from.on('data', (piece) => {
      for (const word of words) if (piece.includes(word)) line.said.add(word)
      if (from === line.near && line.said.size === 0) questions++
      if (swallowed !== undefined && line.said.has(swallowed)) return
      // Nothing overtakes what is still on its way.
      if (delayMs === 0 && late.length === 0) return void to.write(piece)
      late.push({ piece, dueAt: performance.now() + delayMs })
      if (late.length === 1) deliver()
    })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const ours = typeof address === 'object' && address !== null ? address.port : 0
  const endAll = (): void => {
    for (const { near, far } of lines) {
      near.destroy()
      far.destroy()
    }
  }
  return {
    through(url) {
      const moved = new URL(url)
      moved.port = String(ours)
      return moved.href
    },
    cut() {
      isCut = true
      endAll()
    },
    swallow(said) {
      swallowed = said
    },
    questions: () => questions,
    delay(milliseconds) {
      delayMs = milliseconds
    },
    mend() {
      isCut = false
      swallowed = undefined
      delayMs = 0
    },
    close() {
      endAll()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
