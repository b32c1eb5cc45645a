import { Command } from 'commander';
import { benchDetectionCommand, benchGmicCommand } from './bench-cases.ts';
import { benchDicomCommand } from './bench-dicom.ts';
import { benchInferenceCommand } from './bench-inference.ts';
import { benchFeaturesCommand, benchHeadsCommand } from './bench-joint.ts';
import { benchRadiomicsCommand } from './bench-radiomics.ts';
import { benchRankPoolingCommand } from './bench-rank-pooling.ts';
import { benchStatsCommand } from './bench-stats.ts';
import { benchTrainCommand } from './bench-train.ts';
import { benchWholeVolumesCommand } from './bench-whole-volumes.ts';

/** `bench train`, which `bench` alone is, `inference`, `detection`, `gmic`, `whole-volumes`, `features`, `heads`, `rank-pooling`, `radiomics`, `stats`, `dicom`. */
export function benchCommand(): Command {
  const bench = new Command('bench')
    .description(
      'speed and memory on this machine: networks on the CPU as a share of its MatMul ceiling, the rest in seconds',
    )
    .addHelpText('after', '\nExample:\n  ./mammoscope bench train');
  bench.addCommand(benchTrainCommand(), { isDefault: true });
  for (const command of [
    benchInferenceCommand(),
    benchDetectionCommand(),
    benchGmicCommand(),
    benchWholeVolumesCommand(),
    benchFeaturesCommand(),
    benchHeadsCommand(),
    benchRankPoolingCommand(),
    benchRadiomicsCommand(),
    benchStatsCommand(),
    benchDicomCommand(),
  ])
    bench.addCommand(command);
  return bench;
}
