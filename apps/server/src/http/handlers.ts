/** What a handler of an address is given and gives: typed by the address, so that an address without a handler, or with a wrong answer, does not compile. */
import type { IncomingMessage } from 'node:http';
import type * as z from 'zod';
import type { API_ROUTES, RouteName } from '../api-routes.ts';
import type { ByteStream } from '../intake/incoming-file.ts';
import type { User } from './tokens.ts';

/** An answer that is no JSON of the contract. */
export interface RawAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | ByteStream;
}

type Routes = typeof API_ROUTES;
type QueryOf<N extends RouteName> = Routes[N] extends { readonly query: infer Q }
  ? Q extends z.ZodType
    ? z.output<Q>
    : undefined
  : undefined;
type BodyOf<N extends RouteName> = Routes[N] extends { readonly body: infer B extends z.ZodType }
  ? z.output<B>
  : undefined;

/** A request whose parameters were checked. */
export interface ApiRequest<Query = unknown, Body = unknown> {
  readonly user: User;
  /** Parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly headers: IncomingMessage['headers'];
  /** The body of an address that reads it itself. */
  readonly stream: ByteStream;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/** JSON where the contract has JSON, with a status of its own if need be. */
export type AnswerOf<N extends RouteName> = Routes[N]['answer'] extends z.ZodType
  ? {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly json: z.infer<Routes[N]['answer']>;
    }
  : RawAnswer;

/** A request of an address. */
export type RequestOf<N extends RouteName> = ApiRequest<QueryOf<N>, BodyOf<N>>;
export type Handler<N extends RouteName> = (request: RequestOf<N>) => Promise<AnswerOf<N>>;
/** A handler for each of some addresses. */
export type Handlers<N extends RouteName = RouteName> = { readonly [Name in N]: Handler<Name> };
