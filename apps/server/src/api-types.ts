/**
 * Every JSON body of the server, as schemas and as the types that follow from them; apps/viewer imports the types. Fields are added
 * and never renamed. Times are ISO 8601 in UTC, UIDs those of DICOM, frames counted from 0, boxes `[x1, y1, x2, y2]` in stored pixels,
 * probabilities 0 to 1. A URL is a path of the server, to be asked with the same credentials.
 */
import * as z from 'zod';

const uid = z.string().regex(/^[0-9.]{1,64}$/);
const time = z.iso.datetime();
const box = z.tuple([z.number(), z.number(), z.number(), z.number()]);

/** What an error answer holds; `code` is one of SERVER_ERROR_CODES or of the packages' tables (docs/errors.md). */
export const apiError = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
export type ApiError = z.infer<typeof apiError>;

export const role = z.enum(['reader', 'operator']);
export type Role = z.infer<typeof role>;

/** Who asks. Without tokens (loopback only) everybody is the operator "local" of the group "local". */
export const session = z.object({
  user: z.string(),
  role,
  groups: z.array(z.string()),
  /** False where the server asks for no token. */
  hasTokens: z.boolean(),
});
export type Session = z.infer<typeof session>;

/** A token, given once to get a cookie that page, pictures and EventSource send by themselves. */
export const sessionRequest = z.object({ token: z.string().max(512) });
export type SessionRequest = z.infer<typeof sessionRequest>;

export const serverInfo = z.object({
  name: z.literal('mammoscope'),
  version: z.string(),
  notice: z.string(),
  /** What an upload may be. */
  limits: z.object({
    fileBytes: z.int(),
    requestBytes: z.int(),
    archiveEntries: z.int(),
    archiveBytes: z.int(),
    frames: z.int(),
    uploadSeconds: z.int(),
  }),
  /** Names of the PACS that studies can be fetched from and results sent to. */
  pacs: z.array(z.string()),
  /** Seconds without a new image after which a study is complete and is analysed. */
  settleSeconds: z.number(),
});
export type ServerInfo = z.infer<typeof serverInfo>;

/** What a system must be given: whole images; the boxes of lesions; a mammogram and a tomosynthesis of one breast and view. */
export const modelInput = z.enum(['images', 'lesions', 'pairs']);
export type ModelInput = z.infer<typeof modelInput>;

/** A run that analyses studies. `id` names its version: the system, and the first letters of the digest of its weights. */
export const model = z.object({
  id: z.string(),
  system: z.string(),
  /** Name of the run's folder. */
  name: z.string(),
  preset: z.string(),
  classes: z.array(z.string()),
  members: z.array(z.string()),
  input: modelInput,
  /** Whether results have a place in an image, so that SR and SEG objects are written. */
  hasPlaces: z.boolean(),
  /** The run's report (HTML); null where the run was not evaluated. */
  report: z.string().nullable(),
  /** Cases of the evaluation; null where the run was not evaluated. */
  cases: z.string().nullable(),
});
export type Model = z.infer<typeof model>;
export const modelList = z.object({ models: z.array(model) });
export type ModelList = z.infer<typeof modelList>;

/** A case of a run's evaluation. */
export const runCase = z.object({
  path: z.string(),
  patientId: z.string(),
  label: z.string(),
  score: z.number(),
  decision: z.string(),
  /** How wrong the model was: the probability that it gave to what was not the case. */
  error: z.number(),
  /** Where the image is a study of this server. */
  study: uid.nullable(),
  instance: uid.nullable(),
});
export type RunCase = z.infer<typeof runCase>;
/** Sorted by error, the largest first. */
export const runCaseList = z.object({ model: z.string(), cases: z.array(runCase) });
export type RunCaseList = z.infer<typeof runCaseList>;

export const analysisState = z.enum(['queued', 'running', 'done', 'failed', 'cancelled']);
export type AnalysisState = z.infer<typeof analysisState>;

/** A lesion that somebody marked, for systems that judge lesions. */
export const lesion = z.object({
  instance: uid,
  id: z.string().min(1).max(64),
  box,
  /** First and last slice that show it, of a tomosynthesis. */
  slices: z.tuple([z.int().min(0), z.int().min(0)]).optional(),
});
export type Lesion = z.infer<typeof lesion>;

