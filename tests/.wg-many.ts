import { Graph, lower, encode, toTensorData } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import * as ort from 'onnxruntime-node';
import { activationCases, arithmeticCases } from './operation-cases-arithmetic.ts';
import { convolutionCases, linearCases } from './operation-cases-convolution.ts';
import { indexingCases, movementCases } from './operation-cases-movement.ts';
import { normalizationCases, poolingCases, reductionCases, resizeCases } from './operation-cases-window.ts';
const cases: any = { ...arithmeticCases, ...activationCases, ...convolutionCases, ...linearCases, ...poolingCases, ...normalizationCases, ...reductionCases, ...movementCases, ...indexingCases, ...resizeCases };
for (const op of process.argv.slice(2)) for (let c = 0; c < +(process.env.N??300); c++) { const make = cases[op][c % cases[op].length];
  const graph = new Graph(); const feeds: any = {};
  const one = make(new RandomStream(+(process.env.SEED??77), op, c));
  const tensors = one.operands.map((v: any, i: number) => graph.input(`o${i}`, v.shape, v.dtype ?? 'float32'));
  one.operands.forEach((v: any, i: number) => { feeds[`o${i}`] = new ort.Tensor(v.dtype ?? 'float32', toTensorData(v.dtype ?? 'float32', v.data) as any, v.shape); });
  const y = one.apply(...tensors); const ys = Array.isArray(y) ? y : [y];
  const e = one.reference(...one.operands); const es = Array.isArray(e) ? e : [e];
  ys.forEach((t: any, i: number) => graph.output(`${i}`, t));
  const desc = one.operands.map((v: any)=>`[${v.shape}]${v.dtype??''}`).join(' ');
  try {
    const s = await ort.InferenceSession.create(encode(lower(graph,{device:'webgpu',blockSize:0})), { executionProviders: ['webgpu','cpu'], logSeverityLevel: 4});
    const r = await s.run(feeds); await s.release();
    let worst=0; es.forEach((ex: any, i: number)=>{ const a = r[`out:${i}`]!.data as any; const sc=Math.max(...ex.data.map(Math.abs))||1; ex.data.forEach((v: number,k: number)=>{ const d=Math.abs(Number(a[k])-v)/sc; if(!(d<=worst)) worst=d; }); });
    if (!(worst<1e-5)) console.log(op, c, desc, JSON.stringify(graph.nodes.at(-1)!.attributes), worst.toExponential(1));
  } catch (err) { console.log(op, c, desc, JSON.stringify(graph.nodes.at(-1)!.attributes), 'FAILED', (err as Error).message.slice(0,300)); }
}
