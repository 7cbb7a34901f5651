import { decisionOn, type ReviewRules, type SignedStatement } from './approval.ts';
import { reasonsToWait } from './change-policy.ts';

/** A slot's installers as they were rendered once. */
export interface ReviewedBundle {
  /** Of the tar. */
  sha256: string;
  installers: readonly { file: string; sha256: string; version: string }[];
  input: unknown;
}

/** Which of a slot's bundles is served, and why that is not the newest. */
export interface Choice<Bundle> {
  /** Undefined: none may be. */
  serve: Bundle | undefined;
  /** Why the newest waits; empty when it is served. */
  reasons: string[];
  /** Whether that is a reviewer's word, and not only the lack of one. */
  isStopped: boolean;
}

/**
 * Chooses what a slot serves: the newest where the reviewers approved it, or where their policy lets
 * it pass beside the last one that they approved; otherwise that one. `earlier` is newest first.
 */
export function chooseBundle<Bundle extends ReviewedBundle>(
  newest: Bundle,
  earlier: readonly Bundle[],
  statements: SignedStatement[],
  rules: ReviewRules,
  now: number,
): Choice<Bundle> {
  const decisions = ({ installers }: ReviewedBundle) =>
    installers.map(({ file, sha256 }) => {
      return { file, decision: decisionOn(sha256, statements, rules, now) };
    });
  const isApproved = (bundle: ReviewedBundle) =>
    decisions(bundle).every(({ decision }) => decision === 'approve');
  if (isApproved(newest)) return { serve: newest, reasons: [], isStopped: false };

  const approved = earlier.find(isApproved);
  const stopped = decisions(newest).flatMap(({ file, decision }) => {
    if (decision === 'refuse') return [`${file} was refused`];
    return decision === 'withdraw' ? [`${file} was withdrawn`] : [];
  });
  const isStopped = stopped.length > 0;
  const reasons = isStopped ? stopped : reasonsOf(newest, approved, rules);
  return { serve: reasons.length === 0 ? newest : approved, reasons, isStopped };
}

function reasonsOf(
  newest: ReviewedBundle,
  approved: ReviewedBundle | undefined,
  { policy }: ReviewRules,
): string[] {
  if (policy.templates === 'none' && policy.inputs.length === 0) return [];
  if (!approved) return ['nothing is approved'];
  return newest.installers.flatMap((installer) => {
    const before = approved.installers.find(({ file }) => file === installer.file);
    if (!before) return [`${installer.file} is new`];
    return reasonsToWait(
      policy,
      { ...before, input: approved.input },
      { ...installer, input: newest.input },
    ).map((reason) => `${installer.file}: ${reason}`);
  });
}
