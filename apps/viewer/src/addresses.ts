/** Addresses of the page: keys of its own and UIDs, never a name of a person. */

/** A study's page, at one of its images. */
export const studyAddress = (key: string, instance = ''): string =>
  `#/study/${encodeURIComponent(key)}${instance && `/${encodeURIComponent(instance)}`}`;

/** A run's page. */
export const runAddress = (key: string): string => `#/run/${encodeURIComponent(key)}`;

/** What the address at hand names: "study" or "run", its key, and an image; nothing for the work list. */
export const addressParts = (): readonly string[] => location.hash.split('/').slice(1).map(decodeURIComponent);
