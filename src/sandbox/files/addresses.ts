/** Keys are random: who knows an address may use it. */
export const uploadPath = '/_sandbox/uploads';
export const filePath = '/_sandbox/files';

export const uploadAddress = (origin: string, key: string): string => `${origin}${uploadPath}/${key}`;

/** Clients take `.` and `..` out of an address, and nothing is no segment. */
export const asSegment = (name: string): string => (/^\.{0,2}$/.test(name) ? `_${name}` : name);

const longestNameInAddress = 150;

/** The name is for the reader; addresses are at most 2048 characters (CONTRACT 5.1). */
export const fileAddress = (origin: string, key: string, fileName: string): string => {
  const name = [...fileName].slice(0, longestNameInAddress).join('');
  return `${origin}${filePath}/${key}/${encodeURIComponent(asSegment(name.toWellFormed()))}`;
};
