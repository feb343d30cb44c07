import { hash } from 'node:crypto';
import { unauthenticated } from './refusals.ts';

export const digestOf = (text: string): Buffer => hash('sha256', text, 'buffer');

// longer ones do not fit into the headers of a request, and a WebSocket takes none that HTTP would not
const maxLength = 16_384;

/** The token in an Authorization header, or in the connection parameter of that name. */
export const bearerOf = (authorization: string | null): string => {
  if (authorization === null || authorization === '') {
    throw unauthenticated(
      'This gateway wants to know who asks, and no token came along. Send it as "Authorization: Bearer <token>", over a WebSocket as `authorization` in connectionParams.',
    );
  }
  const [, token] =
    (authorization.length <= maxLength && /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)) || [];
  if (token === undefined) {
    throw unauthenticated(
      'The authorization is not of the form "Bearer <token>", with one token of plain characters. Send the token of this gateway in that form.',
    );
  }
  return token;
};
