/** The OpenAPI 3.1 description of API_ROUTES, served at /openapi.json. */
import * as z from 'zod';
import { API_ROUTES, type ApiRoute } from './api-routes.ts';
import { apiError } from './api-types.ts';

/** Answers that every address with a role may give. */
const REFUSALS: Readonly<Record<string, string>> = {
  400: 'what was sent cannot be read',
  401: 'no token, or one that is not known',
  403: 'a token whose role may not do that',
  404: 'not here, or of a group that the token is not of',
};

const jsonSchema = (schema: z.ZodType) => {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
};

const content = (of: z.ZodType | readonly string[]) =>
  of instanceof z.ZodType
    ? { 'application/json': { schema: jsonSchema(of) } }
    : Object.fromEntries(of.map((type) => [type, {}]));

const parameter = (name: string, place: 'path' | 'query', required: boolean, schema: object) => ({
  ...{ name, in: place, required, schema },
});

function operation(name: string, { path, summary, role, query, body, answer, status = 200 }: ApiRoute) {
  const inPath = [...path.matchAll(/\{(\w+)\+?\}/g)].map(([, part = '']) =>
    parameter(part, 'path', true, { type: 'string' }),
  );
  const inQuery = Object.entries(query?.shape ?? {}).map(([key, schema]) =>
    parameter(key, 'query', false, jsonSchema(schema as z.ZodType)),
  );
  const error = { 'application/json': { schema: jsonSchema(apiError) } };
  const refusals = role === 'anybody' ? {} : REFUSALS;
  return {
    operationId: name,
    summary,
    description: role === 'anybody' ? 'Needs no token.' : `Needs the role ${role}.`,
    ...(role === 'anybody' ? {} : { security: [{ token: [] }, { cookie: [] }] }),
    parameters: [...inPath, ...inQuery],
    ...(body && { requestBody: { required: true, content: content(body) } }),
    responses: {
      [status]: { description: summary, content: content(answer) },
      ...Object.fromEntries(
        Object.entries(refusals).map(([code, description]) => [code, { description, content: error }]),
      ),
    },
  };
}

/** The description as JSON. */
export function openApi(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const [name, route] of Object.entries<ApiRoute>(API_ROUTES)) {
    const path = route.path.replaceAll('+}', '}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(name, route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'mammoscope',
      version,
      description: 'Studies in, results out. Not a medical device. For research only.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'mammoscope' },
      },
    },
    paths,
  };
}
