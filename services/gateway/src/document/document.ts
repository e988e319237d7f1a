import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import type { Problem } from '../http/problems.js';
import { publishedComponents } from '../model/published.js';
import { Fault } from '../model/parts.js';
import { component, declaredViews } from '../model/view.js';
import { ingestBody } from '../routes/ingest.js';

component<Problem>('Problem', {
  type: 'object',
  description:
    'Every answer that isn’t what was asked for (RFC 9457). Programs look at `code`; the page /docs lists all codes.',
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
  properties: {
    type: { type: 'string', description: 'Where the code is described.' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    code: { type: 'string', pattern: '^UNSILO_[A-Z0-9_]+$', description: 'Stable.' },
    detail: { type: 'string', description: 'What happened.' },
    hint: { type: 'string', description: 'What to do about it.' },
    errors: { type: 'array', items: Fault },
    requestId: { type: 'string', description: 'Names this answer in the server’s log.' },
  },
});

const DESCRIPTION = `Unsilo turns what social feeds and CRM systems say into one record for each customer, and writes it back into every system.

Every request but those for health needs an API key (\`Authorization: Bearer …\`). Each operation names the roles that may call it; \`admin\` may call all.
Lists come a page at a time: send \`next\` of one page as \`cursor\` for the following one. Answers to GET carry an ETag; If-None-Match saves the body.`;

/** Collects the routes that are declared after it into one OpenAPI 3.1 document. */
export async function documentRoutes(app: FastifyInstance): Promise<void> {
  for (const component of [...publishedComponents(), ...declaredViews()]) app.addSchema(component);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Unsilo',
        version: '1',
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'An API key.' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: 'unsilo_session',
            description: 'Set by POST /v1/session, for the console.',
          },
        },
      },
    },
    refResolver: { buildLocalReference: (schema) => String(schema['$id']) },
    transform: ({ schema, url, route }) => ({
      url,
      schema: secured(withOptionalDefaults(schema), route.config?.access),
    }),
    transformObject: (documentObject) => {
      if (!('openapiObject' in documentObject)) return documentObject.swaggerObject;
      const document = documentObject.openapiObject;
      const ingest = document.paths?.['/v1/events']?.post;
      if (ingest) ingest.requestBody = ingestBody as never;
      return document;
    },
  });
}

/** What has a default needn't be sent, though handlers always find it. */
function withOptionalDefaults(schema: FastifySchema): FastifySchema {
  const query = schema.querystring as { required?: string[]; properties?: Record<string, object> } | undefined;
  if (!query?.required) return schema;
  const required = query.required.filter((name) => !('default' in (query.properties?.[name] ?? {})));
  return { ...schema, querystring: { ...query, required } };
}

function secured(schema: FastifySchema, access: unknown): FastifySchema {
  if (access === 'open') return { ...schema, security: [] };
  const roles = Array.isArray(access) ? (access as string[]) : [];
  return {
    ...schema,
    security: [{ key: [] }, { session: [] }],
    ...(roles.length > 0 && { 'x-unsilo-roles': roles }),
  };
}
