import { buildConsole } from './build.js';

const { files } = await buildConsole();
for (const { name, bytes, gzipped } of files) process.stdout.write(`${name}  ${bytes} bytes, ${gzipped} gzipped\n`);
