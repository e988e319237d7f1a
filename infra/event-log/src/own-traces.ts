import { createContextKey, type Context } from '@opentelemetry/api';

const OWN_TRACES = createContextKey('unsilo: each message begins a trace of its own');

/**
 * What is appended in this context begins traces of its own, which link to the span in it. For readings, which may bring a whole
 * snapshot: one trace of everything that follows from a hundred thousand records could be looked at by nobody.
 */
export function withOwnTraces(context: Context): Context {
  return context.setValue(OWN_TRACES, true);
}

export function hasOwnTraces(context: Context): boolean {
  return context.getValue(OWN_TRACES) === true;
}
