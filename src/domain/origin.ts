/** An origin as browsers write it, such as https://app.example.com; null for what is none. */
export const originOf = (text: string): string | null => {
  if (!/^https?:\/\/[^/?#@*\s]+\/?$/i.test(text) || !URL.canParse(text)) return null;
  return new URL(text).origin;
};

/** True for names and addresses that only this machine can reach. */
export const isLoopback = (host: string): boolean =>
  /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
