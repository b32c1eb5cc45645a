import { ImagingError } from '../errors.ts';

/** A value of a property list; numbers and dates stay text. */
export type PlistValue = string | readonly PlistValue[] | PlistDictionary;
export interface PlistDictionary {
  readonly [key: string]: PlistValue;
}

/** Elements inside each other, at most: a property list of regions has six. */
const DEEPEST = 32;

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * Reads an XML property list (Apple's PropertyList-1.0.dtd), the part of it that regions of interest are written in: dict, array, string,
 * integer, real, true, false. Comments, the declaration and the document type are skipped. Throws data-set-invalid with what is wrong.
 * @param name as messages call the file
 */
export function readPlist(text: string, name: string): PlistValue {
  const tokens = tokensOf(text);
  const invalid = (what: string) =>
    new ImagingError('data-set-invalid', `${name} is not a property list (${what}): copy it again`);
  let at = 0;
  const next = () => tokens[at++];
  const value = (token: string | undefined, depth: number): PlistValue => {
    if (token === undefined) throw invalid('it ends too early');
    if (depth > DEEPEST) throw invalid(`elements are nested deeper than ${DEEPEST}`);
    if (/^<(dict|array|string)\/>$/.test(token)) return token === '<dict/>' ? {} : token === '<array/>' ? [] : '';
    if (/^<(true|false)\/>$/.test(token)) return token.slice(1, -2);
    if (token === '<array>') {
      const items: PlistValue[] = [];
      for (let inner = next(); inner !== '</array>'; inner = next()) items.push(value(inner, depth + 1));
      return items;
    }
    if (token === '<dict>') {
      const entries: [string, PlistValue][] = [];
      for (let inner = next(); inner !== '</dict>'; inner = next()) {
        if (inner !== '<key>') throw invalid(`a key is expected, got ${inner?.slice(0, 40) ?? 'the end'}`);
        entries.push([textUntil('</key>'), value(next(), depth + 1)]);
      }
      return Object.fromEntries(entries);
    }
    const scalar = /^<(string|integer|real|date|data)>$/.exec(token)?.[1];
    if (!scalar) throw invalid(`${token.slice(0, 40)} is no value`);
    return textUntil(`</${scalar}>`);
  };
  /** The text of an element up to its end. */
  const textUntil = (end: string): string => {
    const first = next();
    if (first === end) return '';
    if (first === undefined || first.startsWith('<') || next() !== end) throw invalid(`${end} is missing`);
    return first.replaceAll(/&(\w+);/g, (whole, entity: string) => ENTITIES[entity] ?? whole);
  };
  if (!/^<plist[^>]*>$/.test(next() ?? '')) throw invalid('it does not begin with <plist>');
  const result = value(next(), 0);
  if (next() !== '</plist>') throw invalid('it does not end with </plist>');
  return result;
}

/** Tags and the texts between them, blanks apart. */
function tokensOf(text: string): string[] {
  const body = text.replaceAll(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!DOCTYPE[^>]*>/g, '');
  return (body.match(/<[^>]*>|[^<]+/g) ?? []).map((token) => token.trim()).filter((token) => token !== '');
}
