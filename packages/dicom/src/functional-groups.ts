/** Shared and per-frame functional groups of enhanced objects (PS3.3 C.7.6.16), as one flat data set a frame. */

import { DicomError } from './errors.ts';
import { type AttributeName, type DataSet, named } from './header/attributes.ts';

/** The macros that are read: sequences of one item whose attributes describe the frame. */
const MACROS = [
  'PixelMeasuresSequence',
  'FrameContentSequence',
  'PlanePositionSequence',
  'PlaneOrientationSequence',
  'FrameAnatomySequence',
  'FrameVOILUTSequence',
  'PixelValueTransformationSequence',
  'XRay3DFrameTypeSequence',
] as const satisfies readonly AttributeName[];

/** The attributes of a frame: those of its own group, else the shared ones, else those of the object. */
export type FrameMeta = (frame: number) => DataSet;

/** Checks the groups. DicomError 'groups-missing', 'malformed'. */
export function frameMetaOf(dataSet: DataSet, frameCount: number, path: string): FrameMeta {
  const { SharedFunctionalGroupsSequence: shared, PerFrameFunctionalGroupsSequence: perFrame, ...object } = dataSet;
  if (!shared && !perFrame) return () => object;
  if (shared && shared.length > 1)
    throw new DicomError(
      'malformed',
      `${path}: ${named('SharedFunctionalGroupsSequence')} has ${shared.length} items; one is allowed`,
    );
  if (perFrame?.length !== frameCount) {
    const sentence = `has ${perFrame?.length ?? 0} items for ${frameCount} frame(s); one for each is required`;
    throw new DicomError('groups-missing', `${path}: ${named('PerFrameFunctionalGroupsSequence')} ${sentence}`);
  }
  const common = flatten(shared?.[0] ?? {}, path);
  const frames = perFrame.map((group) => flatten(group, path));
  return (frame) => ({ ...object, ...common, ...frames[frame] });
}

function flatten(group: DataSet, path: string): DataSet {
  return Object.assign(
    {},
    ...MACROS.map((macro) => {
      const items = group[macro];
      if (items && items.length > 1)
        throw new DicomError(
          'malformed',
          `${path}: ${named(macro)} of a functional group has ${items.length} items; one is allowed`,
        );
      return items?.[0] ?? {};
    }),
  );
}
