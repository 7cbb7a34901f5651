/** One line of the table: a figure of ours beside a baseline that was measured in the same run. */
export interface BenchResult {
  name: string;
  unit: string;
  ours: number;
  baseline: number;
  /** ours / baseline. */
  ratio: number;
  /** What must hold, in words. */
  goal: string;
  ok: boolean;
}

export interface Bench {
  name: string;
  run(): Promise<BenchResult[]>;
}

/** The middle value of at least one. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
