/**
 * Weights that others published, trained on ImageNet (r3d_18: on Kinetics-400). The names of these files end in the first
 * digits of their SHA-256, by PyTorch's convention (torch.hub.load_state_dict_from_url), and that is all their publishers
 * tell. Where public source files of others state the same whole digest, it is pinned here. For the others the
 * digits of the name are, and the digest of the first download is kept beside the file and holds from then on: eight digits
 * tell a damaged file for certain and do not keep out a forger with a day to spend; but the reader runs nothing that a file
 * contains.
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

/** Whole digests, as two or more public source files state them of what they fetched; none comes from the publisher. */
const DIGESTS: Readonly<Record<string, string>> = {
  alexnet: '7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02',
  densenet121: 'a639ec97d7c33b07ae66f0b5fb7d0192f95a3b11b7576c66c0126c2a727c4395',
  inception_v3: '0cc3c7bd75056d25e46cba549dc184522069b81e9787eff6df84f397bd52a5ef',
  r3d_18: 'b3b3357ead25631ec9c57362ff2128a92d0427e01e2cd184951a44380c3f2e9d',
  resnet18: 'f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec',
  resnet34: 'b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f',
  resnet50: '0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a',
  resnet101: '63fe2227b86e8f1f2063f43a75c84d195911b6a0eace650907dd3dc62dd49a0a',
  resnet152: '394f9c45966e3651a89bbb78a48410a6755854ce4a5ab64927cf1c7247f85e58',
  vgg16: '397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0',
  vgg19: 'dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44',
};

/** Published files by the name of their network. */
export const PUBLISHED_FILES: ReadonlyMap<string, PublishedFile> = new Map(
  Object.entries(ADDRESSES).map(([network, address]) => [
    network,
    { address, sha256: DIGESTS[network] ?? digitsOf(address) },
  ]),
);

/** The digits at the end of a file's name. */
export function digitsOf(address: string): string {
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
