/** The colours of both themes, by name; a test judges the contrast of each pair that meets on a page. */

export interface Theme {
  readonly paper: string
  readonly panel: string
  readonly [name: string]: string
}

export const themes: { readonly light: Theme; readonly dark: Theme } = {
  light: {
    paper: '#f5f4ef',
    panel: '#fffefb',
    ink: '#1a211e',
    muted: '#57605b',
    line: '#dedbd1',
    'field-line': '#83897f',
    accent: '#14594a',
    'accent-deep': '#0c4337',
    'on-accent': '#ffffff',
    'accent-wash': '#e8f0ec',
    'warn-wash': '#fcf1dc',
    'warn-line': '#c98a1b',
    'warn-ink': '#5e3c00',
    'error-wash': '#fceae7',
    'error-line': '#c0392b',
    'error-ink': '#7d1a10',
  },
  dark: {
    paper: '#101413',
    panel: '#181e1c',
    ink: '#e8ece9',
    muted: '#a4afa9',
    line: '#2d3633',
    'field-line': '#76827c',
    accent: '#86d3ba',
    'accent-deep': '#a9e2cf',
    'on-accent': '#06231b',
    'accent-wash': '#1d2c27',
    'warn-wash': '#2b2312',
    'warn-line': '#b8862f',
    'warn-ink': '#f1d193',
    'error-wash': '#331a17',
    'error-line': '#d9695d',
    'error-ink': '#f7bbb3',
  },
}
