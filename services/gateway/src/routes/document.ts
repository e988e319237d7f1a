import { createHash } from 'node:crypto';
import { documentationPage, pageStyle } from '../document/page.js';
import { about, answers, stream, unchanged, type App } from './route.js';

/** The document itself, and a page for people made of it. */
export function documentRoute(app: App): void {
  const styleHash = createHash('sha256').update(pageStyle).digest('base64');
  let text: string | undefined;
  let page: string | undefined;
  app.get(
    '/openapi.json',
    {
      config: { access: 'open' },
      schema: {
        ...about('openapi', 'Running', 'This document'),
        response: answers({ 200: stream('application/json', 'OpenAPI 3.1.'), ...unchanged }),
      },
    },
    (_request, reply) => {
      text ??= JSON.stringify(app.swagger());
      return reply
        .header('content-type', 'application/json; charset=utf-8')
        .header('cache-control', 'no-cache')
        .send(text);
    },
  );
  app.get(
    '/docs',
    {
      config: { access: 'open' },
      schema: {
        ...about('docs', 'Running', 'This document for people'),
        response: answers({ 200: stream('text/html', 'A page.'), ...unchanged }),
      },
    },
    (_request, reply) => {
      page ??= documentationPage(app.swagger());
      return reply
        .header('content-type', 'text/html; charset=utf-8')
        .header('cache-control', 'no-cache')
        .header(
          'content-security-policy',
          `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
        )
        .send(page);
    },
  );
}
