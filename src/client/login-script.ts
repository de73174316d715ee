/** A login script: what to do on the pages of a sign-in that are not just a user name and a password, one step on each line. */

export interface LoginStep {
  line: number
  verb: LoginVerb
  /** A CSS selector; for `press` and `wait` also a text that a person reads. */
  target: string
  /** What is filled in or chosen. */
  value: string | undefined
  /** Came from the environment, and is shown to nobody. */
  isSecret: boolean
}

type LoginVerb = (typeof verbs)[number]

const verbs = ['open', 'fill', 'choose', 'tick', 'press', 'wait'] as const
const takesValue: ReadonlySet<LoginVerb> = new Set(['fill', 'choose'])

/** Throws `TypeError` that names the line. `$NAME` is taken from the environment, so that the file holds no secret. */
export function readLoginScript(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): LoginStep[] {
  return text.split(/\r?\n/).flatMap((source, index) => {
    const words = wordsOf(source)
    return words.length === 0 ? [] : [readStep(words, index + 1, environment)]
  })
}

interface Word {
  text: string
  isQuoted: boolean
}

/** Blanks part words, quotes keep them together, and a lone `#`, or a word that begins with two, ends the line; `#mail` is a selector. */
function wordsOf(source: string): Word[] {
  const words: Word[] = []
  for (const [whole, quoted] of source.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g)) {
    if (whole === '#' || whole.startsWith('##')) break
    if (quoted === undefined) words.push({ text: whole, isQuoted: false })
    else words.push({ text: quoted.replaceAll(/\\(.)/g, '$1'), isQuoted: true })
  }
  return words
}

function readStep(
  words: readonly Word[],
  line: number,
  environment: Readonly<Record<string, string | undefined>>,
): LoginStep {
  const [first, target, value, ...rest] = words
  const verb = verbs.find((known) => known === first?.text)
  if (verb === undefined)
    throw new TypeError(`line ${line}: ${JSON.stringify(first?.text)} is none of ${verbs.join(', ')}`)
  const expected = takesValue.has(verb) ? `${verb} <selector> <value>` : `${verb} <what>`
  const isComplete = target !== undefined && (value !== undefined) === takesValue.has(verb)
  if (!isComplete || rest.length > 0)
    throw new TypeError(`line ${line}: expected ${expected}; words with blanks in them need quotes`)
  const variable = value?.isQuoted === false ? /^\$(\w+)$/.exec(value.text)?.[1] : undefined
  if (variable === undefined) return { line, verb, target: target.text, value: value?.text, isSecret: false }
  const found = environment[variable]
  if (found === undefined || found === '')
    throw new TypeError(`line ${line}: ${variable} is not set in the environment`)
  return { line, verb, target: target.text, value: found, isSecret: true }
}
