import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeText, html, RawHtml } from './html.ts';

test('text is escaped and markup is not', () => {
  const inner = html`<b>${'<i>"\'&'}</b>`;
  assert.equal(inner.toString(), '<b>&lt;i&gt;&quot;&#39;&amp;</b>');
  assert.equal(html`<p title="${'a"b'}">${inner}</p>`.toString(), `<p title="a&quot;b">${inner}</p>`);
});

test('lists are joined, the absent leave nothing, zero stays', () => {
  assert.equal(html`${[1, '<', null, undefined, false, [html`<br>`]]}|${0}`.toString(), '1&lt;<br>|0');
});

test('an unquoted attribute is refused', () => {
  assert.throws(() => html`<p class=${'a onload=b'}></p>`, /must be quoted/);
});

test('markup has no way in but the template', () => {
  const forged = { toString: () => '<script>' } as unknown as string;
  assert.doesNotMatch(html`${[forged]}`.toString(), /<script>/);
  assert.throws(() => new RawHtml(Symbol('html') as never, '<script>'), /html template/);
});

test('control and directional characters become visible, broken surrogates become U+FFFD', () => {
  assert.equal(escapeText('a\u202egnp.exe\u0000\t\n'), 'a\\u202egnp.exe\\u0000\t\n');
  assert.equal(escapeText('\ud800x'), '\ufffdx');
});
