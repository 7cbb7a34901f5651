import { type Static, Type } from 'typebox';

// Long enough for whatever people paste by mistake: the key's own check says what is wrong with it.
const Key = Type.String({ maxLength: 16_384 });
const Proof = Type.String({ maxLength: 16_384 });
const Hex = Type.String({ pattern: '^[0-9a-f]{64}$' });
const SlotNumber = Type.Integer({ minimum: 1, maximum: 9999 });
const exact = { additionalProperties: false };

export const TunnelParams = Type.Object({ id: Type.String() });

export const EnrolSchema = Type.Object(
  {
    slot: SlotNumber,
    /** `type blob`. */
    public_key: Key,
    /** A certificate line: see `domain/proof.ts`. */
    proof: Type.Optional(Proof),
    /** What the installer calls its render digest. */
    render: Hex,
    platform: Type.Enum(['linux', 'windows', 'run', 'hand']),
    /** The proxy's own name, for the vendor's records. */
    host: Type.Optional(Type.String({ maxLength: 253, pattern: '^[\\x21-\\x7e]*$' })),
    /** The proxy's own address, for the vendor's records. */
    from: Type.Optional(Type.String({ maxLength: 64, pattern: '^[0-9A-Fa-f.:]*$' })),
  },
  exact,
);

/** Both operations in one shape; `change-keys.ts` says which fields belong to which. */
export const KeysSchema = Type.Object(
  {
    op: Type.Enum(['add', 'remove']),
    slot: SlotNumber,
    old: Type.Optional(Hex),
    public_key: Type.Optional(Key),
    proof_old: Type.Optional(Proof),
    proof_new: Type.Optional(Proof),
    render: Type.Optional(Hex),
    target: Type.Optional(Hex),
    proof: Type.Optional(Proof),
  },
  exact,
);

export type KeysBody = Static<typeof KeysSchema>;

export const StatusQuery = Type.Object(
  { slot: Type.Integer({ minimum: 1, maximum: 9999, default: 1 }), key: Type.Optional(Hex) },
  exact,
);
