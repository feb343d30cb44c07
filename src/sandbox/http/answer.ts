import type { JsonValue } from '../json.ts';

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
};

export const jsonAnswer = (status: number, body: JsonValue, headers: Answer['headers'] = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

export const ok = (body: JsonValue): Answer => jsonAnswer(200, body);
