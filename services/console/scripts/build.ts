import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Builds the console into dist: one page, one script, one stylesheet, with hashes in their names and compressed copies beside them. */
const root = join(import.meta.dirname, '..');

export interface Built {
  files: { name: string; bytes: number; gzipped: number }[];
}

export async function buildConsole(target = join(root, 'dist')): Promise<Built> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'src', 'main.tsx')],
    outdir: join(target, 'assets'),
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: ['es2022'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'error',
  });
  rmSync(target, { recursive: true, force: true });
  mkdirSync(join(target, 'assets'), { recursive: true });
  const icon = readFileSync(join(root, 'src', 'icon.svg'));
  const iconName = `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8)}.svg`;
  const outputs = [
    ...result.outputFiles.map(({ path, contents }) => ({ name: basename(path), contents: Buffer.from(contents) })),
    { name: iconName, contents: icon },
  ];
  const named = (ending: string): string => `/assets/${outputs.find(({ name }) => name.endsWith(ending))?.name ?? ''}`;
  const page = readFileSync(join(root, 'index.html'), 'utf8')
    .replace('%ICON%', `/assets/${iconName}`)
    .replace('%STYLE%', named('.css'))
    .replace('%SCRIPT%', named('.js'));
  for (const { name, contents } of outputs) writeWithCopies(join(target, 'assets', name), contents);
  writeWithCopies(join(target, 'index.html'), Buffer.from(page));
  return {
    files: outputs.map(({ name, contents }) => ({ name, bytes: contents.length, gzipped: gzipSync(contents).length })),
  };
}

function writeWithCopies(path: string, contents: Buffer): void {
  writeFileSync(path, contents);
  writeFileSync(`${path}.gz`, gzipSync(contents, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(contents));
}
