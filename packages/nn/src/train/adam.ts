import * as f from '../graph/functions.ts';
import { buildUpdates, groupScalars, type Optimiser, withPenalty } from './optimiser.ts';

/** Constants of Adam, with PyTorch's defaults. */
export interface AdamOptions {
  /** Decay of the mean of gradients; 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients; 0.999. */
  readonly beta2?: number;
  /** Added to the root of the mean square; 1e-8. */
  readonly epsilon?: number;
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1) as PyTorch has it: p <- p - r mhat / (sqrt(vhat) + epsilon), with weight decay
 * as an L2 penalty, added to the gradient. RangeError unless 0 <= beta < 1 and epsilon > 0.
 *
 * Each element-wise op is a pass over memory, so what is constant is moved into two scalars. The state holds the moments
 * without their factors, M = m / (1 - beta1) and V = v / (1 - beta2):
 *
 *     M <- beta1 M + g,  V <- beta2 V + g^2,  p <- p - s M / (sqrt(V) + e)
 *     e = epsilon / c,  s = r (1 - beta1) / ((1 - beta1^t) c),  c = sqrt((1 - beta2) / (1 - beta2^t))
 */
export function adam(options: AdamOptions = {}): Optimiser {
  return adamWith('adam', 'penalty', options);
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2) as PyTorch has it: the parameter is
 * multiplied by 1 - r weightDecay before Adam's step, and the moments do not see the decay.
 */
export function adamW(options: AdamOptions = {}): Optimiser {
  return adamWith('adamW', 'decoupled', options);
}

function adamWith(
  name: 'adam' | 'adamW',
  decay: 'penalty' | 'decoupled',
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
): Optimiser {
  if (!(beta1 >= 0 && beta1 < 1)) throw new RangeError(`${name} requires beta1 in [0, 1), got ${beta1}`);
  if (!(beta2 >= 0 && beta2 < 1)) throw new RangeError(`${name} requires beta2 in [0, 1), got ${beta2}`);
  if (!(epsilon > 0)) throw new RangeError(`${name} requires a positive epsilon, got ${epsilon}`);
  const [firstMoment, secondMoment] = [`${name}.m`, `${name}.v`];
  return {
    stateNames: [firstMoment, secondMoment],
    description: { kind: name, options: { beta1, beta2, epsilon } },
    build(graph, groups, gradients) {
      buildUpdates(graph, groups, gradients, ({ weightDecay, scalar }) => {
        const [stepSize, scaledEpsilon] = [scalar('stepSize'), scalar('epsilon')];
        const decoupled = decay === 'decoupled' && weightDecay > 0;
        const kept = decoupled ? f.sub(1, f.mul(scalar('learningRate'), weightDecay)) : null;
        return ({ parameter, gradient, state }) => {
          const g = decay === 'penalty' ? withPenalty(gradient, parameter, weightDecay) : gradient;
          const [m, v] = [state(firstMoment), state(secondMoment)];
          const nextM = f.add(f.mul(m, beta1), g);
          const nextV = f.add(f.mul(v, beta2), f.mul(g, g));
          graph.update(m, nextM);
          graph.update(v, nextV);
          const direction = f.div(nextM, f.add(f.sqrt(nextV), scaledEpsilon));
          return f.sub(kept ? f.mul(parameter, kept) : parameter, f.mul(direction, stepSize));
        };
      });
    },
    updateOnHost(
      { parameter, gradient, states },
      { stepSize = 0, epsilon: scaledEpsilon = 0, learningRate = 0 },
      weightDecay,
    ) {
      const [m, v] = states as [Float32Array, Float32Array];
      const penalty = decay === 'penalty' ? weightDecay : 0;
      const kept = decay === 'decoupled' ? 1 - learningRate * weightDecay : 1;
      for (let i = 0; i < parameter.length; i++) {
        const p = parameter[i] as number;
        const g = (gradient[i] as number) + penalty * p;
        const nextM = beta1 * (m[i] as number) + g;
        const nextV = beta2 * (v[i] as number) + g * g;
        m[i] = nextM;
        v[i] = nextV;
        parameter[i] = kept * p - (stepSize * nextM) / (Math.sqrt(nextV) + scaledEpsilon);
      }
    },
    scalars: (step, learningRates) =>
      groupScalars(step, learningRates, (learningRate) => {
        const rootScale = Math.sqrt((1 - beta2) / (1 - beta2 ** step));
        const stepSize = (learningRate * (1 - beta1)) / ((1 - beta1 ** step) * rootScale);
        return { stepSize, epsilon: epsilon / rootScale, learningRate };
      }),
  };
}
