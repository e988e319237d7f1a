/** What makes a connector one of those that come with Unsilo: four files name it, by these changes. Each is pure: text in, text out. */

/** The name under which the list of connectors knows it: `acme-crm` as `acmeCrm`. */
export function identifierOf(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** A file that has no place for the change. */
export class NoPlace extends Error {}

/** `tsconfig.json` of the repository, or of services/unsilo: one more project that it refers to. */
export function withReference(tsconfig: string, folder: string): string {
  const entries = [...tsconfig.matchAll(/^ *\{\n *"path": "([^"]+)"\n *\},?\n/gm)];
  const of = (path: string): string | undefined => /\/connectors\/(?!sdk$)([^/]+)$/.exec(path)?.[1];
  const name = of(folder) ?? '';
  const next = entries.find(([, path = '']) => (of(path) ?? '') > name || path.includes('/services/'));
  if (next === undefined) throw new NoPlace();
  return `${tsconfig.slice(0, next.index)}    {\n      "path": "${folder}"\n    },\n${tsconfig.slice(next.index)}`;
}

/** `services/unsilo/package.json`: one more dependency. */
export function withDependency(manifest: string, name: string): string {
  const read = JSON.parse(manifest) as { dependencies?: Record<string, string> };
  if (read.dependencies === undefined) throw new NoPlace();
  const all = Object.entries({ ...read.dependencies, [`@unsilo/connector-${name}`]: '0.1.0' });
  const dependencies = Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ ...read, dependencies }, undefined, 2)}\n`;
}

/** `services/unsilo/src/connectors.ts`: an import, and its place in the list. */
export function withConnector(source: string, name: string): string {
  const module = `@unsilo/connector-${name}`;
  const imports = [...source.matchAll(/^import [^\n]* from '(@unsilo\/connector-[^']+)';\n/gm)];
  const last = imports.at(-1);
  const list = /(builtInConnectors: readonly Connector\[\] = )\[([^\]]*)\];/.exec(source);
  if (last === undefined || list === null) throw new NoPlace();
  const next = imports.find(([, other = '']) => other > module)?.index ?? last.index + last[0].length;
  const [whole, head = '', inside = ''] = list;
  const known = inside.split(',').map((item) => item.trim());
  const all = [...known, identifierOf(name)].filter((item) => item !== '').sort();
  const line = `${head}[${all.join(', ')}];`;
  const lineStart = source.lastIndexOf('\n', list.index) + 1;
  const fits = list.index - lineStart + line.length <= 120;
  const listed = fits ? line : `${head}[\n${all.map((item) => `  ${item},\n`).join('')}];`;
  const written = source.replace(whole, listed);
  const imported = `import { connector as ${identifierOf(name)} } from '${module}';\n`;
  return `${written.slice(0, next)}${imported}${written.slice(next)}`;
}
