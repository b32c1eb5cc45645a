import { alexnets } from './alexnet.ts';
import type { Network } from './backbone.ts';
import { densenets } from './densenet.ts';
import { inceptionResnets } from './inception-resnet-v2.ts';
import { inceptions } from './inception-v3.ts';
import { resnets } from './resnet.ts';
import { resnets3d } from './resnet3d.ts';
import { resnet22s } from './resnet22.ts';
import { samalas } from './samala2016.ts';
import { shus } from './shu2020.ts';
import { sppnets } from './sppnet.ts';
import { squeezenets } from './squeezenet.ts';
import { vggs } from './vgg.ts';
import { wangs } from './wang2018.ts';
import { wichakams } from './wichakam2018.ts';
import { xceptions } from './xception.ts';
import { xiaos } from './xiao2021.ts';
import { volumeZhangs, zhangs } from './zhang2018.ts';

/** Every classification network of images [N, C, H, W] by its name. */
export const networks = {
  ...resnets,
  ...squeezenets,
  ...alexnets,
  ...vggs,
  ...densenets,
  ...inceptions,
  ...inceptionResnets,
  ...xceptions,
  ...resnet22s,
  ...sppnets,
  ...samalas,
  ...wangs,
  ...shus,
  ...zhangs,
} satisfies Record<string, Network>;

export type NetworkName = keyof typeof networks;

/** True when a text is the name of a network of images. */
export function isNetworkName(name: string): name is NetworkName {
  return Object.hasOwn(networks, name);
}

/** Every classification network of volumes [N, C, D, H, W] by its name. */
export const volumeNetworks = { ...resnets3d, ...wichakams, ...volumeZhangs, ...xiaos } satisfies Record<
  string,
  Network
>;

/** Every classification network, of images and of volumes. */
export const classifiers = { ...networks, ...volumeNetworks } satisfies Record<string, Network>;

export type ClassifierName = keyof typeof classifiers;

/** True when a text is the name of a network of images or volumes. */
export function isClassifierName(name: string): name is ClassifierName {
  return Object.hasOwn(classifiers, name);
}
