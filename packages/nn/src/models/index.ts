import type { Network } from './backbone.ts';
import { resnets } from './resnet.ts';
import { squeezenets } from './squeezenet.ts';

/** Every classification network by its name. */
export const networks = { ...resnets, ...squeezenets } satisfies Record<string, Network>;

export type NetworkName = keyof typeof networks;

/** True when a text is the name of a network. */
export function isNetworkName(name: string): name is NetworkName {
  return Object.hasOwn(networks, name);
}
