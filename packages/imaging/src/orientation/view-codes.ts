import type { View } from '../manifest-terms.ts';

/*
 * CID 4014 (View for Mammography) and CID 4015 (View Modifier for Mammography) of PS3.16. A view has a code of SNOMED CT
 * (scheme SCT), an older one of SNOMED RT (SRT, before that SNM3 and 99SDM) and a concept of the UMLS; files of all ages
 * are about. Codes only, so nothing here depends on the wording of a meaning, which comes last.
 */

/** One concept with its synonyms. */
export interface CodedView {
  readonly view: View;
  readonly sct: string;
  /** Codes of SNOMED RT, the current one first. */
  readonly srt: readonly string[];
  /** Concept of the UMLS; undefined where the standard gives none. */
  readonly umls: string | undefined;
  /** CodeMeaning in the standard. */
  readonly meaning: string;
}

const coded = (
  view: View,
  sct: string,
  srt: readonly string[],
  umls: string | undefined,
  meaning: string,
): CodedView => ({ view, sct, srt, umls, meaning });

/** CID 4014. */
export const VIEW_CODES: readonly CodedView[] = [
  coded('ML', '399260004', ['R-10224'], 'C1302283', 'medio-lateral'),
  coded('MLO', '399368009', ['R-10226'], 'C1302345', 'medio-lateral oblique'),
  coded('LM', '399352003', ['R-10228'], 'C1302336', 'latero-medial'),
  coded('LMO', '399099002', ['R-10230'], 'C1302201', 'latero-medial oblique'),
  coded('CC', '399162004', ['R-10242'], 'C0442215', 'cranio-caudal'),
  coded('FB', '399196006', ['R-10244'], 'C1302249', 'caudo-cranial (from below)'),
  coded('SIO', '399188001', ['R-102D0'], 'C1302245', 'superolateral to inferomedial oblique'),
  coded('ISO', '441555000', ['R-40AAA'], 'C2711617', 'inferomedial to superolateral oblique'),
  coded('XCCL', '399192008', ['R-1024A', 'Y-X1770'], 'C1302247', 'cranio-caudal exaggerated laterally'),
  coded('XCCM', '399101009', ['R-1024B', 'Y-X1771'], 'C1302202', 'cranio-caudal exaggerated medially'),
  // of an earlier edition of the context group
  coded('XCC', '399265009', [], undefined, 'cranio-caudal exaggerated'),
  coded('SPECIMEN', '127457009', ['G-8310'], 'C0444070', 'tissue specimen from breast'),
];

/** CID 4015; two of its members have no abbreviation of their own in a manifest and are told by their meaning. */
export const VIEW_MODIFIER_CODES: readonly (Omit<CodedView, 'view'> & { readonly view?: View })[] = [
  coded('CV', '399161006', ['R-102D2'], 'C1302232', 'Cleavage'),
  coded('AT', '399011000', ['R-102D1'], 'C1302167', 'Axillary Tail'),
  coded('RL', '399197002', ['R-102D3'], 'C1275832', 'Rolled Lateral'),
  coded('RM', '399226006', ['R-102D4'], 'C1275838', 'Rolled Medial'),
  coded('RI', '414493004', ['R-102CA'], 'C1532323', 'Rolled Inferior'),
  coded('RS', '415670009', ['R-102C9'], 'C1531911', 'Rolled Superior'),
  coded('ID', '399209000', ['R-102D5'], 'C1275834', 'Implant Displaced'),
  coded('M', '399163009', ['R-102D6'], 'C1302233', 'Magnification'),
  coded('S', '399055006', ['R-102D7'], 'C1302185', 'Spot Compression'),
  coded('TAN', '399110001', ['R-102C2'], 'C0442227', 'Tangential'),
  coded('NP', '442581004', ['R-40AB3'], 'C2711408', 'Nipple in profile'),
  { sct: '441752004', srt: ['P2-00161'], umls: 'C2711933', meaning: 'Anterior compression' },
  coded('IMF', '442593008', ['R-40ABE'], 'C2711136', 'Infra-mammary fold'),
  coded('AX', '442580003', ['R-40AB2'], 'C2711122', 'Axillary tissue'),
];

/** Names in use beside the abbreviations and the standard's meanings, in capitals with single spaces. */
export const VIEW_TEXTS: Readonly<Record<string, View>> = {
  CRANIOCAUDAL: 'CC',
  'CRANIO CAUDAL': 'CC',
  MEDIOLATERAL: 'ML',
  'MEDIO LATERAL': 'ML',
  'MEDIOLATERAL OBLIQUE': 'MLO',
  'MEDIO LATERAL OBLIQUE': 'MLO',
  OBLIQUE: 'MLO',
  LATEROMEDIAL: 'LM',
  'LATEROMEDIAL OBLIQUE': 'LMO',
  'FROM BELOW': 'FB',
  CAUDOCRANIAL: 'FB',
  'CAUDO CRANIAL': 'FB',
  'EXAGGERATED CRANIOCAUDAL': 'XCC',
  'EXAGGERATED CRANIOCAUDAL LATERALLY': 'XCCL',
  'EXAGGERATED CRANIOCAUDAL MEDIALLY': 'XCCM',
};
