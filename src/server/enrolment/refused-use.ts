import type { AuditEvent } from '../../domain/audit.ts';
import { Problem } from '../../domain/problem.ts';
import type { EnrolmentToken } from '../../store/index.ts';

/**
 * Someone holds a token's secret and may not use it: another key has, or it is for other addresses.
 * The vendor must be able to see that, so the refusal comes with what the audit keeps of it.
 */
export class RefusedUse extends Problem {
  readonly event: AuditEvent;

  constructor(
    { code, message, field, next }: Problem,
    token: EnrolmentToken,
    /** The caller's address, and the key that came along, once it is known. */
    { from, fingerprint }: { from: string; fingerprint?: string },
  ) {
    super(code, message, {
      ...(field !== undefined && { field }),
      ...(next !== undefined && { next }),
    });
    this.event = {
      action: 'token.refused',
      actor: `token:${token.id}`,
      subject: token.tunnel_id,
      from,
      data: { slot: token.slot, ...(fingerprint && { fingerprint }), reason: code },
    };
  }
}
