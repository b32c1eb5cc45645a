/** predictions.json of every system in one schema: what they have in common, and what each adds. */
import * as z from 'zod';

const findings = z.object({ malignant: z.number() });
const boxPx = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const placedMap = z.object({ volume: z.string(), box: boxPx });
const gradCam = z.record(z.string(), z.object({ overlay: z.string(), empty: z.boolean(), map: placedMap.optional() }));

const prediction = z.object({
  path: z.string(),
  score: z.number(),
  decision: z.string(),
  lesionId: z.string().nullish(),
  // kang2021 and xiao2021: members; the views of a lesion; liang2019: classifiers
  members: z.record(z.string(), z.union([z.number(), findings])).optional(),
  votes: z
    .record(
      z.string(),
      z.union([z.string(), z.object({ vote: z.string(), confidence: z.number(), score: z.number() })]),
    )
    .optional(),
  image: z.string().optional(),
  gradCam: gradCam.optional(),
  views: z
    .array(
      z.object({
        path: z.string(),
        focusSlice: z.number().int(),
        image: z.string().optional(),
        gradCam: gradCam.optional(),
      }),
    )
    .optional(),
  // liang2019
  dbtPath: z.string().optional(),
  dynamicImage: z.string().optional(),
  overlays: z.record(z.string(), z.string()).optional(),
  maps: z.record(z.string(), placedMap).optional(),
  withoutEvidence: z.array(z.string()).optional(),
  // lin2023
  overlay: z.string().optional(),
  boxes: z.array(z.object({ box: boxPx, class: z.string(), confidence: z.number() })).optional(),
  // park2022
  mostSuspiciousSlice: z.number().int().nullish(),
  patches: z
    .array(z.object({ member: z.string(), slice: z.number().int(), box: boxPx, attention: z.number() }))
    .optional(),
  saliency: z.record(z.string(), z.string()).optional(),
  saliencyBox: boxPx.optional(),
  picture: z.string().optional(),
});

/** What a system wrote. */
export const predictionFile = z.object({
  classes: z.array(z.string()).optional(),
  cutoff: z.number().nullish(),
  rule: z.string().optional(),
  warning: z.string().optional(),
  memberCutoffs: z.record(z.string(), z.number().nullable()).optional(),
  predictions: z.array(prediction),
  /** Images that the system passed over. */
  exclusions: z.array(z.object({ path: z.string(), reason: z.string() })).optional(),
  breasts: z
    .array(
      z.object({
        laterality: z.string(),
        views: z.array(z.string()).optional(),
        score: z.number().optional(),
        decision: z.string().optional(),
        probabilities: findings.optional(),
      }),
    )
    .optional(),
});
export type PredictionFile = z.infer<typeof predictionFile>;
export type PredictionEntry = PredictionFile['predictions'][number];
export type PlacedMap = z.infer<typeof placedMap>;
