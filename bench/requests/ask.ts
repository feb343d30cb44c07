import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import type { Question } from './workloads.ts';

const agent = new Agent({ keepAlive: true });

export interface Asking {
  readonly authorization: string;
  readonly method?: 'GET' | 'POST';
  readonly body?: string;
}

/** One request on a connection that stays, and how long its whole answer took. */
export const ask = (url: string, { authorization, method = 'POST', body }: Asking) =>
  new Promise<{ readonly status: number; readonly body: string; readonly ms: number }>((resolve, reject) => {
    const from = performance.now();
    const headers = { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const asked = request(url, { agent, method, headers }, async (response) => {
      const answer = await text(response);
      resolve({ status: response.statusCode ?? 0, body: answer, ms: performance.now() - from });
    });
    asked.once('error', reject);
    asked.end(body);
  });

/** Null when this is the answer that REST's rows say it must be. */
export const wrongWith = (answer: string, { expected }: Question): string | null => {
  try {
    if (isDeepStrictEqual(JSON.parse(answer), expected)) return null;
  } catch {
    // no JSON is just as wrong
  }
  return `wanted ${JSON.stringify(expected).slice(0, 600)}\ngot    ${answer.slice(0, 600)}`;
};

/** Asks everything there is once, and throws where an answer is not right. */
export const verify = async (url: string, questions: readonly Question[]): Promise<void> => {
  for (const question of questions) {
    const { status, body } = await ask(url, { authorization: 'caller-0', body: question.body });
    const wrong = wrongWith(body, question);
    if (status !== 200 || wrong !== null) throw new Error(`${url} answered ${status}: ${wrong}`);
  }
};
