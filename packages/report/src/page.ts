/** The page that every report is: one file that shows its own styles and embedded images, and does nothing else. */
import { html, type RawHtml } from './html.ts';
import { STYLE } from './style.ts';

/** No script, no request, no form. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** A section: its anchor, its name in the navigation, its content. */
export type PageSection = readonly [id: string, name: string, content: RawHtml];

/** A whole page of HTML. */
export function page(title: string, header: RawHtml, sections: readonly PageSection[]): string {
  const links = sections.map(([id, name]) => html`<a href="#${id}">${name}</a> `);
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
${STYLE}
</head>
<body>
${header}
<nav aria-label="Sections">${links}</nav>
<main>
${sections.map(([, , content]) => content)}
</main>
<footer>Not a medical device. Made by mammoscope; this file holds everything it shows and fetches nothing.</footer>
</body>
</html>
`.toString();
}
