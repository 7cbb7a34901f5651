import { type TSchema, Type } from 'typebox';
import { MAX_PAGE, type Paged } from '../../store/index.ts';

/** Parts that the admin routes' requests and answers have in common. */

export const PageQuery = Type.Object(
  {
    /** `next_cursor` of the page before. */
    cursor: Type.Optional(Type.String({ maxLength: 200 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE })),
  },
  { additionalProperties: false },
);

export const IdParams = Type.Object({ id: Type.String() });

/** A page of a list. */
export function listOf<T extends TSchema>(item: T) {
  return Type.Object({
    items: Type.Array(item),
    next_cursor: Type.Union([Type.String(), Type.Null()]),
  });
}

/** A page of the store as the wire has it. */
export function pageAnswer<T, A>({ items, next }: Paged<T>, answer: (item: T) => A) {
  return { items: items.map(answer), next_cursor: next };
}

/** A list that is always answered whole. */
export function wholeAnswer<T, A>(items: T[], answer: (item: T) => A) {
  return pageAnswer({ items, next: null }, answer);
}

/** Milliseconds of the store as Unix seconds of the wire. */
export function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

/** The same, where null says never. */
export function secondsOrNull(milliseconds: number | null): number | null {
  return milliseconds === null ? null : seconds(milliseconds);
}

/** Unix seconds, or null for never. */
export const Moment = Type.Union([Type.Integer(), Type.Null()]);

export function describe(summary: string) {
  return { summary, tags: ['vendor'] };
}
