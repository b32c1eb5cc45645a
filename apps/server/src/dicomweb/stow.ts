/** The answer of STOW-RS (PS3.18 10.5.3): what was stored and what was not, with the reasons of PS3.18 table 10.5.3-2. */

import type { RawAnswer } from '../http/handlers.ts';
import type { Outcome } from '../intake/take-file.ts';
import { type JsonDataSet, jsonText } from './dicom-json.ts';

/** Codes of FailureReason. */
const CLASS_NOT_SUPPORTED = 0x0122;
const CANNOT_UNDERSTAND = 0xc000;
const PROCESSING_FAILURE = 0x0110;

const REASONS: Readonly<Record<string, number>> = {
  'image-not-accepted': CLASS_NOT_SUPPORTED,
  'pixel-data-missing': CLASS_NOT_SUPPORTED,
  'instance-differs': PROCESSING_FAILURE,
  'patient-differs': PROCESSING_FAILURE,
  'study-elsewhere': PROCESSING_FAILURE,
};

/** 200 where everything was stored, 202 where some was, 409 where nothing was. */
export function stowAnswer(outcomes: readonly Outcome[]): RawAnswer {
  const stored = outcomes.flatMap((each) => ('filed' in each ? [each.filed] : []));
  const refused = outcomes.flatMap((each) => ('filed' in each ? [] : [each]));
  const study = stored[0]?.study;
  const at = (uid: string, series?: string, instance?: string) =>
    `/dicomweb/studies/${uid}${series === undefined ? '' : `/series/${series}/instances/${instance}`}`;
  const items: readonly JsonDataSet[] = stored.map(({ study: uid, series, instance, sopClass }) => ({
    '00081150': jsonText('UI', sopClass),
    '00081155': jsonText('UI', instance),
    '00081190': jsonText('UR', at(uid, series, instance)),
  }));
  const failures: readonly JsonDataSet[] = refused.map(({ code }) => ({
    '00081197': jsonText('US', REASONS[code] ?? CANNOT_UNDERSTAND),
  }));
  const [first] = refused;
  const body: JsonDataSet = {
    ...(study !== undefined && { '00081190': jsonText('UR', at(study)) }),
    ...(items.length > 0 && { '00081199': { vr: 'SQ', Value: items } }),
    ...(failures.length > 0 && { '00081198': { vr: 'SQ', Value: failures } }),
  };
  return {
    status: refused.length === 0 ? 200 : stored.length > 0 ? 202 : 409,
    headers: {
      'Content-Type': 'application/dicom+json',
      ...(first && { Warning: warningOf(`${first.code}: ${first.message}`) }),
    },
    body: JSON.stringify(body),
  };
}

/** The reason in words, for people: a header has ASCII alone (RFC 9110 section 5.5), and no quotes inside quotes. */
const warningOf = (text: string): string => `299 mammoscope "${text.replaceAll(/[^ -~]|["\\]/g, ' ').slice(0, 400)}"`;
