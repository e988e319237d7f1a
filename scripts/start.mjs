#!/usr/bin/env node
/**
 * `npm start [-- options of unsilo start]`: installs and builds what is missing or stale, then runs the main process right here, so that signals
 * reach it without a detour. (`exec` in package.json for the same reason: a shell between npm and this process would keep SIGTERM to itself.)
 */
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { build } from './rails/build.mjs';
import { install } from './rails/install.mjs';
import { root } from './rails/root.mjs';

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) {
  process.stderr.write(`Unsilo needs Node 20 or newer; this is ${process.version}.\n`);
  process.exit(1);
}
install();
if (!build()) {
  process.stderr.write('The build failed (above).\n');
  process.exit(1);
}
const { main } = await import(pathToFileURL(join(root, 'services/unsilo/dist/index.js')).href);
process.exitCode = await main(['start', ...process.argv.slice(2)]);
