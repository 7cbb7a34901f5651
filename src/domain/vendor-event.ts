/** What a vendor's own programs are told of, by webhook. Each bad one has the good one that ends it. */
export const EVENT_ENDS = {
  'tunnel.down': 'tunnel.up',
  'database.unreached': 'database.answers',
  'tunnel-server.silent': 'tunnel-server.back',
} as const;

/** A state that is told once it has lasted. */
export type AlertType = keyof typeof EVENT_ENDS;
export type EventType = AlertType | (typeof EVENT_ENDS)[AlertType] | 'artifact.waiting';

export interface VendorEvent {
  type: EventType;
  /** Ids, slugs, states and times. Never a secret; a tunnel's id is one that its vendor has anyway. */
  data: Record<string, string | number | string[]>;
}

/** What is sent: the form of the Standard Webhooks specification. `at` in UTC milliseconds. */
export function eventBody({ type, data }: VendorEvent, at: number): string {
  return JSON.stringify({ type, timestamp: new Date(at).toISOString(), data });
}
