import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { type Census, type Store, takeCensus } from '../store/index.ts';

/**
 * What the control plane counts. Labels are few and fixed, or of what an operator has few of: regions
 * and their servers. Never an id, which may be a capability, and never a customer's name.
 */
export interface Metrics {
  requests: Histogram<'method' | 'route' | 'status'>;
  /** Outcomes of enrolments: `enrolled`, `waiting`, `repeated`, or the code of the refusal. */
  enrolments: Counter<'result'>;
  /** Attempts to deliver an event to the webhook: `delivered` or `failed`. */
  deliveries: Counter<'result'>;
  /** All metrics in Prometheus' text form. What is in the store is counted at that moment. */
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
export function createMetrics({ db }: Pick<Store, 'db'>): Metrics {
  const processMetrics = ofProcess();
  const registry = new Registry();
  const show = censusGauges(registry);
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
    deliveries: new Counter({
      name: 'culvert_webhook_attempts_total',
      help: 'Attempts to deliver an event to the webhook, by outcome.',
      labelNames: ['result'],
      registers: [registry],
    }),
    async text() {
      const now = Date.now();
      show(await takeCensus(db, now).catch(() => undefined), now);
      const parts = await Promise.all([processMetrics.metrics(), registry.metrics()]);
      return parts.join('\n');
    },
  };
}

/** Gauges of what the store knows; gives what sets all of them. Without a census only `culvert_store_up` is left. */
function censusGauges(registry: Registry): (census: Census | undefined, now: number) => void {
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const storeUp = gauge('culvert_store_up', 'Whether the store answered when this was asked for.');
  const slots = gauge(
    'culvert_slots',
    'Slots that a proxy has a key for, by the state of session and database.',
    'session',
    'database',
  );
  const unenrolled = gauge('culvert_slots_unenrolled', 'Slots that no proxy has a key for yet.');
  const age = gauge(
    'culvert_tunnel_server_report_age_seconds',
    'Time since the last report of the agent of a tunnel server that has joined.',
    'region',
    'server',
  );
  const ports = gauge(
    'culvert_tunnel_ports',
    'Tunnel ports of a region, those that are taken for good and those that are free.',
    'region',
    'state',
  );
  return (census, now) => {
    storeUp.set(census ? 1 : 0);
    for (const each of [slots, age, ports]) each.reset();
    unenrolled.remove(); // A reset gauge without labels would say 0.
    if (!census) return;
    for (const { slots: count, ...state } of census.slots) slots.set(state, count);
    unenrolled.set(census.unenrolled);
    for (const { region, host, joined, reported_at } of census.servers) {
      // One that has joined and never reported has been silent for as long as anybody can remember.
      if (joined) age.set({ region, server: host }, (now - (reported_at ?? 0)) / 1000);
    }
    for (const { region, all, taken } of census.ports) {
      ports.set({ region, state: 'taken' }, taken);
      ports.set({ region, state: 'free' }, all - taken);
    }
  };
}
