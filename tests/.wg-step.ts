import { adam, buildTrainingStep, crossEntropy, Graph, Scope, lower, networks, liveNodes, sizeOf, type Tensor } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { Engine, initialise } from '@mammoscope/runtime';
const name = process.argv[2] as 'resnet18'; const noclose = process.argv[3];
function build() {
const graph = new Graph(); const scope = new Scope(graph, true);
const x = graph.input('image', [2,3,32,32]);
const net = networks[name](scope, x, {outputs: 2, stem: 'small'} as any);
const loss = crossEntropy(net.logits, graph.input('labels', [2,2]));
const params=[...scope.declarations.values()].flatMap(({kind,tensor})=>kind==='weight'?[tensor]:[]);
const opt = adam();
return { graph: buildTrainingStep(loss,{optimiser: opt, groups:[{parameters: params, weightDecay: 1e-4}]}), scope, opt };
}
async function run(device: 'cpu'|'webgpu') {
  const { graph, scope, opt } = build();
  const engine = await Engine.create({device, threads: 2});
  const t0=performance.now();
  const lowered = lower(graph, {device, blockSize: 0});
  const session = await engine.load(lowered);
  console.log(device, 'load', Math.round(performance.now()-t0), 'nodes', lowered.model.nodes.length);
  const put = new Map<string, any>();
  for (const [n, t] of graph.parameters) {
    const s = new RandomStream(3, n);
    const k = scope.declarations.get(n);
    const size = sizeOf(t.shape);
    const fan = t.shape.length>1 ? sizeOf(t.shape.slice(1)) : 1;
    put.set(n, { dtype:'float32', shape: t.shape, data: Float32Array.from({length:size}, () => !k ? 0 : t.shape.length===1 ? (n.endsWith('bias')||n.endsWith('mean')?0:1) : s.uniform(-1,1)*Math.sqrt(6/fan)) });
  }
  await engine.put(put);
  const losses: number[] = [];
  for (let i=1;i<=3;i++) {
    const s = new RandomStream(4, i);
    const inputs = new Map<string, any>([['image', Float32Array.from({length:2*3*32*32},()=>s.uniform(-1,1))],['labels', Float32Array.from([1,0,0,1])], ...lowered.inputs.filter(p=>p.name.startsWith('random')).map(p=>[p.name, Float32Array.from({length:sizeOf(p.shape)},()=>s.uniform())] as const), ...Object.entries(opt.scalars(i,[1e-3])).map(([k,v]: any)=>[k, Float32Array.of(typeof v==='number'?v:v[0])] as const)]);
    const t=performance.now();
    const r = await session.run(inputs);
    losses.push((r.get('out:loss') as Float32Array)[0]!);
    console.log(device, i, losses.at(-1), Math.round(performance.now()-t)+'ms');
  }
  const t1=performance.now();
  const got = await engine.get([...graph.parameters.keys()]);
  console.log('get', Math.round(performance.now()-t1));
  if (!noclose) { await session.release(); await engine.close(); }
  return { got, losses };
}
const c = await run('cpu'); const g = await run('webgpu');
let worst: [string, number][] = [];
for (const [n, v] of c.got) { const a=g.got.get(n)!.data as Float32Array, b=v.data as Float32Array; let m=0,d=0; for (let i=0;i<b.length;i++){m=Math.max(m,Math.abs(b[i]!)); d=Math.max(d,Math.abs(a[i]!-b[i]!)); if(Number.isNaN(a[i]!)) d=NaN;} worst.push([n,d/(m||1)]); }
worst.sort((a,b)=>b[1]-a[1]); console.log(worst.slice(0,12)); console.log(c.losses, g.losses);
