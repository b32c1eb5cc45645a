import * as f from '../graph/functions.ts';
import { buildUpdates, groupScalars, type Optimiser, withPenalty } from './optimiser.ts';

/** Constants of stochastic gradient descent. */
export interface SgdOptions {
  /** Share of the last direction that is kept; 0, which needs no state. */
  readonly momentum?: number;
  /** Looks ahead by one step of momentum (Sutskever et al. 2013, equations 3 and 4, in PyTorch's form); false. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent as PyTorch has it, dampening 0: g <- g + weightDecay p, b <- momentum b + g, and
 * p <- p - r b, or with Nesterov's momentum p <- p - r (g + momentum b). The buffer starts at zero, which makes it the
 * gradient after the first step. With Nesterov's momentum the state holds momentum b, which saves a pass.
 * RangeError unless 0 <= momentum < 1, and positive with nesterov.
 */
export function sgd({ momentum = 0, nesterov = false }: SgdOptions = {}): Optimiser {
  if (!(momentum >= 0 && momentum < 1)) throw new RangeError(`sgd requires a momentum in [0, 1), got ${momentum}`);
  if (nesterov && momentum === 0) throw new RangeError('sgd requires a positive momentum with nesterov, got 0');
  const buffer = 'sgd.momentum';
  return {
    stateNames: momentum > 0 ? [buffer] : [],
    description: { kind: 'sgd', options: { momentum, nesterov } },
    build(graph, groups, gradients) {
      buildUpdates(graph, groups, gradients, ({ weightDecay, scalar }) => {
        const learningRate = scalar('learningRate');
        if (momentum === 0) {
          // p - r (g + d p) = (1 - r d) p - r g
          const kept = weightDecay > 0 ? f.sub(1, f.mul(learningRate, weightDecay)) : null;
          return ({ parameter, gradient }) =>
            f.sub(kept ? f.mul(parameter, kept) : parameter, f.mul(gradient, learningRate));
        }
        return ({ parameter, gradient, state }) => {
          const g = withPenalty(gradient, parameter, weightDecay);
          const b = state(buffer);
          const next = nesterov ? f.mul(f.add(b, g), momentum) : f.add(f.mul(b, momentum), g);
          graph.update(b, next);
          return f.sub(parameter, f.mul(nesterov ? f.add(g, next) : next, learningRate));
        };
      });
    },
    updateOnHost({ parameter, gradient, states }, { learningRate = 0 }, weightDecay) {
      const [b] = states;
      for (let i = 0; i < parameter.length; i++) {
        const p = parameter[i] as number;
        const g = (gradient[i] as number) + weightDecay * p;
        let direction = g;
        if (b) {
          const next = nesterov ? momentum * ((b[i] as number) + g) : momentum * (b[i] as number) + g;
          b[i] = next;
          direction = nesterov ? g + next : next;
        }
        parameter[i] = p - learningRate * direction;
      }
    },
    scalars: (step, learningRates) => groupScalars(step, learningRates, (learningRate) => ({ learningRate })),
  };
}
