import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { badUserInput } from '../domain/gateway-error.ts';
import { parseJson } from '../domain/json.ts';

/** A place between two rows. Upstream has a cursor per page only, so ours adds the place within the page. */
export interface Position {
  /** Upstream's cursor of the page, null for the first. */
  readonly page: string | null;
  /** How many rows of that page lie before this place. */
  readonly offset: number;
  /** The row just before it, which finds the place again when new rows have moved it. */
  readonly anchor: string | null;
}

export const beginning: Position = { page: null, offset: 0, anchor: null };

export interface CursorCodec {
  encode(position: Position): string;
  /** Throws BAD_USER_INPUT for a cursor that is unreadable, altered, or of another caller, filter or order. */
  decode(cursor: string): Position;
}

// upstream allows 16000 characters for its own
const maxCursorLength = 24_000;
const tagBytes = 12;

const payload = z.tuple([z.string().nullable(), z.int().min(0), z.string().nullable()]);

/**
 * Cursors are signed for their caller and scope (the rows and order they walk): nothing is stored, they outlive
 * restarts and work on every replica, and one caller's cursor is no use to another.
 */
export const createCursorCodec = (callerKey: string, scope: unknown): CursorCodec => {
  const scopeText = JSON.stringify(scope);
  const sign = (body: string): string => {
    const hmac = createHmac('sha256', callerKey).update(scopeText).update('\n').update(body).digest();
    return `${body}.${hmac.subarray(0, tagBytes).toString('base64url')}`;
  };

  return {
    encode({ page, offset, anchor }) {
      const body = Buffer.from(JSON.stringify([page, offset, anchor])).toString('base64url');
      return sign(body);
    },
    decode(cursor) {
      const [body = ''] = cursor.length > maxCursorLength ? [] : cursor.split('.', 1);
      const expected = Buffer.from(sign(body));
      const given = Buffer.from(cursor);
      const genuine = given.length === expected.length && timingSafeEqual(given, expected);
      const decoded = payload.safeParse(
        genuine ? parseJson(Buffer.from(body, 'base64url').toString()) : undefined,
      );
      if (!decoded.success) {
        throw badUserInput(
          'after',
          'this cursor was not made for this list. Use a cursor of the same field with the same filter, order and credential, or leave `after` out to begin anew.',
        );
      }
      const [page, offset, anchor] = decoded.data;
      return { page, offset, anchor };
    },
  };
};
