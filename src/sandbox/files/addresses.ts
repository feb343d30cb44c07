/** Keys are random: who knows an address may use it. */
export const uploadPath = '/_sandbox/uploads';
export const filePath = '/_sandbox/files';

export const uploadAddress = (origin: string, key: string): string => `${origin}${uploadPath}/${key}`;

const longestNameInAddress = 150;

/** The name is for the reader; addresses are at most 2048 characters (CONTRACT 5.1). */
export const fileAddress = (origin: string, key: string, fileName: string): string =>
  `${origin}${filePath}/${key}/${encodeURIComponent([...fileName].slice(0, longestNameInAddress).join(''))}`;
