/** The one style sheet of every page, allowed by its hash. */

import { type Theme, themes } from './theme.ts'

export const styleSheet: string = `
:root{color-scheme:light dark;${variables(themes.light)}}
@media (prefers-color-scheme:dark){:root{${variables(themes.dark)}}}
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100svh;display:flex;flex-direction:column;background:var(--paper);color:var(--ink);
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Open Sans",sans-serif;overflow-wrap:anywhere}
h1,h2,h3,p,ul,ol,dl,dd,fieldset{margin:0;padding:0}
ul,ol{list-style:none}
h1{font-size:1.6rem;line-height:1.22;font-weight:650;letter-spacing:-.015em;text-wrap:balance}
h2{font-size:1.1rem;line-height:1.35;font-weight:650;letter-spacing:-.005em}
h3{font-size:1rem;font-weight:650}
a{color:var(--accent);text-underline-offset:.18em;text-decoration-thickness:.07em}
a:hover{color:var(--accent-deep);text-decoration-thickness:.12em}
code,kbd,.mono{font-family:ui-monospace,"SF Mono",SFMono-Regular,Menlo,Consolas,"Noto Sans Mono",monospace;font-size:.9em}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-999rem}
.skip:focus{position:static;display:block;padding:.6rem 1rem;background:var(--panel)}
.top{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1.4rem;width:100%;max-width:33rem;margin:0 auto;padding:2.25rem 1.5rem 1rem}
.brand{display:inline-flex;align-items:center;gap:.55rem;color:var(--ink);font-weight:600;letter-spacing:-.01em;text-decoration:none}
.brand svg{width:1.15rem;height:1.5rem;color:var(--accent);flex:none}
.brand img{width:1.5rem;height:1.5rem;object-fit:contain;flex:none}
.links{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;font-size:.92rem}
.links a{padding:.35rem 0;color:var(--muted);text-decoration:none}
.links a:hover,.links a[aria-current]{color:var(--ink)}
.links a[aria-current]{font-weight:600;box-shadow:inset 0 -2px var(--accent)}
.visitor{display:flex;align-items:center;gap:.3rem .9rem;margin-inline-start:auto;color:var(--muted);font-size:.88rem}
.visitor .plain{min-height:1.6rem;white-space:nowrap}
main{width:100%;max-width:33rem;margin:0 auto;padding:0 1.5rem}
.panel{background:var(--panel);border:1px solid var(--line);border-radius:14px;padding:2rem;box-shadow:0 1px 2px rgb(20 30 25/.04),0 12px 32px -18px rgb(20 30 25/.16)}
.foot{width:100%;max-width:33rem;margin:0 auto;padding:1.25rem 1.5rem 3rem;color:var(--muted);font-size:.86rem}
.wide .top,.wide main,.wide .foot{max-width:46rem}
.full .top,.full main,.full .foot{max-width:78rem}
.lead{margin-top:.6rem;color:var(--muted)}
.muted{color:var(--muted)}
.note{display:block;color:var(--muted);font-size:.88rem;line-height:1.45}
.elsewhere{display:grid;gap:.7rem;margin-top:1.6rem}
.elsewhere .button{justify-content:center;text-align:center}
form.passkey{margin-top:1.6rem}
.elsewhere+form.passkey{margin-top:.7rem}
form.passkey .button{width:100%}
form.passkey .wrong{margin-top:.5rem}
form.stack{display:grid;gap:1.15rem;margin-top:1.6rem}
.field{display:grid;gap:.35rem}
.field label{font-weight:600;font-size:.94rem}
input[type=text],input[type=password]{width:100%;font:inherit;color:var(--ink);background:var(--panel);border:1px solid var(--field-line);border-radius:8px;padding:.65rem .75rem;min-height:2.9rem}
input[aria-invalid=true]{border-color:var(--error-line);border-width:2px}
.wrong{color:var(--error-ink);font-size:.88rem;line-height:1.45}
button{font:inherit;cursor:pointer}
.button{min-height:2.9rem;padding:.65rem 1.35rem;border-radius:8px;border:1px solid var(--field-line);background:transparent;color:var(--ink);font-weight:600}
.button.small{min-height:2.1rem;padding:.3rem .9rem;font-size:.88rem}
a.button{display:inline-flex;align-items:center;color:var(--ink);text-decoration:none}
a.button.primary{color:var(--on-accent)}
.button:hover{border-color:var(--ink)}
.primary{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
.primary:hover{background:var(--accent-deep);border-color:var(--accent-deep)}
.plain{background:none;border:0;padding:.15rem 0;color:var(--accent);text-decoration:underline;text-underline-offset:.18em;text-decoration-thickness:.07em;font-size:.88rem;text-align:start}
.plain:hover{color:var(--accent-deep);text-decoration-thickness:.12em}
.callout{margin-top:1.4rem;padding:.9rem 1.05rem;border-radius:8px;border-inline-start:4px solid var(--warn-line);background:var(--warn-wash);color:var(--warn-ink)}
.callout strong{display:block}
.callout p+p{margin-top:.4rem}
.callout.error{border-color:var(--error-line);background:var(--error-wash);color:var(--error-ink)}
.callout.calm{border-color:var(--accent);background:var(--accent-wash);color:var(--ink)}
.facts{margin-top:1.5rem;border-top:1px solid var(--line)}
.facts>div{display:grid;grid-template-columns:6.6rem 1fr;gap:.2rem 1.1rem;padding:.8rem 0;border-bottom:1px solid var(--line)}
.facts dt{color:var(--muted);font-size:.9rem;padding-top:.07rem}
.facts dd{min-width:0}
.facts strong{font-weight:650}
.picture{width:1.25em;height:1.25em;margin-inline-end:.45em;vertical-align:-.25em;object-fit:contain}
fieldset{border:0;min-width:0;margin-top:1.6rem}
legend{padding:0;font-size:1.1rem;font-weight:650;letter-spacing:-.005em}
.scope{display:grid;grid-template-columns:1.35rem 1fr;gap:0 .8rem;padding:1rem 0;border-bottom:1px solid var(--line)}
.scope:last-child{border-bottom:0;padding-bottom:.2rem}
.scope>div{min-width:0}
.scope input{width:1.3rem;height:1.3rem;margin:.12rem 0 0;accent-color:var(--accent)}
.scope .always{width:1.3rem;height:1.3rem;margin-top:.12rem;color:var(--accent)}
.scope label,.scope .name{font-weight:650}
.name+.tag{margin-inline-start:.55rem}
.tag{vertical-align:.08em}
.tag{display:inline-block;padding:0 .45rem;border:1px solid var(--line);border-radius:.8rem;color:var(--muted);font-size:.77rem;line-height:1.5rem;font-weight:500;max-width:100%;overflow-wrap:anywhere}
.tag.careful{border-color:var(--warn-line);color:var(--warn-ink);background:var(--warn-wash)}
details{margin-top:.5rem}
summary{cursor:pointer;width:fit-content;padding:.15rem 0;color:var(--accent);font-size:.9rem}
summary:hover{color:var(--accent-deep);text-decoration:underline;text-underline-offset:.18em}
.tools{margin-top:.5rem;display:grid;gap:.3rem;font-size:.9rem;line-height:1.4}
.tools li{display:flex;flex-wrap:wrap;align-items:center;gap:.1rem .55rem}
.tools code{color:var(--muted)}
time,.whole{white-space:nowrap}
.onward{margin-top:1rem}
fieldset+.note{margin-top:1rem}
.credential{margin-top:2rem}
.credential legend~*{margin-top:.7rem}
.credential .stack{display:grid;gap:1.15rem;margin-top:1.1rem}
.credential .scope{padding:.4rem 0;border:0}
.app .row+.note{margin-top:.3rem}
form.stack .button{margin-top:.35rem}
.actions+.note{margin-top:1rem;text-align:center;text-wrap:balance}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.6rem;padding-top:1.6rem;border-top:1px solid var(--line)}
.actions .button{flex:1 1 9rem}
.steps{margin-top:1rem;display:grid;gap:.6rem;counter-reset:step}
.steps>li{display:grid;grid-template-columns:1.6rem 1fr;gap:.5rem;counter-increment:step}
.steps>li::before{content:counter(step);width:1.5rem;height:1.5rem;border-radius:99px;background:var(--accent-wash);color:var(--accent);font-size:.82rem;font-weight:650;line-height:1.5rem;text-align:center}
.steps>li>div{min-width:0}
.section{margin-top:2rem;padding-top:1.6rem;border-top:1px solid var(--line)}
.section h3{margin-top:1.3rem}
.section>p{margin-top:.5rem}
.bullets{margin-top:.7rem;display:grid;gap:.55rem;list-style:disc;padding-inline-start:1.2rem}
.bullets li::marker{color:var(--accent)}
.codes{margin-top:.8rem;display:grid;grid-template-columns:repeat(auto-fill,minmax(12rem,1fr));gap:.45rem 1rem}
.codes code{font-size:1rem;color:var(--ink)}
.copy{display:flex;align-items:stretch;margin-top:.5rem;border:1px solid var(--line);border-radius:8px;background:var(--paper);overflow:hidden}
.copy code{flex:1;min-width:0;padding:.6rem .8rem;font-size:.86rem;line-height:1.5;user-select:all;-webkit-user-select:all}
.copy button{flex:none;border:0;border-inline-start:1px solid var(--line);background:var(--panel);color:var(--accent);padding:0 .95rem;font-size:.86rem;font-weight:600;min-width:5rem}
.copy button:hover{background:var(--accent-wash)}
[hidden]{display:none!important}
.copy button:focus-visible{outline-offset:-3px}
.address code{font-size:1rem;color:var(--ink)}
.ways{margin-top:1rem;border-top:1px solid var(--line)}
.ways>details{margin:0;border-bottom:1px solid var(--line)}
.ways>details:last-child{border-bottom:0}
.ways>details>summary{width:100%;padding:.85rem 0;font-size:1rem;font-weight:600;color:var(--ink);display:flex;align-items:center;justify-content:space-between;gap:1rem;list-style:none}
.ways>details>summary::-webkit-details-marker{display:none}
.ways>details>summary::after{content:"";flex:none;width:.55rem;height:.55rem;border:solid var(--accent);border-width:0 2px 2px 0;transform:rotate(45deg);margin-inline-end:.25rem}
.ways>details[open]>summary::after{transform:rotate(225deg)}
.ways .body{padding:0 0 1.2rem}
.ways .body .steps:first-child{margin-top:.1rem}
.add{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem .9rem;margin-top:.9rem}
.add .note{flex:1 1 14rem}
.phone{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:1rem}
.phone .note{margin-top:.35rem}
.qr{width:9rem;height:9rem;border-radius:8px}
.row{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:.5rem 1rem}
.apps{margin-top:1.6rem}
.app{padding:1.4rem 0;border-top:1px solid var(--line)}
.app:last-child{padding-bottom:0}
.app .facts{margin-top:.7rem;border:0}
.app .facts>div{padding:.28rem 0;border:0}
.app .tools{margin-top:0}
.app .tools code{color:var(--ink)}
.app details .tools{margin-top:.3rem}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:36rem){
.top{padding:1.15rem 1.15rem .85rem}
main{padding:0}
.panel{border-width:1px 0;border-radius:0;padding:1.5rem 1.15rem;box-shadow:none}
.foot{padding:1.1rem 1.15rem 2.5rem}
h1{font-size:1.42rem}
.facts>div{grid-template-columns:1fr}
.app .facts>div{grid-template-columns:5.4rem 1fr}
.phone{display:none}
.actions{flex-direction:column}
.actions .button{flex:none;width:100%}
}
@media (forced-colors:active){.button,.panel,.callout,.tag{border:1px solid}}
`.replaceAll('\n', '')

function variables(theme: Theme): string {
  return Object.entries(theme)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';')
}
