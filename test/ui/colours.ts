// Reads the colours of a style sheet, and how well they are told apart (WCAG 2.2, contrast ratio).

export function variablesOf(sheet: string, theme: 'light' | 'dark'): Map<string, string> {
  const dark = /@media \(prefers-color-scheme:dark\)\{:root\{([^}]*)\}/.exec(sheet)?.[1] ?? ''
  const block = theme === 'dark' ? dark : (/^:root\{([^}]*)\}/.exec(sheet)?.[1] ?? '')
  return new Map(
    [...block.matchAll(/--([a-z0-9-]+):(#[0-9a-f]{6})/g)].map(([, name = '', value = '']) => [name, value]),
  )
}

export function contrast(colours: Map<string, string>, front: string, back: string): number {
  const [a, b] = [luminance(colours.get(front)), luminance(colours.get(back))]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

function luminance(colour: string | undefined): number {
  if (colour === undefined) return Number.NaN
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
