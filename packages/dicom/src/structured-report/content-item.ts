/** Content trees of structured reports (PS3.3 C.17.3): items, the relationships between them, and how they are encoded. */
import { DicomError } from '../errors.ts';
import type { Code } from '../write/codes.ts';
import type { WrittenDataSet } from '../write/data-set.ts';

/** Value types that are written (PS3.3 table C.17.3-7). */
export type ValueType =
  | 'CONTAINER'
  | 'CODE'
  | 'NUM'
  | 'TEXT'
  | 'DATE'
  | 'TIME'
  | 'UIDREF'
  | 'PNAME'
  | 'IMAGE'
  | 'COMPOSITE'
  | 'SCOORD';

/** What a child is to its parent (PS3.3 table C.17.3-8). */
export type Relationship =
  | 'CONTAINS'
  | 'HAS OBS CONTEXT'
  | 'HAS ACQ CONTEXT'
  | 'HAS CONCEPT MOD'
  | 'HAS PROPERTIES'
  | 'INFERRED FROM'
  | 'SELECTED FROM';

/** A content item with what follows from it. The same item may stand in a tree once, and be referred to. */
export interface ContentItem {
  readonly valueType: ValueType;
  /** The name; images may have none. */
  readonly concept?: Code;
  /** Attributes of the value. */
  readonly value: WrittenDataSet;
  readonly children: readonly Child[];
}

/** A child by value, or a reference to an item that stands elsewhere in the tree. */
export interface Child {
  readonly relationship: Relationship;
  readonly item: ContentItem;
  readonly isReference: boolean;
}

type Children = readonly (readonly Child[])[];

const related =
  (relationship: Relationship) =>
  (...items: readonly ContentItem[]): readonly Child[] =>
    items.map((item) => ({ relationship, item, isReference: false }));

export const contains = related('CONTAINS');
export const hasObservationContext = related('HAS OBS CONTEXT');
export const hasAcquisitionContext = related('HAS ACQ CONTEXT');
export const hasConceptModifier = related('HAS CONCEPT MOD');
export const hasProperties = related('HAS PROPERTIES');
export const inferredFrom = related('INFERRED FROM');
export const selectedFrom = related('SELECTED FROM');

/** The same by reference (R-SELECTED FROM and so on): the items stand elsewhere in the tree. */
export function byReference(children: readonly Child[]): readonly Child[] {
  return children.map((child) => ({ ...child, isReference: true }));
}

/** CONTAINER: a heading whose items are separate (ContinuityOfContent). */
export function container(concept: Code, ...children: Children): ContentItem {
  return item('CONTAINER', concept, { ContinuityOfContent: 'SEPARATE' }, children);
}

/** CODE. */
export function coded(concept: Code, value: Code, ...children: Children): ContentItem {
  return item('CODE', concept, { ConceptCodeSequence: [value] }, children);
}

/** NUM. A number that 16 characters cannot hold stands in full beside it (PS3.3 C.18.1). */
export function numeric(concept: Code, value: number, unit: Code, ...children: Children): ContentItem {
  const measured = {
    NumericValue: [value],
    ...(`${value}`.length > 16 ? { FloatingPointValue: [value] } : {}),
    MeasurementUnitsCodeSequence: [unit],
  };
  return item('NUM', concept, { MeasuredValueSequence: [measured] }, children);
}

/** TEXT. */
export function text(concept: Code, value: string, ...children: Children): ContentItem {
  return item('TEXT', concept, { TextValue: value }, children);
}

/** DATE, YYYYMMDD. */
export function date(concept: Code, value: string): ContentItem {
  return item('DATE', concept, { Date: value }, []);
}

/** TIME, HHMMSS with what follows. */
export function time(concept: Code, value: string): ContentItem {
  return item('TIME', concept, { Time: value }, []);
}

/** UIDREF. */
export function uidReference(concept: Code, value: string): ContentItem {
  return item('UIDREF', concept, { UID: value }, []);
}

