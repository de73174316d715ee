/** Time as an argument: every room that needs "now" is handed a clock. */

/** Seconds since the epoch, whole. */
export type Clock = () => number

export const systemClock: Clock = () => Math.floor(Date.now() / 1000)
