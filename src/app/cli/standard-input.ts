/** Secrets on their way in: whole, and without the one line break that `echo` and editors put at the end. */

export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk)
    size += chunk.length
    if (size > maximumInputBytes) break
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

/** No password or key is longer; whoever pipes a disk here made a mistake. */
const maximumInputBytes = 65_536
