import { type Claim, type Decision, type Preferences, settle } from '../decision.ts';
import type { CodeItem, DicomFacts } from '../dicom-facts.ts';
import { ImagingError } from '../errors.ts';
import { VIEWS, type View } from '../manifest-terms.ts';
import { type CodedView, VIEW_CODES, VIEW_MODIFIER_CODES, VIEW_TEXTS } from './view-codes.ts';

/** The view of an image and its modifiers. */
export interface MammographyView {
  readonly view: View | undefined;
  /** Abbreviations, or the meaning of a modifier that has none. */
  readonly modifiers: readonly string[];
  readonly decision: Decision;
}

const SRT_SCHEMES: ReadonlySet<string> = new Set(['SRT', 'SNM3', '99SDM']);

/**
 * The view by ViewCodeSequence (CID 4014 and 4015, all synonyms) and ViewPosition, which must agree. A code that is not in the
 * context group is refused rather than guessed; without a scheme or with a private one its CodeMeaning is read as text.
 * Throws tag-invalid and sources-disagree. Without any attribute the view is undefined.
 */
export function mammographyView(facts: DicomFacts, prefer?: Preferences): MammographyView {
  const item = facts.ViewCodeSequence?.[0];
  const claims: Claim<View>[] = [];
  if (item) claims.push({ source: 'tag', name: 'ViewCodeSequence', value: describe(item), says: viewOf(item) });
  const position = facts.ViewPosition?.trim();
  const byText = position ? viewText(position) : undefined;
  if (position && !byText) {
    throw new ImagingError(
      'tag-invalid',
      `ViewPosition must be a view of mammography, such as CC or MLO, got ${position}: mend the file`,
    );
  }
  const items = item?.ViewModifierCodeSequence ?? [];
  const modifiers = items.map(modifierOf);
  // AT and CV were views before they became modifiers of MLO and CC.
  if (byText && !modifiers.includes(byText))
    claims.push({ source: 'tag', name: 'ViewPosition', value: position ?? '', says: byText });
  const settled = settle('view', claims, prefer);
  const evidence = items.map(
    (each) => ({ source: 'tag', name: 'ViewModifierCodeSequence', value: describe(each) }) as const,
  );
  if (!settled) {
    const reason = 'neither ViewCodeSequence nor ViewPosition is there';
    const absent = [{ source: 'tag', name: 'ViewCodeSequence', value: 'absent' }, ...evidence] as const;
    return { view: undefined, modifiers, decision: { step: 'view', choice: 'unknown', reason, evidence: absent } };
  }
  const { value, decision } = settled;
  const choice = [value, ...modifiers].join(', ');
  return { view: value, modifiers, decision: { ...decision, choice, evidence: [...decision.evidence, ...evidence] } };
}

const describe = ({ CodeValue, CodingSchemeDesignator, CodeMeaning }: CodeItem): string =>
  `${CodingSchemeDesignator ?? 'no scheme'} ${CodeValue ?? 'no code'} "${CodeMeaning ?? ''}"`;

function viewOf(item: CodeItem): View {
  const known = byCode(item, VIEW_CODES);
  const text = known?.view ?? (isStandard(item) ? undefined : viewText(item.CodeMeaning ?? ''));
  if (!text) {
    throw new ImagingError(
      'tag-invalid',
      `ViewCodeSequence must hold a view of CID 4014, got ${describe(item)}: mend the file`,
    );
  }
  return text;
}

function modifierOf(item: CodeItem): string {
  const meaning = (item.CodeMeaning ?? '').toUpperCase();
  const byMeaning = isStandard(item)
    ? undefined
    : VIEW_MODIFIER_CODES.find((each) => each.meaning.toUpperCase() === meaning);
  const known = byCode(item, VIEW_MODIFIER_CODES) ?? byMeaning;
  if (!known) {
    throw new ImagingError(
      'tag-invalid',
      `ViewModifierCodeSequence must hold modifiers of CID 4015, got ${describe(item)}: mend the file`,
    );
  }
  return known.view ?? known.meaning;
}

/** Codes of these schemes mean what the standard says they mean, whatever CodeMeaning has. */
const isStandard = ({ CodingSchemeDesignator: scheme, CodeValue: code }: CodeItem): boolean =>
  code !== undefined && scheme !== undefined && (scheme === 'SCT' || scheme === 'UMLS' || SRT_SCHEMES.has(scheme));

function byCode<T extends Pick<CodedView, 'sct' | 'srt' | 'umls'>>(
  { CodeValue: code = '', CodingSchemeDesignator: scheme = '' }: CodeItem,
  table: readonly T[],
): T | undefined {
  if (scheme === 'SCT') return table.find(({ sct }) => sct === code);
  if (scheme === 'UMLS') return table.find(({ umls }) => umls === code);
  return SRT_SCHEMES.has(scheme) ? table.find(({ srt }) => srt.includes(code)) : undefined;
}

/** A view by its abbreviation, the meaning of its code, or a name in use; undefined where it is none. */
export function viewText(text: string): View | undefined {
  const plain = text
    .trim()
    .toUpperCase()
    .replaceAll(/[\s_-]+/g, ' ');
  const known = VIEW_CODES.find(({ meaning }) => meaning.toUpperCase().replaceAll('-', ' ') === plain);
  return VIEWS.find((view) => view === plain) ?? known?.view ?? VIEW_TEXTS[plain];
}
