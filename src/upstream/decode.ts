import { z } from 'zod';
import { GatewayError } from '../domain/gateway-error.ts';
import { idKey } from '../domain/guid.ts';
import type { Answer, Operation } from './http.ts';
import { invalidResponse } from './translate-failure.ts';

/** Reads a whole body; throws UPSTREAM_INVALID_RESPONSE, which names paths and types but no values. */
export const decode = <Schema extends z.ZodType>(
  schema: Schema,
  operation: Operation,
  { body, requestId }: Pick<Answer, 'body' | 'requestId'>,
): z.output<Schema> => {
  const decoded = schema.safeParse(body);
  if (decoded.success) return decoded.data;
  throw invalidResponse(`${operation}: ${z.prettifyError(decoded.error)}`, { status: 200, requestId });
};

/** What was asked for by its id; throws when upstream answered with another. */
export const ofId = <Value extends { readonly id: string }>(
  id: string,
  value: Value,
  operation: Operation,
  { requestId }: Answer,
): Value => {
  if (idKey(value.id) === idKey(id)) return value;
  throw invalidResponse(`${operation}: answered with another id than was asked for`, {
    status: 200,
    requestId,
  });
};

/** A row of an answer by itself, so that one that cannot be read need not spoil the others. */
export interface Row<Value> {
  /** Null when not even that can be read. */
  readonly id: string | null;
  readonly value: Value | GatewayError;
}

const identified = z.object({ id: z.string().min(1) });

export const decodeRow = <Value extends { readonly id: string }>(
  schema: z.ZodType<Value>,
  operation: Operation,
  answer: Answer,
  row: unknown,
): Row<Value> => {
  try {
    const value = decode(schema, operation, { ...answer, body: row });
    return { id: value.id, value };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { id: identified.safeParse(row).data?.id ?? null, value: error };
  }
};

/** The value of a row; throws why it cannot be read. */
export const readable = <Value>({ value }: Row<Value>): Value => {
  if (value instanceof GatewayError) throw value;
  return value;
};
