/** Encodes text as one token of a subject. */
export const subjectToken = (text: string): string => Buffer.from(text).toString('base64url')
