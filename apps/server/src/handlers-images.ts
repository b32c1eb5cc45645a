/** Answers about images: uploads, PACS, and DICOMweb. */
import type { PacsStudy } from './api-types.ts';
import { type JsonDataSet, jsonOf } from './dicomweb/dicom-json.ts';
import { CACHED, checkAccept, frameNumbers, framesAnswer, partsOf, relatedType } from './dicomweb/frames.ts';
import { type QidoLevel, qido } from './dicomweb/qido.ts';
import { renderedAnswer } from './dicomweb/rendered.ts';
import { stowAnswer } from './dicomweb/stow.ts';
import { ServerError } from './errors.ts';
import type { ApiRequest, Handlers, RawAnswer, RequestOf } from './http/handlers.ts';
import type { User } from './http/tokens.ts';
import type { ByteStream } from './intake/incoming-file.ts';
import { boundaryOf, headerParameter, multipart } from './intake/multipart.ts';
import type { Sender, StudySource } from './intake/store-image.ts';
import { type Outcome, reportOf, takeFile } from './intake/take-file.ts';
import { fetchStudy, findInPacs, textIn } from './pacs/dicom-web.ts';
import type { ServerPlace } from './server-place.ts';
import { fileStream } from './storage/file-stream.ts';
import { isUid } from './storage/study-files.ts';
import { visible } from './studies/access.ts';
import { noStudy, requireStudy } from './studies/work-list.ts';

type Names =
  | 'upload'
  | 'uploadFile'
  | 'pacsStudies'
  | 'pacsFetch'
  | 'qidoStudies'
  | 'qidoSeries'
  | 'qidoInstances'
  | 'qidoStudyInstances'
  | 'wadoStudy'
  | 'wadoSeries'
  | 'wadoInstance'
  | 'wadoStudyMetadata'
  | 'wadoSeriesMetadata'
  | 'wadoInstanceMetadata'
  | 'wadoRendered'
  | 'wadoFrames'
  | 'wadoFrameRendered'
  | 'stow'
  | 'stowStudy';

/** A study of a user's first group; all groups of hers may be added to. */
const senderOf = ({ groups }: User, source: StudySource, fallback: string): Sender => ({
  ...{ source, groups },
  group: groups.find((group) => group !== '*') ?? fallback,
});

/** The handlers of uploads, PACS and DICOMweb. */
export function imageHandlers(place: ServerPlace): Handlers<Names> {
  const { database, settings, images, metrics } = place;

  async function taken(
    sender: Sender,
    files: AsyncIterable<{ readonly name: string; readonly body: ByteStream }>,
  ): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for await (const { name, body } of files)
      for await (const outcome of takeFile(place, sender, name, body)) {
        metrics.image(sender.source, 'filed' in outcome ? (outcome.filed.isNew ? 'stored' : 'known') : outcome.code);
        outcomes.push(outcome);
      }
    return outcomes;
  }

  /** 422 where nothing was stored, so that a script that looks at the status alone does not take it for done. */
  const uploaded = (outcomes: readonly Outcome[]) => {
    const json = reportOf(outcomes);
    return { json, status: json.stored.length > 0 ? 200 : 422 };
  };

  async function stow({ user, headers, stream, params }: ApiRequest): Promise<RawAnswer> {
    const parts = multipart(stream, boundaryOf(headers['content-type'] ?? ''));
    const outcomes = await taken(senderOf(user, 'stow', settings.group), numbered(parts));
    const foreign =
      params.study === undefined
        ? undefined
        : outcomes.find((each) => 'filed' in each && each.filed.study !== params.study);
    if (foreign) place.log('warn', 'stow-of-another-study', { study: params.study ?? '' });
    return stowAnswer(outcomes);
  }

  const qidoRows =
    (level: QidoLevel) =>
    async (request: RequestOf<'qidoStudies'>): Promise<RawAnswer> => {
      const { user, query, params } = request;
      if (params.study !== undefined) await requireStudy(database, user.groups, params.study);
      const { limit, offset, ...parameters } = query;
      const rows = await qido(database, {
        level,
        groups: user.groups,
        study: params.study,
        series: params.series,
        parameters,
        limit,
        offset,
      });
      return { headers: { 'Content-Type': 'application/dicom+json' }, body: JSON.stringify(rows) };
    };

  const wholeFiles = async ({ user, params, headers }: ApiRequest): Promise<RawAnswer> => {
    checkAccept(headers.accept, 'application/dicom');
    const found = await storedImages(place, user, params);
    async function* parts() {
      for (const { path } of found) yield { type: 'application/dicom', body: fileStream(path) };
    }
    return { headers: relatedType('application/dicom'), body: partsOf(parts()) };
  };

  const metadata = async ({ user, params }: ApiRequest): Promise<RawAnswer> => {
    const found = await storedImages(place, user, params);
    const all: JsonDataSet[] = [];
    for (const { path, series, instance } of found) {
      const framesAt = `/dicomweb/studies/${params.study}/series/${series}/instances/${instance}/frames`;
      all.push(await images.use(path, (file) => jsonOf(file, framesAt)));
    }
    return { headers: { 'Content-Type': 'application/dicom+json', ...CACHED }, body: JSON.stringify(all) };
  };

  const oneImage = async (user: User, params: ApiRequest['params']) => {
    const [image] = await storedImages(place, user, params);
    return image as StoredPath;
  };

  return {
    upload: async ({ user, headers, stream }) => {
      const type = headers['content-type'] ?? '';
      const parts = /^multipart\//i.test(type)
        ? formFiles(multipart(stream, boundaryOf(type)))
        : single('file', stream);
      return uploaded(await taken(senderOf(user, 'upload', settings.group), parts));
    },
    uploadFile: async ({ user, params, stream }) =>
      uploaded(await taken(senderOf(user, 'upload', settings.group), single(params.name ?? 'file', stream))),

    pacsStudies: async ({ params, query, user }) => {
      const pacs = place.pacsOf(params.pacs ?? '');
      const asked = {
        PatientID: query.patientId,
        PatientName: query.patientName,
        AccessionNumber: query.accessionNumber,
        StudyDate: query.date,
      };
      const pairs = Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
      const search = new URLSearchParams([...pairs, ['limit', String(query.limit)], ['includefield', '00081030']]);
      const rows = await findInPacs(pacs, `/studies?${search}`);
      const studies = rows.flatMap(pacsStudyOf);
      const here = await database.query(
        `select s.study_uid from studies s where ${visible(1)} and s.study_uid = any($2)`,
        [user.groups, studies.map(({ study }) => study)],
      );
      const known = new Set(here.map(({ study_uid }) => study_uid));
      return {
        json: { pacs: pacs.name, studies: studies.map((study) => ({ ...study, isHere: known.has(study.study) })) },
      };
    },
    pacsFetch: async ({ params, user }) => {
      const pacs = place.pacsOf(params.pacs ?? '');
      const study = params.study ?? '';
      if (!isUid(study))
        throw new ServerError('request-invalid', 'the study is no StudyInstanceUID: take it from the list of the PACS');
      const outcomes = await taken(senderOf(user, 'pacs', settings.group), numbered(bodies(fetchStudy(pacs, study))));
      place.log('info', 'study-fetched', { pacs: pacs.name, study, count: outcomes.length });
      return uploaded(outcomes);
    },

    qidoStudies: qidoRows('study'),
    qidoSeries: qidoRows('series'),
    qidoInstances: qidoRows('instance'),
    qidoStudyInstances: qidoRows('instance'),
    wadoStudy: wholeFiles,
    wadoSeries: wholeFiles,
    wadoInstance: wholeFiles,
    wadoStudyMetadata: metadata,
    wadoSeriesMetadata: metadata,
    wadoInstanceMetadata: metadata,
    wadoFrames: async ({ user, params, headers }) => {
      checkAccept(headers.accept, 'application/octet-stream');
      const { path, frames } = await oneImage(user, params);
      return framesAnswer(images, path, frameNumbers(params.frames ?? '', frames), headers.accept ?? '');
    },
    wadoRendered: async ({ user, params, query, headers }) => {
      const { path } = await oneImage(user, params);
      return renderedAnswer(path, undefined, query, headers.accept ?? '');
    },
    wadoFrameRendered: async ({ user, params, query, headers }) => {
      const { path, frames } = await oneImage(user, params);
      const [frame] = frameNumbers(params.frames ?? '', frames);
      return renderedAnswer(path, frame, query, headers.accept ?? '');
    },
    stow,
    stowStudy: stow,
  };
}

