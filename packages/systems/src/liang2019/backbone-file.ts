import { join } from 'node:path';

/** The weights of a run's frozen backbone, without which its classifiers are of no use. */
export const backboneFile = (run: string): string => join(run, 'backbone.safetensors');
