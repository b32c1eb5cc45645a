/** The methods section of a report: what was computed, in the words of the field. */
import type { Methods } from '@mammoscope/report';
import type { RunRecord } from '../run/run-record.ts';
import { FIXED_RATE } from './analyses.ts';

/** What the sentences are made from. */
export interface MethodsFacts {
  readonly record: RunRecord;
  /** Of the paper that the system is from. */
  readonly citation: string;
  /** As a sentence names them, for example 'Kang et al.' */
  readonly authors: string;
  readonly recipe: {
    /** Of the input of every network, unless `inputs` says otherwise. */
    readonly sizePx: number;
    readonly schedule: string;
    readonly normalisation: string;
    readonly epochs: number;
    readonly patience: number;
    readonly learningRate: number;
    readonly weightDecay: number;
  };
  /** Side of the input of each network, pixels. */
  readonly inputs?: readonly { readonly network: string; readonly sizePx: number }[];
  /** How training images were varied, in words; empty where they were not. */
  readonly augmentation: readonly string[];
  /** How often an epoch had each training image; once unless given. */
  readonly copies?: number;
  /** Images of one update, of each network. */
  readonly batches: readonly number[];
  readonly dataset: string;
  readonly images: number;
  readonly patients: number;
  readonly positives: number;
  readonly cutoffFrom: 'validation' | 'test';
  readonly bootstrapReplicates: number;
  /**
   * How cases of one patient were taken: as a cluster; 'apart' where no patient has several; as independent all the same where not
   * given.
   */
  readonly patientsTaken?: 'clusters' | 'apart';
  /** Names of the columns of subgroups. */
  readonly subgroups?: readonly string[];
  /** What this system does otherwise than give each network the whole image and take the mean. */
  readonly own?: OwnSentences;
}

/** Sentences of a system that judges lesions in several images. */
export interface OwnSentences {
  /** What the statistics count, such as lesions. */
  readonly cases: string;
  /** How cases are made of images and counted. */
  readonly casesText: string;
  /** What networks see, and how it is normalised. */
  readonly preparation: string;
  /** Of each network. */
  readonly learningRates: readonly number[];
  readonly ensemble: string;
  /** How a case is called, where that is not by a cut-off from the validation cases. */
  readonly calls?: string;
}

const REFERENCES = {
  youden: 'Youden WJ. Index for rating diagnostic tests. Cancer 1950;3:32-35.',
  delong:
    'DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated receiver operating characteristic curves: a nonparametric approach. Biometrics 1988;44:837-845.',
  wilson:
    'Wilson EB. Probable inference, the law of succession, and statistical inference. J Am Stat Assoc 1927;22:209-212.',
  bootstrap: 'Efron B, Tibshirani RJ. An introduction to the bootstrap. New York: Chapman & Hall, 1993.',
  jackknife: 'Efron B. The jackknife, the bootstrap and other resampling plans. Philadelphia: SIAM, 1982.',
  obuchowski: 'Obuchowski NA. Nonparametric analysis of clustered ROC curve data. Biometrics 1997;53:567-578.',
  gee: 'Liang KY, Zeger SL. Longitudinal data analysis using generalized linear models. Biometrika 1986;73:13-22.',
  predictive:
    'Leisenring W, Alonzo T, Pepe MS. Comparisons of predictive values of binary medical diagnostic tests for paired designs. Biometrics 2000;56:345-351.',
  holm: 'Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat 1979;6:65-70.',
  platt:
    'Platt JC. Probabilistic outputs for support vector machines and comparisons to regularized likelihood methods. In: Advances in large margin classifiers. Cambridge: MIT Press, 1999;61-74.',
  brier: 'Brier GW. Verification of forecasts expressed in terms of probability. Mon Weather Rev 1950;78:1-3.',
  decision:
    'Vickers AJ, Elkin EB. Decision curve analysis: a novel method for evaluating prediction models. Med Decis Making 2006;26:565-574.',
  gradCam:
    'Selvaraju RR, Cogswell M, Das A, et al. Grad-CAM: visual explanations from deep networks via gradient-based localization. In: Proc IEEE Int Conf Comput Vis 2017;618-626.',
  stard:
    'Bossuyt PM, Reitsma JB, Bruns DE, et al. STARD 2015: an updated list of essential items for reporting diagnostic accuracy studies. BMJ 2015;351:h5527.',
} as const;

/** References in the order in which they are first cited; `cite` gives the number in brackets. */
function bibliography() {
  const cited: string[] = [];
  return {
    cited,
    cite: (reference: string): string => {
      if (!cited.includes(reference)) cited.push(reference);
      return `(${cited.indexOf(reference) + 1})`;
    },
  };
}