interface StoredPath {
  readonly instance: string;
  readonly series: string;
  readonly frames: number;
  readonly path: string;
}

/** The images of a study, a series or one image, that the user may see; ServerError 'not-found' for none. */
async function storedImages(
  { database, storage }: ServerPlace,
  { groups }: User,
  params: ApiRequest['params'],
): Promise<readonly StoredPath[]> {
  const { study = '', series, instance } = params;
  const rows = [study, series ?? '1', instance ?? '1'].every(isUid)
    ? await database.query(
        `select i.* from instances i join studies s using (study_uid)
          where ${visible(1)} and i.study_uid = $2 and ($3::text is null or i.series_uid = $3) and ($4::text is null or i.sop_uid = $4)
          order by i.series_number nulls last, i.series_uid, i.number nulls last, i.sop_uid`,
        [groups, study, series ?? null, instance ?? null],
      )
    : [];
  if (rows.length === 0) throw noStudy(study);
  return rows.map((row) => ({
    ...{ instance: row.sop_uid as string, series: row.series_uid as string, frames: row.frames as number },
    path: storage.image({ study, instance: row.sop_uid as string, sha256: row.sha256 as string }),
  }));
}

async function* single(name: string, body: ByteStream) {
  yield { name, body };
}

/** Fields of a form that are files; others are passed over. */
async function* formFiles(parts: ReturnType<typeof multipart>) {
  for await (const { headers, body } of parts) {
    const name = headerParameter(headers.get('content-disposition') ?? '', 'filename');
    if (name !== undefined) yield { name, body };
  }
}

async function* bodies(streams: AsyncIterable<ByteStream>) {
  for await (const body of streams) yield { body };
}

async function* numbered(parts: AsyncIterable<{ readonly body: ByteStream }>) {
  let number = 0;
  for await (const { body } of parts) yield { name: `part ${++number}`, body };
}

function pacsStudyOf(row: JsonDataSet): Omit<PacsStudy, 'isHere'>[] {
  const study = textIn(row, '0020000D') ?? '';
  if (!isUid(study)) return [];
  const modalities = (row['00080061']?.Value ?? []).filter((value): value is string => typeof value === 'string');
  return [
    {
      ...{ study, patientName: textIn(row, '00100010'), patientId: textIn(row, '00100020') },
      ...{ date: textIn(row, '00080020'), description: textIn(row, '00081030'), modalities },
    },
  ];
}
