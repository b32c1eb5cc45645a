/** Content trees of reports read from bytes, and held to rules: which items may stand below which, how often, and with what values. */
import { type Elements, itemsOf, numbersOf, textOf } from './dicom-element-tree.ts';

/** A content item as it was written. */
export interface Item {
  readonly relationship: string;
  readonly valueType: string;
  /** Scheme and value, "DCM 111036"; '' where there is no concept name. */
  readonly concept: string;
  /** Scheme and value of a CODE, and of the unit of a NUM. */
  readonly code: string;
  readonly value: string;
  readonly template: string;
  readonly graphic: string;
  readonly numbers: readonly number[];
  readonly children: readonly Item[];
  /** The place of the item that stands here by reference; '' for an item by value. */
  readonly target: string;
}

/** A row of a template: what may or must stand below an item. */
export interface Row {
  readonly relationship: string;
  readonly valueType: string;
  readonly concept?: string;
  readonly count: readonly [least: number, most: number];
  /** Codes that the value may have, or the unit. */
  readonly codes?: readonly string[];
  readonly graphic?: string;
  /** By reference, to an item of this value type in the image library. */
  readonly isReference?: boolean;
  readonly rows?: (item: Item) => readonly Row[];
  readonly holds?: (item: Item, parent: Item) => string | undefined;
}

export const ONE = [1, 1] as const;
export const OPTIONAL = [0, 1] as const;
export const ANY = [0, Infinity] as const;
export const SOME = [1, Infinity] as const;
export const required = (isRequired: boolean): readonly [number, number] => (isRequired ? ONE : [0, 0]);

/** Reads the tree of a report. */
export function contentTree(dataSet: Elements): Item {
  return itemOf(dataSet);
}

function itemOf(dataSet: Elements): Item {
  const codeIn = (of: Elements | undefined, sequence: string) => {
    const [code] = itemsOf(of, sequence);
    return code ? `${textOf(code, '00080102')} ${textOf(code, '00080100')}` : '';
  };
  const [measured] = itemsOf(dataSet, '0040a300');
  const [template] = itemsOf(dataSet, '0040a504');
  return {
    relationship: textOf(dataSet, '0040a010'),
    valueType: textOf(dataSet, '0040a040'),
    concept: codeIn(dataSet, '0040a043'),
    code: measured ? codeIn(measured, '004008ea') : codeIn(dataSet, '0040a168'),
    value: measured
      ? textOf(measured, '0040a30a')
      : ['0040a160', '0040a121', '0040a122', '0040a124'].map((tag) => textOf(dataSet, tag)).join(''),
    template: `${textOf(template, '00080105')} ${textOf(template, '0040db00')}`,
    graphic: textOf(dataSet, '00700023'),
    numbers: numbersOf(dataSet, '00700022'),
    children: itemsOf(dataSet, '0040a730').map(itemOf),
    target: numbersOf(dataSet, '0040db73').join('.'),
  };
}

/** Root templates by mapping resource and identifier: the name of the root, and the rows below it. */
export type Templates = Readonly<Record<string, { readonly concept: string; readonly rows: readonly Row[] }>>;

/** What is wrong with a tree; nothing where it follows its template. */
export function violations(root: Item, templates: Templates): readonly string[] {
  const found: string[] = [];
  const places = new Map<string, Item>();
  const place = (item: Item, at: string): void => {
    places.set(at, item);
    for (const [i, child] of item.children.entries()) place(child, `${at}.${i + 1}`);
  };
  place(root, '1');
  const template = templates[root.template];
  if (!template || root.valueType !== 'CONTAINER') return [`no template that is known: ${root.template}`];
  if (root.concept !== template.concept) found.push(`the root is named ${root.concept}`);
  const check = (item: Item, allowed: readonly Row[], path: string): void => {
    const counts = new Map<Row, number>(allowed.map((row) => [row, 0]));
    for (const child of item.children) {
      const at = `${path} > ${child.relationship} ${child.valueType || child.target} ${child.concept}`;
      const row = allowed.find((candidate) => fits(candidate, child, places));
      if (!row) {
        found.push(`${at}: no row allows it`);
        continue;
      }
      counts.set(row, (counts.get(row) ?? 0) + 1);
      if (row.codes && !row.codes.includes(child.code)) found.push(`${at}: ${child.code} is not in the value set`);
      if (row.graphic && row.graphic !== child.graphic) found.push(`${at}: ${child.graphic} is not ${row.graphic}`);
      const fault = row.holds?.(child, item);
      if (fault) found.push(`${at}: ${fault}`);
      if (!row.isReference) check(child, row.rows?.(child) ?? [], at);
    }
    for (const [row, count] of counts)
      if (count < row.count[0] || count > row.count[1])
        found.push(
          `${path}: ${count} of ${row.relationship} ${row.valueType} ${row.concept ?? ''}, not ${row.count.join(' to ')}`,
        );
  };
  check(root, template.rows, root.concept);
  return found;
}

function fits(row: Row, child: Item, places: ReadonlyMap<string, Item>): boolean {
  if (row.relationship !== child.relationship || Boolean(row.isReference) !== (child.target !== '')) return false;
  if (row.isReference) return places.get(child.target)?.valueType === row.valueType && child.target.startsWith('1.2.');
  return row.valueType === child.valueType && (row.concept ?? '') === child.concept;
}
