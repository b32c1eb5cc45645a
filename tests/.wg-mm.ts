import { functions as f, Graph, lower, encode, PORTABLE_TARGET } from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';
for (const side of [128, 256, 512]) for (const n of [2, 8]) for (const device of ['cpu','webgpu'] as const) {
  const g = new Graph(); let x = g.input('x',[side,side]); const w = x;
  for (let i=0;i<n;i++) x = f.matMul(x, w);
  g.output('y', f.reduceSum(x));
  const s = await ort.InferenceSession.create(encode(lower(g, PORTABLE_TARGET)), {executionProviders:[device], logSeverityLevel:3});
  const feed = {x: new ort.Tensor('float32', new Float32Array(side*side).fill(1/side), [side,side])};
  let least=1e9; for (let i=0;i<5;i++) { const t=performance.now(); await s.run(feed); least=Math.min(least, performance.now()-t); }
  console.log(side, n, device, least.toFixed(2)); await s.release();
}
