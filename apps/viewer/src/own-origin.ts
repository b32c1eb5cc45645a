/** The one place that asks a network: the server that gave the page, and no other. */

/** Fetches a path of the page's own server. RangeError for an address of another; Error with a sentence where it does not answer. */
export async function ask(path: string | URL, options: RequestInit = {}): Promise<Response> {
  const url = new URL(path, self.location.href);
  if (url.origin !== self.location.origin && url.protocol !== 'data:' && url.protocol !== 'blob:')
    throw new RangeError('the page asks its own server only');
  try {
    return await fetch(url, { credentials: 'same-origin', ...options });
  } catch {
    throw new Error('the server does not answer: see that it runs, and open this again');
  }
}

/** Events of the page's own server, by type, and whether it is there. Returns what ends them. */
export function listen(
  path: string,
  types: readonly string[],
  heard: (type: string, data: string) => void,
  isThere: (is: boolean) => void,
): () => void {
  const events = new EventSource(new URL(path, self.location.origin));
  for (const type of types) events.addEventListener(type, (event) => heard(type, (event as MessageEvent<string>).data));
  // a browser goes on trying
  events.addEventListener('open', () => isThere(true));
  events.addEventListener('error', () => isThere(false));
  return () => events.close();
}
