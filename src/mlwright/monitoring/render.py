"""A check's report for people: text for a terminal, and one self-contained HTML file."""

from html import escape

from mlwright.monitoring.features import percent
from mlwright.monitoring.findings import Bar, ColumnSummary, Finding, MonitorReport, Severity

_SIGNS = {Severity.OK: "ok", Severity.WARNING: "warning", Severity.ALARM: "ALARM"}
_STYLE = """
:root{color-scheme:light dark;--fg:#1c2733;--bg:#fff;--soft:#f3f5f8;--line:#d7dde5;--then:#9aa8b8;--now:#2f6fde;
--ok:#1a7f4b;--warning:#a86400;--alarm:#c2282d}
@media(prefers-color-scheme:dark){:root{--fg:#e4e9f0;--bg:#12171e;--soft:#1b222c;--line:#323c49;--then:#65758a;
--now:#6ea0ff;--ok:#58c58a;--warning:#e6a94a;--alarm:#ff7b7b}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);max-width:1000px;
margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.1rem;margin:2rem 0 .6rem}
.ok{color:var(--ok)}.warning{color:var(--warning)}.alarm{color:var(--alarm)}
ul{list-style:none;padding:0}li{border-left:4px solid currentColor;padding:.3rem .8rem;margin:.4rem 0;
background:var(--soft)}
li span{color:var(--fg)}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.3rem .5rem;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left;white-space:normal}.scroll{overflow-x:auto}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(290px,1fr));gap:1rem}
figure{margin:0;padding:.6rem;background:var(--soft);border-radius:6px}figcaption{font-weight:600}
svg{width:100%;height:auto}text{fill:var(--fg);font-size:9px}.then{fill:var(--then)}.now{fill:var(--now)}
small{opacity:.75}
"""


def report_text(report: MonitorReport) -> str:
    """Return the report as plain text, worst finding first."""
    against = f"{report.rows} rows against a baseline of {report.baseline_rows}"
    lines = [f"{_SIGNS[report.severity]}: {against}, {len(report.columns)} columns, {report.tests} tests."]
    lines += [f"  {_SIGNS[finding.severity]:8}{finding.message}{_strength(finding)}" for finding in report.findings]
    if not report.findings:
        lines.append("  Nothing has changed beyond chance.")
    if report.quality:
        lines.append("Quality")
        lines += [
            f"  {q.metric:18}{q.now:.4g} ({q.low:.4g} to {q.high:.4g}); at delivery {q.then:.4g}"
            for q in report.quality
        ]
    return "\n".join(lines) + "\n"


def _strength(finding: Finding) -> str:
    return "" if finding.p is None else f" (p {_p(finding.p)})"


def _p(p: float | None) -> str:
    if p is None:
        return "–"
    return f"{p:.2g}" if p >= 1e-6 else "< 1e-6"


def report_html(report: MonitorReport, *, title: str = "Monitoring report") -> str:
    """Return one HTML page that needs nothing else: findings, quality, predictions, and every column then and now."""
    severity = report.severity.value
    against = f"{report.rows:,} rows against a baseline of {report.baseline_rows:,}"
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>',
        f'<h1>{escape(title)}: <span class="{severity}">{severity}</span></h1>',
        f"<p>{against}; {report.tests} tests, corrected for their number.</p>",
        _findings(report),
        _quality(report),
        _pictures("Predictions", report.predictions),
        _pictures("Columns that changed", [c for c in report.columns if c.severity is not Severity.OK]),
        _table(report),
        "</body></html>\n",
    ]
    return "\n".join(part for part in parts if part)


def _findings(report: MonitorReport) -> str:
    if not report.findings:
        return '<ul><li class="ok"><span>Nothing has changed beyond chance.</span></li></ul>'
    rows = [
        f'<li class="{f.severity.value}"><span><b>{escape(f.check)}</b> {escape(f.message)}'
        f"<small>{escape(_strength(f))}</small></span></li>"
        for f in report.findings
    ]
    return f"<ul>{''.join(rows)}</ul>"


def _quality(report: MonitorReport) -> str:
    if not report.quality:
        return ""
    rows = "".join(
        f"<tr><td>{escape(q.metric)}</td><td>{q.then:.4g}</td><td>{q.now:.4g}</td>"
        f"<td>{q.low:.4g} to {q.high:.4g}</td></tr>"
        for q in report.quality
    )
    head = "<tr><th>metric</th><th>at delivery</th><th>now</th><th>95 % interval</th></tr>"
    return f"<h2>Quality</h2><table>{head}{rows}</table>"


def _pictures(heading: str, columns: "list[ColumnSummary] | tuple[ColumnSummary, ...]") -> str:
    figures = [
        f'<figure><figcaption class="{c.severity.value}">{escape(c.name)}</figcaption>{_bars(c.bars)}</figure>'
        for c in columns
        if c.bars
    ]
    if not figures:
        return ""
    key = "<p><small>grey: baseline · blue: now · share of known cells</small></p>"
    return f'<h2>{escape(heading)}</h2>{key}<div class="grid">{"".join(figures)}</div>'


def _bars(bars: tuple[Bar, ...]) -> str:
    row, label, width = 18, 92, 180
    longest = max(max(bar.then, bar.now) for bar in bars) or 1.0
    shapes: list[str] = []
    for i, bar in enumerate(bars):
        y = i * row
        name = bar.label if len(bar.label) <= 16 else bar.label[:15] + "…"
        shapes.append(f'<text x="{label - 4}" y="{y + 11}" text-anchor="end">{escape(name)}</text>')
        for kind, share, offset in (("then", bar.then, 1), ("now", bar.now, 8)):
            length = width * share / longest
            tip = f"<title>{escape(bar.label)}: {percent(share)}</title>"
            shapes.append(
                f'<rect class="{kind}" x="{label}" y="{y + offset}" width="{length:.1f}" height="6">{tip}</rect>'
            )
    size = f"0 0 {label + width + 4} {len(bars) * row}"
    return f'<svg viewBox="{size}" role="img" aria-label="distribution then and now">{"".join(shapes)}</svg>'


def _table(report: MonitorReport) -> str:
    names = ("column", "kind", "moved", "p", "PSI", "Wasserstein", "Jensen-Shannon", "missing then", "now", "unseen")
    head = f"<tr>{''.join(f'<th>{name}</th>' for name in names)}</tr>"
    rows = "".join(_row(column) for column in (*report.predictions, *report.columns))
    return f'<h2>All columns</h2><div class="scroll"><table>{head}{rows}</table></div>'


def _row(c: ColumnSummary) -> str:
    cells = (
        c.kind,
        percent(c.effect),
        _p(c.p),
        f"{c.psi:.3f}",
        "–" if c.wasserstein is None else f"{c.wasserstein:.3f} sd",
        f"{c.jensen_shannon:.3f}",
        percent(c.missing_then),
        percent(c.missing_now),
        "–" if c.unseen_now is None else percent(c.unseen_now),
    )
    name = f'<td class="{c.severity.value}">{escape(c.name)}</td>'
    return f"<tr>{name}{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
