/** Where the files of studies and results are. Names are made of UIDs and digests that were checked, never of what a sender calls a file. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** PS3.5 section 9.1; nothing else may become part of a path. */
export const UID = /^[0-9.]{1,64}$/;
/** As crypto.randomUUID writes them. */
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text may stand for a study, series or instance; '..' may not. */
export const isUid = (text: string): boolean => UID.test(text) && !text.includes('..') && /^\d/.test(text);

/** An image by its UIDs and content: the same name is the same file. */
export interface StoredImage {
  readonly study: string;
  readonly instance: string;
  readonly sha256: string;
}

/** The folders below the data folder; a folder that worker processes on other machines see as well. */
export function storage(data: string) {
  const studies = join(data, 'studies');
  const results = join(data, 'results');
  const incoming = join(data, 'incoming');
  return {
    database: join(data, 'database'),
    incoming,
    study: (study: string) => join(studies, study),
    image: ({ study, instance, sha256 }: StoredImage) =>
      join(studies, study, `${instance}-${sha256.slice(0, DIGEST_LETTERS)}.dcm`),
    results: (analysis: string) => join(results, analysis),
    /** Each attempt writes into a folder of its own, so that two never mix. */
    attempt: (analysis: string, attempt: number) => join(results, analysis, String(attempt)),
    prepare: async () => {
      for (const folder of [studies, results, incoming]) await mkdir(folder, { recursive: true });
    },
  };
}

const DIGEST_LETTERS = 12;

/** Folders and files of the data folder. */
export type Storage = ReturnType<typeof storage>;
