/** torchvision's published detectors (fasterrcnn_resnet50_fpn, trained on COCO) and backbones as first values of ours. */
import { type Declaration, showShape } from '@mammoscope/nn';
import { float32Tensor, type LoadedWeights, loadWeights, type StateDict, type StateTensor } from '@mammoscope/runtime';

/** What normalises here adds this to the variance; in the published detector it adds nothing (torchvision's overwrite_eps). */
const EPSILON = 1e-5;

/**
 * Our name of a tensor of the published file, which was written before torchvision 0.13 put the convolutions of the pyramid
 * and of the proposal head one level deeper. Names of later files stay.
 */
export function currentName(name: string): string {
  return name
    .replace(/^(backbone\.fpn\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)$/, '$1.0.$2')
    .replace(/^rpn\.head\.conv\.(weight|bias)$/, 'rpn.head.conv.0.0.$1');
}

/** Where the last layers of another number of classes stand. */
const PREDICTOR = 'roi_heads.box_predictor.';

/**
 * First values of a detector from a state dict: a detector's, whose last layers are left out where it has other classes, or a
 * ResNet-50's, which becomes the body. Running variances of the published detector (told by its names, or by `withoutEpsilon`) are
 * lowered by the epsilon that is added here, so that both normalise alike. WeightsError as loadWeights.
 */
export function detectorWeights(
  declarations: ReadonlyMap<string, Declaration>,
  tensors: StateDict,
  { seed, file, withoutEpsilon }: { readonly seed: number; readonly file: string; readonly withoutEpsilon?: boolean },
): LoadedWeights {
  const isBackbone = !tensors.has('backbone.body.conv1.weight') && tensors.has('conv1.weight');
  const isPublished = withoutEpsilon ?? tensors.has('rpn.head.conv.weight');
  const renamed = new Map<string, StateTensor>();
  for (const [name, tensor] of tensors) {
    if (isBackbone && name.startsWith('fc.')) continue;
    const ours = isBackbone ? `backbone.body.${name}` : currentName(name);
    const declared = declarations.get(ours)?.tensor;
    if (ours.startsWith(PREDICTOR) && declared && showShape(declared.shape) !== showShape(tensor.shape)) continue;
    const lowered = isPublished && ours.endsWith('.running_var');
    renamed.set(
      ours,
      lowered
        ? float32Tensor(
            tensor.shape,
            Float32Array.from(tensor.data, Number).map((variance) => variance - EPSILON),
          )
        : tensor,
    );
  }
  return loadWeights(declarations, renamed, { seed, file, classifier: null });
}
