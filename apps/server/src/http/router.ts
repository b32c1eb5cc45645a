/** Which address a path is of. */
import { API_ROUTES, type ApiRoute, type RouteName } from '../api-routes.ts';
import { ServerError } from '../errors.ts';

/** An address that was asked for. */
export interface Matched {
  readonly name: RouteName;
  readonly route: ApiRoute;
  readonly params: Readonly<Record<string, string>>;
}

const ROUTES = Object.entries<ApiRoute>(API_ROUTES).map(([name, route]) => ({
  name: name as RouteName,
  route,
  pattern: new RegExp(
    `^${route.path.replaceAll('.', '\\.').replaceAll(/\{(\w+)(\+?)\}/g, (_, key, rest) => `(?<${key}>${rest ? '.+' : '[^/]+'})`)}$`,
  ),
}));

/** ServerError 'not-found', 'method-invalid', and 'request-invalid' for a path that is no text. */
export function matchRoute(method: string, path: string): Matched {
  const found = ROUTES.flatMap(({ name, route, pattern }) => {
    const match = pattern.exec(path);
    return match ? [{ name, route, params: decoded(match.groups ?? {}) }] : [];
  });
  const asked = method === 'HEAD' ? 'GET' : method;
  const matched = found.find(({ route }) => route.method === asked);
  if (matched) return matched;
  const methods = found.map(({ route }) => route.method).join(', ');
  if (methods) throw new ServerError('method-invalid', `this address takes ${methods}, got ${method.slice(0, 10)}`);
  throw new ServerError('not-found', 'there is no such address: /openapi.json has all of them');
}

function decoded(groups: Readonly<Record<string, string>>): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([key, text]) => [key, decodeURIComponent(text)]));
  } catch {
    throw new ServerError('request-invalid', 'the path has % signs that are no encoding: encode it as UTF-8');
  }
}
