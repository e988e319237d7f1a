import type { SpanProcessor } from '@opentelemetry/sdk-trace-base';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Tracing {
  /** Sends what is left, and ends. */
  stop(): Promise<void>;
}

/**
 * Traces are off unless the environment names where they go: `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`), or
 * `OTEL_TRACES_EXPORTER=otlp`. `OTEL_TRACES_EXPORTER=none` and `OTEL_SDK_DISABLED=true` turn them off.
 */
export function tracingIsOn(env: Environment): boolean {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false;
  const exporter = env['OTEL_TRACES_EXPORTER'];
  if (exporter !== undefined && exporter !== '') return exporter === 'otlp';
  return Boolean(env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT']);
}

/**
 * Starts OpenTelemetry for this process where the environment asks for it: OTLP over HTTP, configured by the standard variables
 * `OTEL_EXPORTER_OTLP_*`, `OTEL_TRACES_SAMPLER(_ARG)`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_BSP_*`. The SDK is loaded only then.
 * @param role Becomes part of the service's name unless the environment has one: `unsilo-hub`.
 */
export async function startTracing(role: string, env: Environment): Promise<Tracing | undefined> {
  if (!tracingIsOn(env)) return undefined;
  const { BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-base');
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  return traceInto(new BatchSpanProcessor(new OTLPTraceExporter()), role);
}

/** Starts OpenTelemetry with spans going elsewhere: for tests. */
export async function traceInto(processor: SpanProcessor, role: string): Promise<Tracing> {
  const { context, propagation, trace } = await import('@opentelemetry/api');
  const { BasicTracerProvider } = await import('@opentelemetry/sdk-trace-base');
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
  const { W3CTraceContextPropagator } = await import('@opentelemetry/core');
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } =
    await import('@opentelemetry/resources');
  const usual = resourceFromAttributes({ 'service.name': role === 'all' ? 'unsilo' : `unsilo-${role}` });
  const resource = defaultResource()
    .merge(usual)
    .merge(detectResources({ detectors: [envDetector] }));
  const provider = new BasicTracerProvider({ resource, spanProcessors: [processor] });
  const contexts = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(contexts);
  // The headers of the log have room for this one and no other.
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return {
    async stop() {
      await provider.shutdown();
      trace.disable();
      propagation.disable();
      context.disable();
    },
  };
}
