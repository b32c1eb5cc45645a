import { formatDuration } from '../format.ts';
import { type HtmlValue, html, type RawHtml } from '../html.ts';
import type { ReportData } from '../report-data.ts';
import { empty, section } from './section.ts';

/** What is needed to repeat the run: command, seed, device, versions, hashes. */
export function provenanceSection({ provenance }: ReportData): RawHtml {
  const title = 'Provenance';
  if (!provenance) return section('provenance', title, empty('The provenance of this run was not recorded.'));
  const { command, seed, device, started, durationSeconds, versions = [], hashes = [], loweringsHash } = provenance;
  const entries: (readonly [string, HtmlValue])[] = [];
  const add = (name: string, value: HtmlValue) => {
    if (value !== undefined) entries.push([name, value]);
  };
  const missing = html`<span class="quiet">not recorded</span>`;
  add('Command', command ? html`<code>${command}</code>` : missing);
  add('Seed', seed === undefined ? missing : html`<code>${String(seed)}</code>`);
  add('Device', device ?? missing);
  add('Started', started);
  add('Duration', durationSeconds === undefined ? undefined : formatDuration(durationSeconds));
  add(
    'Versions',
    versions.length > 0 ? versions.map(({ name, version }) => html`<code>${name} ${version}</code> `) : missing,
  );
  for (const { name, sha256 } of hashes) add(`SHA-256 of ${name}`, html`<code>${sha256}</code>`);
  if (hashes.length === 0) add('SHA-256', missing);
  add('Lowerings', loweringsHash && html`<code>${loweringsHash}</code>`);
  const list = entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`);
  return section('provenance', title, html`<dl class="provenance">${list}</dl>`);
}
