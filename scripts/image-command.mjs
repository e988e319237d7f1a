/**
 * Writes the command `unsilo` of the container image to stdout. What Node is given stands in package.json alone (`config.node`); what a container
 * says in NODE_OPTIONS comes after it, and so wins.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './rails/root.mjs';

const { config } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
process.stdout.write(`#!/bin/sh
export NODE_OPTIONS="${config.node} $NODE_OPTIONS"
exec node /app/services/unsilo/bin/unsilo.js "$@"
`);
