import { Counter, collectDefaultMetrics, Histogram, Registry } from '@prometheus-io/client';

/** What the control plane counts. Labels are few and fixed: never an id, which may be a capability. */
export interface Metrics {
  requests: Histogram<'method' | 'route' | 'status'>;
  /** Outcomes of enrolments: `enrolled`, `waiting`, `repeated`, or the code of the refusal. */
  enrolments: Counter<'result'>;
  /** All metrics in Prometheus' text form. */
  text(): Promise<string>;
}

/** The process's own metrics start timers that nothing ends, so there is one set for all. */
let processRegistry: Registry | undefined;

function ofProcess(): Registry {
  if (!processRegistry) {
    processRegistry = new Registry();
    collectDefaultMetrics({ register: processRegistry });
  }
  return processRegistry;
}

/** A set of metrics for one server. */
export function createMetrics(): Metrics {
  const processMetrics = ofProcess();
  const registry = new Registry();
  return {
    requests: new Histogram({
      name: 'culvert_http_request_duration_seconds',
      help: 'Time to answer, by route.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 30],
      registers: [registry],
    }),
    enrolments: new Counter({
      name: 'culvert_enrolments_total',
      help: 'Enrolments by outcome.',
      labelNames: ['result'],
      registers: [registry],
    }),
    async text() {
      const parts = await Promise.all([processMetrics.metrics(), registry.metrics()]);
      return parts.join('\n');
    },
  };
}
