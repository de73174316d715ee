/** What only the console needs of a style sheet, so that other pages do not carry it. A table is shaded where it goes on beyond its edge. */

export const consoleStyle: string = `
.tabs{display:flex;flex-wrap:wrap;gap:.15rem;margin:0 0 1rem;font-size:.93rem}
.tabs a{padding:.45rem .75rem;border-radius:8px;color:var(--muted);text-decoration:none}
.tabs a:hover{background:var(--accent-wash);color:var(--ink)}
.tabs a[aria-current]{background:var(--accent-wash);color:var(--accent);font-weight:600}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.8rem;margin-top:1.4rem}
.figures div{display:flex;flex-direction:column;justify-content:space-between;padding:.8rem 1rem;border:1px solid var(--line);border-radius:10px}
.figures dt{color:var(--muted);font-size:.85rem;line-height:1.35}
.figures dd{font-size:1.5rem;font-weight:650;line-height:1.3}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:1.8rem;margin-top:1.8rem}
.plot{margin:0;min-width:0}
.plot figcaption{font-weight:650}
.plot svg{direction:ltr;display:block;width:100%;height:auto;margin-top:.5rem}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1rem;margin-top:.2rem;color:var(--muted);font-size:.85rem}
.key{display:inline-block;width:.7rem;height:.7rem;border-radius:3px;margin-inline-end:.4rem}
.key.is-good{background:var(--accent)}.key.is-bad{background:var(--error-line)}.key.is-rest{background:var(--field-line)}
rect.is-good,circle.is-good{fill:var(--accent)}rect.is-bad,circle.is-bad{fill:var(--error-line)}rect.is-rest,circle.is-rest{fill:var(--field-line)}
.grid{stroke:var(--line);stroke-width:1}
.tick{fill:var(--muted);font-size:11px}
.scroll{overflow-x:auto;margin-top:.8rem;background:linear-gradient(to right,var(--panel) 30%,transparent) left/3rem 100% no-repeat local,linear-gradient(to left,var(--panel) 30%,transparent) right/3rem 100% no-repeat local,linear-gradient(to right,transparent 2px,var(--line) 2px,transparent) left/1.2rem 100% no-repeat scroll,linear-gradient(to left,transparent 2px,var(--line) 2px,transparent) right/1.2rem 100% no-repeat scroll}
td .tag{white-space:nowrap}
table{width:100%;border-collapse:collapse;font-size:.9rem;line-height:1.4}
th{text-align:start;font-weight:600;color:var(--muted);font-size:.83rem;white-space:nowrap}
th,td{padding-block:.55rem;padding-inline:0 .8rem;border-bottom:1px solid var(--line);vertical-align:top}
td{overflow-wrap:normal}
td a{display:inline-block;min-width:1.5rem;padding:.2rem 0;margin:-.2rem 0}
td.wide{min-width:14rem;overflow-wrap:anywhere}
td .note{margin-top:.15rem}
time{white-space:nowrap}
.state{white-space:nowrap;font-weight:600}
.state::before{content:"";display:inline-block;width:.55rem;height:.55rem;margin-inline-end:.45rem;border-radius:99px;background:var(--field-line)}
.state.is-good::before{background:var(--accent)}
.state.is-bad::before{background:var(--error-line)}
.state.is-careful::before{background:var(--warn-line)}
.choices{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin-top:.9rem;font-size:.9rem}
.choices a{padding:.25rem 0}
.choices a[aria-current]{color:var(--ink);font-weight:600;text-decoration:none}
.choices select{font:inherit;color:var(--ink);background:var(--panel);border:1px solid var(--field-line);border-radius:8px;padding:.3rem .5rem;min-height:2.1rem}
td details{margin:0}
td summary{white-space:nowrap;padding:.2rem 0;margin:-.2rem 0}
.bars{margin-top:.8rem;display:grid;gap:.9rem}
.bars h3{font-weight:600}
.bars meter{width:100%;height:.7rem;margin-top:.2rem}
.bars meter::-webkit-meter-optimum-value{background:var(--error-line)}
.bars meter::-moz-meter-bar{background:var(--error-line)}
.steps-list{margin-top:1rem;font-size:.93rem}
.steps-list li{display:grid;grid-template-columns:5.2rem 1fr;gap:.2rem 1rem;padding:.35rem 0;border-bottom:1px solid var(--line)}
.steps-list .offset{color:var(--muted);text-align:end;font-variant-numeric:tabular-nums}
.diff{margin-top:.5rem;padding:.6rem .8rem;border:1px solid var(--line);border-radius:8px;background:var(--paper);font-size:.85rem;white-space:pre-wrap;overflow-wrap:anywhere}
.diff ins{color:var(--accent);text-decoration:none}
.diff del{color:var(--error-ink);text-decoration:none}
.facts details{margin:-.35rem 0}
.answer{margin-top:1rem}
.answer dt{font-weight:650;margin-top:.9rem}
.live{margin-inline-start:auto;color:var(--muted);font-size:.83rem;align-self:center}
.live[hidden]{display:none}
@media (max-width:36rem){.tabs{margin:0;padding:0 1.15rem .8rem}.steps-list li{grid-template-columns:4.4rem 1fr}}
`.replaceAll('\n', '')