/** What an IMAGE item names. */
export interface ImageReference {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  /** Frames counted from 1, as DICOM counts them; none where the object has one frame, or all are meant. */
  readonly frameNumbers?: readonly number[];
  /** Segments counted from 1, of a segmentation. */
  readonly segmentNumbers?: readonly number[];
}

/** IMAGE (PS3.3 C.18.4). */
export function image(reference: ImageReference, concept: Code | undefined, ...children: Children): ContentItem {
  return item('IMAGE', concept, { ReferencedSOPSequence: [referencedImage(reference)] }, children);
}

/** An item of ReferencedSOPSequence, SourceImageSequence and their like (PS3.3 tables 10-3 and 10-11). */
export function referencedImage({ frameNumbers, segmentNumbers, ...image }: ImageReference): WrittenDataSet {
  return {
    ReferencedSOPClassUID: image.sopClassUid,
    ReferencedSOPInstanceUID: image.sopInstanceUid,
    ...(frameNumbers ? { ReferencedFrameNumber: frameNumbers } : {}),
    ...(segmentNumbers ? { ReferencedSegmentNumber: segmentNumbers } : {}),
  };
}

/** A position in an image: columns from the left edge, rows from the upper edge, in pixels (PS3.3 C.18.6.1.2). */
export type Point = readonly [x: number, y: number];

/** SCOORD (PS3.3 C.18.6): a point, or a line through points, closed where the first is also the last. */
export function spatialCoordinates(
  concept: Code,
  type: 'POINT' | 'POLYLINE',
  points: readonly Point[],
  ...children: Children
): ContentItem {
  return item('SCOORD', concept, { GraphicType: type, GraphicData: points.flat() }, children);
}

function item(valueType: ValueType, concept: Code | undefined, value: WrittenDataSet, children: Children): ContentItem {
  return { valueType, ...(concept ? { concept } : {}), value, children: children.flat() };
}

/**
 * The attributes of SR Document Content (PS3.3 C.17.3) of a tree by one of the templates of PS3.16. Throws DicomError 'value-invalid' where an item
 * stands twice, or is referred to and stands nowhere.
 */
export function documentContent(root: ContentItem, templateIdentifier: string): WrittenDataSet {
  const places = placesOf(root);
  return {
    ...encoded(root, places),
    ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: templateIdentifier }],
  };
}

type Places = ReadonlyMap<ContentItem, readonly number[]>;

/** Where each item stands: positions among siblings from the root, which is 1 (PS3.3 C.17.3.2.5). */
function placesOf(root: ContentItem): Places {
  const places = new Map<ContentItem, readonly number[]>();
  const visit = (item: ContentItem, place: readonly number[]): void => {
    if (places.has(item)) throw misplaced('an item stands twice in a content tree', 'refer to it in the second place');
    places.set(item, place);
    for (const [i, child] of item.children.entries()) if (!child.isReference) visit(child.item, [...place, i + 1]);
  };
  visit(root, [1]);
  return places;
}

function encoded({ valueType, concept, value, children }: ContentItem, places: Places): WrittenDataSet {
  return {
    ValueType: valueType,
    ...(concept ? { ConceptNameCodeSequence: [concept] } : {}),
    ...value,
    ...(children.length > 0 ? { ContentSequence: children.map((child) => encodedChild(child, places)) } : {}),
  };
}

function encodedChild({ relationship, item, isReference }: Child, places: Places): WrittenDataSet {
  if (!isReference) return { RelationshipType: relationship, ...encoded(item, places) };
  const place = places.get(item);
  if (!place) throw misplaced('an item is referred to that stands nowhere in the content tree', 'add it');
  return { RelationshipType: relationship, ReferencedContentItemIdentifier: place };
}

const misplaced = (what: string, remedy: string) => new DicomError('value-invalid', `${what}: ${remedy}`);
