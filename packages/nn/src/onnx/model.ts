/** ONNX models as plain records, and their encoding through the generated protobuf code. */
import { create, toBinary } from '@bufbuild/protobuf';
import type { DType, Shape, TensorData } from '../graph/tensor.ts';
import { AttributeProto_AttributeType, ModelProtoSchema, TensorProto_DataType } from './generated/onnx_pb.js';

/** An attribute of a node with its ONNX type. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly text: string };

export interface OnnxNode {
  readonly opType: string;
  /** '' for ONNX's own ops. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxValue {
  readonly name: string;
  readonly dtype: DType;
  /** A text stands for a free dimension of that name. */
  readonly shape: readonly (number | string)[];
}

export interface OnnxInitializer {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TensorData;
}

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers: readonly OnnxInitializer[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/** ONNX's numbers of the element types (onnx.proto, TensorProto.DataType). */
const ELEMENT_TYPES: Readonly<Record<DType, TensorProto_DataType>> = {
  float32: TensorProto_DataType.FLOAT,
  float64: TensorProto_DataType.DOUBLE,
  int64: TensorProto_DataType.INT64,
  int32: TensorProto_DataType.INT32,
  bool: TensorProto_DataType.BOOL,
};

/** ONNX's number of an element type, as Cast takes it. */
export function elementType(dtype: DType): number {
  return ELEMENT_TYPES[dtype];
}

const OPSET = 18;
/** IR version 9 goes with opset 18 to 20 and is read by every ONNX Runtime since 1.17. */
const IR_VERSION = 9n;

function attributeProto(name: string, attribute: OnnxAttribute) {
  const type = AttributeProto_AttributeType;
  if ('int' in attribute) return { name, type: type.INT, i: BigInt(attribute.int) };
  if ('ints' in attribute) return { name, type: type.INTS, ints: attribute.ints.map(BigInt) };
  if ('float' in attribute) return { name, type: type.FLOAT, f: attribute.float };
  if ('floats' in attribute) return { name, type: type.FLOATS, floats: [...attribute.floats] };
  return { name, type: type.STRING, s: new TextEncoder().encode(attribute.text) };
}

function valueProto({ name, dtype, shape }: OnnxValue) {
  const dim = shape.map((extent) =>
    typeof extent === 'string'
      ? { value: { case: 'dimParam' as const, value: extent } }
      : { value: { case: 'dimValue' as const, value: BigInt(extent) } },
  );
  return {
    name,
    type: { value: { case: 'tensorType' as const, value: { elemType: ELEMENT_TYPES[dtype], shape: { dim } } } },
  };
}

/** The bytes of an ONNX file. */
export function encodeModel({ nodes, inputs, outputs, initializers, metadata }: OnnxModel): Uint8Array {
  const domains = [...new Set(nodes.map((node) => node.domain))].filter((domain) => domain !== '');
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: IR_VERSION,
      producerName: 'mammoscope',
      opsetImport: [{ domain: '', version: BigInt(OPSET) }, ...domains.map((domain) => ({ domain, version: 1n }))],
      metadataProps: Object.entries(metadata ?? {}).map(([key, value]) => ({ key, value })),
      graph: {
        name: 'mammoscope',
        node: nodes.map((node) => ({
          opType: node.opType,
          domain: node.domain,
          name: node.name,
          input: [...node.inputs],
          output: [...node.outputs],
          attribute: Object.entries(node.attributes).map(([name, attribute]) => attributeProto(name, attribute)),
        })),
        input: inputs.map(valueProto),
        output: outputs.map(valueProto),
        initializer: initializers.map(({ name, dtype, shape, data }) => ({
          name,
          dataType: ELEMENT_TYPES[dtype],
          dims: shape.map(BigInt),
          rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
        })),
      },
    }),
  );
}
