/** The words of manifests: what their cells may hold, and what the rest of the package calls these things. */

/** Digital mammography, tomosynthesis, a 2D view synthesised from it, digitised film, a cut-out. */
export const MODALITIES = ['DM', 'DBT', 'SYNTHETIC2D', 'FILM', 'PATCH'] as const;
export const LATERALITIES = ['L', 'R'] as const;
export const SPLITS = ['train', 'val', 'test'] as const;

/** Abbreviations of CID 4014 (View for Mammography) and the modifiers of CID 4015, DICOM PS3.16. */
export const VIEWS = [
  ...['CC', 'MLO', 'ML', 'LM', 'LMO', 'FB', 'SIO', 'ISO', 'XCC', 'XCCL', 'XCCM', 'CV', 'AT', 'M', 'S', 'MAG'],
  ...['RL', 'RM', 'RI', 'RS', 'ID', 'NP', 'TAN', 'IMF', 'AX', 'SPECIMEN'],
] as const;

export type Modality = (typeof MODALITIES)[number];
export type Laterality = (typeof LATERALITIES)[number];
export type View = (typeof VIEWS)[number];
export type Split = (typeof SPLITS)[number];
