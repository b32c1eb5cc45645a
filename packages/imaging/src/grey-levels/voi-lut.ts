import type { Evidence } from '../decision.ts';
import type { FrameFacts } from '../dicom-facts.ts';
import { ImagingError } from '../errors.ts';
import { lookUp, lookupTable } from './lookup-table.ts';
import type { GreyLevels } from './modality-lut.ts';

/** Which of the alternatives that a file offers: its table k or window k, counted from 0, or none of them. */
export type VoiChoice = { readonly table: number } | { readonly window: number } | 'none';

export const VOI_LUT_FUNCTIONS = ['LINEAR', 'LINEAR_EXACT', 'SIGMOID'] as const;
export type VoiLutFunction = (typeof VOI_LUT_FUNCTIONS)[number];

/**
 * One value through a window, to 0..1 (PS3.3, C.11.2.1.2 and C.11.2.1.3):
 * LINEAR ((x - (c - 0.5)) / (w - 1) + 0.5), LINEAR_EXACT (x - c) / w + 0.5, both clipped; SIGMOID 1 / (1 + exp(-4 (x - c) / w)).
 */
export function windowed(value: number, centre: number, width: number, kind: VoiLutFunction): number {
  if (kind === 'SIGMOID') return 1 / (1 + Math.exp((-4 * (value - centre)) / width));
  if (kind === 'LINEAR_EXACT') {
    if (value <= centre - width / 2) return 0;
    return value > centre + width / 2 ? 1 : (value - centre) / width + 0.5;
  }
  if (value <= centre - 0.5 - (width - 1) / 2) return 0;
  return value > centre - 0.5 + (width - 1) / 2 ? 1 : (value - (centre - 0.5)) / (width - 1) + 0.5;
}

/**
 * Values of the modality to 0..1 by the VOI LUT. Of several alternatives the file's first is taken, a table before a window,
 * because a vendor who stores a table means its curve; the user may choose another. Without any, the whole range that the file
 * declares is mapped linearly, whatever the image holds, so that images of one detector stay comparable.
 * Throws tag-invalid (a window of no width, lists of different lengths, an unknown function) and option-invalid.
 */
export function voiLut(
  levels: Omit<GreyLevels, 'decision'>,
  facts: FrameFacts,
  signed: boolean,
  choice?: VoiChoice,
): GreyLevels {
  const tables = facts.VOILUTSequence ?? [];
  const windows = windowsOf(facts);
  const offers: Evidence[] = [
    { source: 'tag', name: 'VOILUTSequence', value: tables.length ? `${tables.length} tables` : 'absent' },
    {
      source: 'tag',
      name: 'WindowCenter, WindowWidth',
      value: windows.map(({ centre, width }) => `${centre}, ${width}`).join('; ') || 'absent',
    },
  ];
  const user = choice === undefined ? [] : [{ source: 'user', name: 'VOI LUT', value: describe(choice) } as const];
  const evidence = [...offers, ...user];
  const why = choice === undefined ? 'the first that the file offers' : 'the user chose it';
  const wanted = choice ?? (tables.length ? { table: 0 } : windows.length ? { window: 0 } : 'none');
  if (wanted === 'none') {
    const { data, low, high } = levels;
    const reason =
      choice === 'none'
        ? 'the user wants no window: the declared range is mapped'
        : 'the file offers none: the declared range is mapped';
    const decision = { step: 'VOI LUT', choice: `linear from ${low} to ${high}`, reason, evidence } as const;
    return { data: data.map((value) => (value - low) / (high - low)), low: 0, high: 1, decision };
  }
  if ('table' in wanted) {
    const item = tables[wanted.table];
    if (!item) throw noSuch('table', wanted.table, tables.length);
    const table = lookupTable(item, 'VOILUTSequence', signed);
    const scale = 2 ** table.bits - 1;
    const name = item.LUTExplanation ? ` "${item.LUTExplanation}"` : '';
    const decision = { step: 'VOI LUT', choice: `table ${wanted.table}${name}`, reason: why, evidence } as const;
    return { data: lookUp(levels.data, table).map((entry) => entry / scale), low: 0, high: 1, decision };
  }
  const window = windows[wanted.window];
  if (!window) throw noSuch('window', wanted.window, windows.length);
  const { centre, width } = window;
  const kind = voiFunction(facts.VOILUTFunction, width);
  const function_ = { source: 'tag', name: 'VOILUTFunction', value: facts.VOILUTFunction ?? 'absent, LINEAR' } as const;
  return {
    data: levels.data.map((value) => windowed(value, centre, width, kind)),
    low: 0,
    high: 1,
    decision: {
      step: 'VOI LUT',
      choice: `${kind} window, centre ${centre}, width ${width}`,
      reason: why,
      evidence: [...evidence, function_],
    },
  };
}

const describe = (choice: VoiChoice): string =>
  choice === 'none' ? 'none' : 'table' in choice ? `table ${choice.table}` : `window ${choice.window}`;

const noSuch = (kind: string, index: number, count: number) =>
  new ImagingError(
    'option-invalid',
    `there is no VOI ${kind} ${index}: the file has ${count}, counted from 0; choose another`,
  );

function windowsOf({ WindowCenter = [], WindowWidth = [] }: FrameFacts) {
  if (WindowCenter.length !== WindowWidth.length) {
    throw new ImagingError(
      'tag-invalid',
      `WindowCenter has ${WindowCenter.length} values and WindowWidth ${WindowWidth.length}: mend the file, or choose no window`,
    );
  }
  return WindowCenter.map((centre, i) => ({ centre, width: WindowWidth[i] as number }));
}

function voiFunction(stored = 'LINEAR', width: number): VoiLutFunction {
  const kind = VOI_LUT_FUNCTIONS.find((known) => known === stored);
  if (!kind) {
    throw new ImagingError(
      'tag-invalid',
      `VOILUTFunction must be one of ${VOI_LUT_FUNCTIONS.join(', ')}, got ${stored}: mend the file`,
    );
  }
  const isWide = kind === 'LINEAR' ? width >= 1 : width > 0;
  if (!isWide) {
    throw new ImagingError(
      'tag-invalid',
      `WindowWidth must be ${kind === 'LINEAR' ? 'at least 1' : 'above 0'} with ${kind}, got ${width}: mend the file, or choose no window`,
    );
  }
  return kind;
}
