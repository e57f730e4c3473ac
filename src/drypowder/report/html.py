"""One page that holds everything: no network, no script, readable by machine and by voice.

Light colours of its own whatever the reader's theme, usable at 360 pixels, charts as SVG with
the same sentence as title and as spoken text, and a table under every chart.
"""

from __future__ import annotations

import re
from html import escape

from drypowder.report.charts import Chart, all_charts
from drypowder.report.record import Record
from drypowder.report.summary import Section, claim, headline, sections, stamp_line
from drypowder.report.tables import Table
from drypowder.report.words import Catalogue

_LEFT = ' class="words"'
_GUESSES = 25  # rows of the assumptions on the page; `params` has all

_STYLE = """
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:#fff;color:#1b1b1b;font:16px/1.55 system-ui,sans-serif}
main,header,footer,nav{max-width:54rem;margin:0 auto;padding:0 1rem}
h1{font-size:1.6rem;line-height:1.25;margin:.6rem 0}
h2{font-size:1.2rem;margin:2.2rem 0 .4rem;border-top:1px solid #ccc;padding-top:1rem}
h3{font-size:1rem;margin:1.4rem 0 .3rem}
.badge{display:inline-block;margin-top:1rem;padding:.15rem .6rem;border:2px solid #8a1c1c;
color:#8a1c1c;font-weight:700;
background:repeating-linear-gradient(45deg,#fff,#fff 6px,#fbeaea 6px,#fbeaea 12px)}
.wide{overflow-x:auto}
figure{margin:1rem 0}
figure svg{display:block;width:100%;min-width:30rem;height:auto;background:#fff}
figcaption{font-weight:600}
figcaption .badge{margin:0 0 .3rem;font-size:.75rem;padding:0 .4rem;border-width:1px}
dl.card{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:.4rem 0;
font-size:.9rem}
dl.card dt{font-weight:600}dl.card dd{margin:0}
table{border-collapse:collapse;font-size:.85rem;margin:.5rem 0}
caption{text-align:left;font-weight:600;padding:.2rem 0}
th,td{padding:.2rem .6rem;border-bottom:1px solid #ddd;text-align:right;vertical-align:top}
th{border-bottom:2px solid #888}
th:first-child,td:first-child,.words{text-align:left}
details{margin:.3rem 0}summary{cursor:pointer}
a{color:#00538c}:focus-visible{outline:3px solid #d55e00}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem}
footer{margin-top:2.5rem;padding-bottom:2rem;font-size:.85rem;border-top:1px solid #ccc}
@media print{details{display:block}}
"""
# solid, not hatched: what was seen looks different from what was simulated
_OBSERVED = ".badge{border-color:#0b5d44;color:#0b5d44;background:#fff}\n"


def page(record: Record, words: Catalogue) -> str:
    """The whole report of a run as one HTML document."""
    return document(
        sections(record, words),
        all_charts(record, words),
        words,
        title=words.say("report.head.page_title", scenario=record.scenario, run=record.run_id),
        first=claim(record, words),
        second=headline(record, words),
        stamp=stamp_line(record, words),
    )


def document(
    parts: list[Section],
    charts: list[Chart],
    words: Catalogue,
    *,
    title: str,
    first: str,
    second: str,
    stamp: str,
    observed: bool = False,
) -> str:
    """Sections with their charts and tables as one HTML document.

    Args:
        first: what to know before anything else, in the largest type; second: the line below it.
        observed: measured, not simulated: the badge says so, and nothing calls it a what-if.
    """
    body = "\n".join(_section(part, charts, words, observed) for part in parts)
    said = words.say("measured.observed" if observed else "report.not_a_forecast")
    return f"""{_head(title, words, observed)}<body>
<a class="skip" href="#summary">{escape(words.say("report.html.skip"))}</a>
<header>
<p class="badge">{escape(_badge(words, observed))}</p>
<h1>{escape(first)}</h1>
<p>{escape(second)}</p>
</header>
{_contents(parts, words)}
<main id="summary">
{body}
</main>
<footer>
<p><strong>{escape(said)}</strong></p>
<p>{escape(words.say("report.html.stamp"))}: <code>{escape(stamp)}</code></p>
</footer>
</body>
</html>
"""


