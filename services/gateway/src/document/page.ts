import { codes } from '../http/codes.js';

interface DocumentedOperation {
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema?: { description?: string };
  }[];
  requestBody?: { content?: Record<string, unknown> };
  responses?: Record<string, { description?: string }>;
  security?: object[];
  'x-unsilo-roles'?: string[];
}
interface Documented {
  info?: { title?: string; description?: string };
  paths?: Record<string, Record<string, DocumentedOperation>>;
}

/** The order of the sections, from what most readers want first. */
const SECTIONS = [
  'Events',
  'Customers',
  'Explain',
  'Decisions',
  'Engagement',
  'Dead letters',
  'Systems',
  'Session',
  'Running',
];

export const pageStyle = `
:root { color-scheme: light dark; font: 15px/1.55 system-ui, sans-serif; --line: light-dark(#ddd, #333); --dim: light-dark(#555, #aaa);
  background: light-dark(#fff, #131517); color: light-dark(#1d2125, #e9ebec) }
body { margin: 0 auto; max-width: 56rem; padding: 2rem 1.25rem 4rem }
h1 { font-size: 1.6rem } h2 { margin: 2.5rem 0 .5rem; font-size: 1.15rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; font-weight: 600 } p { margin: .35rem 0 }
a { color: light-dark(#0c6363, #63cbc3) }
code { font: .92em ui-monospace, monospace; background: light-dark(#f1f1ed, #212528); padding: .1em .35em; border-radius: .3em; overflow-wrap: anywhere }
.roles, .dim { color: var(--dim) }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 600 } .codes td:first-child code { white-space: nowrap } tr:target { background: light-dark(#fff3c4, #3d3614) }
`;

/** A page for people, made of the OpenAPI document and the table of codes. No scripts. */
export function documentationPage(document: object): string {
  const { info, paths = {} } = document as Documented;
  const groups = new Map<string, string[]>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? 'Other';
      const group = groups.get(tag) ?? [];
      group.push(section(method, path, operation));
      groups.set(tag, group);
    }
  }
  const about = (info?.description ?? '').split('\n').filter((line) => line !== '');
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${escape(info?.title ?? '')}: interface</title><style>${pageStyle}</style></head><body><main><h1>${escape(info?.title ?? '')}: interface for programs</h1>` +
    about.map((line) => `<p>${prose(line)}</p>`).join('') +
    `<p>For tools: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1). Errors: <a href="#codes">codes</a>.</p>` +
    [...groups]
      .sort(([a], [b]) => placeOf(a) - placeOf(b))
      .map(([tag, sections]) => `<h2>${escape(tag)}</h2>${sections.join('')}`)
      .join('') +
    `<h2 id="codes">Codes of errors</h2><table class="codes"><thead><tr><th>Code</th><th>Status</th><th>What happened, what to do</th></tr></thead><tbody>` +
    Object.entries(codes)
      .map(
        ([code, { status, title, hint }]) =>
          `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${prose(title)}.<br><span class="dim">${prose(hint)}</span></td></tr>`,
      )
      .join('') +
    `</tbody></table></main></body></html>`
  );
}

function placeOf(tag: string): number {
  const place = SECTIONS.indexOf(tag);
  return place < 0 ? SECTIONS.length : place;
}

function section(method: string, path: string, operation: DocumentedOperation): string {
  const roles = operation['x-unsilo-roles'];
  const access =
    operation.security?.length === 0 ? 'Open to all.' : roles ? `Roles: ${roles.join(', ')}.` : 'With any key.';
  const bodies = Object.keys(operation.requestBody?.content ?? {});
  return (
    `<h3><code>${method.toUpperCase()} ${escape(path)}</code> ${escape(operation.summary ?? '')}</h3>` +
    `<p>${prose(operation.description ?? '')} <span class="roles">${escape(access)}</span></p>` +
    (bodies.length > 0
      ? `<p class="dim">Body: ${bodies.map((type) => `<code>${escape(type)}</code>`).join(', ')}</p>`
      : '') +
    table(operation)
  );
}

function table({ parameters = [], responses = {} }: DocumentedOperation): string {
  const inputs = parameters.map(
    ({ name, in: place, required, description, schema }) =>
      `<tr><td><code>${escape(name)}</code></td><td class="dim">${escape(place)}${required ? '' : ', optional'}</td><td>${prose(description ?? schema?.description ?? '')}</td></tr>`,
  );
  const outputs = Object.entries(responses)
    .filter(([status]) => status !== 'default')
    .map(
      ([status, { description = '' }]) =>
        `<tr><td><code>${escape(status)}</code></td><td class="dim">answer</td><td>${prose(description)}</td></tr>`,
    );
  return `<table><tbody>${inputs.join('')}${outputs.join('')}</tbody></table>`;
}

/** Text with its `code` marked. */
function prose(text: string): string {
  return escape(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
