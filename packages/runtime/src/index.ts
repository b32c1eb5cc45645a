export { evaluateGraph } from './session/evaluate.ts';
