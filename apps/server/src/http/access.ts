/** Whether a request may be answered: where it comes from, whose it is, what its role may do. */
import type { IncomingMessage } from 'node:http';
import type { Role } from '../api-types.ts';
import { ServerError } from '../errors.ts';
import { isLoopback } from '../settings.ts';
import { LOCAL_USER, type Tokens, type User } from './tokens.ts';

/** Name of the cookie. */
export const COOKIE = 'mammoscope';

/** How requests are let in. */
export interface AccessRules {
  /** Absent where everybody on this machine may do everything. */
  readonly tokens?: Tokens;
  readonly isSecure: boolean;
}

/**
 * ServerError 'origin-refused': a page of another site may neither make a browser act here nor, by a name that it lets point to this machine
 * (DNS rebinding), read what is here.
 */
export function checkOrigin({ method, headers }: IncomingMessage, { tokens, isSecure }: AccessRules): void {
  const { host = '', origin } = headers;
  if (!tokens && !isLoopback(host.replace(/:\d+$/, '')))
    throw new ServerError(
      'origin-refused',
      'without tokens the server is asked as localhost alone: use http://localhost or make tokens',
    );
  if (method === 'GET' || method === 'HEAD') return;
  const isForeign = origin !== undefined && origin !== `${isSecure ? 'https' : 'http'}://${host}`;
  const site = headers['sec-fetch-site'];
  if (isForeign || (site !== undefined && site !== 'same-origin' && site !== 'none'))
    throw new ServerError('origin-refused', "a page of another origin asked: use the server's own page");
}

/** The token of a request: of its header, or of the cookie that a page has. */
function tokenOf({ authorization = '', cookie = '' }: IncomingMessage['headers']): string | undefined {
  const [, bearer] = /^Bearer ([\w.~+/=-]{1,512})$/i.exec(authorization) ?? [];
  if (bearer !== undefined) return bearer;
  const pairs = cookie.split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([name]) => name === COOKIE)?.[1];
}

/** Who asks; undefined for a request without a token that is known. */
export async function userOf({ headers }: IncomingMessage, { tokens }: AccessRules): Promise<User | undefined> {
  if (!tokens) return LOCAL_USER;
  const token = tokenOf(headers);
  return token === undefined ? undefined : tokens.userOf(token);
}

/** ServerError 'token-missing', 'role-missing'. */
export function checkRole(user: User | undefined, needed: Role): User {
  if (!user)
    throw new ServerError('token-missing', 'the server asks for a token: send it as "Authorization: Bearer ..."');
  if (needed === 'operator' && user.role !== 'operator')
    throw new ServerError(
      'role-missing',
      `the token is of the role ${user.role}, and this needs ${needed}: ask for another token`,
    );
  return user;
}

/** The header that gives a page its cookie, or takes it away. */
export const cookieHeader = (token: string, { isSecure }: AccessRules): string =>
  [
    `${COOKIE}=${token}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    ...(isSecure ? ['Secure'] : []),
    ...(token === '' ? ['Max-Age=0'] : []),
  ].join('; ');