/** A study read by a model. */
export const analysis = z.object({
  id: z.string(),
  study: uid,
  model: z.string(),
  system: z.string(),
  state: analysisState,
  /** What is being done, in words, and how far it is: 0 to 1. */
  step: z.string(),
  progress: z.number(),
  /** How often it was begun: more than once after a crash or a retry. */
  attempts: z.int(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  worker: z.string().nullable(),
  queuedAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  /** Probability that stands for the study; null until done. */
  score: z.number().nullable(),
  decision: z.string().nullable(),
  /** The result (AnalysisResult); null until done. */
  result: z.string().nullable(),
});
export type Analysis = z.infer<typeof analysis>;
export const analysisList = z.object({ analyses: z.array(analysis) });
export type AnalysisList = z.infer<typeof analysisList>;

/** Which models are to read a study: all that can unless named. What was done with the same images, lesions and model is not done again. */
export const analysisRequest = z.object({
  models: z.array(z.string()).max(50).optional(),
  lesions: z.array(lesion).max(500).optional(),
});
export type AnalysisRequest = z.infer<typeof analysisRequest>;

/** A picture of a result. */
export const picture = z.object({
  kind: z.enum(['image', 'grad-cam', 'detections', 'dynamic-image', 'saliency', 'other']),
  /** Network or side that it is of. */
  of: z.string().nullable(),
  url: z.string(),
  /** Slice that it shows; null for an image without slices. */
  frame: z.int().nullable(),
});
export type Picture = z.infer<typeof picture>;

export const vote = z.object({
  name: z.string(),
  probability: z.number(),
  decision: z.string(),
  cutoff: z.number().nullable(),
});
export type Vote = z.infer<typeof vote>;

/** A place in an image and what was said of it. */
export const finding = z.object({
  id: z.string(),
  instance: uid,
  series: uid,
  /** 0 for a mammogram. */
  frame: z.int(),
  box,
  class: z.string(),
  probability: z.number(),
  /** From the cut-off on. */
  isShown: z.boolean(),
  /** Name of the lesion, where several views were judged as one. */
  lesion: z.string().nullable(),
});
export type Finding = z.infer<typeof finding>;

/** A region that a network chose to look at closely, and how much it went by it (3D-GMIC's attention, 0 to 1 in all of a network). */
export const patch = z.object({ instance: uid, frame: z.int(), box, attention: z.number(), of: z.string() });
export type Patch = z.infer<typeof patch>;

/**
 * Where a network looked, as a volume (NIfTI, gzip) of the part of the stored image that `box` says, turned as that is stored; coarser than
 * its pixels. Of one slice it lies on `frame`, or, where that is null, on every slice; of several it has the image's slices.
 */
export const saliencyMap = z.object({
  kind: z.enum(['saliency', 'grad-cam']),
  /** Class of findings that it speaks for. */
  finding: z.string(),
  /** Network that it is of; null where it is that of all. */
  of: z.string().nullable(),
  instance: uid,
  frame: z.int().nullable(),
  url: z.string(),
  box,
});
export type SaliencyMap = z.infer<typeof saliencyMap>;

/** One of a system's predictions: an image, a lesion over its views, or a pair. */
export const reading = z.object({
  /** Images that it is of; the first stands for it. */
  instances: z.array(uid),
  lesion: z.string().nullable(),
  probability: z.number(),
  decision: z.string(),
  /** Slice that was judged, by image; null where none was chosen. */
  focusSlices: z.array(z.int().nullable()),
  votes: z.array(vote),
  pictures: z.array(picture),
  patches: z.array(patch),
  maps: z.array(saliencyMap),
});
export type Reading = z.infer<typeof reading>;

export const breastReading = z.object({
  laterality: z.string(),
  views: z.array(z.string()),
  probability: z.number(),
  decision: z.string(),
});
export type BreastReading = z.infer<typeof breastReading>;

/** A file of a result. */
export const resultFile = z.object({
  /** Below the analysis. */
  path: z.string(),
  url: z.string(),
  bytes: z.int(),
  mediaType: z.string(),
});
export type ResultFile = z.infer<typeof resultFile>;

/** What a model says of a study, in one form for all systems. */
export const analysisResult = z.object({
  analysis: z.string(),
  study: uid,
  model: z.string(),
  system: z.string(),
  version: z.string(),
  notice: z.string(),
  /** That predictions mean little, and why; null where nothing is known against them. */
  warning: z.string().nullable(),
  classes: z.array(z.string()),
  /** Called positive from here on; null where none beats chance, or where a rule decides. */
  cutoff: z.number().nullable(),
  /** How a class is called where that is not by the cut-off. */
  rule: z.string().nullable(),
  /** Whether probabilities were calibrated, in words. */
  calibration: z.string(),
  score: z.number(),
  decision: z.string(),
  readings: z.array(reading),
  breasts: z.array(breastReading),
  findings: z.array(finding),
  /** Images of the study that the model does not read, with the reason. */
  leftOut: z.array(z.object({ instance: uid, reason: z.string() })),
  files: z.array(resultFile),
});
export type AnalysisResult = z.infer<typeof analysisResult>;

/** An image of a study. */
export const imageSummary = z.object({
  instance: uid,
  series: uid,
  number: z.int().nullable(),
  sopClass: uid,
  transferSyntax: uid,
  modality: z.enum(['DM', 'DBT', 'SYNTHETIC2D', 'OTHER']),
  laterality: z.string().nullable(),
  view: z.string().nullable(),
  frames: z.int(),
  rows: z.int(),
  columns: z.int(),
  bytes: z.int(),
  /** Of its DICOM JSON, its frames (append `/1`, counted from 1 as in DICOMweb) and a picture. */
  metadata: z.string(),
  framesAt: z.string(),
  rendered: z.string(),
});
export type ImageSummary = z.infer<typeof imageSummary>;

/** A study as a line of the work list. */
export const studySummary = z.object({
  study: uid,
  /** As DICOM has it, "FAMILY^GIVEN"; null where the images name nobody. Text that anybody may have written: never markup. */
  patientName: z.string().nullable(),
  patientId: z.string().nullable(),
  patientBirthDate: z.string().nullable(),
  /** YYYYMMDD and HHMMSS of the study. */
  date: z.string().nullable(),
  time: z.string().nullable(),
  description: z.string().nullable(),
  accessionNumber: z.string().nullable(),
  group: z.string(),
  /** upload, stow, folder, dimse or pacs. */
  source: z.string(),
  receivedAt: time,
  /** Whether no image is awaited any more. */
  isComplete: z.boolean(),
  images: z.int(),
  bytes: z.int(),
  /** "R CC" and so on, of the mammograms and tomosyntheses. */
  views: z.array(z.string()),
  /** Of the four views of screening, those that are missing. */
  missingViews: z.array(z.string()),
  /** Highest score of the analyses that are done; null before. */
  priority: z.number().nullable(),
  /** The least advanced of its analyses; null without one. */
  state: analysisState.nullable(),
  analyses: z.array(analysis),
});
export type StudySummary = z.infer<typeof studySummary>;
export const studyList = z.object({ studies: z.array(studySummary), total: z.int() });
export type StudyList = z.infer<typeof studyList>;

/** A study with its images, and the patient's other studies, the latest first. */
export const study = studySummary.extend({
  instances: z.array(imageSummary),
  priors: z.array(z.object({ study: uid, date: z.string().nullable(), description: z.string().nullable() })),
});
export type Study = z.infer<typeof study>;

/** What became of the files of an upload. */
export const uploadReport = z.object({
  /** Studies that have new images or had them already. */
  studies: z.array(uid),
  stored: z.array(z.object({ file: z.string(), study: uid, series: uid, instance: uid, isNew: z.boolean() })),
  refused: z.array(z.object({ file: z.string(), code: z.string(), message: z.string() })),
});
export type UploadReport = z.infer<typeof uploadReport>;

/** A study as a PACS lists it. */
export const pacsStudy = z.object({
  study: uid,
  patientName: z.string().nullable(),
  patientId: z.string().nullable(),
  date: z.string().nullable(),
  description: z.string().nullable(),
  modalities: z.array(z.string()),
  /** Whether it is here already. */
  isHere: z.boolean(),
});
export type PacsStudy = z.infer<typeof pacsStudy>;
export const pacsStudyList = z.object({ pacs: z.string(), studies: z.array(pacsStudy) });
export type PacsStudyList = z.infer<typeof pacsStudyList>;

export const sendRequest = z.object({ pacs: z.string() });
export type SendRequest = z.infer<typeof sendRequest>;
/** What a PACS said of the objects that were sent. */
export const sendReport = z.object({
  pacs: z.string(),
  stored: z.array(uid),
  refused: z.array(z.object({ instance: uid, reason: z.string() })),
});
export type SendReport = z.infer<typeof sendReport>;

/** What server-sent events carry, as `event: <type>` and `data: <JSON>`. */
export const serverEvent = z.object({
  id: z.int(),
  type: z.enum(['study', 'analysis', 'removed']),
  at: time,
  study: uid,
  /** The analysis as it is now, of events of type analysis. */
  analysis: analysis.nullable(),
});
export type ServerEvent = z.infer<typeof serverEvent>;

export const health = z.object({
  status: z.enum(['ok', 'unavailable']),
  checks: z.record(z.string(), z.string()),
});
export type Health = z.infer<typeof health>;
