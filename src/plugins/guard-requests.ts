import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { type Admission, bodyTooLarge, maxBodyBytes, type Refusal } from '../access/admission.ts';
import { readBody } from '../access/read-body.ts';
import { headOfRequest } from '../access/request-head.ts';

const errorOf = ({ status, message, headers }: Refusal) =>
  new GraphQLError(message, {
    extensions: {
      code: status === 403 ? 'FORBIDDEN' : 'BAD_USER_INPUT',
      http: { status, ...(headers && { headers }) },
    },
  });

/** The bytes of a body. A node request is read itself, and outlives who stops reading: it has yet to be answered. */
const chunksOf = (request: Request, node: IncomingMessage | undefined): AsyncIterable<Uint8Array> =>
  node?.iterator({ destroyOnReturn: false }) ?? request.body ?? new Blob().stream();

const readJson = async (request: Request, node: IncomingMessage | undefined) => {
  const text = await readBody(chunksOf(request, node), maxBodyBytes).catch(() => {
    throw new GraphQLError('The request ended before its body did.', {
      extensions: { http: { status: 400 } },
    });
  });
  if (text === null) throw errorOf(bodyTooLarge);
  return JSON.parse(text);
};

/** Turns away what may not come in before anything is parsed, and reads no body but JSON, and no more than allowed. */
export const useGuardedRequests = (admission: Admission): Plugin<object, { req?: IncomingMessage }> => ({
  onRequestParse({ request, serverContext, setRequestParser }) {
    const refusal = admission(headOfRequest(request, serverContext?.req));
    if (refusal !== null) throw errorOf(refusal);
    if (request.method === 'POST') setRequestParser((request) => readJson(request, serverContext?.req));
  },
});
