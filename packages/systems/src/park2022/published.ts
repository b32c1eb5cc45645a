/** Figures of tables II to VII of Park et al. 2022, as they are printed there, in the order of their columns. */
import type { TableFigure } from '@mammoscope/report';

/** Rows by combination of modalities, in the manifest's words, or by what an ablation changes. */
export type PublishedRows = Readonly<Record<string, readonly TableFigure[]>>;

/** '0.802 (0.734-0.864) | 0.193 ± 0.019 | 0.208' */
const printed = (row: string): readonly TableFigure[] => row.split(' | ').map(printedFigure);

function printedFigure(text: string): TableFigure {
  const [, value, lower, upper, deviation] = /^(-?[\d.]+)(?: \((-?[\d.]+)-(-?[\d.]+)\)| ± ([\d.]+))?$/.exec(text) ?? [];
  if (value === undefined) throw new TypeError(`"${text}" is no printed figure`);
  return {
    value: Number(value),
    ...(lower === undefined ? {} : { interval: [Number(lower), Number(upper)] as const }),
    ...(deviation === undefined ? {} : { deviation: Number(deviation) }),
  };
}

/** Table II, "Breast-wise test performances (AUC)": global-only malignant and benign, full malignant and benign. */
export const TABLE_2: PublishedRows = {
  DM: printed('0.802 (0.734-0.864) | 0.710 (0.681-0.739) | 0.816 (0.737-0.878) | 0.728 (0.695-0.758)'),
  SYNTHETIC2D: printed('0.790 (0.719-0.856) | 0.696 (0.662-0.727) | 0.826 (0.754-0.884) | 0.699 (0.666-0.732)'),
  DBT: printed('0.811 (0.747-0.869) | 0.714 (0.683-0.747) | 0.831 (0.769-0.887) | 0.717 (0.687-0.745)'),
  'DM+SYNTHETIC2D': printed('0.805 (0.734-0.873) | 0.709 (0.679-0.737) | 0.832 (0.757-0.892) | 0.720 (0.689-0.751)'),
  'SYNTHETIC2D+DBT': printed('0.807 (0.733-0.871) | 0.712 (0.682-0.744) | 0.840 (0.775-0.894) | 0.715 (0.682-0.746)'),
  'DM+DBT': printed('0.812 (0.743-0.871) | 0.721 (0.691-0.749) | 0.837 (0.767-0.892) | 0.728 (0.695-0.759)'),
  'DM+SYNTHETIC2D+DBT': printed(
    '0.811 (0.739-0.875) | 0.717 (0.687-0.745) | 0.841 (0.768-0.895) | 0.723 (0.692-0.754)',
  ),
};

/** Table III, "specificity at 90% sensitivity", the same columns. */
export const TABLE_3: PublishedRows = {
  DM: printed('0.401 (0.146-0.689) | 0.365 (0.282-0.439) | 0.448 (0.120-0.716) | 0.348 (0.262-0.436)'),
  SYNTHETIC2D: printed('0.450 (0.089-0.610) | 0.365 (0.258-0.418) | 0.474 (0.162-0.673) | 0.345 (0.250-0.411)'),
  DBT: printed('0.503 (0.218-0.666) | 0.349 (0.312-0.444) | 0.554 (0.249-0.703) | 0.383 (0.304-0.437)'),
  'DM+SYNTHETIC2D': printed('0.427 (0.138-0.667) | 0.379 (0.271-0.472) | 0.475 (0.074-0.724) | 0.413 (0.259-0.458)'),
  'SYNTHETIC2D+DBT': printed('0.489 (0.123-0.629) | 0.389 (0.314-0.438) | 0.597 (0.181-0.713) | 0.378 (0.304-0.437)'),
  'DM+DBT': printed('0.417 (0.179-0.707) | 0.374 (0.312-0.434) | 0.585 (0.197-0.729) | 0.379 (0.288-0.435)'),
  'DM+SYNTHETIC2D+DBT': printed(
    '0.466 (0.126-0.692) | 0.399 (0.313-0.446) | 0.553 (0.141-0.744) | 0.400 (0.293-0.446)',
  ),
};

/** Table IV, "Matthew's correlation coefficient at 90% sensitivity", the same columns. */
export const TABLE_4: PublishedRows = {
  DM: printed('0.031 (0.008-0.064) | 0.057 (0.042-0.072) | 0.035 (0.001-0.067) | 0.054 (0.038-0.071)'),
  SYNTHETIC2D: printed('0.035 (-0.005-0.052) | 0.057 (0.037-0.068) | 0.037 (0.006-0.063) | 0.054 (0.036-0.067)'),
  DBT: printed('0.040 (0.011-0.061) | 0.054 (0.046-0.073) | 0.046 (0.015-0.068) | 0.061 (0.045-0.072)'),
  'DM+SYNTHETIC2D': printed('0.033 (0.003-0.060) | 0.060 (0.040-0.078) | 0.038 (-0.005-0.070) | 0.066 (0.037-0.076)'),
  'SYNTHETIC2D+DBT': printed('0.039 (0.001-0.054) | 0.062 (0.047-0.072) | 0.051 (0.009-0.068) | 0.060 (0.046-0.072)'),
  'DM+DBT': printed('0.032 (0.008-0.068) | 0.059 (0.047-0.070) | 0.049 (0.010-0.071) | 0.060 (0.043-0.071)'),
  'DM+SYNTHETIC2D+DBT': printed(
    '0.037 (0.002-0.063) | 0.064 (0.048-0.074) | 0.045 (0.004-0.072) | 0.064 (0.045-0.074)',
  ),
};

/** Table V: DSC(M), DSC(B), PxAP(M), PxAP(B): means and standard deviations of the five models, and their ensemble. */
export const TABLE_5: Readonly<Record<string, Readonly<Record<'members' | 'ensemble', readonly TableFigure[]>>>> = {
  DM: {
    members: printed('0.193 ± 0.019 | 0.120 ± 0.025 | 0.100 ± 0.016 | 0.049 ± 0.013'),
    ensemble: printed('0.208 | 0.138 | 0.111 | 0.053'),
  },
  SYNTHETIC2D: {
    members: printed('0.166 ± 0.025 | 0.144 ± 0.023 | 0.092 ± 0.016 | 0.070 ± 0.009'),
    ensemble: printed('0.181 | 0.162 | 0.101 | 0.082'),
  },
  DBT: {
    members: printed('0.150 ± 0.018 | 0.123 ± 0.017 | 0.065 ± 0.008 | 0.055 ± 0.009'),
    ensemble: printed('0.162 | 0.141 | 0.066 | 0.060'),
  },
};

/** Table VI: AUC (M) and AUC (B) "when cropping 8 ROI patches". */
export const TABLE_6: PublishedRows = {
  DM: printed('0.796 (0.719-0.860) | 0.707 (0.676-0.740)'),
  SYNTHETIC2D: printed('0.821 (0.744-0.886) | 0.705 (0.672-0.735)'),
  DBT: printed('0.834 (0.773-0.888) | 0.717 (0.686-0.749)'),
};

/** Table VII: "effect of a choice of zeta on the AUC of identifying breasts with malignant findings". */
export const TABLE_7: PublishedRows = {
  '0': printed('0.830 (0.774-0.880)'),
  '5': printed('0.852 (0.789-0.901)'),
  '10': printed('0.834 (0.773-0.888)'),
  all: printed('0.835 (0.770-0.895)'),
};

/** Image-wise AUCs of DBT, malignant and benign, in the text of section VII-B. */
export const IMAGE_WISE = printed('0.809 (0.761-0.852) | 0.704 (0.683-0.728)');
