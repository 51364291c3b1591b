"""The look of a report: light and dark, on a telephone, on a screen and on paper."""

_LIGHT = """
color-scheme: light;
--page: #ffffff; --panel: #f6f8fa; --line: #d0d7de; --ink: #1f2328; --soft: #57606a; --link: #0550ae;
--grid: #e4e8ec; --axis: #57606a; --band: #0072b224; --bar: #57606a2e; --heat: 0 114 178;
--s0: #0067a3; --s1: #b84a00; --s2: #007a58; --s3: #9b3a78; --s4: #7a6200; --s5: #4a4f57;
--good: #0b5a3c; --good-back: #dff3e9; --bad: #8f2308; --bad-back: #fde6df; --same: #444c56;
  --same-back: #e9edf1;
"""
_DARK = """
color-scheme: dark;
--page: #14181d; --panel: #1c2228; --line: #3a434d; --ink: #e6eaee; --soft: #a9b4bf; --link: #7cc0ff;
--grid: #2a3139; --axis: #a9b4bf; --band: #56b4e92e; --bar: #a9b4bf33; --heat: 86 180 233;
--s0: #56b4e9; --s1: #f0a35e; --s2: #3dd3a4; --s3: #e59cc6; --s4: #d9c34a; --s5: #d5dbe1;
--good: #8fe0bd; --good-back: #103527; --bad: #ffb7a2; --bad-back: #43190f; --same: #c5ced8;
  --same-back: #2a323a;
"""
_RULES = """
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem 1rem 3rem; max-width: 72rem; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
body { overflow-wrap: anywhere; }
h1, h2, h3, h4, h5, h6 { line-height: 1.25; }
h1 { font-size: 1.7rem; margin: .5rem 0; }
h2 { font-size: 1.35rem; margin: 2.6rem 0 .8rem; padding-top: .6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 1.8rem 0 .5rem; }
h4 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
p { margin: .5rem 0; max-width: 48rem; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 3px solid var(--link);
  outline-offset: 2px; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; margin: 1rem 0; }
.soft, figcaption, caption { color: var(--soft); font-size: .9rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: .9rem; }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem;
  padding: .2rem 1rem .8rem; }
.card h2 { font-size: 1.1rem; margin: .8rem 0 .3rem; padding: 0; border: 0; }
.card ul { margin: .4rem 0; padding-left: 1.1rem; }
.card li { margin: .3rem 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr));
  gap: 1.2rem;
  align-items: start; margin: 1rem 0; }
figure { margin: 0; min-width: 0; }
figure > h4 { margin: 0 0 .4rem; }
svg { display: block; width: 100%; max-width: 30rem; height: auto; overflow: hidden; }
svg text { font: 11px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; fill: var(--ink); }
.grid { stroke: var(--grid); } .axis { stroke: var(--axis); } .band { fill: var(--band);
  } .bar { fill: var(--bar); } .stripe { fill: var(--bar); opacity: .45; }
.reference { stroke: var(--axis); stroke-dasharray: 4 4; }
.curve { stroke: currentColor; stroke-width: 1.8; fill: none; }
.whisker { stroke: currentColor; stroke-width: 2; } .mark { fill: currentColor; }
.s0 { color: var(--s0); } .s1 { color: var(--s1); } .s2 { color: var(--s2); }
.s3 { color: var(--s3); } .s4 { color: var(--s4); } .s5 { color: var(--s5); }
.scroll { overflow-x: auto; max-width: 100%; margin: .6rem 0; }
table { border-collapse: collapse; overflow-wrap: break-word; font-size: .92rem; }
caption { text-align: left; padding-bottom: .3rem; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .4rem; text-align: left; vertical-align: top;
  unicode-bidi: isolate; }
thead th { border-bottom: 2px solid var(--line); }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.wide { min-width: 14rem; max-width: 34rem; overflow-wrap: anywhere; white-space: pre-wrap; }
.verdict { display: inline-block; border-radius: .5rem; padding: 0 .5em; font-size: .85rem;
  white-space: nowrap; }
.beside { white-space: normal; }
.better, .right { color: var(--good); background: var(--good-back); }
.worse, .wrong { color: var(--bad); background: var(--bad-back); }
.overlaps, .above, .below { color: var(--same); background: var(--same-back); }
.heat { text-align: right; background: rgb(var(--heat) / var(--share)); font-variant-numeric: tabular-nums; }
.bounds { display: block; color: var(--soft); white-space: nowrap; }
.heat .bounds { color: inherit; }
.said { text-align: right; min-width: 5.5rem; }
.true { outline: 2px solid var(--axis); outline-offset: -3px; }
.examples { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); gap: 1rem;
  align-items: start; }
.example { border: 1px solid var(--line); border-radius: .6rem; padding: .2rem 1rem .8rem; min-width: 0; }
.example img { display: block; max-width: min(100%, 16rem); height: auto; margin: .6rem 0;
  background: #ffffff; }
.asked { white-space: pre-wrap; overflow-wrap: anywhere; max-width: 48rem; margin: .2rem 0 .6rem; }
dt { font-weight: 600; } dd { margin: 0 0 .4rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--panel); padding: .6rem; }
details { margin: .5rem 0; } summary { cursor: pointer; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  figure, tr, .card, h2, h3, h4 { break-inside: avoid; } h2, h3, h4 { break-after: avoid; }
  .scroll { overflow: visible; }
  * { print-color-adjust: exact; }
}
"""

STYLE = (
    f":root {{{_LIGHT}}}\n@media screen and (prefers-color-scheme: dark) {{ :root {{{_DARK}}} }}\n{_RULES}"
)
"""The style sheet; it refers to nothing outside the page."""
