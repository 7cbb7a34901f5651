import type { FastifyRequest } from 'fastify';

/** The addresses of what belongs to a slot begin so; the short one is slot 1. */
export const SLOT_BASES = ['/t/:id', '/t/:id/s/:slot'];

export type SlotRequest = FastifyRequest<{ Params: { id: string; slot?: string } }>;

/** The slot of the address; 0, which is no slot's number, for what is none. */
export function slotOf({ params }: SlotRequest): number {
  const { slot = '1' } = params;
  return /^[1-9]\d{0,3}$/.test(slot) ? Number(slot) : 0;
}
