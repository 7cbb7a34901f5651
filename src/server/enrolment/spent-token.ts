import type { AuditEvent } from '../../domain/audit.ts';
import { RefusedToken } from '../../domain/refused-token.ts';
import type { EnrolmentToken } from '../../store/index.ts';

/**
 * `token-spent`: someone holds a token, and the key to prove it, that another key has used. The
 * vendor must be able to see that, so it comes with what the audit keeps of it.
 */
export class SpentToken extends RefusedToken {
  readonly event: AuditEvent;

  constructor(token: EnrolmentToken, fingerprint: string, from: string) {
    super('token-spent');
    this.event = {
      action: 'token.refused',
      actor: `token:${token.id}`,
      subject: token.tunnel_id,
      from,
      data: { slot: token.slot, fingerprint, reason: this.code },
    };
  }
}
