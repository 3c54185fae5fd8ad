export const STYLE = `
:root { color-scheme: light dark; --bg:#f7f8fa; --card:#fff; --ink:#1c2430; --muted:#66707f; --line:#dde2ea; --accent:#2f6fde; --good:#1d7f4e; --bad:#c2362f; --skip:#8a6d1a; --track:#e9edf3; }
@media (prefers-color-scheme: dark) { :root { --bg:#12161c; --card:#1a2029; --ink:#e6ebf2; --muted:#95a1b2; --line:#2c3542; --accent:#6ea2ff; --good:#5cc994; --bad:#ff7b72; --skip:#d8b54a; --track:#242d39; } }
* { box-sizing: border-box; }
body { margin:0; background:var(--bg); color:var(--ink); font:14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width:1080px; margin:0 auto; padding:32px 24px 64px; }
header h1 { font-size:26px; margin:0; } header p { margin:4px 0 0; color:var(--muted); }
h2 { font-size:17px; margin:36px 0 12px; } h3 { font-size:14px; margin:16px 0 8px; }
.cards { display:grid; grid-template-columns:repeat(auto-fill,minmax(168px,1fr)); gap:12px; margin-top:20px; }
.card { background:var(--card); border:1px solid var(--line); border-radius:8px; padding:12px 14px; }
.card b { display:block; font-size:20px; font-variant-numeric:tabular-nums; } .card span { color:var(--muted); font-size:12px; }
section.panel { background:var(--card); border:1px solid var(--line); border-radius:8px; padding:16px; overflow-x:auto; }
table { border-collapse:collapse; width:100%; font-variant-numeric:tabular-nums; } th { text-align:left; font-weight:600; color:var(--muted); font-size:12px; }
th,td { padding:5px 10px 5px 0; border-bottom:1px solid var(--line); vertical-align:top; } td.n,th.n { text-align:right; }
tr:last-child td { border-bottom:0; }
.pass { color:var(--good); font-weight:600; } .fail { color:var(--bad); font-weight:600; } .skipped { color:var(--skip); font-weight:600; }
.muted { color:var(--muted); } img { max-width:100%; border-radius:6px; display:block; background:#0b0e13; } figure { margin:0 0 16px; } figcaption { color:var(--muted); font-size:12px; margin-top:6px; }
ul.legend { list-style:none; display:flex; flex-wrap:wrap; gap:4px 16px; margin:0 0 12px; padding:0; font-size:12px; color:var(--muted); } ul.legend i { display:inline-block; width:10px; height:10px; border-radius:2px; margin-right:6px; }
svg { width:100%; max-width:760px; height:auto; } svg .label,svg .note { fill:var(--ink); font-size:12px; } svg .note { fill:var(--muted); } svg .bar { fill:var(--accent); } svg .bad { fill:var(--bad); } svg .track { fill:var(--track); } svg .axis { stroke:var(--line); }
details { border-top:1px solid var(--line); padding:8px 0; } summary { cursor:pointer; } code { font-family:ui-monospace, Menlo, Consolas, monospace; font-size:12px; overflow-wrap:anywhere; }
`;