const listed = (items: readonly string[]) =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Methods of training and evaluation, one paragraph each for data, model and statistical analysis. */
export function methodsOf(facts: MethodsFacts): Methods {
  const { cited, cite } = bibliography();
  const { record } = facts;
  const paragraphs = [
    { heading: 'Images', text: imagesText(facts, cite) },
    { heading: 'Model', text: modelText(facts, cite) },
    { heading: 'Statistical analysis', text: statisticsText(facts, cite) },
    {
      heading: 'Software',
      text: `${listed(Object.entries(record.versions).map(([name, version]) => `${name} ${version}`))}; computed on ${record.device} with ${counted(record.threads, 'thread')} and random seed ${record.seed}.`,
    },
  ];
  return { paragraphs, references: cited };
}

type Cite = (reference: string) => string;

function imagesText({ record, dataset, images, patients, positives, own }: MethodsFacts, cite: Cite): string {
  const { rows, classes, exclusions } = record;
  const people = (of: readonly { readonly patientId: string }[]) => new Set(of.map(({ patientId }) => patientId)).size;
  const part = (split: string) => {
    const of = rows.filter((row) => row.split === split);
    return `${counted(of.length, 'image')} of ${counted(people(of), 'patient')}`;
  };
  const positiveNames = listed(classes.slice(1));
  const left = exclusions.length > 0 ? ` ${counted(exclusions.length, 'image')} had been excluded.` : '';
  return `The data set had ${counted(rows.length, 'image')} of ${counted(people(rows), 'patient')}.${left} The reference standard was the label of the manifest; ${positiveNames} counted as positive, ${classes[0]} as negative. Images were divided by patient into a training set (${part('train')}), a validation set (${part('val')}) and a test set (${part('test')}). Results are for ${dataset === 'test split' ? 'the test set' : dataset}: ${counted(images, 'image')} of ${counted(patients, 'patient')}, ${positives} of them positive.${own ? ` ${own.casesText}` : ''} The flow of images follows STARD 2015 ${cite(REFERENCES.stard)}.`;
}

function modelText(
  { record, citation, authors, augmentation, copies = 1, batches, recipe, inputs = [], own }: MethodsFacts,
  cite: Cite,
): string {
  const { members, weights } = record;
  const started = members.filter((member) => Object.hasOwn(weights, member));
  const random = members.filter((member) => !Object.hasOwn(weights, member));
  const origins =
    started.length === 0
      ? 'from random weights'
      : random.length === 0
        ? 'from the weights named under Provenance'
        : `${listed(started)} from the weights named under Provenance, ${listed(random)} from random weights`;
  const varied =
    augmentation.length > 0
      ? ` Training images were varied at random in each epoch${copies > 1 ? `, which had each ${copies} times,` : ''} by ${listed(augmentation)}.`
      : '';
  const mean = members.length > 1 ? ' The ensemble is the arithmetic mean of their predicted probabilities.' : '';
  const normalised =
    recipe.normalisation === 'zScore' ? 'to mean 0 and standard deviation 1' : 'to the range of 0 to 1';
  const prepared =
    own?.preparation ??
    `Images were resampled to ${inputWords(inputs, recipe.sizePx)} and normalised ${normalised}, each by itself.`;
  const rates = listed([...new Set(own?.learningRates ?? [recipe.learningRate])].map(String));
  const ensemble = own ? ` ${own.ensemble}`.trimEnd() : mean;
  return `The system follows ${authors} ${cite(citation)}. ${prepared}${varied} ${listed(members)} ${members.length > 1 ? 'were' : 'was'} trained ${origins}${origins.includes(',') ? ',' : ''} by Adam on batches of ${listed([...new Set(batches)].map(String))} with a learning rate of ${rates} (schedule: ${recipe.schedule}) and an L2 penalty of ${recipe.weightDecay}, for at most ${counted(recipe.epochs, 'epoch')}, stopping after ${recipe.patience} without a smaller validation loss; the weights of the epoch with the largest validation AUC were kept.${ensemble}${own ? '' : ` Heat maps are Grad-CAM ${cite(REFERENCES.gradCam)}.`} Departures from the paper are listed under Recipe.`;
}

/** '224 × 224 pixels', or '224 × 224 pixels for resnet101 and densenet201 and 299 × 299 pixels for xception'. */
function inputWords(inputs: NonNullable<MethodsFacts['inputs']>, sizePx: number): string {
  const square = (side: number) => `${side} × ${side} pixels`;
  const sizes = Map.groupBy(inputs, (input) => input.sizePx);
  if (sizes.size < 2) return square([...sizes.keys()][0] ?? sizePx);
  return listed([...sizes].map(([side, of]) => `${square(side)} for ${of.map(({ network }) => network).join(', ')}`));
}

