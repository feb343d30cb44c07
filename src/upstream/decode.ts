import { z } from 'zod';
import { GatewayError } from '../domain/gateway-error.ts';
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

/** A row of an answer by itself, so that one that cannot be read need not spoil the others. */
export interface Row<Value> {
  /** Null when not even that can be read. */
  readonly id: string | null;
  readonly value: Value | GatewayError;
}

const identified = z.object({ id: z.string().min(1) });

export const decodeRow = <Schema extends z.ZodType>(
  schema: Schema,
  operation: Operation,
  answer: Answer,
  row: unknown,
): Row<z.output<Schema>> => {
  const id = identified.safeParse(row).data?.id ?? null;
  try {
    return { id, value: decode(schema, operation, { ...answer, body: row }) };
  } catch (error) {
    if (error instanceof GatewayError) return { id, value: error };
    throw error;
  }
};
