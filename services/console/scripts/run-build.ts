import { buildConsole } from './build.js';

const { files } = await buildConsole();
for (const { name, bytes, gzipped } of files) console.log(`${name}  ${bytes} bytes, ${gzipped} gzipped`);
