// What a torture tells the server process that it starts, beside the ordinary options of `postern serve`.

/** A change of one source file: the text is there exactly once, or the process ends. */
export interface Sabotage {
  /** From the root of the repository. */
  file: string
  find: string
  replace: string
}

export const offsetVariable = 'TORTURE_CLOCK_OFFSET_MS'
export const sabotageVariable = 'TORTURE_SABOTAGE'
