/** The word that was probably meant. */

/** The word of the list that was probably meant: at most two slips, or one in a short word. */
export function findSimilar(word: string, known: readonly string[]): string | undefined {
  const folded = word.toLowerCase()
  const ranked = known
    .map((candidate) => ({ candidate, slips: slipsBetween(folded, candidate.toLowerCase()) }))
    .sort((one, other) => one.slips - other.slips)
  const best = ranked[0]
  return best !== undefined && best.slips <= (folded.length < 6 ? 1 : 2) ? best.candidate : undefined
}

/** Insertions, deletions, changes and swaps of neighbours (optimal string alignment). */
function slipsBetween(one: string, other: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const change = one[row - 1] === other[column - 1] ? 0 : 1
      const isSwap = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + change,
        isSwap && row > 1 && column > 1 ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = current
  }
  return last[other.length] ?? 0
}
