/**
 * Weights that others published, trained on ImageNet (r3d_18: on Kinetics-400). The names of these files end in the first
 * digits of their SHA-256, by PyTorch's convention (torch.hub.load_state_dict_from_url): that is what is known of them here
 * and what a download is held to. Eight digits tell a damaged file for certain and do not keep out a forger with a day to
 * spend; but the reader runs nothing that a file contains.
 */

/** A file at an address. */
export interface PublishedFile {
  readonly address: string;
  /** SHA-256 in hexadecimal, or its first eight digits and more. */
  readonly sha256: string;
}

const PYTORCH = 'https://download.pytorch.org/models/';
const CADENE = 'http://data.lip6.fr/cadene/pretrainedmodels/';

/** Files of torchvision 0.14 with the weights called IMAGENET1K_V1, and Cadene's of the two networks that it lacks. */
const ADDRESSES: Readonly<Record<string, string>> = {
  alexnet: `${PYTORCH}alexnet-owt-7be5be79.pth`,
  densenet121: `${PYTORCH}densenet121-a639ec97.pth`,
  densenet169: `${PYTORCH}densenet169-b2777c0a.pth`,
  densenet201: `${PYTORCH}densenet201-c1103571.pth`,
  inception_v3: `${PYTORCH}inception_v3_google-0cc3c7bd.pth`,
  inceptionresnetv2: `${CADENE}inceptionresnetv2-520b38e4.pth`,
  r3d_18: `${PYTORCH}r3d_18-b3b3357e.pth`,
  resnet18: `${PYTORCH}resnet18-f37072fd.pth`,
  resnet34: `${PYTORCH}resnet34-b627a593.pth`,
  resnet50: `${PYTORCH}resnet50-0676ba61.pth`,
  resnet101: `${PYTORCH}resnet101-63fe2227.pth`,
  resnet152: `${PYTORCH}resnet152-394f9c45.pth`,
  squeezenet1_0: `${PYTORCH}squeezenet1_0-b66bff10.pth`,
  squeezenet1_1: `${PYTORCH}squeezenet1_1-b8a52dc0.pth`,
  vgg16: `${PYTORCH}vgg16-397923af.pth`,
  vgg19: `${PYTORCH}vgg19-dcbb9e9d.pth`,
  xception: `${CADENE}xception-43020ad28.pth`,
};

/** Published files by the name of their network. */
export const PUBLISHED_FILES: ReadonlyMap<string, PublishedFile> = new Map(
  Object.entries(ADDRESSES).map(([network, address]) => [network, { address, sha256: digitsOf(address) }]),
);

/** The digits at the end of a file's name. */
function digitsOf(address: string): string {
  return /-([0-9a-f]{8,64})\.pth$/.exec(address)?.[1] as string;
}

/** Weights that expect other images than those normalised by the mean and deviation of ImageNet's channels, and which. */
export const PUBLISHED_INPUTS: ReadonlyMap<string, string> = new Map([
  [
    'inception_v3',
    "published weights expect images in [-1, 1], (v - 0.5) / 0.5 for v in [0, 1]: torchvision's transform_input, which brings ImageNet's normalisation to that, is not part of the network",
  ],
  ['inceptionresnetv2', 'published weights expect images in [-1, 1], (v - 0.5) / 0.5 for v in [0, 1]'],
  ['xception', 'published weights expect images in [-1, 1], (v - 0.5) / 0.5 for v in [0, 1]'],
]);