function statisticsText(
  { record, cutoffFrom, bootstrapReplicates, subgroups = [], patientsTaken, own }: MethodsFacts,
  cite: Cite,
): string {
  const cases = own?.cases ?? 'images';
  const several = record.members.length > 1;
  const clustered = patientsTaken === 'clusters';
  const optimistic = cutoffFrom === 'test' ? ', which makes the rates at it optimistic' : '';
  const delong = `that of DeLong et al. ${cite(REFERENCES.delong)}`; // cited before what follows it
  const variance = clustered
    ? ` with the variance of Obuchowski for patients as clusters ${cite(REFERENCES.obuchowski)}`
    : '';
  return [
    `The area under the receiver operating characteristic curve (AUC) is the Mann-Whitney statistic, its 95 % confidence interval ${delong}${variance} on the logit scale.`,
    ` The pointwise bands of this curve and of the precision-recall curve are from ${bootstrapReplicates} bootstrap replicates of ${clustered ? 'patients, all images of each together, stratified by whether one is positive' : `${cases}, stratified by class`}, by the percentile method ${cite(REFERENCES.bootstrap)}.`,
    several ? comparisonText(cases, clustered, cite) : '',
    own?.calls
      ? ` ${own.calls} Two cut-offs were`
      : ` The cut-off is the score with the largest Youden index ${cite(REFERENCES.youden)} on the ${cutoffFrom} ${cases}${optimistic}; two more were`,
    ` chosen on the validation ${cases} for the sensitivity and the specificity nearest ${100 * FIXED_RATE} %.`,
    clustered
      ? ` Sensitivity, specificity, accuracy, positive and negative predictive value have robust (sandwich) intervals on the logit scale with patients as clusters ${cite(REFERENCES.gee)}, F1 a percentile interval from ${bootstrapReplicates} bootstrap replicates of patients.`
      : ` Sensitivity, specificity, accuracy, positive and negative predictive value have Wilson score intervals ${cite(REFERENCES.wilson)}, F1 that of TP/(TP + FP + FN), carried over.`,
    ` Average precision is the sum of precision over the steps of recall, without interpolation, its interval by the infinitesimal jackknife ${cite(REFERENCES.jackknife)}${clustered ? ' over patients' : ''} on the logit scale.`,
    subgroups.length > 0
      ? ` AUCs in subgroups by ${listed(subgroups)} have the same interval as the AUC of all ${cases} and are not adjusted for their number.`
      : '',
    ` Calibration is shown in ten bins of equal width with Wilson intervals${clustered ? ` ${cite(REFERENCES.wilson)}, which take ${cases} as independent` : ''}, as trained and after Platt scaling ${cite(REFERENCES.platt)} fitted on the validation ${cases}, with the Brier score ${cite(REFERENCES.brier)} and the expected calibration error; net benefit is that of Vickers and Elkin ${cite(REFERENCES.decision)}.`,
    INDEPENDENCE[patientsTaken ?? 'independent'](cases),
  ].join('');
}

const INDEPENDENCE: Readonly<Record<'clusters' | 'apart' | 'independent', (cases: string) => string>> = {
  clusters: (cases) =>
    ` All intervals are of 95 %; patients, of whom some have several ${cases}, are clusters where it is not said otherwise.`,
  apart: (cases) => ` All intervals are of 95 %; no patient has several ${cases}, which are taken as independent.`,
  independent: (cases) =>
    ` All intervals are of 95 % and take ${cases} as independent, also where a patient has several.`,
};

/** How models were compared with one another. */
function comparisonText(cases: string, clustered: boolean, cite: Cite): string {
  const covariance = clustered ? ', with the covariance of Obuchowski for patients as clusters' : '';
  const unit = clustered ? 'the patient' : `each of the ${cases}`;
  return [
    ` AUCs of models on the same ${cases} were compared by the paired test of DeLong et al. ${cite(REFERENCES.delong)}, two-sided${covariance}, and all together by its overall chi-square test.`,
    ` Sensitivity, specificity, accuracy and predictive values were compared, all together and pair by pair, by Wald tests of generalised estimating equations ${cite(REFERENCES.gee)} with a logit link (an identity link where a model compared was always right or always wrong), independent working correlation and ${unit} as the cluster, predictive values as in Leisenring et al. ${cite(REFERENCES.predictive)}.`,
    ` p values of pairs were adjusted for all pairs of a measure by Holm's method ${cite(REFERENCES.holm)}.`,
  ].join('');
}