def _badge(words: Catalogue, observed: bool) -> str:
    return words.say("measured.badge" if observed else "report.badge")


def _head(title: str, words: Catalogue, observed: bool = False) -> str:
    return f"""<!doctype html>
<html lang="{words.lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>{escape(title)}</title>
<style>{_STYLE}{_OBSERVED if observed else ""}</style>
</head>
"""


def embedded(chart: Chart) -> str:
    """SVG made fit for a page: no foreign addresses, ids of its own, title for screen readers."""
    svg = chart.svg[chart.svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    svg = svg.replace("xlink:href", "href")
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{chart.key}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{chart.key}-\1)", svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{chart.key}-\1"', svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    title = escape(chart.title, quote=True)
    return svg.replace("<svg", f'<svg role="img" aria-label="{title}"', 1)


def _contents(parts: list[Section], words: Catalogue) -> str:
    items = "".join(f'<li><a href="#{p.key}">{escape(p.title)}</a></li>' for p in parts)
    label = escape(words.say("report.html.contents"))
    folded = f"<details open><summary>{label}</summary><ol>{items}</ol></details>"
    return f'<nav aria-label="{label}">{folded}</nav>'


def _section(part: Section, charts: list[Chart], words: Catalogue, observed: bool) -> str:
    own = [chart for chart in charts if chart.section == part.key]
    drawn = {chart.table.key for chart in own}
    said = "\n".join(f"<p>{escape(sentence)}</p>" for sentence in part.sentences)
    figures = "\n".join(_figure(chart, words, observed) for chart in own)
    tables = [table for table in part.tables if table.rows and table.key not in drawn]
    shown = "\n".join(_folded(_shortened(table), words) for table in tables)
    note = f"<p><em>{escape(words.say('report.not_a_forecast'))}</em></p>"
    simulated = "" if observed or part.key in ("accounts", "assumptions") else note
    return (
        f'<section id="{part.key}" aria-labelledby="{part.key}-title">\n'
        f'<h2 id="{part.key}-title">{escape(part.title)}</h2>\n'
        f"{said}\n{simulated}\n{figures}\n{shown}\n</section>"
    )


def _figure(chart: Chart, words: Catalogue, observed: bool) -> str:
    card = "".join(
        f"<dt>{escape(words.say(f'report.card.{part}'))}</dt><dd>{escape(text)}</dd>"
        for part, text in chart.card(words).items()
    )
    badge = f'<span class="badge">{escape(_badge(words, observed))}</span>'
    return (
        f'<figure id="chart-{chart.key}"><figcaption>{escape(chart.title)} {badge}</figcaption>\n'
        f'<div class="wide" tabindex="0">{embedded(chart)}</div>\n'
        f'<dl class="card">{card}</dl>\n{_folded(chart.table, words, twin=True)}</figure>'
    )


def _folded(table: Table, words: Catalogue, *, twin: bool = False) -> str:
    """A table under a summary line that opens it."""
    title = words.label("table", table.key)
    line = f"{words.say('report.card.table')}: {title}" if twin else title
    return (
        f"<details><summary>{escape(line)}</summary>"
        f'<div class="wide" tabindex="0">{html_table(table, words)}</div></details>'
    )


def html_table(table: Table, words: Catalogue) -> str:
    """A table with headings as a person reads them."""
    header, *rows = table.shown(words)
    wordy = [column.kind == "text" for column in table.columns]
    heads = _cells("th", ' scope="col"', header, wordy)
    body = "".join(f"<tr>{_cells('td', '', row, wordy)}</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _cells(tag: str, extra: str, texts: list[str], wordy: list[bool]) -> str:
    return "".join(
        f"<{tag}{extra}{_LEFT if w else ''}>{escape(t)}</{tag}>"
        for t, w in zip(texts, wordy, strict=True)
    )


def _shortened(table: Table) -> Table:
    return table.first(_GUESSES) if table.key == "assumptions" else table
