#!/usr/bin/env node
/** `npm run build`: brings everything that runs up to date with its sources. */
import { build } from './rails/build.mjs';
import { install } from './rails/install.mjs';

install();
process.exitCode = build() ? 0 : 1;
