import { Command } from 'commander';
import { jsonOption, print, threadsOption } from '../options.ts';

/** `bench train` */
export function benchCommand(): Command {
  return new Command('bench')
    .description('speed and memory as a share of what this machine can do')
    .argument('[name]', 'train', 'train')
    .addOption(threadsOption())
    .addOption(jsonOption())
    .action((name: string, { json }: { json?: boolean }) => print(json, { name }, name));
}
