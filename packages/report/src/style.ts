import { html } from './html.ts';
import { DARK, declarations, LIGHT } from './palette.ts';

/** The style sheet: light and dark, print, one column on a phone and several on a desk. */
export const STYLE = html`<style>
:root{color-scheme:light dark;${declarations(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${declarations(DARK)}}}
@media print{:root{color-scheme:light;${declarations(LIGHT)}}}

*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0 auto;max-width:82rem;padding:1rem 1.25rem 3rem;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.75rem;line-height:1.2;margin:1.25rem 0 .4rem;text-wrap:balance}
h2{font-size:1.3rem;line-height:1.25;margin:0 0 .75rem}
h3{font-size:1.05rem;margin:1.5rem 0 .5rem}
h4{font-size:1rem;margin:0 0 .5rem}
p{margin:.4rem 0;max-width:62rem}
a{color:var(--link);text-underline-offset:.15em}
a:focus-visible,summary:focus-visible{outline:2px solid var(--link);outline-offset:2px}
code,.path{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em;overflow-wrap:anywhere}
section{margin-top:2.25rem;padding-top:1.25rem;border-top:1px solid var(--rule);scroll-margin-top:1rem}
footer{margin-top:2.5rem;padding-top:1rem;border-top:1px solid var(--rule);color:var(--quiet);font-size:.875rem}
.quiet{color:var(--quiet);font-weight:400}
.number,.numeric,.tile,table{font-variant-numeric:tabular-nums lining-nums}
.remark{color:var(--quiet);font-size:.875rem}
.empty{color:var(--quiet);border:1px dashed var(--rule);border-radius:.4rem;padding:.75rem 1rem;max-width:none}

.banner{margin:0;max-width:none;padding:.6rem .9rem;border-left:.35rem solid var(--banner-ink);background:var(--banner);color:var(--banner-ink)}
.system{font-size:1.05rem;margin:0}
.citation{color:var(--quiet);font-size:.9rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.6rem;margin:1.1rem 0}
.tile{background:var(--surface);border-radius:.4rem;padding:.7rem .9rem}
.tile dt{color:var(--quiet);font-size:.875rem}
.tile dd{margin:0}
.tile-value{display:block;font-size:1.4rem;font-weight:650;line-height:1.25}
.unit{font-size:.75em;font-weight:400}
.tile-detail{color:var(--quiet);font-size:.9rem}
.notes{list-style:none;margin:1rem 0;padding:0;display:grid;gap:.4rem}
.notes li{padding:.5rem .9rem;border-left:.35rem solid var(--axis);background:var(--surface)}
.notes .warning{background:var(--warning);color:var(--warning-ink);border-color:var(--warning-edge)}
nav{display:flex;flex-wrap:wrap;gap:.35rem 1.1rem;margin-top:1.25rem}

table{border-collapse:collapse;width:100%;margin:1rem 0 .5rem;font-size:.9375rem}
caption{text-align:left;font-weight:600;padding-bottom:.4rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid var(--rule)}
thead th{border-bottom:2px solid var(--axis);vertical-align:bottom;font-size:.875rem}
tbody th{font-weight:600}
th:first-child{padding-left:0}
.numeric{text-align:right;overflow-wrap:normal}
.performance td.numeric{white-space:nowrap}
.performance th:first-child{min-width:6.5rem}
.deviations th:first-child{min-width:8rem;overflow-wrap:break-word}
.group th{background:var(--surface);font-weight:600;padding-left:.6rem}
.cell-heading{display:none}
.tag{display:inline-block;font-size:.75rem;font-weight:400;color:var(--quiet);border:1px solid var(--axis);border-radius:.7rem;padding:0 .45rem;white-space:nowrap}
.interval,.counts,.value{white-space:nowrap}
.performance .interval,.performance .counts{display:block;font-size:.8125rem;color:var(--quiet)}
.performance .value{font-weight:600}
.performance th .counts{white-space:normal;font-weight:400}
.performance .numeric{padding-left:.3rem;padding-right:.3rem}
.pairwise .value,.pairwise .p{white-space:nowrap}
.pairwise .p{display:block;font-size:.8125rem;color:var(--quiet)}
.pairwise .p b{color:var(--ink)}
.pairwise tbody th .quiet{display:block}
.pairwise th:first-child{min-width:9rem}
.recipe td:last-child{width:55%}
q{quotes:"\\201c" "\\201d"}

.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,23.5rem),1fr));gap:1.5rem 1.75rem;align-items:start;margin-top:1rem}
figure{margin:0;min-width:0}
.chart{max-width:31rem}
.chart figcaption{font-weight:600;margin-bottom:.4rem}
.chart>svg{display:block;width:100%;height:auto}
.operating-points{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,23.5rem),1fr));gap:1.5rem 1.75rem;align-items:start}
.two-by-two{width:auto;min-width:min(100%,20rem)}
.operating-point{min-width:0;overflow-x:auto}
.two-by-two{font-size:.9375rem}
.two-by-two .numeric{overflow-wrap:break-word}
.two-by-two .total{color:var(--quiet)}
.rates{list-style:none;margin:.5rem 0 0;padding:0;font-size:.875rem;display:grid;gap:.1rem}
.methods p{max-width:46rem}
.references{font-size:.875rem;max-width:46rem;padding-left:1.5rem}

.chart text{font-variant-numeric:tabular-nums lining-nums}

.colour-legend{display:flex;align-items:center;gap:.6rem;font-size:.875rem;margin:.6rem 0}
.colour-legend svg{width:min(14rem,40vw);height:.8rem;border-radius:.2rem}
.case-groups{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1.5rem}
.case-group{min-width:0}
.case{margin-bottom:1.1rem}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:2px;background:#000;border-radius:.3rem;overflow:hidden}
.pair img{display:block;width:100%;max-height:34rem;object-fit:contain}
.case figcaption{font-size:.875rem;margin-top:.35rem}
.case .path{color:var(--quiet)}
.case-note{font-style:italic}

.example{font-size:1.15rem}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(45%,9rem),1fr));gap:.5rem;margin:.6rem 0;max-width:62rem}
.panel img{display:block;width:100%;background:#000;border-radius:.3rem}
.panel figcaption,.film figcaption{font-size:.875rem;margin:.3rem 0}
.film{max-width:40rem;margin:1rem 0 1.5rem}
.film label{white-space:nowrap;margin-left:.6rem;cursor:pointer}
.film-columns{display:grid;grid-auto-flow:column;grid-auto-columns:minmax(0,1fr);gap:.3rem;font-size:.875rem;color:var(--quiet)}
.film-view{position:relative;overflow-x:hidden;overflow-y:auto;scroll-snap-type:y mandatory;overscroll-behavior:contain;background:#000;border-radius:.3rem}
.film-view:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.film-roll{position:relative;width:100%}
.film-roll img{display:block;width:100%;height:100%}
.film-roll ol{position:absolute;inset:0;display:grid;margin:0;padding:0;list-style:none}
.film-roll li{scroll-snap-align:start}
.film-roll .first{scroll-initial-target:nearest}
.film-roll li span{background:#000a;color:#fff;font-size:.8125rem;padding:.1rem .4rem}
.film:has(:checked) .film-view{overflow:clip}
.film:has(:checked) .film-roll{animation-name:film;animation-iteration-count:infinite}
@keyframes film{to{transform:translateY(-100%)}}
.film-jumps{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;margin:.4rem 0;font-size:.875rem}

details{margin:.35rem 0}
summary{cursor:pointer}
.provenance{margin:0;display:grid;gap:.5rem}
.provenance>div{display:grid;grid-template-columns:12rem 1fr;gap:.1rem 1rem}
.provenance dt{color:var(--quiet)}
.provenance dd{margin:0;min-width:0}

@media screen and (max-width:62rem){
.cards,.cards caption,.cards tbody,.cards tr,.cards th,.cards td{display:block}
.cards thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.cards tr{border:1px solid var(--rule);border-radius:.4rem;padding:.5rem .75rem;margin-bottom:.6rem}
.cards .group{background:var(--surface)}
.cards th,.cards td,.recipe td:last-child,.performance td.numeric{white-space:normal;overflow-wrap:anywhere;border:0;padding:.15rem 0;width:auto}
.cards tbody th{font-size:1rem}
.cards td,.performance td.numeric{display:grid;grid-template-columns:6.6rem 1fr;gap:.6rem;align-items:baseline;text-align:left;padding:.15rem 0}
.cards td:not(:has(.cell-value:not(:empty))){display:none}
.cell-heading{display:block;color:var(--quiet);font-size:.875rem}
.performance .interval,.performance .counts,.pairwise .p{display:inline;font-size:.875rem}
.figure-table .interval,.figure-table .counts{white-space:normal}
.pairwise .p{margin-left:.6rem}
.pairwise tbody th .quiet{display:inline}
.provenance>div{grid-template-columns:1fr}
}
@media print{
@page{margin:14mm}
html{font-size:9.5pt}
body{max-width:none;padding:0}
nav{display:none}
a{color:inherit}
section{break-before:auto}
h2,h3,h4,caption{break-after:avoid}
figure,tr,.tile,.notes li{break-inside:avoid}
.figures{grid-template-columns:1fr 1fr}
.pair img{max-height:8cm}
details::details-content{content-visibility:visible;block-size:auto}
.banner,.chart svg,.warning,.colour-legend svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}
table{font-size:8pt}
.performance .interval,.performance .counts{font-size:7pt}
}
</style>`;
