/** The one place that asks a network: the server that gave the page, and no other. */

/** Fetches a path of the page's own server. RangeError for an address of another. */
export function ask(path: string | URL, options: RequestInit = {}): Promise<Response> {
  const url = new URL(path, self.location.href);
  if (url.origin !== self.location.origin && url.protocol !== 'data:' && url.protocol !== 'blob:')
    throw new RangeError('the page asks its own server only');
  return fetch(url, { credentials: 'same-origin', ...options });
}

/** Events of the page's own server, by type. Returns what ends them. */
export function listen(
  path: string,
  types: readonly string[],
  heard: (type: string, data: string) => void,
): () => void {
  const events = new EventSource(new URL(path, self.location.origin));
  for (const type of types) events.addEventListener(type, (event) => heard(type, (event as MessageEvent<string>).data));
  return () => events.close();
}
