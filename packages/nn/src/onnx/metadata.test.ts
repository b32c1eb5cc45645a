import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onnxMetadata } from './metadata.ts';
import { encodeModel } from './model.ts';

test('what was written as metadata is read, whatever else is in the file', () => {
  const metadata = { classes: '["benign","malignant"]', cutoff: '0.5', note: 'Überschrift' };
  const weights = { name: 'w', dtype: 'float32', shape: [4096], data: new Float32Array(4096).fill(1) } as const;
  const bytes = encodeModel({ nodes: [], inputs: [], outputs: [], initializers: [weights], metadata });
  assert.deepEqual(onnxMetadata(bytes), metadata);
});

test('bytes that are no model are refused', () => {
  assert.throws(() => onnxMetadata(Uint8Array.from([0x72, 0xff, 0xff, 0xff, 0x7f, 1])), { code: 'onnx-malformed' });
});
