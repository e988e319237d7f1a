import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { changesSince, type SeenTables } from './seen-changes.js';

/** What one simulated system holds, as itself: by its own names of tables and columns. */
export interface SimulatedRecords {
  system: string;
  title: string;
  simulated: true;
  tables: SimulatedTable[];
}
export interface SimulatedTable {
  name: string;
  /** The column that names a row. */
  key: string;
  columns: readonly string[];
  rows: readonly Readonly<Record<string, string>>[];
}

export interface RecordsSource {
  system: string;
  title: string;
  /** One sentence: what stands in for what. */
  about: string;
  tables(): SimulatedTable[];
}

/** Shows the simulated systems' own records, read only: a page for people and JSON for checks, a path for each system. */
export interface RecordsWindow {
  /** `http://127.0.0.1:<port>`; `/crm` is the page of the system `crm`, `/crm.json` the same for programs. */
  readonly url: string;
  close(): Promise<void>;
}

/** A cell that changed is marked for so long. */
const FRESH_MS = 20_000;
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** @param files Further answers by path: what the simulated press publishes. */
export async function openRecordsWindow(
  sources: readonly RecordsSource[],
  files: Readonly<Record<string, () => { type: string; body: string }>>,
  clock: { now(): number },
  at: { host: string; port: number; url?: string } = { host: '127.0.0.1', port: 0 },
): Promise<RecordsWindow> {
  const seen = new Map<string, SeenTables>();
  const look = (source: RecordsSource): { records: SimulatedRecords; seen: SeenTables } => {
    const tables = source.tables();
    const changes = changesSince(seen.get(source.system), tables, clock.now());
    seen.set(source.system, changes);
    return { records: { system: source.system, title: source.title, simulated: true, tables }, seen: changes };
  };
  // Changes are noted when they happen, not when somebody looks.
  const watching = setInterval(() => sources.forEach(look), 1000);
  watching.unref();

  function answer(path: string): { type: string; body: string } | undefined {
    if (Object.hasOwn(files, path)) return files[path]!();
    if (path === '/') return { type: HTML, body: page('Simulated systems', sources, overview(sources)) };
    for (const source of sources) {
      if (path === `/${source.system}.json`)
        return { type: 'application/json; charset=utf-8', body: JSON.stringify(look(source).records) };
      if (path === `/${source.system}`) {
        const { records, seen: changes } = look(source);
        return { type: HTML, body: page(source.title, sources, body(source, records, changes, clock.now())) };
      }
    }
    return undefined;
  }

  const server = createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, TEXT, 'Read only.\n');
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const found = answer(pathname);
    if (found === undefined) send(response, 404, TEXT, 'There is nothing here.\n');
    else send(response, 200, found.type, found.body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, resolve);
  });
  return {
    url: at.url ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        clearInterval(watching);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const HTML = 'text/html; charset=utf-8';
const TEXT = 'text/plain; charset=utf-8';

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { ...HEADERS, 'content-type': type }).end(body);
}

function overview(sources: readonly RecordsSource[]): string {
  const items = sources.map(
    ({ system, title, about }) => `<dt><a href="/${system}">${text(title)}</a></dt><dd>${text(about)}</dd>`,
  );
  return `<p>Nothing here is real. Each page shows what one simulated system holds by itself, to lay beside the hub's console.</p><dl>${items.join('')}</dl>`;
}

function body(source: RecordsSource, { tables }: SimulatedRecords, seen: SeenTables, now: number): string {
  const shown = tables.map((table) => {
    const head = table.columns.map((column) => `<th scope="col">${text(column)}</th>`).join('');
    const rows = table.rows.map((row) => {
      const cells = table.columns.map((column) => {
        const at = seen
          .get(table.name)
          ?.get(row[table.key] ?? '')
          ?.get(column)?.changedAt;
        const isFresh = at !== undefined && now - at < FRESH_MS;
        return `<td${isFresh ? ' class="fresh"' : ''}>${text(row[column] ?? '')}</td>`;
      });
      return `<tr>${cells.join('')}</tr>`;
    });
    return `<h2>${text(table.name)}</h2><div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
  });
  return `<p><strong>All of this is simulated.</strong> ${text(source.about)} What changed within the last ${FRESH_MS / 1000} seconds is marked.</p>${shown.join('')}`;
}

function page(title: string, sources: readonly RecordsSource[], content: string): string {
  const links = [{ system: '', title: 'All' }, ...sources].map(
    (source) => `<a href="/${source.system}">${text(source.title)}</a>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<meta name="viewport" content="width=device-width"><title>${text(title)}</title><style>${STYLE}</style></head>
<body><nav aria-label="Simulated systems">${links.join(' ')}</nav><h1>${text(title)}</h1>${content}</body></html>`;
}

const STYLE = `:root{color-scheme:light dark;font:15px/1.45 system-ui,sans-serif}
body{max-width:80rem;margin:1.5rem auto;padding:0 1rem}
nav a{margin-right:1rem}
h2{font-size:1.1rem;margin:1.5rem 0 .4rem}
.wide{overflow-x:auto}
table{border-collapse:collapse}
th,td{text-align:left;padding:.3rem .7rem .3rem 0;border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent);white-space:nowrap}
td{max-width:28rem;overflow:hidden;text-overflow:ellipsis}
.fresh{background:light-dark(#fff1a8,#5c4a00)}
dt{font-weight:600;margin-top:.6rem}`;

function text(value: string): string {
  return value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
