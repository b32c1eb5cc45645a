/** What can be wrong with a graph; the message names the node, its operands and what was required. */
export type GraphErrorCode =
  | 'shape' // operands whose shapes an op cannot take
  | 'dtype' // operands whose element types an op cannot take
  | 'attribute' // an attribute outside its range
  | 'not-differentiable' // a gradient was asked through an op that has none
  | 'graph'; // operands of two graphs, a duplicate name, a missing way to lower

/** An error in building, differentiating or lowering a graph. */
export class GraphError extends Error {
  readonly code: GraphErrorCode;
  constructor(code: GraphErrorCode, message: string) {
    super(message);
    this.name = 'GraphError';
    this.code = code;
  }
}
