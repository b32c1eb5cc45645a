import assert from 'node:assert/strict';
import { test } from 'node:test';
import { code } from '../write/codes.ts';
import { encodeDataSet } from '../write/data-set.ts';
import {
  byReference,
  container,
  contains,
  documentContent,
  hasProperties,
  image,
  numeric,
  selectedFrom,
  spatialCoordinates,
  text,
} from './content-item.ts';

const name = code('99TEST', '1', 'name');
const picture = () => image({ sopClassUid: '1.2', sopInstanceUid: '1.3', frameNumbers: [4] }, undefined);
const point = (from: ReturnType<typeof selectedFrom>) => spatialCoordinates(name, 'POINT', [[1.5, 2]], from);

test('a tree is nested sequences, each child with its relationship, the root with its template', () => {
  const root = container(name, contains(text(name, 'words', hasProperties(numeric(name, 0.25, name)))));
  assert.deepEqual(documentContent(root, '4000'), {
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: [name],
    ContinuityOfContent: 'SEPARATE',
    ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: '4000' }],
    ContentSequence: [
      {
        RelationshipType: 'CONTAINS',
        ValueType: 'TEXT',
        ConceptNameCodeSequence: [name],
        TextValue: 'words',
        ContentSequence: [
          {
            RelationshipType: 'HAS PROPERTIES',
            ValueType: 'NUM',
            ConceptNameCodeSequence: [name],
            MeasuredValueSequence: [{ NumericValue: [0.25], MeasurementUnitsCodeSequence: [name] }],
          },
        ],
      },
    ],
  });
});

test('a reference is the place of its item, from the root, which is 1', () => {
  const [first, second] = [picture(), picture()];
  const library = container(name, contains(first, second));
  const root = container(name, contains(text(name, ''), library, point(byReference(selectedFrom(second)))));
  const content = documentContent(root, '1') as { ContentSequence: readonly { ContentSequence?: readonly object[] }[] };
  assert.deepEqual(content.ContentSequence[2]?.ContentSequence, [
    { RelationshipType: 'SELECTED FROM', ReferencedContentItemIdentifier: [1, 2, 2] },
  ]);
});

test('a reference to what is not in the tree, and an item that stands twice, are refused', () => {
  const lost = container(name, contains(point(byReference(selectedFrom(picture())))));
  assert.throws(() => documentContent(lost, '1'), { code: 'value-invalid', message: /stands nowhere/ });
  const item = text(name, 'twice');
  assert.throws(() => documentContent(container(name, contains(item, item)), '1'), {
    code: 'value-invalid',
    message: /stands twice/,
  });
});

test('a number that 16 characters cannot hold stands in full beside the text of it', () => {
  const [measured] = numeric(name, 1 / 3, name).value.MeasuredValueSequence as readonly [object];
  assert.deepEqual(measured, {
    NumericValue: [1 / 3],
    FloatingPointValue: [1 / 3],
    MeasurementUnitsCodeSequence: [name],
  });
  assert.ok(encodeDataSet(measured).includes('0.33333333333333'));
});
